"""How a payment stands, for the person who pays it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.utils.functional import Promise

from accounts.models import Member
from payments.errors import PaymentNotFound
from payments.models import IntentState, Payment, RideFare
from payments.models.payments import PENDING_STATES
from payments.selectors.ways import is_play_money, name_of
from rides.models import Room


class Standing(StrEnum):
    """How a payment stands."""

    ASKED = "asked"  # its payer has to approve it
    CHECKING = "checking"  # nobody knows yet what the provider says
    PAID = "paid"
    LOOKED_AT = "looked_at"  # a person looks at it
    NOT_PAID = "not_paid"


@dataclass(frozen=True, slots=True)
class PaymentStanding:
    """A payment, how it stands, and by what it is paid."""

    payment: Payment
    state: Standing
    provider: str | Promise
    is_play_money: bool
    is_for_room: bool
    ride_id: UUID | None = None

    @property
    def is_paid(self) -> bool:
        """Tell whether the money came, in time."""
        return self.state is Standing.PAID


def get_payment(member: Member, payment_id: UUID) -> Payment:
    """Return a member's own payment.

    Raises:
        PaymentNotFound: there is none, or it is somebody else's.
    """
    payment = Payment.objects.filter(
        pk=payment_id, payer_id=member.pk, organization=member.organization_id
    ).first()
    if payment is None:
        raise PaymentNotFound
    return payment


def standing_of(payment: Payment) -> PaymentStanding:
    """Say how a payment stands."""
    fares = RideFare.objects.filter(booking_id=payment.trip_id)
    return PaymentStanding(
        payment, _state(payment), name_of(payment.provider), is_play_money(payment.provider),
        Room.objects.filter(pk=payment.trip_id).exists(),
        fares.values_list("ride_id", flat=True).first(),
    )  # fmt: skip


def _state(payment: Payment) -> Standing:
    if payment.captured and not payment.is_late(payment.captured_at or payment.pay_by):
        return Standing.PAID
    if payment.waits_for_payer:
        return Standing.ASKED
    states = set(payment.intents.values_list("state", flat=True))
    if IntentState.STUCK in states:
        return Standing.LOOKED_AT
    return Standing.CHECKING if states & set(PENDING_STATES) else Standing.NOT_PAID
