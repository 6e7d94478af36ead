"""Which organizations a member may see: the one selector by which tenancy is decided."""

from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.errors import PartnershipNotFound
from accounts.models import Member, Organization, Partnership
from accounts.permissions import Act
from accounts.selectors.people import require
from carpool.kernel import tenancy


def visible_organization_ids(member: Member) -> frozenset[UUID]:
    """Return the ids of the organizations whose people and rides a member may come to know.

    Their own and those it shares rides with. Asks nothing: the organization knows its partners.
    """
    return frozenset({member.organization_id, *member.organization.partner_ids})


def reachable_organization_ids(member: Member) -> frozenset[UUID]:
    """Return those ids, and those of former partners, whose booked rides stay the member's."""
    return visible_organization_ids(member) | set(member.organization.former_partner_ids)


def list_partnerships(member: Member) -> QuerySet[Partnership]:
    """List an owner's organization's partnerships and invitations that have not ended.

    Raises:
        OwnersOnly: the member does not own the organization.
    """
    require(member, Act.SHARE_RIDES)
    own = member.organization_id
    alive = Partnership.objects.filter(Q(inviter=own) | Q(invited=own), ended_at=None)
    return alive.select_related("inviter", "invited")


def get_partnership_for(member: Member, partnership_id: UUID, *, lock: bool = False) -> Partnership:
    """Return a partnership of an owner's organization that has not ended.

    Raises:
        OwnersOnly: the member does not own the organization.
        PartnershipNotFound: there is no such one.
    """
    alive = list_partnerships(member)
    if lock:
        alive = alive.select_for_update(of=("self",))
    found = alive.filter(pk=partnership_id).first()
    if found is None:
        raise PartnershipNotFound
    return found


def find_organization_of_domain(domain: str) -> Organization | None:
    """Return the organization that has claimed an e-mail domain."""
    return Organization.objects.filter(email_domains__domain=domain.strip().lower()).first()


def let_in(member: Member | None) -> None:
    """Let what follows in this request or socket see what the member may: for None, nothing."""
    tenancy.enter(frozenset() if member is None else reachable_organization_ids(member))
