"""Communities of individuals: founding one, opening its door, and coming in by oneself."""

from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.errors import AddressNotProven, AlreadyInside, NoCommunity, ShutOut
from accounts.models import (
    Member,
    MembershipAct,
    MembershipChange,
    Organization,
    OrganizationKind,
    User,
)
from accounts.permissions import Act
from accounts.selectors import get_community, require
from accounts.services.membership import ensure_member
from accounts.services.people import let_in_again
from carpool.kernel import tenancy


def found_community(*, name: str, slug: str, time_zone: str, currency: str) -> Organization:
    """Return the open community of that slug, founded if there is none, without a domain."""
    community, _created = Organization.objects.get_or_create(
        slug=slug,
        defaults={
            "name": name,
            "time_zone": time_zone,
            "currency": currency,
            "kind": OrganizationKind.COMMUNITY,
            "is_open": True,
        },
    )
    return community


def open_door(*, by: Member, is_open: bool) -> Organization:
    """Let anybody with a proven address join an owner's community, or nobody any more.

    Raises:
        OwnersOnly: the member does not own the organization.
        NoCommunity: it is not one of individuals.
    """
    require(by, Act.OPEN_DOOR)
    organization = by.organization
    if organization.kind != OrganizationKind.COMMUNITY:
        raise NoCommunity
    organization.is_open = is_open
    organization.save(update_fields=["is_open"])
    return organization


@tenancy.as_system()  # whoever comes in is not inside yet
@transaction.atomic
def join_community(*, user: User, community_id: UUID, now: datetime) -> Member:
    """Make a signed-in person a member of an open community. Who is one already stays one.

    Who left comes back; who was taken out or suspended does not by themselves.

    Raises:
        CommunityNotFound: there is no open one of that id.
        AddressNotProven: the person proved none of their addresses.
        AlreadyInside: they belong to another organization.
        ShutOut: they were taken out, or are suspended.
    """
    community = get_community(community_id, lock=True)
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # into one at a time
    if not EmailAddress.objects.filter(user=user, verified=True).exists():
        raise AddressNotProven
    inside = Member.objects.filter(user=user, left_at=None).exclude(organization=community)
    if inside.exists():
        raise AlreadyInside
    known = Member.objects.select_for_update().filter(user=user, organization=community).first()
    if known is None:
        return ensure_member(user=user, organization=community)
    if known.suspended_at is not None or _was_taken_out(known):
        raise ShutOut
    if known.left_at is not None:
        let_in_again(known, by=user, now=now)
    return known


def _was_taken_out(member: Member) -> bool:
    if member.left_at is None:
        return False
    ends = MembershipChange.objects.filter(
        member=member, act__in=[MembershipAct.LEFT, MembershipAct.REMOVED]
    )
    last = ends.order_by("-at", "-id").first()
    return last is None or last.act == MembershipAct.REMOVED
