"""Objecting to what was written down about oneself, and what operators decide about that."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Member, User
from carpool.kernel import outbox
from carpool.kernel.errors import InvalidInput
from carpool.kernel.wording import compose
from rides.errors import ObjectionClosed
from rides.events import DeedObjectionDecided
from rides.models import LONGEST_COMMENT, DeedObjection, ObjectionState
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
