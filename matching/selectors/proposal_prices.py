"""What a seat costs that is proposed: the same price as a search would show for it."""

import numpy as np

from carpool.kernel.money import Money
from maps.selectors import load_network, region_at
from maps.selectors.routes import drive_lengths_m
from matching.models import ProposalSeat
from matching.selectors.ranking import get_ranking


def price_of_seat(seat: ProposalSeat) -> Money | None:
    """Return what a proposed seat costs its rider; None where no rate is known."""
    ends = seat.pickup_place, seat.dropoff_place
    region = region_at(ends[0], field="origin")
    lons, lats = np.array([one.lon for one in ends]), np.array([one.lat for one in ends])
    nodes = load_network(region).nearest_nodes(lons, lats).astype(np.int32)
    metres = drive_lengths_m(region, nodes[:1], nodes[1:])
    return get_ranking(seat.rider.organization).price(float(metres[0, 0]), seats=1)
