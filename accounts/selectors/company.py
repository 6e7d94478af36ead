"""Reads about whom members travel with, and where they do not stop."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from accounts.errors import MemberNotFound, PlaceNotFound
from accounts.models import AvoidedPlace, Block, Member, may_share_by_gender
from accounts.selectors.organizations import visible_organization_ids
from carpool.kernel.geo import Circle, from_point


def get_colleague(member: Member, other_id: UUID) -> Member:
    """Return somebody else of the organizations that the member may see.

    Raises:
        MemberNotFound: there is nobody of that id, or it is the member.
    """
    others = Member.objects.filter(organization__in=visible_organization_ids(member)).exclude(
        pk=member.pk
    )
    other = others.filter(pk=other_id).first()
    if other is None:
        raise MemberNotFound
    return other


def list_blocks(member: Member) -> QuerySet[Block]:
    """List whom a member blocked; who blocked them is never told."""
    return Block.objects.filter(blocker=member).select_related("blocked")


def get_block_for(member: Member, block_id: int) -> Block:
    """Return one of the member's own blocks.

    Raises:
        MemberNotFound: it is not theirs.
    """
    block = list_blocks(member).filter(pk=block_id).first()
    if block is None:
        raise MemberNotFound
    return block


def is_kept_apart(one: Member, other: Member) -> bool:
    """Tell whether two members must not share a car, nor write to each other."""
    return bool(pairs_kept_apart([one, other]))


def pairs_kept_apart(members: Collection[Member]) -> set[frozenset[UUID]]:
    """Return which of some people must not share a car; one query."""
    apart = blocked_pairs([member.pk for member in members])
    wish = [member for member in members if member.same_gender_only]
    apart |= {
        frozenset((one.pk, other.pk))
        for one in wish
        for other in members
        if one.pk != other.pk and not may_share_by_gender(one, other)
    }
    return apart


def blocked_pairs(member_ids: Collection[UUID]) -> set[frozenset[UUID]]:
    """Return those of whom one blocked the other; one query."""
    blocks = Block.objects.filter(blocker__in=member_ids, blocked__in=member_ids)
    return {frozenset(pair) for pair in blocks.values_list("blocker", "blocked")}


def in_company(members: Collection[Member], apart: Collection[frozenset[UUID]]) -> list[Member]:
    """Return as many of some people, the first first, as may share a car."""
    kept: list[Member] = []
    for member in members:
        if not any(frozenset((member.pk, other.pk)) in apart for other in kept):
            kept.append(member)
    return kept


def list_avoided_places(member: Member) -> QuerySet[AvoidedPlace]:
    """List a member's own avoided places."""
    return AvoidedPlace.objects.filter(member=member)


def get_avoided_place_for(member: Member, place_id: UUID) -> AvoidedPlace:
    """Return one of the member's own avoided places.

    Raises:
        PlaceNotFound: it is not theirs.
    """
    place = list_avoided_places(member).filter(pk=place_id).first()
    if place is None:
        raise PlaceNotFound
    return place


def avoided_circles(member: Member) -> tuple[Circle, ...]:
    """Return where a member does not stop; asks nothing when that is prefetched."""
    places = member.avoided_places.all()
    return tuple(Circle(from_point(place.location), place.radius_m) for place in places)
