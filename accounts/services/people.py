"""Who steers an organization, who leaves it, and who is taken out or let in again."""

from datetime import datetime
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import LastOwner, NotInside, OwnersOnly, RemovedByNobody
from accounts.events import MemberWithdrawn
from accounts.models import Member, MemberRole, MembershipAct, MembershipChange, Organization, User
from accounts.permissions import Act, can_remove, is_manager
from accounts.selectors import count_other_owners, get_person_for, require
from carpool.kernel import outbox
from carpool.kernel.errors import InvalidInput


@transaction.atomic
def change_role(*, by: Member, person_id: UUID, role: str, now: datetime) -> Member:
    """Appoint or dismiss a manager or an owner.

    Raises:
        ManagersOnly, OwnersOnly: the member may not.
        MemberNotFound: nobody of the organization has this id.
        NotInside: the person has left.
        LastOwner: nobody would own the organization.
        InvalidInput: there is no such role (names it).
    """
    require(by, Act.CHANGE_ROLE)
    if role not in MemberRole.values:
        raise InvalidInput(_("Choose one of these."), field="role")
    lock_organization(by.organization_id)
    person = get_person_for(by, person_id, lock=True)
    if person.left_at is not None:
        raise NotInside
    if person.role == role:
        return person
    if person.role == MemberRole.OWNER:
        _keep_an_owner(person)
    before, person.role = person.role, role
    person.save(update_fields=["role"])
    note(person, MembershipAct.ROLE, by=by.user, now=now, before=before, after=role)
    return person


@transaction.atomic
def leave_organization(*, member: Member, now: datetime) -> None:
    """End one's own membership: what lies ahead is cancelled, what was stays.

    Raises:
        LastOwner: nobody would own the organization.
        NotInside: they have left already.
    """
    lock_organization(member.organization_id)
    leaving = Member.objects.select_for_update().get(pk=member.pk)
    if leaving.left_at is not None:
        raise NotInside
    if leaving.role == MemberRole.OWNER:
        _keep_an_owner(leaving)
    _part(leaving, MembershipAct.LEFT, by=member.user, now=now)


@transaction.atomic
def remove_member(*, by: Member, person_id: UUID, reason: str, now: datetime) -> Member:
    """Take somebody out of a manager's organization; their sign-ins end at once.

    Raises:
        ManagersOnly, OwnersOnly: the member may not remove this person.
        MemberNotFound: nobody of the organization has this id.
        NotInside: the person has left.
        LastOwner: nobody would own the organization.
        RemovedByNobody: it is the member themselves, who leaves instead.
    """
    require(by, Act.REMOVE_MEMBER)
    lock_organization(by.organization_id)
    person = get_person_for(by, person_id, lock=True)
    if person.pk == by.pk:
        raise RemovedByNobody
    if person.left_at is not None:
        raise NotInside
    if not can_remove(by, person):
        raise OwnersOnly
    if person.role == MemberRole.OWNER:
        _keep_an_owner(person)
    _part(person, MembershipAct.REMOVED, by=by.user, now=now, reason=reason)
    return person


@transaction.atomic
def readmit_person(*, by: Member, person_id: UUID, now: datetime) -> Member:
    """Let somebody who left in again, as a member; what was cancelled stays cancelled.

    Raises:
        ManagersOnly: the member does not steer the organization.
        MemberNotFound: nobody of the organization has this id.
    """
    require(by, Act.INVITE)
    person = get_person_for(by, person_id, lock=True)
    if person.left_at is not None and person.user.is_active:
        let_in_again(person, by=by.user, now=now)
    return person


def let_in_again(person: Member, *, by: User | None, now: datetime) -> None:
    """Make a locked membership hold again; whoever steered before is a member now."""
    person.left_at, person.role = None, MemberRole.MEMBER
    person.save(update_fields=["left_at", "role"])
    note(person, MembershipAct.READMITTED, by=by, now=now)


def lock_organization(organization_id: UUID) -> None:
    """Let one change of who steers happen at a time, so that the count of owners holds."""
    Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization_id)


def _keep_an_owner(person: Member) -> None:
    if not count_other_owners(person):
        raise LastOwner


def _part(person: Member, act: MembershipAct, *, by: User, now: datetime, reason: str = "") -> None:
    before, person.left_at = person.role, now
    if is_manager(person):
        person.role = MemberRole.MEMBER
    person.save(update_fields=["left_at", "role"])
    note(person, act, by=by, now=now, before=before, reason=reason)
    outbox.publish(MemberWithdrawn(member_id=person.pk, has_left=True), now=now)
    end_sessions(person.user)


def end_sessions(user: User) -> None:
    """End a person's sign-ins everywhere; tokens and sockets live no longer than those."""
    for session in UserSession.objects.filter(user=user):
        session.end()


def note(
    person: Member,
    act: MembershipAct,
    *,
    by: User | None,
    now: datetime,
    before: str = "",
    after: str = "",
    reason: str = "",
) -> None:
    """Write down what became of a membership."""
    MembershipChange.objects.create(
        member=person, act=act, by=by, at=now, before=before, after=after, reason=reason[:280]
    )
