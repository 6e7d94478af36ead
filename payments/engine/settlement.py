"""Who pays what when a shared taxi has arrived: facts in, amounts out. Rules R1, R5, R7–R10.

The fare is what the receipt says. In prose:

1. *What would be.* The fare split among everybody who was locked in, those absent included.
2. *Absent.* Who did not come pays that share (at most what they prepaid), and a penalty from the
   rest. Who left late pays a fee of half their prepayment, but never more into the fare than that
   share: so nobody pays less because somebody stayed away, and nobody profits (R7).
3. *Present.* Host and those who boarded split what is left of the fare by the same weights.
4. *Prepaid is the limit.* A present rider pays their share as far as it is funded. What is missing
   is asked for as a top-up; who says nothing stays at the prepayment, and the host carries it: R10.
5. *Back.* What a rider prepaid and none of this took goes back to them.

For each rider: fare part + penalty + back = funded. The host, who paid the taxi, receives the fare
parts and bears the rest of the fare.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from payments.engine.leaving import Presence
from payments.engine.rules import RoomRules
from payments.engine.split import percent_of, split_fare


@dataclass(frozen=True, slots=True)
class RiderFacts:
    """What is known of one rider, not the host.

    Attributes
    ----------
    funded : int
        What lies in escrow for them: the prepayment and the top-ups they agreed to.
    weight : int
        1 for 1/n; metres planned aboard for the split by distance.
    """

    rider: str
    funded: int
    presence: Presence
    weight: int = 1

    def __post_init__(self) -> None:
        if self.funded < 0 or self.presence is Presence.LEFT_FREE:
            raise ValueError("Who left free is no longer part of the room.")


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What is known of a room that has arrived; riders in the order in which they joined."""

    currency: str
    fare: int
    host: str
    riders: tuple[RiderFacts, ...]
    host_weight: int = 1

    def __post_init__(self) -> None:
        if len({self.host, *(rider.rider for rider in self.riders)}) != len(self.riders) + 1:
            raise ValueError("Everybody is in a room once.")
        if self.host_weight < 1:
            raise ValueError("The host travels, too.")


@dataclass(frozen=True, slots=True)
class RiderAmounts:
    """What becomes of a rider's money: ``fare_part + penalty + back == funded``.

    ``share`` is their part before the limit of what is funded; ``share - fare_part`` is the top-up
    that a rider who boarded is asked for.
    """

    rider: str
    presence: Presence
    funded: int
    share: int
    fare_part: int
    penalty: int
    back: int

    @property
    def top_up(self) -> int:
        """What is missing; only who boarded is asked."""
        return self.share - self.fare_part if self.presence is Presence.BOARDED else 0


@dataclass(frozen=True, slots=True)
class RoomSettlement:
    """Amounts for everybody: the host receives the riders' fare parts and bears the rest."""

    currency: str
    fare: int
    host: str
    host_share: int
    riders: tuple[RiderAmounts, ...]

    @property
    def host_receives(self) -> int:
        """What the riders pay of the fare that the host fronted."""
        return sum(rider.fare_part for rider in self.riders)

    @property
    def host_bears(self) -> int:
        """What the ride costs the host in the end."""
        return self.fare - self.host_receives

    @property
    def top_ups(self) -> dict[str, int]:
        """What riders are asked to add (R10); each needs their yes."""
        return {rider.rider: rider.top_up for rider in self.riders if rider.top_up}


def settle_room(facts: RoomFacts, rules: RoomRules) -> RoomSettlement:
    """Return everybody's amounts; O(n log n) for n people."""
    weights = {facts.host: facts.host_weight} | {one.rider: one.weight for one in facts.riders}
    would = split_fare(facts.fare, weights, facts.currency)
    absent = {
        one.rider: _absent_pays(one, would[one.rider], rules)
        for one in facts.riders
        if one.presence is not Presence.BOARDED
    }
    pot = facts.fare - sum(absent.values())
    present = {party: weight for party, weight in weights.items() if party not in absent}
    shares = _not_below(would, split_fare(pot, present, facts.currency), pot, facts.currency)
    riders = tuple(_amounts(one, absent | shares, would, rules) for one in facts.riders)
    return RoomSettlement(facts.currency, facts.fare, facts.host, shares[facts.host], riders)


def give_back_all(facts: RoomFacts) -> RoomSettlement:
    """Return the amounts when there was no ride (R9) or no fare in time (R10): all comes back."""
    riders = tuple(
        RiderAmounts(one.rider, one.presence, one.funded, 0, 0, 0, one.funded)
        for one in facts.riders
    )
    return RoomSettlement(facts.currency, 0, facts.host, 0, riders)


def _absent_pays(one: RiderFacts, would: int, rules: RoomRules) -> int:
    """What an absent rider pays into the fare: never more than had they come (R7)."""
    if one.presence is Presence.NO_SHOW:
        return min(would, one.funded)
    return min(would, percent_of(one.funded, rules.late_fee_percent))


def _not_below(
    would: Mapping[str, int], shares: dict[str, int], pot: int, currency: str
) -> dict[str, int]:
    """Make sure that nobody present pays less than had everybody come (R7).

    With equal weights the split of a larger pot never gives less. With unequal ones the largest
    remainder may move one unit; then everybody keeps what would be, and what the absent left
    unpaid is split on top.
    """
    if all(share >= would[party] for party, share in shares.items()):
        return shares
    unpaid = pot - sum(would[party] for party in shares)
    extra = split_fare(unpaid, dict.fromkeys(shares, 1), currency)
    return {party: would[party] + extra[party] for party in shares}


def _amounts(
    one: RiderFacts, parts: Mapping[str, int], would: Mapping[str, int], rules: RoomRules
) -> RiderAmounts:
    part = min(parts[one.rider], one.funded)
    rest = one.funded - part
    is_missing = one.presence is Presence.NO_SHOW
    penalty = min(rules.no_show_penalty, rest) if is_missing else 0
    share = parts[one.rider] if one.presence is Presence.BOARDED else would[one.rider]
    return RiderAmounts(one.rider, one.presence, one.funded, share, part, penalty, rest - penalty)
