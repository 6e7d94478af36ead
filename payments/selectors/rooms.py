"""What a shared taxi will cost, and what joining it means for one's purse."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from carpool.kernel.money import MINOR_DIGITS
from payments.engine.prepay import Terms, terms_of_joining
from payments.engine.rules import RoomRules
from payments.engine.tariffs import FareEstimate, Stretch, TariffUnknown, estimate_fare
from payments.errors import NoTariff
from payments.selectors.tariffs import tariff_of
from rides.models import Room


class Reached(Protocol):
    """Where and when somebody gets out, along the way of all: a seat, or a part of a route."""

    @property
    def distance_m(self) -> int:
        """Metres from the meeting point."""

    @property
    def duration_s(self) -> int:
        """Seconds from the departure."""


def rules_of(room: Room, currency: str = "") -> RoomRules:
    """Return the numbers of R1–R10 for a room: its own, its organization's, and the defaults.

    ``currency`` is the fare's, where it is known: the penalty is in it.
    """
    policy = room.organization.policy
    return RoomRules(
        min_party=room.least_party,
        max_party=room.most_party,
        lock_before_s=policy.room_locks_s,
        board_within_s=policy.room_waits_s,
        hold_s=policy.room_hold_s,
        late_fee_percent=policy.room_late_percent,
        no_show_penalty=_penalty_of(room, currency or room.organization.currency),
    )


def _penalty_of(room: Room, currency: str) -> int:
    """Return what staying away costs: the organization's amount, or about what a coffee costs."""
    chosen = room.organization.policy.room_absence_minor
    if chosen is not None:
        return chosen
    digits = MINOR_DIGITS.get(currency, 2)
    return 1_000 if digits == 0 else 10**digits


def quote_room(room: Room, seats: Sequence[Reached]) -> FareEstimate:
    """Return the range of the fare along the way that is planned for those with a seat.

    Raises:
        NoTariff: no tariff is known there and then; none is guessed.
    """
    tariff = tariff_of(room)
    try:
        return estimate_fare(tariff, _way(seats), starts_at=room.departure_at, rules=rules_of(room))
    except TariffUnknown as error:
        raise NoTariff from error


def quote_seat(room: Room, estimate: FareEstimate) -> Terms:
    """Return what joining costs now and at most, for a party as large as the room allows."""
    return terms_of_joining(estimate.high, party=room.most_party, rules=rules_of(room))


def _way(seats: Sequence[Reached]) -> list[Stretch]:
    """Return the way from one drop-off to the next."""
    reached = sorted({(0, 0), *((seat.distance_m, seat.duration_s) for seat in seats)})
    return [Stretch(b[0] - a[0], max(0, b[1] - a[1])) for a, b in pairwise(reached)]
