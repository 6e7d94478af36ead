"""What a member has with us: the figures now, and every movement that touches them, in order.

Four kinds of account are a member's: what lies in escrow for a trip, what is owed to them, what
goes back by the payment it came with, and what they owe. Everything but the last adds to what is
theirs. A movement's change is what it adds to that sum, so that changes and the balances beside
them can be added up by whoever reads them; from escrow to a refund, nothing changes.

Others appear by their role only: the host, a rider, the payment provider.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import groupby
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from accounts.models import Member
from payments.engine.chart import Account, AccountKind, Leg
from payments.engine.flows import Flow, flows_of
from payments.models import Journal, JournalEntry, LedgerAccount, LedgerBalance, Payment, TopUp
from payments.models.fares import OPEN_TOP_UPS
from payments.selectors.movement_words import Role, Side, What, describe, tell
from payments.selectors.reward_words import explain_rewards
from payments.selectors.trips import Trip, trips_of

PAGE_SIZE = 20
_NONE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Purse:
    """What is somebody's in one currency: ``total`` is all of it, less what they owe."""

    currency: str
    in_escrow: int = 0
    owed: int = 0
    frozen: int = 0  # of what is owed, while a dispute about it is open
    going_back: int = 0
    owing: int = 0

    @property
    def total(self) -> int:
        """What is theirs."""
        return self.in_escrow + self.owed + self.going_back - self.owing


@dataclass(frozen=True, slots=True)
class Kept:
    """What lies in escrow for one trip."""

    trip: Trip
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Asked:
    """More money that somebody is asked for, until they have answered and paid."""

    top_up: TopUp
    trip: Trip


@dataclass(frozen=True, slots=True)
class Movement:
    """One flow of money that touches somebody.

    ``change`` is what it adds to what is theirs, ``balance`` what that came to afterwards.
    """

    id: str
    at: datetime
    what: What
    sentence: str
    amount: int
    change: int
    balance: int
    currency: str
    other: Role
    trip: Trip | None


@dataclass(frozen=True, slots=True)
class MovementPage:
    """A stretch of a wallet's history, newest first, and the cursor of the next, older one."""

    movements: list[Movement]
    older: str


class Own:
    """A member's accounts, looked up once for all that is asked about them."""

    def __init__(self, member: Member) -> None:
        self.member = member

    @cached_property
    def payments(self) -> dict[str, Payment]:
        """What they paid, by the key under which it may go back."""
        return {str(one.pk): one for one in Payment.objects.filter(payer_id=self.member.pk)}

    @cached_property
    def accounts(self) -> set[int]:
        """Their accounts: those in their name, and those of their payments' refunds."""
        own = LedgerAccount.objects.filter(owner_id=self.member.pk)
        going_back = LedgerAccount.objects.filter(
            organization__in={one.organization_id for one in self.payments.values()},
            kind=AccountKind.REFUND_PAYABLE,
            key__in=self.payments,
        )
        return {*own.values_list("pk", flat=True), *going_back.values_list("pk", flat=True)}

    @property
    def entries(self) -> QuerySet[JournalEntry]:
        """Every entry on them."""
        return JournalEntry.objects.filter(account__in=self.accounts).order_by()

    @property
    def journals(self) -> QuerySet[Journal]:
        """Every journal that touches them, newest first."""
        touched = Journal.objects.filter(pk__in=self.entries.values("journal"))
        return touched.order_by("-created_at", "-pk")

    def is_mine(self, account: Account) -> bool:
        """Tell whether an account is theirs."""
        if account.kind is AccountKind.REFUND_PAYABLE:
            return account.key in self.payments
        return account.owner == str(self.member.pk)


def purses_of(own: Own) -> list[Purse]:
    """Return what is somebody's now, by currency; their organization's comes first, always."""
    home = own.member.organization.currency
    sums: dict[str, dict[str, int]] = {home: defaultdict(int)}
    fields = {
        AccountKind.ESCROW: "in_escrow",
        AccountKind.PAYABLE: "owed",
        AccountKind.REFUND_PAYABLE: "going_back",
        AccountKind.USER_RECEIVABLE: "owing",
    }
    for row in _standing(own):
        purse = sums.setdefault(row.account.currency, defaultdict(int))
        kind = AccountKind(row.account.kind)
        purse[fields[kind]] += row.posted
        if kind is AccountKind.PAYABLE:
            purse["frozen"] += row.pending_out
    return [Purse(currency, **amounts) for currency, amounts in sums.items()]


def list_kept(own: Own) -> list[Kept]:
    """Return what lies in escrow for somebody, trip by trip, the next one first."""
    rows = [row for row in _standing(own) if row.account.kind == AccountKind.ESCROW and row.posted]
    trips = trips_of(row.account.trip_id or _NONE for row in rows)
    kept = [
        Kept(trips[row.account.trip_id or _NONE], row.posted, row.account.currency) for row in rows
    ]
    return sorted(kept, key=lambda one: (one.trip.at is None, one.trip.at, str(one.trip.id)))


def list_asked(own: Own) -> list[Asked]:
    """Return what somebody is asked to add, the most urgent first."""
    rows = TopUp.objects.filter(rider_id=own.member.pk, state__in=OPEN_TOP_UPS)
    asked = list(rows.select_related("payment").order_by("answer_by", "pk"))
    trips = trips_of(one.room_id for one in asked)
    return [Asked(one, trips[one.room_id]) for one in asked]


def _standing(own: Own) -> Iterable[LedgerBalance]:
    rows = LedgerBalance.objects.filter(account__in=own.accounts)
    return rows.exclude(posted=0, pending_out=0).select_related("account").order_by("account_id")


def page_of_movements(own: Own, *, before: str = "") -> MovementPage:
    """Return what was before the journal of that number; of an unknown one, the newest."""
    rows = own.journals
    edge = rows.filter(pk=int(before)).first() if before.isascii() and before.isdigit() else None
    if edge is not None:
        rows = rows.filter(_older_than(edge))
    journals = list(rows[: PAGE_SIZE + 1])
    older = str(journals[PAGE_SIZE - 1].pk) if len(journals) > PAGE_SIZE else ""
    return MovementPage(read_movements(own, journals[:PAGE_SIZE]), older)


def read_movements(own: Own, journals: Sequence[Journal]) -> list[Movement]:
    """Return the movements of journals that follow each other, newest first as they do."""
    if not journals:
        return []
    return _read(own, journals, _balances_after(own, journals[0]))


def list_trip_movements(own: Own, trip_id: UUID) -> list[Movement]:
    """Return what moved for one trip, oldest first; the balances are those of the trip alone."""
    payments = [key for key, one in own.payments.items() if one.trip_id == trip_id]
    refunds = Q(account__kind=AccountKind.REFUND_PAYABLE, account__key__in=payments)
    entries = own.entries.filter(Q(journal__trip_id=trip_id) | refunds)
    journals = list(own.journals.filter(pk__in=entries.values("journal")))
    return _read(own, journals, _sums(own.entries.filter(journal__in=journals)))[::-1]


def _read(own: Own, journals: Sequence[Journal], balances: dict[str, int]) -> list[Movement]:
    flows = _flows(journals)
    trips = trips_of(_trip_ids(own, journals, flows))
    explained = explain_rewards(journals)
    found = []
    for journal in journals:
        for number, flow in reversed(list(enumerate(flows[journal.pk]))):
            source, target = own.is_mine(flow.source), own.is_mine(flow.target)
            if not (source or target):
                continue
            movement = _movement(own, journal, number, flow, balances, trips)
            if journal.pk in explained:
                movement = replace(movement, sentence=explained[journal.pk])
            balances[movement.currency] -= movement.change
            found.append(movement)
    return found


def _movement(
    own: Own,
    journal: Journal,
    number: int,
    flow: Flow,
    balances: dict[str, int],
    trips: dict[UUID, Trip],
) -> Movement:
    out, into = own.is_mine(flow.source), own.is_mine(flow.target)
    currency = flow.source.currency
    trip = trips.get(_trip_id(own, journal, flow) or _NONE)
    told = tell(flow, Side(out, into), kind=journal.kind, is_ride=bool(trip and trip.is_ride))
    return Movement(
        id=f"{journal.pk}-{number}",
        at=journal.created_at,
        what=told.what,
        sentence=describe(told, flow, organization=own.member.organization.name),
        amount=flow.amount,
        change=(into - out) * flow.amount,
        balance=balances[currency],
        currency=currency,
        other=told.other,
        trip=trip,
    )


def balances_before(own: Own, moment: datetime) -> dict[str, int]:
    """Return what was somebody's just before a moment, by currency."""
    return _sums(own.entries.filter(journal__created_at__lt=moment))


def _balances_after(own: Own, journal: Journal) -> dict[str, int]:
    """Return what was somebody's once a journal and all before it were posted."""
    return _sums(own.entries.filter(Q(journal=journal) | _older_than(journal, "journal__")))


def _sums(entries: QuerySet[JournalEntry]) -> dict[str, int]:
    """Return what entries add to what is somebody's: credits, less debits."""
    rows = entries.values_list("currency").annotate(Sum("amount"))
    return defaultdict(int, {currency: -total for currency, total in rows})


def _older_than(edge: Journal, path: str = "") -> Q:
    at, pk = f"{path}created_at", "journal_id" if path else "pk"
    return Q(**{f"{at}__lt": edge.created_at}) | Q(**{at: edge.created_at, f"{pk}__lt": edge.pk})


def _flows(journals: Collection[Journal]) -> dict[int, list[Flow]]:
    rows = JournalEntry.objects.filter(journal__in=[one.pk for one in journals])
    entries = rows.select_related("account").order_by("journal_id", "pk")
    return {
        pk: flows_of([Leg(one.account.as_chart, one.amount) for one in some])
        for pk, some in groupby(entries, key=lambda one: one.journal_id)
    }


def _trip_id(own: Own, journal: Journal, flow: Flow) -> UUID | None:
    """Return the trip of a flow: the journal's, or that of the escrow or payment it is about."""
    if journal.trip_id is not None:
        return journal.trip_id
    for account in (flow.source, flow.target):
        if account.trip:
            return UUID(account.trip)
        if account.key in own.payments and account.kind is AccountKind.REFUND_PAYABLE:
            return own.payments[account.key].trip_id
    return None


def _trip_ids(
    own: Own, journals: Iterable[Journal], flows: dict[int, list[Flow]]
) -> Iterable[UUID]:
    for journal in journals:
        for flow in flows[journal.pk]:
            trip_id = _trip_id(own, journal, flow)
            if trip_id is not None:
                yield trip_id
