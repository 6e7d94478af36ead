"""What accounts does when allauth tells of a proven address or a linked account."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest

from accounts import services, tasks
from accounts.events import AccountsMerged, ExportAsked, MemberWarned, MergeAsked
from accounts.models import User
from carpool.kernel import clock


def on_authenticator_added(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Take the code that was just entered for proof, and show the recovery codes at once."""
    record_authentication(request, user, method="mfa", reauthenticated=True)


def on_email_confirmed(email_address: EmailAddress, **kwargs: Any) -> None:
    """Join the organization that owns the address's domain."""
    services.join_by_email(user=email_address.user, email=email_address.email)


def on_account_linked(sociallogin: SocialLogin, **kwargs: Any) -> None:
    """Join the organization whose issuer vouches for the person."""
    _join_by_issuer(sociallogin.user, sociallogin)


def on_export_asked(event: ExportAsked) -> None:
    """Let a worker gather what is held about the member."""
    tasks.make_export.delay(str(event.export_id))


def on_member_warned(event: MemberWarned) -> None:
    """Write to the member what was complained of, never by whom."""
    services.send_warning(member_id=event.member_id, reason=event.reason)


def on_merge_asked(event: MergeAsked) -> None:
    """Mail the code to the account that somebody says is theirs."""
    services.send_merge_code(merge_id=event.merge_id, now=clock.now())


def on_accounts_merged(event: AccountsMerged) -> None:
    """Tell every address of the account that stays."""
    services.send_merge_notice(merge_id=event.merge_id)


def on_logged_in(user: User, sociallogin: SocialLogin | None = None, **kwargs: Any) -> None:
    """Join organizations that vouch for the person now, or claimed a domain proven before."""
    if sociallogin is not None:
        _join_by_issuer(user, sociallogin)
    proven = EmailAddress.objects.filter(user=user, verified=True)
    for email in proven.values_list("email", flat=True):
        services.join_by_email(user=user, email=email)


def _join_by_issuer(user: User, sociallogin: SocialLogin) -> None:
    account = sociallogin.account
    name = (account.get_provider_account().get_user_data() or {}).get("name", "")
    services.join_by_issuer(user=user, key=account.provider, name=str(name))
