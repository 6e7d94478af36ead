"""The letter of a moderator."""

from uuid import UUID

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Member, ReportReason


def send_warning(*, member_id: UUID, reason: str) -> None:
    """Write to a member what was complained of: neither by whom, nor about which ride."""
    member = Member.objects.select_related("user", "organization").filter(pk=member_id).first()
    if member is None:
        return
    with translation.override(member.language or member.organization.language):
        context = {"member": member, "reason": ReportReason(reason).label}
        send_mail(
            _("A word about riding together"),
            render_to_string("accounts/email/warning.txt", context),
            None,
            [member.user.email],
        )
