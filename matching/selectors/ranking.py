"""By what rides are ranked for an organization: weights, price, and how reliable a driver is.

How reliable somebody is, ``rides`` says (``docs/reliability.md``); here it becomes seconds.

The generalized cost is defined in ``matching.engine.insertion``; here its terms get their numbers.
Of two rides that cost the same, the earlier one comes first, then the one with the lower id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt

from accounts.models import Organization
from carpool.kernel.money import Money
from maps.models import Region
from maps.selectors import MeetingPoints
from maps.selectors.routes import drive_lengths_m
from matching.engine import CostWeights
from matching.models import RankingPolicy
from rides.models import Ride
from rides.selectors import UNKNOWN, Reliability, known_reliability, who_kept

# How many drivers one query asks for.
MOST_DRIVERS = 10_000


def handicap_ms(known: Reliability, policy: RankingPolicy) -> int:
    """Return what a driver costs in the ranking: nothing at a score of 100, at 0 all it can.

    So much longer one would ride with somebody who surely comes; it is the organization's to say,
    and bounds what a score can do. What of somebody is not shown does not count here either.
    """
    return round(1000 * policy.rules.unreliable_s * (1 - known.score / 100))


def handicaps_ms(
    drivers: Sequence[UUID], organizations: Sequence[UUID], now: datetime
) -> npt.NDArray[np.int32]:
    """Return what each driver costs in their organization's ranking, int32[drivers].

    One query for the policies, and one for every so many drivers.
    """
    own = Organization.objects.filter(pk__in=set(organizations)).only("own_policies", "currency")
    policies = {organization.pk: RankingPolicy.of(organization) for organization in own}
    known: dict[UUID, Reliability] = {}
    for first in range(0, len(drivers), MOST_DRIVERS):
        known |= known_reliability(drivers[first : first + MOST_DRIVERS], now=now)
    costs = [
        handicap_ms(known.get(driver, UNKNOWN), policies[organization])
        for driver, organization in zip(drivers, organizations, strict=True)
    ]
    return np.array(costs, np.int32)


@dataclass(frozen=True, slots=True)
class Fares:
    """What the direct way between each two meeting points is, and costs, [pickups, dropoffs]."""

    direct_m: npt.NDArray[np.float64]
    price_ms: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ranking:
    """How rides are ranked for one organization, with what is known of some drivers.

    Without a policy only time counts: enough to know whether a ride serves, not which is best.
    """

    policy: RankingPolicy | None = None
    drivers: Mapping[UUID, Reliability] = field(default_factory=dict)

    @property
    def weights(self) -> CostWeights:
        """The weights as the engine takes them."""
        if self.policy is None:
            return CostWeights()
        return CostWeights(
            ride=float(self.policy.rules.riding),
            walk=float(self.policy.rules.walking),
            detour=float(self.policy.rules.detour),
            shift=float(self.policy.rules.shift),
        )

    def fares(
        self, region: Region, pickups: MeetingPoints, dropoffs: MeetingPoints, *, seats: int
    ) -> Fares:
        """Price the direct ways, so that no rider pays for a detour to somebody else."""
        if self.policy is None:
            shape = len(pickups), len(dropoffs)
            return Fares(np.zeros(shape), np.zeros(shape, np.int64))
        metres = drive_lengths_m(region, pickups.nodes, dropoffs.nodes)
        worth = self.policy.ms_per_metre * seats
        return Fares(metres, np.rint(metres * worth).astype(np.int64))

    def price(self, direct_m: float, *, seats: int) -> Money | None:
        """Return what the seats cost, None where no rate is known."""
        return None if self.policy is None else self.policy.price(direct_m, seats=seats)

    def reliability(self, ride: Ride) -> Reliability:
        """Return what is known of a ride's driver."""
        return self.drivers.get(ride.driver_id, UNKNOWN)

    def handicaps_ms(self, rides: Sequence[Ride]) -> npt.NDArray[np.int32]:
        """Return what each ride costs for its driver's sake, int32[rides]: ms of time aboard."""
        if self.policy is None:
            return np.zeros(len(rides), np.int32)
        costs = [handicap_ms(self.reliability(ride), self.policy) for ride in rides]
        return np.array(costs, np.int32)

    def knowing(self, rides: Sequence[Ride], *, now: datetime) -> "Ranking":
        """Return the same with what is known of the drivers of some rides. One query."""
        drivers = {ride.driver_id for ride in rides} - self.drivers.keys()
        if not drivers:
            return self
        known = {**dict.fromkeys(drivers, UNKNOWN), **known_reliability(drivers, now=now)}
        return replace(self, drivers={**self.drivers, **known})


BY_TIME = Ranking()


def get_ranking(organization: Organization) -> Ranking:
    """Return how an organization ranks: by its own rules or the defaults."""
    return Ranking(RankingPolicy.of(organization))


def compare_examples(policy: RankingPolicy) -> tuple[dict[str, float], dict[str, float]]:
    """Return what two typical rides cost under a policy, by the field that prices it: seconds.

    Both take 18 minutes for 12 km. The first stops at the door, 20 minutes too early, and its
    driver is new; for the second, one walks 8 minutes, it is on time, its driver makes 3 minutes
    of detour and has kept 25 of 25 rides.
    """
    weights, price_s = Ranking(policy).weights, policy.ms_per_metre * 12

    def cost(walk: int, shift: int, detour: int, driver: Reliability) -> dict[str, float]:
        return {
            "riding": weights.ride * 18 * 60,
            "walking": weights.walk * walk * 60,
            "shift": weights.shift * shift * 60,
            "detour": weights.detour * detour * 60,
            "price_minor_per_km": price_s,
            "unreliable_s": handicap_ms(driver, policy) / 1000,
        }

    return cost(0, 20, 0, UNKNOWN), cost(8, 0, 3, who_kept(25))
