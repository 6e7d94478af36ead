"""The truth, slowly: every way to insert a request into a ride, in plain Python.

Written from the rules alone, without looking at the kernel: build the whole sequence of calls,
drive through it, keep it when every promise holds.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PlainStop:
    """A stop of a ride: vertex, window, people who get in (or out, negative), time to stand."""

    node: int
    earliest: int | None
    latest: int
    change: int
    stand: int


@dataclass(frozen=True)
class PlainRequest:
    """A request: (vertex, ready) to get in, (vertex, due) to get out."""

    pickups: list[tuple[int, int]]
    dropoffs: list[tuple[int, int]]
    seats: int
    stand: int


def drive(stops, departure, times):
    """Return the moments at which the car calls at the stops."""
    moments, leave = [], departure
    for before, stop in zip([None, *stops], stops, strict=False):
        at = leave if before is None else leave + int(times[before.node][stop.node])
        if stop.earliest is not None:
            at = max(at, stop.earliest)
        moments.append(at)
        leave = at + stop.stand
    return moments


def all_insertions(stops, departure, seats_offered, request, times):
    """Return {(i, j, p, d): (pickup, dropoff, arrival)} of every feasible insertion."""
    found = {}
    for i in range(len(stops) - 1):
        for j in range(i, len(stops) - 1):
            for p, (pickup_node, ready) in enumerate(request.pickups):
                for d, (dropoff_node, due) in enumerate(request.dropoffs):
                    get_in = PlainStop(pickup_node, ready, 2**60, request.seats, request.stand)
                    get_out = PlainStop(dropoff_node, None, due, -request.seats, request.stand)
                    sequence = [
                        *stops[: i + 1],
                        get_in,
                        *stops[i + 1 : j + 1],
                        get_out,
                        *stops[j + 1 :],
                    ]
                    moments = drive(sequence, departure, times)
                    if keeps_every_promise(sequence, moments, seats_offered):
                        found[i, j, p, d] = (moments[i + 1], moments[j + 2], moments[-1])
    return found


def cost_s(found, alone, handicap_ms, window, weights):
    """Return the generalized cost of an insertion from its formula, in seconds."""
    walk_to, walk_from = window.walk_to_ms[found.pickup], window.walk_from_ms[found.dropoff]
    leaves, arrives = found.pickup_ms - walk_to, found.dropoff_ms + walk_from
    kept = arrives if window.anchored_at_arrival else leaves
    return (
        weights.ride * (found.dropoff_ms - found.pickup_ms)
        + weights.walk * (walk_to + walk_from)
        + weights.detour * (found.arrival_ms - alone)
        + weights.shift * abs(window.anchor_ms - kept)
        + window.price_ms[found.pickup, found.dropoff]
        + handicap_ms
    ) / 1000


def keeps_every_promise(sequence, moments, seats_offered):
    """Check times and seats of a whole sequence; nobody gets out where they got in at once."""
    aboard = 0
    for stop, at in zip(sequence, moments, strict=True):
        aboard += stop.change
        if at > stop.latest or aboard > seats_offered:
            return False
    return True
