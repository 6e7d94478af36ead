"""What an incentive would have given for past trips: before it may be switched on."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import Organization
from payments.engine.incentives import Limit, Outcome, Trip, simulate
from payments.models import Incentive
from payments.models.rewards import LIMITS
from payments.selectors.counted import Ground, list_counted
from payments.selectors.desk import FEW

# So far back trips are looked at: a season, and no dearer to compute than a page may be.
TRIED_ON = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class MonthCost:
    """What a month would have cost; None: too few people got something in it."""

    year: int
    month: int
    cost: int | None

    @property
    def first_day(self) -> date:
        """Its first day, to name it."""
        return date(self.year, self.month, 1)


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a rule would have given; without dates, as if it had been on all the time.

    Of few people no figure is told: it would be theirs.

    Attributes:
        looked_at: How many trips counted in that time, whatever the rule makes of them.
        people: Who would have got something; None: fewer than five, and all other figures 0.
        worth: What the trips were worth by the rule, before the caps.
        limits: How often each cap stopped (a part of) a reward.
    """

    looked_at: int
    trips: int
    people: int | None
    worth: int
    cost: int
    months: tuple[MonthCost, ...]
    limits: tuple[tuple[str, str, int], ...]

    @property
    def is_hidden(self) -> bool:
        """Tell whether too few people would have got something to say more."""
        return self.people is None

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept beside the rule."""
        return {
            "looked_at": self.looked_at,
            "trips": self.trips,
            "people": self.people,
            "worth": self.worth,
            "cost": self.cost,
            "months": [[one.year, one.month, one.cost] for one in self.months],
            "limits": [[code, times] for code, _words, times in self.limits],
        }


def simulate_incentive(incentive: Incentive, *, now: datetime) -> Simulation:
    """Try a rule on what its organization's people have travelled lately; O(trips)."""
    trips = past_trips(incentive, now=now)
    terms = replace(incentive.terms, first_day=date.min, last_day=None)
    return _told(simulate(terms, trips), len(trips))


def past_trips(incentive: Incentive, *, now: datetime) -> list[Trip]:
    """Return the trips that a rule is tried on, in the order they were proven."""
    organization: Organization = incentive.organization
    ground = Ground(organization)
    found = list_counted(organization, since=now - TRIED_ON)
    return [ground.trip_of(one, zone_m=incentive.zone_m) for one in found]


def _told(outcome: Outcome, looked_at: int) -> Simulation:
    if outcome.people < FEW:
        return Simulation(looked_at if looked_at >= FEW else 0, 0, None, 0, 0, (), ())
    words = dict(LIMITS)
    return Simulation(
        looked_at=looked_at,
        trips=outcome.trips,
        people=outcome.people,
        worth=outcome.worth,
        cost=outcome.cost,
        months=tuple(
            MonthCost(year, month, cost if people >= FEW else None)
            for (year, month), (cost, people) in sorted(outcome.months.items(), reverse=True)
        ),
        limits=tuple(
            (one.value, str(words[one.value]), outcome.limits[one])
            for one in Limit
            if one in outcome.limits
        ),
    )


def read_simulation(kept: dict[str, Any]) -> Simulation | None:
    """Return what was kept beside a rule, in the language that is active; None: nothing."""
    if not kept:
        return None
    words = dict(LIMITS)
    return Simulation(
        looked_at=kept["looked_at"],
        trips=kept["trips"],
        people=kept["people"],
        worth=kept["worth"],
        cost=kept["cost"],
        months=tuple(MonthCost(*one) for one in kept["months"]),
        limits=tuple((code, str(words[code]), times) for code, times in kept["limits"]),
    )
