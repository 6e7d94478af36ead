"""What we ask of a payment provider, what it may answer, and what an answer is worth.

An answer that cannot be read, did not come, or says 5xx is ``UNKNOWN``: money may have moved. It is
never taken for a refusal; the provider is asked again, later and later, until it says what
happened or a person has to look. Amount, currency and our own reference are compared on every
answer, also on one that says "done".

Where the payer has to approve on the provider's own pages, a payment *begins* first: the answer
says where the payer goes. They come back with a proof; with it the provider is asked to go through.
Without one, asking to authorise means to close the payment, unless it is paid already.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class Purpose(StrEnum):
    """What an operation is for."""

    BEGIN = "begin"
    AUTHORISE = "authorise"
    CAPTURE = "capture"
    CANCEL = "cancel"
    REFUND = "refund"


class Verdict(StrEnum):
    """What a provider says of an operation."""

    DONE = "done"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    ABSENT = "absent"  # it has never heard of it: it may be sent (again)


@dataclass(frozen=True, slots=True)
class Order:
    """One operation as it is sent, always the same however often.

    Attributes
    ----------
    key : str
        Idempotency key of the operation.
    reference : str
        Our own name of the payment; never a person's.
    provider_ref : str
        The provider's name of the payment; empty before it has been authorised.
    method : str
        By what the payer pays, as the provider's own page has it.
    left : int
        What we believe can still go back, this operation included: a guard against a second refund.
    payer : str
        An opaque name of who pays.
    back_url : str
        Where the payer comes back to; how it went is appended: ``success/``, ``cancel/`` or
        ``fail/``.
    proof : str
        What the payer brought back; empty: close the payment.
    is_late : bool
        It buys nothing any more: nothing is taken that has not been taken yet.
    """

    purpose: Purpose
    key: str
    reference: str
    amount: int
    currency: str
    provider_ref: str = ""
    method: str = ""
    left: int = 0
    payer: str = ""
    back_url: str = ""
    proof: str = ""
    is_late: bool = False

    @property
    def may_take(self) -> bool:
        """Tell whether the payer has agreed, in time."""
        return bool(self.proof) and not self.is_late


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider says: the verdict, what it says it was about, and where the payer goes."""

    verdict: Verdict
    reference: str = ""
    amount: int = 0
    currency: str = ""
    provider_ref: str = ""
    code: str = ""
    pay_at: str = ""


UNREADABLE = Answer(Verdict.UNKNOWN)


class Judgement(StrEnum):
    """What an answer is worth for our books."""

    CONFIRMED = "confirmed"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class WebhookNotice:
    """What a verified webhook tells us: that something happened to a payment. Never more."""

    event_id: str
    reference: str
    chargeback: str = ""  # the provider's name of one, if it is about that


@dataclass(frozen=True, slots=True)
class StatedChargeback:
    """A payment that its payer's bank objects to, as the provider has it.

    Attributes
    ----------
    is_taken : bool
        The money is gone from us; otherwise it has been asked about only, or has come back.
    """

    reference: str
    amount: int
    currency: str
    is_taken: bool


class ChargebackUnreadable(Exception):
    """The provider gave no readable answer about a chargeback: ask again."""


class WebhookRefused(ValueError):
    """The notice is not the provider's, too old, or unreadable."""


class ReturnRefused(ValueError):
    """What the payer's browser brings back is not about this payment."""


@dataclass(frozen=True, slots=True)
class Stated:
    """One payment as a provider's own list has it.

    Attributes
    ----------
    taken, returned : int
        How much came in all, and how much of it went back.
    is_open : bool
        Nothing has been taken yet, but it may be: reserved, or waiting for the payer.
    """

    reference: str
    provider_ref: str
    taken: int
    returned: int
    currency: str
    is_open: bool = False


class Provider(Protocol):
    """Who takes and returns money for us. Network errors are answers: ``UNREADABLE``."""

    @property
    def key(self) -> str:
        """Name it in the books."""
        ...

    @property
    def captures_at_once(self) -> bool:
        """Tell whether an authorisation takes the money already."""
        ...

    @property
    def is_play_money(self) -> bool:
        """Tell whether no money moves; every page that names it says so."""
        ...

    @property
    def asks_payer(self) -> bool:
        """Tell whether the payer approves on the provider's own pages."""
        ...

    @property
    def pays_without_return(self) -> bool:
        """Tell whether a payer who approved has paid, even if they never come back to us."""
        ...

    @property
    def signs_notices(self) -> bool:
        """Tell whether its webhooks are proven; others are kept only about payments of ours."""
        ...

    @property
    def answers_within_s(self) -> int:
        """How long a call may take; nobody asks what became of it before."""
        ...

    def begin(self, order: Order) -> Answer:
        """Announce a payment and learn where the payer approves it."""
        ...

    def read_return(self, order: Order, told: Mapping[str, str]) -> str:
        """Return the proof in what the payer's browser brings back.

        Raises
        ------
        ReturnRefused
            It is about another payment, or another amount.
        """
        ...

    def authorise(self, order: Order) -> Answer:
        """Reserve (or take) an amount; without a proof that is needed, close the payment."""
        ...

    def capture(self, order: Order) -> Answer:
        """Take what was reserved, or less."""
        ...

    def cancel(self, order: Order) -> Answer:
        """Give a reservation up."""
        ...

    def refund(self, order: Order) -> Answer:
        """Give (a part of) what was taken back."""
        ...

    def status(self, order: Order) -> Answer:
        """Say what became of an operation."""
        ...

    def read_webhook(self, headers: dict[str, str], body: bytes, *, now: datetime) -> WebhookNotice:
        """Verify a notice and read it.

        Raises
        ------
        WebhookRefused
            It is not the provider's, too old, or unreadable.
        """
        ...

    def chargeback(self, name: str) -> StatedChargeback | None:
        """Look a chargeback up; None: it has none of that name, or does not tell.

        Raises
        ------
        ChargebackUnreadable
            It gave no readable answer.
        """
        ...

    def list_payments(
        self, known: Iterable[Order], *, since: datetime, until: datetime
    ) -> Iterator[Stated]:
        """Yield what the provider has of the payments that began in a span.

        Parameters
        ----------
        known : iterable of Order
            Our payments of that span, for a provider that keeps no list and has to be asked for
            each.
        """
        ...


def judge(order: Order, answer: Answer) -> Judgement:
    """Compare an answer with what was asked for."""
    if answer.verdict is Verdict.DONE:
        told = answer.reference, answer.amount, answer.currency
        is_right = told == (order.reference, order.amount, order.currency)
        return Judgement.CONFIRMED if is_right else Judgement.MISMATCH
    return Judgement(answer.verdict.value)


CHECKS_S = (5, 15, 60, 300)
THEN_EVERY_S = 3_600
GIVE_UP_AFTER_S = 7 * 86_400
# When an operation gets its outcome late, the line is well again: the others are asked after, too.
AFTER_RECOVERY_S = 30


def next_check(asked: int, *, first_at: datetime, now: datetime) -> datetime | None:
    """Return when to ask again; None: seven days have passed, a person has to look.

    Parameters
    ----------
    asked : int
        How often we have asked or sent so far, at least once.
    first_at : datetime
        When the operation was sent first.
    """
    wait = CHECKS_S[asked - 1] if asked <= len(CHECKS_S) else THEN_EVERY_S
    after = now + timedelta(seconds=wait)
    return after if after <= first_at + timedelta(seconds=GIVE_UP_AFTER_S) else None
