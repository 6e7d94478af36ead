"""Sharing rides with another organization: one invites, the other accepts, either ends it."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.errors import OnlyTheInvited
from accounts.models import Member, Organization, Partnership
from accounts.permissions import Act
from accounts.selectors import find_organization_of_domain, get_partnership_for, require


def invite_partner(*, by: Member, domain: str, now: datetime) -> Partnership | None:
    """Invite the organization that has an e-mail domain; None when there is nobody to invite.

    Whoever calls says the same in both cases: which companies are here is nobody's business.

    Raises:
        OwnersOnly: the member does not own the organization.
    """
    require(by, Act.SHARE_RIDES)
    other = find_organization_of_domain(domain)
    if other is None or other.pk == by.organization_id:
        return None
    try:
        with transaction.atomic():
            return Partnership.objects.create(
                inviter=by.organization, invited=other, invited_by=by.user, invited_at=now
            )
    except IntegrityError:  # they are invited, or partners, already
        return None


@transaction.atomic
def accept_partner(*, by: Member, partnership_id: UUID, now: datetime) -> Partnership:
    """Share rides from now on.

    Raises:
        OwnersOnly, PartnershipNotFound: the member may not, or there is none.
        OnlyTheInvited: their own organization sent the invitation.
    """
    partnership = get_partnership_for(by, partnership_id, lock=True)
    if partnership.invited_id != by.organization_id:
        raise OnlyTheInvited
    if partnership.accepted_at is None:
        partnership.accepted_at, partnership.accepted_by = now, by.user
        partnership.save(update_fields=["accepted_at", "accepted_by"])
        _write_down(partnership)
    return partnership


@transaction.atomic
def end_partner(*, by: Member, partnership_id: UUID, now: datetime) -> None:
    """End a partnership, or turn an invitation down: at once nobody finds the other's rides.

    What is booked stays booked, and who is aboard goes on seeing their ride.

    Raises:
        OwnersOnly, PartnershipNotFound: the member may not, or there is none.
    """
    partnership = get_partnership_for(by, partnership_id, lock=True)
    partnership.ended_at, partnership.ended_by = now, by.user
    partnership.save(update_fields=["ended_at", "ended_by"])
    _write_down(partnership)


def _write_down(partnership: Partnership) -> None:
    """Let both organizations name their partners, as the partnerships say."""
    both = sorted((partnership.inviter_id, partnership.invited_id))
    for organization in Organization.objects.select_for_update().filter(pk__in=both).order_by("pk"):
        own = organization.pk
        agreed = Partnership.objects.filter(Q(inviter=own) | Q(invited=own)).exclude(
            accepted_at=None
        )
        alive = {_other(one, own) for one in agreed if one.ended_at is None}
        ended = {_other(one, own) for one in agreed} - alive
        organization.partner_ids, organization.former_partner_ids = sorted(alive), sorted(ended)
        organization.save(update_fields=["partner_ids", "former_partner_ids"])


def _other(partnership: Partnership, own: UUID) -> UUID:
    is_inviter = partnership.inviter_id == own
    return partnership.invited_id if is_inviter else partnership.inviter_id


def share_beyond(*, member: Member, is_shared: bool) -> Member:
    """Store whether partner organizations see a member's rides."""
    member.shares_beyond = is_shared
    member.save(update_fields=["shares_beyond"])
    return member
