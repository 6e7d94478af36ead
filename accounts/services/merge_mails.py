"""The mails about joining two accounts: the code, and word that it is done."""

from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import AccountMerge, User
from accounts.selectors import get_member
from accounts.services.merging import VALID_FOR, code_of


def send_merge_code(*, merge_id: UUID, now: datetime) -> None:
    """Mail the code to the account that somebody else's session says is the same person's."""
    merge = AccountMerge.objects.select_related("other", "keeper").filter(pk=merge_id).first()
    if merge is None or merge.other is None or merge.done_at or merge.expires_at <= now:
        return
    with translation.override(_language_of(merge.other)):
        context = {
            "code": code_of(merge.pk),
            "keeper": merge.keeper.email,
            "minutes": int(VALID_FOR.total_seconds() // 60),
        }
        text = render_to_string("accounts/email/merge_code.txt", context)
        send_mail(_("Your code to join two accounts"), text, None, [merge.address])


def send_merge_notice(*, merge_id: UUID) -> None:
    """Tell all addresses of the account that stays that another one is part of it now."""
    merge = AccountMerge.objects.select_related("keeper").filter(pk=merge_id).first()
    if merge is None:
        return
    proven = EmailAddress.objects.filter(user=merge.keeper, verified=True)
    with translation.override(_language_of(merge.keeper)):
        context = {"keeper": merge.keeper.email, "address": merge.address}
        text = render_to_string("accounts/email/merged.txt", context)
        for email in proven.values_list("email", flat=True):
            send_mail(_("Two accounts are one now"), text, None, [email])


def _language_of(user: User) -> str:
    member = get_member(user)
    return (member.language or member.organization.language) if member else "en"
