"""Objecting to what was written down about oneself, and what operators decide about that."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Member, User
from carpool.kernel import outbox
from carpool.kernel.errors import InvalidInput
from carpool.kernel.wording import compose
from rides.errors import ObjectionClosed
from rides.events import DeedObjectionDecided
from rides.models import BROKEN_KINDS, LONGEST_COMMENT, Deed, DeedObjection, ObjectionState
from rides.selectors.reliability import get_own_deed


def object_to_deed(*, deed_id: int, by: Member, text: str, now: datetime) -> DeedObjection:
    """Say that a fact about oneself is wrong; an operator decides.

    Raises:
        NotAboutYou: it is not about them.
        ObjectionClosed: that was said before.
        InvalidInput: nothing is said, or too much (names ``text``).
    """
    deed, said = get_own_deed(by, deed_id), compose(text)
    if not said or len(said) > LONGEST_COMMENT:
        raise InvalidInput(_("Say in up to 500 characters what is wrong."), field="text")
    try:
        with transaction.atomic():
            return DeedObjection.objects.create(deed=deed, text=said, made_at=now)
    except IntegrityError as error:
        raise ObjectionClosed from error


@transaction.atomic
def decide_objection(*, objection_id: int, grants: bool, by: User, now: datetime) -> DeedObjection:
    """Take a deed out of somebody's score, or leave it in, and tell them; who decided is noted.

    Raises:
        ObjectionClosed: somebody has decided already.
    """
    waiting = DeedObjection.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "deed__booking", "deed__seat"
    )
    objection = waiting.filter(pk=objection_id, state=ObjectionState.OPEN).first()
    if objection is None:
        raise ObjectionClosed
    objection.state = ObjectionState.GRANTED if grants else ObjectionState.REFUSED
    objection.decided_at, objection.decided_by = now, by
    objection.save(update_fields=["state", "decided_at", "decided_by"])
    deed = objection.deed
    event = DeedObjectionDecided(
        booking_id=deed.booking_id,
        ride_id=deed.booking.ride_id if deed.booking is not None else None,
        room_id=deed.seat.room_id if deed.seat is not None else None,
        member_id=deed.member_id,
        granted=grants,
        at=now,
    )
    outbox.publish(event, now=now)
    return objection


@transaction.atomic
def lift_deed(
    *,
    booking_id: UUID | None,
    seat_id: UUID | None,
    member_id: UUID,
    by_id: UUID | None,
    now: datetime,
) -> bool:
    """Take the deed behind a fee that was given back out of the score; tell whether one counted.

    It is as if an objection to it had been granted, but for the news: who hears of the fee hears of
    this. Twice changes nothing. ``by_id`` is the member who decided, None where silence did.
    """
    of_trip = Deed.objects.filter(booking=booking_id, seat=seat_id, member=member_id)
    broken = of_trip.filter(kind__in=BROKEN_KINDS)
    deed = broken.select_for_update(no_key=True, of=("self",)).first()
    if deed is None:
        return False
    granted = ObjectionState.GRANTED
    if DeedObjection.objects.filter(deed=deed, state=granted).exists():
        return False
    by = Member.objects.filter(pk=by_id).first() if by_id is not None else None
    decided = {"state": granted, "decided_at": now, "decided_by": by.user if by else None}
    DeedObjection.objects.update_or_create(
        deed=deed, defaults=decided, create_defaults={**decided, "made_at": now, "text": ""}
    )
    return True
