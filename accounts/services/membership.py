"""Who becomes a member of which organization."""

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.models import Member, MemberRole, Organization, User
from accounts.selectors import organization_for_email
from carpool.kernel import tenancy


@transaction.atomic
def join_by_email(*, user: User, email: str) -> Member | None:
    """Make the owner of a *proven* address a member of the organization of its domain.

    Returns the membership, new or old, or None when the domain belongs to nobody. Somebody who
    left stays out: only a manager lets them in again.
    """
    organization = organization_for_email(email)
    if organization is None:
        return None
    return ensure_member(user=user, organization=organization)


@tenancy.as_system()  # whoever comes in is not inside yet
def ensure_member(
    *,
    user: User,
    organization: Organization,
    display_name: str = "",
    role: str = MemberRole.MEMBER,
) -> Member:
    """Return the membership of a user in an organization, made if there is none."""
    name = display_name or user.email.partition("@")[0].replace(".", " ").title()
    member, _created = Member.objects.get_or_create(
        user=user,
        organization=organization,
        defaults={"display_name": name[:80], "role": role},
    )
    return member


@transaction.atomic
def register_member(
    *,
    organization: Organization,
    email: str,
    display_name: str,
    role: str = MemberRole.MEMBER,
    is_operator: bool = False,
) -> tuple[Member, bool]:
    """Enter a person whose address the organization vouches for; they sign in by code.

    Returns the member, and whether they are new.
    """
    user = User.objects.filter(email=email.lower()).first()
    is_new = user is None
    if user is None:
        user = User.objects.create_user(email, is_staff=is_operator, is_superuser=is_operator)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    member = ensure_member(
        user=user, organization=organization, display_name=display_name, role=role
    )
    return member, is_new
