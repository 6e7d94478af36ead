"""Wiring of the app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Connects allauth's signals to our services, and its Kakao to the configured hosts."""

    name = "accounts"

    def ready(self) -> None:
        """Join people to their organization as soon as their address is proven."""
        from allauth.account.signals import email_confirmed, user_logged_in
        from allauth.mfa.signals import authenticator_added
        from allauth.socialaccount.providers.kakao.views import KakaoOAuth2Adapter
        from allauth.socialaccount.signals import social_account_added
        from django.conf import settings

        from accounts import handlers
        from accounts.events import ExportAsked, MemberWarned
        from accounts.selectors import export_accounts
        from accounts.services import erase_accounts
        from carpool.kernel import outbox, personal_data

        authenticator_added.connect(handlers.on_authenticator_added, dispatch_uid="accounts.mfa")
        email_confirmed.connect(handlers.on_email_confirmed, dispatch_uid="accounts.join")
        user_logged_in.connect(handlers.on_logged_in, dispatch_uid="accounts.join_at_login")
        outbox.subscribe(MemberWarned, handlers.on_member_warned)
        outbox.subscribe(ExportAsked, handlers.on_export_asked)
        personal_data.register(personal_data.Holder("accounts", export_accounts, erase_accounts))
        social_account_added.connect(
            handlers.on_account_linked, dispatch_uid="accounts.join_linked"
        )

        KakaoOAuth2Adapter.authorize_url = f"{settings.KAKAO_AUTH_URL}/oauth/authorize"
        KakaoOAuth2Adapter.access_token_url = f"{settings.KAKAO_AUTH_URL}/oauth/token"
        KakaoOAuth2Adapter.profile_url = f"{settings.KAKAO_API_URL}/v2/user/me"
