"""The people of an organization, as those who steer it see them."""

from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.errors import ManagersOnly, MemberNotFound, OwnersOnly
from accounts.models import Member, MemberRole, MembershipChange
from accounts.permissions import MAY, Act, may

CHANGES_SHOWN = 50


def require(member: Member, act: Act) -> None:
    """Refuse whoever may not do this.

    Raises:
        ManagersOnly, OwnersOnly: who may.
    """
    if not may(member, act):
        raise ManagersOnly if MemberRole.MANAGER in MAY[act] else OwnersOnly


def list_people(member: Member, *, search: str = "") -> QuerySet[Member]:
    """List the people of a manager's organization: those inside first, then who left.

    Raises:
        ManagersOnly: the member does not steer the organization.
    """
    require(member, Act.SEE_PEOPLE)
    people = Member.objects.filter(organization=member.organization_id).select_related("user")
    if search:
        people = people.filter(Q(display_name__icontains=search) | Q(user__email__icontains=search))
    return people.order_by("-left_at", "display_name", "id")


def get_person_for(member: Member, person_id: UUID, *, lock: bool = False) -> Member:
    """Return somebody of a manager's organization.

    Raises:
        ManagersOnly: the member does not steer the organization.
        MemberNotFound: nobody there has this id.
    """
    people = list_people(member)
    if lock:
        people = people.select_for_update(of=("self",))
    person = people.filter(pk=person_id).first()
    if person is None:
        raise MemberNotFound
    return person


def count_other_owners(member: Member) -> int:
    """Count who else owns the member's organization and is inside."""
    owners = Member.objects.active().filter(
        organization=member.organization_id, role=MemberRole.OWNER
    )
    return owners.exclude(pk=member.pk).count()


def list_membership_changes(
    member: Member, *, person: Member | None = None
) -> QuerySet[MembershipChange]:
    """List what became of memberships of a manager's organization, newest first.

    Raises:
        ManagersOnly: the member does not steer the organization.
    """
    require(member, Act.SEE_PEOPLE)
    changes = MembershipChange.objects.filter(member__organization=member.organization_id)
    if person is not None:
        changes = changes.filter(member=person)
    return changes.select_related("member", "by")[:CHANGES_SHOWN]
