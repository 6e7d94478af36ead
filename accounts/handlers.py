"""What accounts does when allauth tells of a proven address."""

from typing import Any

from allauth.account.models import EmailAddress

from accounts import services
from accounts.models import User


def on_email_confirmed(email_address: EmailAddress, **kwargs: Any) -> None:
    """Join the organization that owns the address's domain."""
    services.join_by_email(user=email_address.user, email=email_address.email)


def on_logged_in(user: User, **kwargs: Any) -> None:
    """Join organizations that claimed a domain after the address had been proven."""
    proven = EmailAddress.objects.filter(user=user, verified=True)
    for email in proven.values_list("email", flat=True):
        services.join_by_email(user=user, email=email)
