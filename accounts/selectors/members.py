"""Who somebody is, and which organization an address belongs to."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from accounts.errors import NoMembership
from accounts.models import EmailDomain, Member, Organization, User
from carpool.kernel import tenancy


@tenancy.as_system()  # one's own membership decides what one sees, so it is read before
def get_member(user: User) -> Member | None:
    """Return the member that a signed-in user acts as: their first active membership."""
    return (
        Member.objects.active()
        .select_related("organization", "user")
        .filter(user=user)
        .order_by("joined_at")
        .first()
    )


@tenancy.as_system()  # somebody shut out sees nothing, but may know that
def is_suspended(user: User | AnonymousUser) -> bool:
    """Tell whether moderators shut a user out of an organization they belong to."""
    return Member.objects.filter(user=user.pk, left_at=None).exclude(suspended_at=None).exists()


def require_member(user: User) -> Member:
    """Return the user's member.

    Raises:
        NoMembership: the user belongs to no organization.
    """
    member = get_member(user)
    if member is None:
        raise NoMembership(
            _("Ask your organization to invite you, or sign in with your work address.")
        )
    return member


def organization_for_email(email: str) -> Organization | None:
    """Return the organization that owns the address's domain."""
    domain = email.rpartition("@")[2].lower()
    match = EmailDomain.objects.select_related("organization").filter(domain=domain).first()
    return match.organization if match else None


def list_demo_members(*, per_organization: int = 24) -> QuerySet[Member]:
    """List the first people of each organization, for the demo's "sign in as" page."""
    number = Window(RowNumber(), partition_by="organization", order_by=["joined_at", "id"])
    return (
        Member.objects.active()
        .select_related("organization", "user")
        .annotate(number=number)
        .filter(number__lte=per_organization)
        .order_by("organization__name", "display_name")
    )
