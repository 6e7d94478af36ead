"""Reads about consents, exports, erasures, and who read a member's position."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Prefetch, QuerySet

from accounts.errors import ExportNotFound
from accounts.models import (
    CONSENT_VERSIONS,
    Consent,
    ConsentPurpose,
    DataExport,
    Erasure,
    Member,
    PositionRead,
)

Table = list[Any]

_EXPORT = "accounts.export"
SHOWN_READS = 20


def has_consent(member: Member, purpose: ConsentPurpose) -> bool:
    """Tell whether a member agrees to a purpose as it is worded today."""
    return member.consents.filter(
        purpose=purpose, version=CONSENT_VERSIONS[purpose], withdrawn_at=None
    ).exists()


def given_consents(member: Member) -> dict[str, Consent]:
    """Return what a member agrees to as it is worded today, by purpose."""
    alive = member.consents.filter(withdrawn_at=None)
    return {one.purpose: one for one in alive if one.version == CONSENT_VERSIONS[_of(one)]}


def _of(consent: Consent) -> ConsentPurpose:
    return ConsentPurpose(consent.purpose)


@dataclass(frozen=True, slots=True)
class OwnExport:
    """An export as its owner is shown it; with ``token`` they fetch it once it is ready."""

    asked_at: datetime
    is_ready: bool
    token: str


def list_exports(member: Member, *, now: datetime) -> list[OwnExport]:
    """List a member's own exports that have not expired, the latest first."""
    alive = DataExport.objects.filter(member=member, expires_at__gt=now).defer("content")
    ready = set(alive.exclude(content=None).values_list("pk", flat=True))
    return [OwnExport(one.asked_at, one.pk in ready, sign_export(one)) for one in alive]


def sign_export(export: DataExport) -> str:
    """Return a token with which its owner, signed in, can fetch an export for a while."""
    return signing.dumps(str(export.pk), salt=_EXPORT)


def get_export_for(member: Member, token: str, *, now: datetime) -> DataExport:
    """Return a finished export of the member's own.

    Raises:
        ExportNotFound: the token is not ours, the export is not theirs, not ready, or expired.
    """
    try:
        export_id = UUID(signing.loads(token, salt=_EXPORT))
    except (signing.BadSignature, ValueError) as error:
        raise ExportNotFound from error
    mine = DataExport.objects.filter(pk=export_id, member=member, expires_at__gt=now)
    export = mine.exclude(content=None).first()
    if export is None:
        raise ExportNotFound
    return export


def get_erasure(member: Member) -> Erasure | None:
    """Return the member's wish to be forgotten, if there is one."""
    return Erasure.objects.filter(member=member).first()


def list_position_reads(member: Member) -> QuerySet[PositionRead]:
    """List who read where a member is, the latest first."""
    readers = Prefetch("reader", queryset=Member.objects.only("display_name"))
    return PositionRead.objects.filter(member=member).prefetch_related(readers)[:SHOWN_READS]


def export_accounts(member_id: UUID) -> dict[str, Table]:
    """Return what accounts holds about a member, JSON-ready."""
    member = Member.objects.select_related("user", "organization").get(pk=member_id)
    return {
        "profile": [
            {
                "name": member.display_name,
                "email": member.user.email,
                "phone": member.phone,
                "language": member.language,
                "gender": member.gender,
                "same_gender_only": member.same_gender_only,
                "organization": member.organization.name,
                "role": member.role,
                "joined_at": member.joined_at,
            }
        ],
        "cars": list(member.cars.values("make", "model", "colour", "plate", "seats", "removed_at")),
        "places": [
            {"kind": one.kind, "address": one.label, "lon": one.location.x, "lat": one.location.y}
            for one in member.places.all()
        ],
        "avoided_places": [
            {
                "address": one.label,
                "lon": one.location.x,
                "lat": one.location.y,
                "radius_m": one.radius_m,
            }
            for one in member.avoided_places.all()
        ],
        "blocks": [
            {"first_name": one.blocked.first_name, "since": one.created_at}
            for one in member.blocks.select_related("blocked")
        ],
        "reports_made": list(
            member.reports_made.values("subject", "reason", "text", "state", "created_at")
        ),
        "consents": list(member.consents.values("purpose", "version", "given_at", "withdrawn_at")),
        "reads_of_my_position": list(member.position_reads.values("source", "at")),
    }
