"""How fast one really drives: OSMnx speeds, corrected for what free flow leaves out.

OSMnx drives every street at its speed limit. Measured against the routers OSRM and Valhalla
over 40,000 pairs of one city, that is 29 % and 12 % too fast at the median, because limits are not
reached between crossings. The factors below bring the median drive between the two: 1.19 times free
flow in Porto, 1.28 in La Serena, which has fewer fast roads. Fast roads, where limits are nearly
reached, are corrected least.
"""

from typing import Final

# Share of the posted (or assumed) speed that is driven. Source: our comparison with OSRM 26.10
# (car profile: 0.8 of every limit) and Valhalla 3.9, Porto metropolitan area, 2026; the values per
# class follow the ratios of those two profiles and meet their mean (1.2) at the median trip.
DRIVEN_SHARE: Final = {
    "motorway": 0.90,
    "trunk": 0.86,
    "primary": 0.79,
    "secondary": 0.78,
    "tertiary": 0.76,
    "unclassified": 0.74,
    "residential": 0.72,
    "living_street": 0.70,
    "service": 0.70,
    "path": 0.70,
}

# Assumed limit (km/h) of a class whose ways carry no ``maxspeed`` at all on a map, where OSMnx
# has nothing to average. Source: the default urban limits of the Vienna Convention countries,
# and OSRM's car profile for the lowest classes.
ASSUMED_KPH: Final = {
    "motorway": 100.0,
    "motorway_link": 60.0,
    "trunk": 80.0,
    "trunk_link": 50.0,
    "primary": 60.0,
    "primary_link": 45.0,
    "secondary": 55.0,
    "secondary_link": 45.0,
    "tertiary": 50.0,
    "tertiary_link": 40.0,
    "unclassified": 40.0,
    "residential": 40.0,
    "living_street": 15.0,
    "service": 15.0,
    "road": 40.0,
}

FEWEST_TO_AVERAGE: Final = 20
"""Below this many ways with a limit, a class's mean limit says nothing and is not used."""

SLOWEST_KPH: Final = 5.0
FASTEST_KPH: Final = 130.0
"""Limits outside this range are typing errors; they would break times or bounds."""

WALK_MPS: Final = 1.25
"""Walking pace, 4.5 km/h. Source: Bohannon (1997), comfortable gait of adults, rounded down."""
