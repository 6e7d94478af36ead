"""Tables of commutes for tests."""

import numpy as np

from accounts.tests.factories import WORKSHOP
from carpool.kernel.geo import LonLat
from maps.models import Region
from maps.selectors import load_network

HEADER = "home_latitude,home_longitude,site,arrival,departure,car"
# Around these streets people live in the tests.
CENTRES = (
    LonLat(-71.2575, -29.9185),
    LonLat(-71.2760, -29.9380),
    LonLat(-71.3384, -29.9540),
)


def table(region: Region, people: int = 60, *extra: str, seed: int = 1) -> bytes:
    """Return a CSV file of people around three centres who work at two sites."""
    dice = np.random.default_rng(seed)
    network = load_network(region)
    lines = [HEADER]
    for number in range(people):
        centre = CENTRES[number % len(CENTRES)]
        lon = centre.lon + dice.normal(0, 0.003)
        lat = centre.lat + dice.normal(0, 0.003)
        node = int(network.nearest_nodes(np.array([lon]), np.array([lat]))[0])
        site = ("Head office", "Port")[number % 2]
        minutes = 5 * int(dice.integers(0, 6))
        lines.append(
            f"{network.lat[node]:.6f},{network.lon[node]:.6f},{site},"
            f"{7 + minutes // 60:02}:{minutes % 60:02},17:{minutes % 60:02},"
            f"{'yes' if dice.random() < 0.9 else 'no'}"
        )
    return "\n".join([*lines, *extra]).encode()


def line(place: LonLat = WORKSHOP, site: str = "Head office", arrival: str = "08:00") -> str:
    """Return one more line of such a table."""
    return f"{place.lat},{place.lon},{site},{arrival},,"
