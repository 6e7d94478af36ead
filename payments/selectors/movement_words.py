"""What a movement is, in a sentence: told by its two ends, and by which of them is one's own.

So whatever the rules post is told, also what they learn to post later; a journal's kind only says
it more closely where two kinds move money between the same ends.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from payments.engine.chart import AccountKind as Kind
from payments.engine.flows import Flow

if TYPE_CHECKING:
    from django.utils.functional import Promise

REVERSE = "reverse_"


class Role(models.TextChoices):
    """Who is at the other end of a movement."""

    ONESELF = "oneself", lazy("you")
    PROVIDER = "provider", lazy("payment provider")
    HOST = "host", lazy("host")
    DRIVER = "driver", lazy("driver")
    RIDER = "rider", lazy("rider")
    ORGANIZATION = "organization", lazy("your organization")
    FUND = "fund", lazy("penalty fund")
    BANK = "bank", lazy("bank")
    CARPOOL = "carpool", lazy("Carpool")


class What(models.TextChoices):
    """What a movement is about."""

    PREPAID = "prepaid", lazy("Prepaid")
    SPONSORED = "sponsored", lazy("Paid for you")
    FARE = "fare", lazy("Your part of the fare")
    RECEIVED = "received", lazy("Fare received")
    PENALTY = "penalty", lazy("Penalty")
    RETURNING = "returning", lazy("On its way back")
    REFUNDED = "refunded", lazy("Paid back")
    RETURNED = "returned", lazy("Back to who paid it")
    PAID_OUT = "paid_out", lazy("Paid out")
    BOUNCED = "bounced", lazy("Payout came back")
    REWARD = "reward", lazy("Reward")
    CHARGEBACK = "chargeback", lazy("Taken back by a bank")
    REPAID = "repaid", lazy("Debt paid")
    DISPUTE = "dispute", lazy("Dispute")
    BROUGHT = "brought", lazy("From your other account")
    CORRECTION = "correction", lazy("Correction")


@dataclass(frozen=True, slots=True)
class Side:
    """Whether a flow leaves an account of one's own, and whether it reaches one."""

    out: bool
    into: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What a flow is to somebody, who is at its other end, and the words for it."""

    what: What
    other: Role
    words: "str | Promise"
    is_reversal: bool = False


_OUT, _IN, _WITHIN = Side(True, False), Side(False, True), Side(True, True)
_RETURNING = lazy("This was not needed. It goes back by the way you paid.")
_BACK_TO_PROVIDER = lazy("Your bank took a payment back, through %(provider)s.")

_TOLD: dict[tuple[Kind, Kind, Side], Told] = {
    (Kind.PG_RECEIVABLE, Kind.ESCROW, _IN): Told(
        What.PREPAID, Role.PROVIDER,
        lazy("You paid this with %(provider)s. It is kept for this trip until it is settled."),
    ),
    (Kind.PG_RECEIVABLE, Kind.REFUND_PAYABLE, _IN): Told(
        What.PREPAID, Role.PROVIDER,
        lazy("Your payment with %(provider)s came too late for the seat. All of it goes back."),
    ),
    (Kind.ESCROW, Kind.REFUND_PAYABLE, _WITHIN): Told(What.RETURNING, Role.ONESELF, _RETURNING),
    (Kind.ESCROW, Kind.PENALTY_FUND, _OUT): Told(
        What.PENALTY, Role.FUND,
        lazy("A penalty for not coming. It goes into a fund; nobody earns from it."),
    ),
    (Kind.ESCROW, Kind.PAYABLE, _OUT): Told(
        What.FARE, Role.HOST, lazy("Your part of the fare, to the host who paid the taxi."),
    ),
    (Kind.ESCROW, Kind.PAYABLE, _IN): Told(
        What.RECEIVED, Role.RIDER, lazy("A rider's part of the fare that you paid the taxi."),
    ),
    (Kind.REFUND_PAYABLE, Kind.PG_RECEIVABLE, _OUT): Told(
        What.REFUNDED, Role.PROVIDER, lazy("%(provider)s has given this back to you."),
    ),
    (Kind.PAYABLE, Kind.PAYOUT_IN_TRANSIT, _OUT): Told(
        What.PAID_OUT, Role.BANK, lazy("We have sent this to your bank account."),
    ),
    (Kind.PAYOUT_IN_TRANSIT, Kind.PAYABLE, _IN): Told(
        What.BOUNCED, Role.BANK,
        lazy("Your bank sent a payout back. We owe you this again."),
    ),
    (Kind.SPONSOR, Kind.ESCROW, _IN): Told(
        What.SPONSORED, Role.ORGANIZATION,
        lazy("%(organization)s pays this part of the trip for you."),
    ),
    (Kind.ESCROW, Kind.REFUND_PAYABLE, _OUT): Told(
        What.RETURNED, Role.ORGANIZATION,
        lazy("This was not needed. It goes back to %(organization)s, who had paid it for you."),
    ),
    (Kind.SPONSOR, Kind.PAYABLE, _IN): Told(
        What.REWARD, Role.ORGANIZATION, lazy("A reward from %(organization)s."),
    ),
    (Kind.PAYABLE, Kind.SPONSOR, _OUT): Told(
        What.REWARD, Role.ORGANIZATION, lazy("A reward that %(organization)s has taken back."),
    ),
    (Kind.ESCROW, Kind.PG_RECEIVABLE, _OUT): Told(
        What.CHARGEBACK, Role.PROVIDER, _BACK_TO_PROVIDER
    ),
    (Kind.PAYABLE, Kind.PG_RECEIVABLE, _OUT): Told(
        What.CHARGEBACK, Role.PROVIDER, _BACK_TO_PROVIDER
    ),
    (Kind.USER_RECEIVABLE, Kind.PG_RECEIVABLE, _OUT): Told(
        What.CHARGEBACK, Role.PROVIDER,
        lazy("Your bank took back a payment that has been spent already. You owe us this."),
    ),
    (Kind.PAYABLE, Kind.USER_RECEIVABLE, _WITHIN): Told(
        What.REPAID, Role.ONESELF,
        lazy("What we owed you was set off against what you owed us."),
    ),
    (Kind.BANK, Kind.USER_RECEIVABLE, _IN): Told(
        What.REPAID, Role.BANK, lazy("You have paid what you owed us."),
    ),
    (Kind.PG_RECEIVABLE, Kind.USER_RECEIVABLE, _IN): Told(
        What.REPAID, Role.PROVIDER, lazy("You have paid what you owed us."),
    ),
    (Kind.PAYABLE, Kind.REFUND_PAYABLE, _OUT): Told(
        What.DISPUTE, Role.RIDER, lazy("What a rider disputed of the fare goes back to them."),
    ),
    (Kind.PAYABLE, Kind.REFUND_PAYABLE, _IN): Told(
        What.DISPUTE, Role.HOST, lazy("Your dispute was decided for you. This goes back to you."),
    ),
    (Kind.PENALTY_FUND, Kind.REFUND_PAYABLE, _IN): Told(
        What.DISPUTE, Role.FUND, lazy("A penalty that was taken back. It goes back to you."),
    ),
    (Kind.PENALTY_FUND, Kind.PAYABLE, _IN): Told(
        What.DISPUTE, Role.FUND, lazy("A penalty that was taken back. We owe you this."),
    ),
}  # fmt: skip
_OF_RIDES: dict[tuple[Kind, Kind, Side], Told] = {
    (Kind.ESCROW, Kind.PAYABLE, _OUT): Told(
        What.FARE, Role.DRIVER, lazy("The price of your seat, to the driver."),
    ),
    (Kind.ESCROW, Kind.PAYABLE, _IN): Told(
        What.RECEIVED, Role.RIDER, lazy("The price of a rider's seat in your ride."),
    ),
}  # fmt: skip
# Seats in planned rides: why their price went so is the journal's kind.
_OF_SEATS: dict[tuple[str, Side], Told] = {
    ("late_seat", _OUT): Told(
        What.FARE, Role.DRIVER,
        lazy("You gave your seat back late. This part of its price is the driver's."),
    ),
    ("late_seat", _IN): Told(
        What.RECEIVED, Role.RIDER,
        lazy("A rider gave a seat back late. This part of its price is yours."),
    ),
    ("late_seat", _WITHIN): Told(
        What.RETURNING, Role.ONESELF,
        lazy("You gave your seat back late. The rest of its price goes back by the way you paid."),
    ),
    ("waive_seat", _WITHIN): Told(
        What.RETURNING, Role.ONESELF,
        lazy("You gave your seat back late, free this time. Its price goes back as you paid."),
    ),
    ("miss_seat", _OUT): Told(
        What.FARE, Role.DRIVER,
        lazy("You did not come. The driver kept your seat free, and gets its price."),
    ),
    ("miss_seat", _IN): Told(
        What.RECEIVED, Role.RIDER, lazy("A rider did not come. The price of the seat is yours."),
    ),
    ("void_seat", _WITHIN): Told(
        What.RETURNING, Role.ONESELF,
        lazy("The ride did not take place. All of it goes back by the way you paid."),
    ),
    ("free_seat", _WITHIN): Told(
        What.RETURNING, Role.ONESELF,
        lazy("You no longer need this seat. All of it goes back by the way you paid."),
    ),
    ("call_off_seat", _WITHIN): Told(
        What.RETURNING, Role.ONESELF,
        lazy("The seat was not yours in the end. All of it goes back by the way you paid."),
    ),
}  # fmt: skip
_OF_KINDS: dict[str, Told] = {
    "leave_free": Told(
        What.RETURNING, Role.ONESELF,
        lazy("You no longer need this seat. All of it goes back by the way you paid."),
    ),
    "chargeback_returned": Told(
        What.CHARGEBACK, Role.PROVIDER,
        lazy("What your bank had taken back has come to us again, through %(provider)s."),
    ),
    "carried_over": Told(
        What.PREPAID, Role.ONESELF,
        lazy("Your taxi became one with another. What you had prepaid moved there with your seat."),
    ),
    "unite": Told(
        What.BROUGHT, Role.ONESELF, lazy("Brought over when two accounts of yours were joined."),
    ),
}  # fmt: skip
_OF_KINDS_AND_SIDES: dict[tuple[str, Side], Told] = {
    ("fee_returned", _OUT): Told(
        What.DISPUTE, Role.RIDER,
        lazy("A rider's objection to a fee was decided for them. It goes back to them."),
    ),
    ("fee_returned", _IN): Told(
        What.DISPUTE, Role.DRIVER,
        lazy("Your objection to a fee was decided for you. It goes back by the way you paid."),
    ),
}  # fmt: skip
# Of the price of a seat, what its rider's organization had paid.
_TO_SPONSOR = (Kind.ESCROW, Kind.REFUND_PAYABLE, _OUT)
_BY_HAND = Told(What.CORRECTION, Role.CARPOOL, lazy("A correction that two of our people made."))


def tell(flow: Flow, side: Side, *, kind: str, is_ride: bool = False) -> Told:
    """Say what a flow is to somebody. Of a reversal: what it takes back."""
    if kind.startswith(REVERSE):
        back = Flow(flow.target, flow.source, flow.amount)
        taken = tell(
            back, Side(side.into, side.out), kind=kind.removeprefix(REVERSE), is_ride=is_ride
        )
        return Told(taken.what, taken.other, taken.words, is_reversal=not taken.is_reversal)
    ends = flow.source.kind, flow.target.kind, side
    if kind in _OF_KINDS and (kind != "leave_free" or side == _WITHIN):
        return _OF_KINDS[kind]
    if (kind, side) in _OF_KINDS_AND_SIDES:
        return _OF_KINDS_AND_SIDES[kind, side]
    if (kind, side) in _OF_SEATS and ends != _TO_SPONSOR:
        return _OF_SEATS[kind, side]
    return (is_ride and _OF_RIDES.get(ends)) or _TOLD.get(ends) or _BY_HAND


def describe(told: Told, flow: Flow, *, organization: str) -> str:
    """Return the sentence, in the language that is active."""
    at_provider = next(
        (one.key for one in (flow.source, flow.target) if one.kind is Kind.PG_RECEIVABLE), ""
    )
    words = str(told.words) % {"provider": name_provider(at_provider), "organization": organization}
    return _("Taken back: %(sentence)s") % {"sentence": words} if told.is_reversal else words


_PROVIDERS: "dict[str, str | Promise]" = {
    "test_bank": lazy("Test bank"),
    "kakaopay": "KakaoPay",
    "toss": "Toss Payments",
    "stripe": "Stripe",
}


def name_provider(key: str) -> str:
    """Return what people call a provider."""
    return str(_PROVIDERS.get(key, key))
