"""The worked example E3 in the books: four people, one does not come. For tests of who reads them.

The host H fronts 22,300; B, C, D prepay 6,600 each; D does not come and pays a penalty of 1,000.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from accounts.models import Member
from accounts.tests.factories import MemberFactory
from payments.engine import journals
from payments.engine.leaving import Presence
from payments.engine.refunds import Capture
from payments.engine.rules import RoomRules
from payments.engine.settlement import RiderFacts, RoomFacts, settle_room
from payments.models import Payment
from payments.services import post_journal
from rides.models import Room
from rides.tests.factories import open_room

PREPAY, FARE = 6_600, 22_300
MINUTE = timedelta(minutes=1)


@dataclass
class Evening:
    """A room whose money has moved, and who was in it."""

    room: Room
    host: Member
    riders: list[Member]
    payments: dict[UUID, Payment]
    now: datetime

    def post(self, journal, at):
        return post_journal(organization_id=self.room.organization_id, journal=journal, now=at)

    def refund(self, rider, amount, at):
        """The provider gives a part back."""
        payment = self.payments[rider.pk]
        self.post(
            journals.refund_confirmed(
                refund=str(uuid4()), payment=str(payment.pk), provider="test_bank",
                amount=amount, currency=payment.currency,
            ),
            at,
        )  # fmt: skip
        payment.refund_asked += amount
        payment.refunded += amount
        payment.save(update_fields=["refund_asked", "refunded"])

    def pay_out(self, amount, at):
        self.post(
            journals.payout_sent(
                payout=str(uuid4()), person=str(self.host.pk), amount=amount,
                currency=self.room.organization.currency,
            ),
            at,
        )  # fmt: skip


def prepaid_evening(cast, now) -> Evening:
    """B, C and D have joined H's room and prepaid."""
    room = open_room(cast.driver, now=now)
    riders = [cast.rider, cast.colleague, MemberFactory(organization=cast.organization)]
    evening = Evening(room, cast.driver, riders, {}, now)
    for rider in riders:
        prepay(evening, rider, at=now)
    return evening


def prepay(evening, rider, *, at, amount=PREPAY) -> Payment:
    room = evening.room
    payment = Payment.objects.create(
        organization=room.organization, op_key=f"test:{uuid4()}", provider="test_bank",
        trip_id=room.pk, payer_id=rider.pk, amount=amount, currency=room.organization.currency,
        authorised=amount, captured=amount, captured_at=at, pay_by=at + 10 * MINUTE, created_at=at,
    )  # fmt: skip
    evening.payments[rider.pk] = payment
    evening.post(
        journals.charge_captured(
            payment=str(payment.pk), provider="test_bank", trip=str(room.pk),
            rider=str(rider.pk), amount=amount, currency=payment.currency,
        ),
        at,
    )  # fmt: skip
    return payment


def settled_evening(cast, now) -> Evening:
    """E3: settled, D's penalty in the fund, nothing given back or paid out yet."""
    evening = prepaid_evening(cast, now)
    presence = [Presence.BOARDED, Presence.BOARDED, Presence.NO_SHOW]
    facts = RoomFacts(
        evening.room.organization.currency, FARE, str(evening.host.pk),
        tuple(
            RiderFacts(str(rider.pk), PREPAY, was)
            for rider, was in zip(evening.riders, presence, strict=True)
        ),
    )  # fmt: skip
    captures = {
        str(pk): [Capture(str(one.pk), one.captured, 0, one.captured_at)]
        for pk, one in evening.payments.items()
    }
    evening.post(
        journals.room_settled(
            settle_room(facts, RoomRules()), trip=str(evening.room.pk), captures=captures
        ),
        now + 60 * MINUTE,
    )  # fmt: skip
    return evening
