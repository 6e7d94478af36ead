"""What managers see of their organization's sponsor budgets: rules, what came, what it paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_low
from uuid import UUID

from django.db import models
from django.db.models import Count, Q, Sum
from django.db.models.functions import Lower, TruncMonth
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Organization, Site
from accounts.selectors import require_manager
from carpool.kernel.money import MINOR_DIGITS
from payments.engine.chart import AccountKind
from payments.engine.split import percent_of
from payments.errors import BudgetNotFound, PeopleUnknown, SiteUnknown
from payments.models import (
    JournalEntry,
    ManualState,
    SeatPrice,
    SponsorBudget,
    SponsorDeposit,
    SponsorGrant,
)
from payments.selectors.desk import FEW

_USUAL_OVER = timedelta(days=90)
_LATEST = 200  # so many seats say what is usual
_DEPOSIT, _RETURN = "sponsor_funded", "sponsor_returned"


class BudgetState(models.TextChoices):
    """Whether a budget pays."""

    CLOSED = "closed", _("Closed")
    COMING = "coming", _("Not yet begun")
    OPEN = "open", _("Open")
    EMPTY = "empty", _("Used up")
    OVER = "over", _("Over")


@dataclass(frozen=True, slots=True)
class BudgetView:
    """A budget, and its money: ``came - paid + back + moved == left``.

    ``moved`` is what operators corrected by hand.
    """

    budget: SponsorBudget
    state: BudgetState
    came: int
    paid: int
    back: int
    moved: int

    @property
    def left(self) -> int:
        """What stands on its account."""
        return self.came - self.paid + self.back + self.moved

    @property
    def code(self) -> str:
        """What a transfer for it has as its reference."""
        return f"SPONSOR-{self.budget.pk.hex[:8].upper()}"

    @property
    def spent(self) -> int:
        """What it has paid and not got back; seats of trips to come included."""
        return self.paid - self.back

    @property
    def used_percent(self) -> int:
        """How much of what it ever had is spent."""
        had = self.left + self.spent
        return 100 * self.spent // had if had > 0 else 0


@dataclass(frozen=True, slots=True)
class BudgetMonth:
    """What a budget paid for seats in a month, and what came back; no count of few people."""

    month: datetime
    paid: int
    back: int
    people: int | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule makes of one prepayment."""

    prepay: int
    given: int

    @property
    def own(self) -> int:
        """What the person pays."""
        return self.prepay - self.given


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sites, or the people, that a budget is for."""

    sites: Sequence[Site] = ()
    people: Sequence[Member] = ()


def get_budget(member: Member, budget_id: UUID, *, lock: bool = False) -> SponsorBudget:
    """Return a budget of the organization that a member steers.

    Raises:
        ManagersOnly: they steer none.
        BudgetNotFound: there is no such budget, or it is another organization's.
    """
    require_manager(member)
    own = SponsorBudget.objects.filter(organization=member.organization_id, pk=budget_id)
    budget = (own.select_for_update() if lock else own).first()
    if budget is None:
        raise BudgetNotFound
    return budget


def list_budgets(member: Member, *, now: datetime) -> list[BudgetView]:
    """Return all budgets of the organization that a member steers, the one that is on first.

    Raises:
        ManagersOnly: they steer none.
    """
    require_manager(member)
    organization = member.organization
    budgets = with_chosen(SponsorBudget.objects.filter(organization=organization.pk))
    sums = _sums(organization)
    today = now.astimezone(organization.zone).date()
    views = [_view(one, sums.get(str(one.pk), {}), today) for one in budgets]
    return sorted(views, key=lambda one: (not one.budget.is_on, one.budget.name))


def with_chosen(budgets: "models.QuerySet[SponsorBudget]") -> "models.QuerySet[SponsorBudget]":
    """Read with budgets for which sites they are, and for how many people."""
    chosen = budgets.select_related("organization").prefetch_related("sites")
    return chosen.annotate(people_count=Count("people"))


def _sums(organization: Organization) -> dict[str, dict[str, int]]:
    """Return what moved on every budget's account by kind of journal; what came is positive."""
    rows = (
        JournalEntry.objects.filter(
            account__organization=organization, account__kind=AccountKind.SPONSOR
        )
        .order_by()
        .values_list("account__key", "journal__kind")
        .annotate(total=-Sum("amount"))
    )
    found: dict[str, dict[str, int]] = {}
    for key, kind, total in rows:
        found.setdefault(key, {})[kind] = total
    return found


def _view(budget: SponsorBudget, sums: dict[str, int], today: date) -> BudgetView:
    came, back = sums.get(_DEPOSIT, 0), sums.get(_RETURN, 0)
    paid = -sums.get("sponsor_fare", 0)
    left = sum(sums.values())
    return BudgetView(
        budget=budget,
        state=_state(budget, left, today),
        came=came,
        paid=paid,
        back=back,
        moved=left - came + paid - back,
    )


def _state(budget: SponsorBudget, left: int, today: date) -> BudgetState:
    if not budget.is_on:
        return BudgetState.CLOSED
    if budget.last_day is not None and budget.last_day < today:
        return BudgetState.OVER
    if budget.first_day > today:
        return BudgetState.COMING
    return BudgetState.OPEN if left > 0 else BudgetState.EMPTY


def list_budget_months(budget: SponsorBudget) -> list[BudgetMonth]:
    """Return what a budget paid month by month, newest first; months are local ones."""
    zone = budget.organization.zone
    entries = JournalEntry.objects.filter(
        account__organization=budget.organization_id,
        account__kind=AccountKind.SPONSOR,
        account__key=str(budget.pk),
    )
    rows = (
        entries.order_by()
        .annotate(month=TruncMonth("journal__created_at", tzinfo=zone))
        .values("month")
        .annotate(
            paid=Sum("amount", filter=Q(journal__kind="sponsor_fare"), default=0),
            back=-Sum("amount", filter=Q(journal__kind=_RETURN), default=0),
        )
        .exclude(paid=0, back=0)
        .order_by("-month")
    )
    people = dict(
        SponsorGrant.objects.filter(budget=budget)
        .annotate(month=TruncMonth("created_at", tzinfo=zone))
        .values_list("month")
        .annotate(n=Count("member_id", distinct=True))
    )
    return [
        BudgetMonth(row["month"], row["paid"], row["back"], _enough(people.get(row["month"], 0)))
        for row in rows
    ]


def _enough(people: int) -> int | None:
    return people if people >= FEW else None


def list_named(budget: SponsorBudget) -> list[str]:
    """Return the addresses of the people that a budget names."""
    named = budget.people.order_by("user__email").values_list("user__email", flat=True)
    return list(named)


def people_of(
    organization: Organization, addresses: Sequence[str]
) -> tuple[list[Member], list[str]]:
    """Return the active members with these addresses, each once, and the addresses of nobody."""
    wanted = {address.lower(): address for address in addresses}
    inside = Member.objects.active().filter(organization=organization).select_related("user")
    rows = inside.annotate(address=Lower("user__email")).filter(address__in=wanted)
    found = {row.user.email.lower(): row for row in rows}
    return list(found.values()), [said for key, said in wanted.items() if key not in found]


def find_chosen(
    budget: SponsorBudget, sites: Sequence[UUID] | None, people: Sequence[UUID] | None
) -> Chosen:
    """Return the organization's sites and active people with these ids; None: as they are.

    Raises:
        PeopleUnknown, SiteUnknown: one of them is not the organization's.
    """
    is_new = budget._state.adding
    own_sites, own_people = (
        budget.organization.sites.all(),
        Member.objects.active().filter(organization=budget.organization_id),
    )
    if sites is not None:
        there = list(own_sites.filter(pk__in=sites))
        if len(there) < len(set(sites)):
            raise SiteUnknown(field="sites")
    else:
        there = [] if is_new else list(budget.sites.all())
    if people is not None:
        named = list(own_people.filter(pk__in=people))
        if len(named) < len(set(people)):
            raise PeopleUnknown(field="people")
    else:
        named = [] if is_new else list(budget.people.all())
    return Chosen(there, named)


def list_deposits(budget: SponsorBudget) -> "models.QuerySet[SponsorDeposit]":
    """Return the money that has come in for a budget, newest first."""
    posted = SponsorDeposit.objects.filter(budget=budget, state=ManualState.POSTED)
    return posted.order_by("-at")


def usual_prepay(organization: Organization, *, now: datetime) -> int:
    """Return what a seat usually costs in advance: the median of late, or about a short taxi."""
    late = SeatPrice.objects.filter(organization=organization, created_at__gte=now - _USUAL_OVER)
    known = list(late.order_by("-created_at").values_list("prepay", flat=True)[:_LATEST])
    if known:
        return median_low(known)
    digits = MINOR_DIGITS.get(organization.currency, 2)
    return 4_000 if digits == 0 else 4 * 10**digits


def effects_of(budget: SponsorBudget, prepay: int) -> list[Effect]:
    """Return what a rule makes of a cheap, a usual and a dear seat, while there is money."""
    found = []
    for sample in (prepay // 2, prepay, 2 * prepay):
        limits = [percent_of(sample, budget.percent)]
        limits += [one for one in (budget.most_per_trip, budget.most_per_month) if one is not None]
        found.append(Effect(sample, min(limits)))
    return found
