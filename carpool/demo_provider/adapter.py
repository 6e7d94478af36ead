"""What the company says of its people."""

from collections.abc import Iterable
from typing import Any

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.models import Client
from django.contrib.auth.models import User


class DirectoryAdapter(DefaultOIDCAdapter):
    """People are known by their staff number, which stays when a name or an address changes."""

    def get_user_sub(self, client: Client, user: User) -> str:
        """Return the staff number."""
        return user.username

    def get_user_by_sub(self, client: Client, sub: str) -> User | None:
        """Find a person by their staff number."""
        return User.objects.filter(username=sub, is_active=True).first()

    def get_claims(
        self,
        purpose: str,
        user: User,
        client: Client,
        scopes: Iterable[str],
        email: str | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Tell what was asked for, in the standard's words."""
        claims: dict[str, Any] = {"sub": user.username}
        if "email" in scopes:
            claims |= {"email": user.email, "email_verified": True}
        if "profile" in scopes:
            claims |= {
                "name": user.get_full_name(),
                "given_name": user.first_name,
                "family_name": user.last_name,
            }
        return claims
