"""The mobile app's tokens: a short one to call with, a long one that is exchanged once."""

from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy
from allauth.headless.tokens.strategies.jwt.internal import decode_token, get_token_session
from django.contrib.sessions.models import Session
from django.db import transaction


class TokenStrategy(JWTTokenStrategy):
    """A refresh token that comes back a second time was stolen: its whole session ends.

    Either the thief used it first or the owner did, and we cannot tell who this one is.
    Source: RFC 9700, 4.14.2 (refresh token rotation).
    """

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """Exchange a refresh token for a new pair, once; return None for one that is worth nothing.

        The session's row is locked, so that of two who come at once one gets the pair.
        """
        payload = decode_token(refresh_token, "refresh")
        with transaction.atomic():
            session = get_token_session(payload) if payload else None
            if session is None:
                return None
            Session.objects.select_for_update().filter(pk=session.session_key).first()
            pair: tuple[str, str] | None = super().refresh_token(refresh_token)
            if pair is None:
                session.flush()
            return pair
