"""A member's own data in one file."""

import json
import zipfile
from datetime import datetime, timedelta
from io import BytesIO
from uuid import UUID

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from accounts.errors import ExportTooSoon
from accounts.events import ExportAsked
from accounts.models import DataExport, Member
from carpool.kernel import outbox, personal_data

ONE_PER = timedelta(hours=1)
# Longer than the slowest export and the queue before it.
MADE_WITHIN = timedelta(minutes=15)


@transaction.atomic
def ask_for_export(*, member: Member, now: datetime) -> DataExport:
    """Order an export; a worker makes it.

    Raises:
        ExportTooSoon: one was ordered within the hour.
    """
    Member.objects.select_for_update().get(pk=member.pk)
    if member.exports.filter(asked_at__gt=now - ONE_PER).exists():
        raise ExportTooSoon
    expires_at = now + timedelta(days=settings.RETENTION_DAYS["export"])
    export = DataExport.objects.create(member=member, asked_at=now, expires_at=expires_at)
    outbox.publish(ExportAsked(export_id=export.pk), now=now)
    return export


def make_forgotten_exports(*, now: datetime) -> int:
    """Make exports that no worker has made in time: the broker was emptied. Returns how many."""
    late = DataExport.objects.filter(content=None, asked_at__lte=now - MADE_WITHIN)
    forgotten = list(late.values_list("pk", flat=True))
    for export_id in forgotten:
        make_export(export_id=export_id)
    return len(forgotten)


def make_export(*, export_id: UUID) -> None:
    """Gather everything that is held about the member, and pack it; again does nothing."""
    exports = DataExport.objects.select_related("member__organization", "member__user")
    export = exports.filter(pk=export_id, content=None).first()
    if export is None:
        return
    member = export.member
    held = {
        f"{holder.name}.{name}": rows
        for holder in personal_data.holders()
        for name, rows in holder.export(member.pk).items()
    }
    written = json.dumps(held, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
    tables = [(name, rows) for name, rows in json.loads(written).items() if rows]
    with translation.override(member.language or member.organization.language):
        context = {"member": member, "tables": tables, "at": export.asked_at}
        page = render_to_string("accounts/export.html", context)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("data.json", written)
        packed.writestr("index.html", page)
    export.content = file.getvalue()
    export.save(update_fields=["content"])
