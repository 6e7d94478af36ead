"""Incentives as those see them who steer the organization, and as those who can earn them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from accounts.models import Member
from accounts.selectors import require_manager
from payments.engine.incentives import may_take_back
from payments.engine.rules import RewardRules
from payments.errors import IncentiveNotFound
from payments.models import Incentive, IncentiveState, Reward
from payments.selectors.counted import used_of
from payments.selectors.desk import FEW
from payments.selectors.simulations import Simulation, read_simulation

LATEST = 50


def get_incentive(member: Member, incentive_id: UUID, *, lock: bool = False) -> Incentive:
    """Return a version of an incentive of the organization that a member steers.

    Raises:
        ManagersOnly: they steer none.
        IncentiveNotFound: there is no such one, or it is another organization's.
    """
    require_manager(member)
    own = Incentive.objects.filter(organization=member.organization_id, pk=incentive_id)
    own = own.select_related("organization", "budget")
    found = (own.select_for_update(of=("self",)) if lock else own).first()
    if found is None:
        raise IncentiveNotFound
    return found


@dataclass(frozen=True, slots=True)
class IncentiveView:
    """A version, and what all versions of its rule have given: ``given - back == cost``.

    Attributes:
        people: How many got something; None: some did, and they are fewer than five.
        simulation: What it would have given; None: it was not tried since it was written.
    """

    incentive: Incentive
    given: int
    back: int
    people: int | None
    simulation: Simulation | None

    @property
    def cost(self) -> int:
        """What it has cost."""
        return self.given - self.back

    @property
    def used_percent(self) -> int | None:
        """How much of its total is given; None where there is none."""
        total = self.incentive.total
        return min(100, 100 * self.cost // total) if total else None


def list_incentives(member: Member) -> list[IncentiveView]:
    """Return every rule of the organization that a member steers, the ones that pay first.

    Of each rule the version that is written and the one that stands are there, or the last one.

    Raises:
        ManagersOnly: they steer none.
    """
    require_manager(member)
    own = Incentive.objects.filter(organization=member.organization_id)
    rows = list(own.select_related("organization", "budget").order_by("series", "-version"))
    newest = {row.series: row.version for row in reversed(rows)}
    shown = [
        row for row in rows
        if row.state != IncentiveState.ENDED or row.version == newest[row.series]
    ]  # fmt: skip
    views = views_of(shown)
    order = [
        IncentiveState.ON, IncentiveState.PAUSED, IncentiveState.SIMULATED, IncentiveState.DRAFT,
        IncentiveState.ENDED,
    ]  # fmt: skip
    return sorted(
        views,
        key=lambda one: (
            order.index(IncentiveState(one.incentive.state)), one.incentive.name,
            one.incentive.version,
        ),
    )  # fmt: skip


def views_of(incentives: Sequence[Incentive]) -> list[IncentiveView]:
    """Return versions with what their rules have given; one query for however many."""
    rows = Reward.objects.filter(series__in={one.series for one in incentives}).order_by()
    sums = {
        row["series"]: row
        for row in rows.values("series").annotate(
            given=Sum("amount"),
            taken=Sum("back"),
            people=Count("member_id", filter=Q(amount__gt=F("back")), distinct=True),
        )
    }
    nothing: dict[str, Any] = {"given": 0, "taken": 0, "people": 0}
    found = []
    for one in incentives:
        row = sums.get(one.series, nothing)
        people = row["people"]
        found.append(
            IncentiveView(
                one, row["given"], row["taken"], None if 0 < people < FEW else people,
                read_simulation(one.simulation),
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class RewardMonth:
    """What a rule gave in a month, by when it was given; no figures of few people."""

    month: datetime
    given: int | None
    back: int | None
    people: int | None


def list_reward_months(incentive: Incentive) -> list[RewardMonth]:
    """Return what all versions of a rule gave month by month, newest first."""
    rows = (
        Reward.objects.filter(series=incentive.series, amount__gt=0)
        .order_by()
        .annotate(month=TruncMonth("at", tzinfo=incentive.organization.zone))
        .values("month")
        .annotate(given=Sum("amount"), taken=Sum("back"), people=Count("member_id", distinct=True))
        .order_by("-month")
    )
    return [
        RewardMonth(row["month"], row["given"], row["taken"], row["people"])
        if row["people"] >= FEW
        else RewardMonth(row["month"], None, None, None)
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class CapUse:
    """How much of a cap one person has used."""

    what: "Cap"
    most: int
    used: int

    @property
    def left(self) -> int:
        """What may still be earned."""
        return max(0, self.most - self.used)

    @property
    def percent(self) -> int:
        """How full it is."""
        return min(100, 100 * self.used // self.most) if self.most else 100


class Cap(models.TextChoices):
    """A cap on what one person gets."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Earning:
    """A rule that a member can earn by, and how much of its caps they have used today."""

    incentive: Incentive
    caps: tuple[CapUse, ...]
    earned: int
    is_used_up: bool


def list_earnings(member: Member, *, now: datetime) -> list[Earning]:
    """Return the rules by which a member can earn today; two queries for each."""
    today = now.astimezone(member.organization.zone).date()
    rows = Incentive.objects.filter(
        Q(last_day=None) | Q(last_day__gte=today), organization=member.organization_id,
        state=IncentiveState.ON, first_day__lte=today,
    )  # fmt: skip
    rows = rows.select_related("organization").order_by("name", "pk")
    return [_earning(one, member, today) for one in rows]


def _earning(incentive: Incentive, member: Member, today: date) -> Earning:
    used, person = used_of(incentive, [member.pk], today), str(member.pk)
    amounts = [
        (Cap.DAY, incentive.most_a_day, used.days[person, today]),
        (Cap.MONTH, incentive.most_a_month, used.months[person, today.year, today.month]),
        (Cap.YEAR, incentive.most_a_year, used.years[person, today.year]),
    ]
    caps = tuple(CapUse(cap, most, spent) for cap, most, spent in amounts if most is not None)
    return Earning(
        incentive=incentive,
        caps=caps,
        earned=used.years[person, today.year],
        is_used_up=incentive.total is not None and used.total >= incentive.total,
    )


def list_rewards(member: Member) -> "QuerySet[Reward]":
    """Return what a member got for trips, and why they got nothing for others; newest first."""
    return list_rewards_of(member.pk)


def list_rewards_of(member_id: UUID) -> "QuerySet[Reward]":
    """Return the same by the member's number."""
    own = Reward.objects.filter(member_id=member_id)
    return own.select_related("incentive__organization").order_by("-at", "-pk")


@dataclass(frozen=True, slots=True)
class MonthEarned:
    """What a member got in a month by one rule and class: "+1,200 for 2 verified trips"."""

    month: datetime
    name: str
    proof_class: str
    trips: int
    amount: int
    currency: str


def list_earned(member: Member) -> list[MonthEarned]:
    """Return what a member got month by month and rule by rule, newest first."""
    rows = (
        Reward.objects.filter(member_id=member.pk, amount__gt=F("back"))
        .order_by()
        .annotate(month=TruncMonth("at", tzinfo=member.organization.zone))
        .values("month", "incentive__name", "proof_class", "currency")
        .annotate(trips=Count("booking_id", distinct=True), earned=Sum(F("amount") - F("back")))
        .order_by("-month", "incentive__name", "-proof_class")
    )
    return [
        MonthEarned(
            row["month"], row["incentive__name"], row["proof_class"], row["trips"], row["earned"],
            row["currency"],
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class GivenReward:
    """A reward as those see it who steer the organization: by its number, without a name."""

    reward: Reward
    may_be_taken_back: bool


def list_given(incentive: Incentive, *, now: datetime) -> list[GivenReward]:
    """Return the latest rewards of a rule; who got them is known to operators only."""
    rows = Reward.objects.filter(series=incentive.series, amount__gt=0).order_by("-at", "-pk")
    return [
        GivenReward(one, not one.is_taken_back and may_take_back(now, one.at, RewardRules()))
        for one in rows[:LATEST]
    ]
