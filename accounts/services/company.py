"""Whom a member travels with, and where they stop: blocks, the same-gender wish, avoided places."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import OnlyOthers, TooManyAvoidedPlaces
from accounts.events import CompanyChanged
from accounts.models import AvoidedPlace, Block, Gender, Member
from carpool.kernel import outbox
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import LonLat, to_point
from maps.selectors import region_at

MOST_AVOIDED_PLACES = 20


@transaction.atomic
def block_member(*, by: Member, other: Member, now: datetime) -> Block:
    """Keep two people apart from now on; rides that they share already go on.

    Raises:
        OnlyOthers: it is the member themselves.
    """
    if by.pk == other.pk:
        raise OnlyOthers
    block, is_new = Block.objects.get_or_create(blocker=by, blocked=other)
    if is_new:
        outbox.publish(CompanyChanged(member_id=by.pk), now=now)
    return block


@transaction.atomic
def unblock_member(*, by: Member, other: Member, now: datetime) -> None:
    """Take a block back; the other one's, if there is one, stays."""
    gone, _kinds = Block.objects.filter(blocker=by, blocked=other).delete()
    if gone:
        outbox.publish(CompanyChanged(member_id=by.pk), now=now)


@transaction.atomic
def choose_company(*, member: Member, gender: str, same_gender_only: bool, now: datetime) -> Member:
    """Store a member's gender, if they state one, and whether they want only their own aboard.

    Raises:
        InvalidInput: the wish needs a stated gender (names ``gender``).
    """
    if gender not in Gender.values:
        raise InvalidInput(_("Choose one of these."), field="gender")
    if same_gender_only and gender == Gender.UNSTATED:
        raise InvalidInput(_("State your gender, so that we know whom to match."), field="gender")
    if (member.gender, member.same_gender_only) == (gender, same_gender_only):
        return member
    member.gender, member.same_gender_only = gender, same_gender_only
    member.save(update_fields=["gender", "same_gender_only"])
    outbox.publish(CompanyChanged(member_id=member.pk), now=now)
    return member


@transaction.atomic
def avoid_place(*, member: Member, label: str, location: LonLat, radius_m: int) -> AvoidedPlace:
    """Keep pick-ups and drop-offs of a member out of a circle.

    Raises:
        OutsideMap: no region contains the place (names ``location``).
        InvalidInput: the radius is too small or too large (names it).
        TooManyAvoidedPlaces: there are 20 already.
    """
    region_at(location, field="location")
    Member.objects.select_for_update().get(pk=member.pk)  # one at a time, so that the count holds
    if member.avoided_places.count() >= MOST_AVOIDED_PLACES:
        raise TooManyAvoidedPlaces
    place = AvoidedPlace(member=member, label=label, location=to_point(location), radius_m=radius_m)
    try:
        place.clean_fields(exclude=["member"])
    except ValidationError as error:
        raise InvalidInput(fields=error.message_dict) from error
    place.save()
    return place


def stop_avoiding(*, place: AvoidedPlace) -> None:
    """Let the member get in and out there again."""
    place.delete()
