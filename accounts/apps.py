"""Wiring of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Connects allauth's signals to our services, and its Kakao to the configured hosts."""

    name = "accounts"
    verbose_name = _("People and organizations")

    def ready(self) -> None:
        """Join people to their organization as soon as their address is proven."""
        from allauth.account.signals import email_confirmed, user_logged_in
        from allauth.mfa.signals import authenticator_added
        from allauth.socialaccount.providers.kakao.views import KakaoOAuth2Adapter
        from allauth.socialaccount.signals import social_account_added
        from django.conf import settings

        from accounts import handlers
        from accounts.events import AccountsMerged, ExportAsked, MemberWarned, MergeAsked
        from accounts.selectors import export_accounts
        from accounts.services import erase_accounts, unite_accounts
        from carpool.kernel import outbox, personal_data

        authenticator_added.connect(handlers.on_authenticator_added, dispatch_uid="accounts.mfa")
        email_confirmed.connect(handlers.on_email_confirmed, dispatch_uid="accounts.join")
        user_logged_in.connect(handlers.on_logged_in, dispatch_uid="accounts.join_at_login")
        outbox.subscribe(MemberWarned, handlers.on_member_warned)
        outbox.subscribe(ExportAsked, handlers.on_export_asked)
        holder = personal_data.Holder("accounts", export_accounts, erase_accounts, unite_accounts)
        personal_data.register(holder)
        outbox.subscribe(MergeAsked, handlers.on_merge_asked)
        outbox.subscribe(AccountsMerged, handlers.on_accounts_merged)
        social_account_added.connect(
            handlers.on_account_linked, dispatch_uid="accounts.join_linked"
        )

        KakaoOAuth2Adapter.authorize_url = f"{settings.KAKAO_AUTH_URL}/oauth/authorize"
        KakaoOAuth2Adapter.access_token_url = f"{settings.KAKAO_AUTH_URL}/oauth/token"
        KakaoOAuth2Adapter.profile_url = f"{settings.KAKAO_API_URL}/v2/user/me"
