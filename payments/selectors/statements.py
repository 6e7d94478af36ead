"""One month of a wallet: what was there, what came and went, what is left. It adds up."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models.functions import TruncMonth

from payments.errors import StatementNotFound
from payments.selectors.movement_words import What
from payments.selectors.wallet import Movement, Own, balances_before, read_movements


@dataclass(frozen=True, slots=True)
class Sum:
    """What movements of one sort come to."""

    what: What
    count: int
    change: int


@dataclass(frozen=True, slots=True)
class Account:
    """A month in one currency: ``opening`` and all changes make ``closing``. Oldest first."""

    currency: str
    opening: int
    closing: int
    movements: list[Movement]

    @property
    def sums(self) -> list[Sum]:
        """The month by sorts, in a fixed order; what changes nothing counts, too."""
        found = []
        for what in What:
            own = [one.change for one in self.movements if one.what is what]
            if own:
                found.append(Sum(what, len(own), sum(own)))
        return found

    @property
    def came(self) -> int:
        """What came in."""
        return sum(one.change for one in self.movements if one.change > 0)

    @property
    def went(self) -> int:
        """What went out, not negative."""
        return -sum(one.change for one in self.movements if one.change < 0)


@dataclass(frozen=True, slots=True)
class Statement:
    """A month of local time, half-open."""

    month: date
    start: datetime
    end: datetime
    accounts: list[Account]

    @property
    def last_day(self) -> date:
        """The month's last day."""
        return next_month(self.month) - timedelta(days=1)


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def read_month(text: str) -> date:
    """Return the first day of a month that is written as in 2026-11.

    Raises:
        StatementNotFound: it is none.
    """
    try:
        return datetime.strptime(f"{text}-01", "%Y-%m-%d").date()  # noqa: DTZ007 – a day, no moment
    except ValueError:
        raise StatementNotFound from None


def list_months(own: Own) -> list[date]:
    """Return the months in which anything moved, newest first."""
    zone = own.member.organization.zone
    months = own.journals.annotate(month=TruncMonth("created_at", tzinfo=zone))
    found = months.order_by("-month").values_list("month", flat=True).distinct()
    return [one.date() for one in found]


def statement_of(own: Own, month: date) -> Statement:
    """Return a month; empty when nothing moved in it.

    Raises:
        StatementNotFound: the month cannot be told apart in this zone's calendar.
    """
    zone = own.member.organization.zone
    try:
        start, end = _midnight(month, zone), _midnight(next_month(month), zone)
    except OverflowError:
        raise StatementNotFound from None
    journals = list(own.journals.filter(created_at__gte=start, created_at__lt=end))
    movements = read_movements(own, journals)[::-1]
    before = balances_before(own, start)
    home = own.member.organization.currency
    others = sorted({*before, *(one.currency for one in movements)} - {home})
    accounts = []
    for currency in [home, *others]:
        some = [one for one in movements if one.currency == currency]
        opening = before.get(currency, 0)
        closing = opening + sum(one.change for one in some)
        if some or opening or currency == home:
            accounts.append(Account(currency, opening, closing, some))
    return Statement(month, start, end, accounts)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
