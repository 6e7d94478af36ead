"""Examples of search and booking; the same commute as in ``rides.api.examples``."""

from drf_spectacular.utils import OpenApiExample

from rides.api.examples import (
    BOOKING,
    DROPOFF,
    PICKUP,
    RELIABILITY_BODY,
    STRANGERS_RIDE_BODY,
    WISH_BODY,
)

TOKEN = ".eJxFzl1uwyAMwPG7-BmqYEyAnGB3mKrKJDChNiUi2fow7e6j2UceLX42_0-Y:1xUh1L:7JV1TfBW3MUIo2uy0UWT"  # noqa: S105

SEARCH = OpenApiExample(
    "From home to the workshop, leaving at seven", value=WISH_BODY, request_only=True
)
RESULT = OpenApiExample(
    "One ride fits",
    response_only=True,
    value={
        "offers": [
            {
                "token": TOKEN,
                "ride": STRANGERS_RIDE_BODY,
                "pickup": {
                    "location": PICKUP,
                    "label": "Pintor Enrique Lobos",
                    "at": "2027-03-15T07:34:10-03:00",
                    "walk_m": 94,
                },
                "dropoff": {
                    "location": DROPOFF,
                    "label": "Peñuelas Norte",
                    "at": "2027-03-15T07:41:48-03:00",
                    "walk_m": 72,
                },
                "duration_s": 597,
                "detour_s": 193,
                "shared_distance_m": 6553,
                "saved_co2_g": 983,
                "cost_s": 2844.154,
                "costs": {
                    "riding_s": 458.0,
                    "walking_s": 276.67,
                    "shift_s": 1715.943,
                    "detour_s": 192.0,
                    "price_s": 141.541,
                    "reliability_s": 60.0,
                },
                "price": {"minor": 39, "currency": "EUR"},
                "reliability": RELIABILITY_BODY,
                "reasons": [
                    "You walk 100 m to the pick-up and 80 m at the end.",
                    "The driver drives 4 min longer; they accept 15 min.",
                    "You share 6.6 km and save 1.0 kg of CO₂ against driving alone.",
                    "Your share of the cost is 0.39 EUR.",
                    f"Reliability of Dora: 93 of 100. {RELIABILITY_BODY['words']}",
                ],
            }
        ],
        "rides_considered": 1,
        "near_misses": [],
    },
)
NEARLY = OpenApiExample(
    "One ride nearly fits",
    response_only=True,
    value={
        "offers": [],
        "rides_considered": 1,
        "near_misses": [
            {
                "token": TOKEN,
                "ride": STRANGERS_RIDE_BODY,
                "promise": "earliest_departure",
                "by_s": 720,
                "by_m": None,
                "reason": "It fits if you leave 12 min earlier.",
                "search": {
                    **WISH_BODY,
                    "earliest_departure_at": "2027-03-15T07:32:00-03:00",
                    "arrive": False,
                },
                "pickup": {
                    "location": PICKUP,
                    "label": "Pintor Enrique Lobos",
                    "at": "2027-03-15T07:34:10-03:00",
                    "walk_m": 94,
                },
                "dropoff": {
                    "location": DROPOFF,
                    "label": "Peñuelas Norte",
                    "at": "2027-03-15T07:41:48-03:00",
                    "walk_m": 72,
                },
                "detour_s": 193,
            }
        ],
    },
)
BOOK = OpenApiExample("Take that offer", value={"offer": TOKEN}, request_only=True)
DRAW = OpenApiExample("Draw that offer", value={"offer": TOKEN}, request_only=True)
DRAWING = OpenApiExample(
    "The last piece of the way and where it ends",
    response_only=True,
    value={
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {
                    "type": "LineString",
                    "coordinates": [[-71.31262, -29.950813], [-71.313122, -29.950902]],
                },
                "properties": {"part": "after"},
            },
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [-71.33849, -29.954]},
                "properties": {
                    "part": "destination",
                    "label": "Port",
                    "at": "2027-03-15T07:49:21-03:00",
                },
            },
        ],
    },
)

BOOKED = OpenApiExample(
    "A confirmed seat with nothing to approve",
    response_only=True,
    value={**BOOKING.value, "pay_at": ""},
)
