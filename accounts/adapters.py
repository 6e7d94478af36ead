"""How allauth's account flow behaves here."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """People sign in with a one-time code; nobody has a password but operators."""
