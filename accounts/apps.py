"""Wiring of the app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Connects allauth's one signal that we need to our service."""

    name = "accounts"

    def ready(self) -> None:
        """Join people to their organization as soon as their address is proven."""
        from allauth.account.signals import email_confirmed, user_logged_in

        from accounts import handlers

        email_confirmed.connect(handlers.on_email_confirmed, dispatch_uid="accounts.join")
        user_logged_in.connect(handlers.on_logged_in, dispatch_uid="accounts.join_at_login")
