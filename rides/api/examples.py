"""Examples in the API's description: one commute in La Serena, from offer to booking."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

RIDE_ID = "0b6a3f5e-6a5c-4f0e-9d53-7f0f4a1f1a01"
BOOKING_ID = "5e1c0a52-7a0e-4b53-8a57-0d3a3c7a9b02"
CAR_ID = "c2b9f2d4-1d53-4a7a-9a3f-5f7a1c2e3d03"
DORA: dict[str, Any] = {
    "id": "8d1f6c3b-3c0d-4a51-bb60-2a9d7e4f5a04",
    "display_name": "Dora Driver",
    "phone": "+56 9 1234 5678",
}
RITA: dict[str, Any] = {
    "id": "1f7e9b8a-5d6c-4e2f-8a1b-3c4d5e6f7a05",
    "display_name": "Rita Rider",
    "phone": "",
}
HEAD_OFFICE = {"lon": -71.25094, "lat": -29.90747}
PORT = {"lon": -71.33849, "lat": -29.954}
HOME = {"lon": -71.2575, "lat": -29.9185}
WORKSHOP = {"lon": -71.28881, "lat": -29.94895}
PICKUP = {"lon": -71.2574575, "lat": -29.9191728}
DROPOFF = {"lon": -71.2881565, "lat": -29.9492544}

RELIABILITY_BODY: dict[str, Any] = {
    "score": 93,
    "kept": 19,
    "total": 20,
    "on_time": 11,
    "late": 1,
    "taxis_kept": 3,
    "taxis_total": 3,
    "stars": 4.6,
    "people": 12,
    "words": "Kept 19 of 20 rides. On time 11 of 12 times that it was noted."
    " Kept 3 of 3 shared taxis. 4.6 of 5 stars from 12 people.",
}
RELIABILITY = OpenApiExample("Somebody known", value=RELIABILITY_BODY, response_only=True)

OFFER = OpenApiExample(
    "To the port at half past seven",
    request_only=True,
    value={
        "origin": {"location": HEAD_OFFICE, "label": "Head office"},
        "destination": {"location": PORT, "label": "Port"},
        "car": CAR_ID,
        "seats": 3,
        "detour_s": 900,
        "departure_at": "2027-03-15T07:30:00-03:00",
        "note": "Quiet car",
    },
)
CHANGE = OpenApiExample(
    "Half an hour later, with one seat less",
    request_only=True,
    value={
        "origin": {"location": HEAD_OFFICE, "label": "Head office"},
        "destination": {"location": PORT, "label": "Port"},
        "car": CAR_ID,
        "seats": 2,
        "detour_s": 900,
        "departure_at": "2027-03-15T08:00:00-03:00",
        "may_release": 1,
    },
)
QUESTION = OpenApiExample(
    "Half an hour later",
    response_only=True,
    value={
        "booking": BOOKING_ID,
        "ride": RIDE_ID,
        "asked_at": "2027-03-14T18:00:00-03:00",
        "answer_by": "2027-03-15T06:00:00-03:00",
        "pickup_at": "2027-03-15T08:05:00-03:00",
        "dropoff_at": "2027-03-15T08:15:00-03:00",
        "was_pickup_at": "2027-03-15T07:35:00-03:00",
        "was_dropoff_at": "2027-03-15T07:45:00-03:00",
    },
)
OFFER_BY_ARRIVAL = OpenApiExample(
    "Arriving by eight, confirming each rider",
    request_only=True,
    value={
        "origin": {"location": HEAD_OFFICE},
        "destination": {"location": PORT},
        "car": CAR_ID,
        "seats": 2,
        "detour_s": 600,
        "detour_m": 5000,
        "arrive_by": "2027-03-15T08:00:00-03:00",
        "booking_mode": "confirm",
    },
)


def _stop(
    number: int, position: int, kind: str, place: Any, label: str, *times: str
) -> dict[str, Any]:
    planned_at, latest_at = times
    return {
        "id": number,
        "position": position,
        "kind": kind,
        "location": place,
        "label": label,
        "planned_at": f"2027-03-15T{planned_at}-03:00",
        "latest_at": f"2027-03-15T{latest_at}-03:00",
        "visited_at": None,
        "rider": RITA["id"] if kind in {"pickup", "dropoff"} else None,
    }


RIDE_BODY: dict[str, Any] = {
    "id": RIDE_ID,
    "state": "scheduled",
    "driver": DORA,
    "car": {"make": "Toyota", "model": "Yaris", "colour": "White", "plate": "AB-CD-12"},
    "origin": HEAD_OFFICE,
    "origin_label": "Head office",
    "destination": PORT,
    "destination_label": "Port",
    "departure_at": "2027-03-15T07:30:00-03:00",
    "arrival_at": "2027-03-15T07:47:12-03:00",
    "seats_offered": 3,
    "seats_left": 2,
    "detour_s": 900,
    "detour_m": None,
    "distance_m": 13064,
    "booking_mode": "instant",
    "is_instant": False,
    "note": "Quiet car",
    "route": {
        "type": "LineString",
        "coordinates": [[-71.251489, -29.907399], [-71.2574575, -29.9191728], [-71.33849, -29.954]],
    },
    "stops": [
        _stop(445, 0, "origin", HEAD_OFFICE, "Head office", "07:30:00", "07:30:00"),
        _stop(447, 1, "pickup", PICKUP, "Pintor Enrique Lobos", "07:34:10", "07:39:10"),
        _stop(448, 2, "dropoff", DROPOFF, "Peñuelas Norte", "07:41:48", "07:46:48"),
        _stop(446, 3, "destination", PORT, "Port", "07:47:12", "07:58:00"),
    ],
    "bookings": [
        {
            "id": BOOKING_ID,
            "rider": RITA,
            "seats": 1,
            "state": "confirmed",
            "pickup_at": "2027-03-15T07:34:10-03:00",
            "dropoff_at": "2027-03-15T07:41:48-03:00",
            "decide_by": None,
            "partner": None,
            "reliability": RELIABILITY_BODY,
        }
    ],
    "is_driver": True,
    "reliability": RELIABILITY_BODY,
    "partner": None,
}
RIDE = OpenApiExample("As its driver sees it", value=RIDE_BODY, response_only=True)

# A colleague who has not booked: first name, no plate, nobody's stops.
STRANGERS_RIDE_BODY: dict[str, Any] = {
    **RIDE_BODY,
    "driver": {"id": DORA["id"], "first_name": "Dora"},
    "car": {"make": "Toyota", "model": "Yaris", "colour": "White"},
    "stops": [],
    "bookings": [],
    "is_driver": False,
}
STRANGERS_RIDE = OpenApiExample(
    "As a colleague sees it", value=STRANGERS_RIDE_BODY, response_only=True
)

BOOKING = OpenApiExample(
    "A confirmed seat",
    response_only=True,
    value={
        "id": BOOKING_ID,
        "ride": RIDE_ID,
        "state": "confirmed",
        "seats": 1,
        "origin": HOME,
        "origin_label": "Home",
        "destination": WORKSHOP,
        "destination_label": "Workshop",
        "earliest_departure_at": "2027-03-15T07:00:00-03:00",
        "latest_arrival_at": "2027-03-15T08:30:00-03:00",
        "walk_to_m": 94,
        "walk_from_m": 72,
        "pickup_at": "2027-03-15T07:34:10-03:00",
        "dropoff_at": "2027-03-15T07:41:48-03:00",
        "shared_distance_m": 6553,
        "boarding_code": "",
        "boarded_at": None,
        "alighted_at": None,
        "decide_by": None,
        "cancel_reason": "",
        "is_late": False,
        "is_waived": False,
        "outcome": "undecided",
        "created_at": "2027-03-14T18:02:11-03:00",
    },
)

KERB = OpenApiExample(
    "Here, to the workshop",
    request_only=True,
    value={
        "origin": HOME,
        "destination": {"location": WORKSHOP, "label": "Workshop"},
        "car": CAR_ID,
        "seats": 2,
        "detour_s": 600,
    },
)
INSTANT = OpenApiExample(
    "A driver who waits",
    response_only=True,
    value={
        "code": "7KQ4MX",
        "expires_at": "2027-03-15T08:00:00-03:00",
        "time_zone": "America/Santiago",
        "ride": {
            **RIDE_BODY,
            "state": "departing",
            "is_instant": True,
            "stops": [],
            "bookings": [],
            "seats_left": 3,
        },
    },
)

WISH_BODY: dict[str, Any] = {
    "origin": {"location": HOME, "label": "Home"},
    "destination": {"location": WORKSHOP, "label": "Workshop"},
    "earliest_departure_at": "2027-03-15T07:00:00-03:00",
    "latest_arrival_at": "2027-03-15T08:30:00-03:00",
    "seats": 1,
    "walk_m": 800,
}
WISH = OpenApiExample("From home to the workshop", value=WISH_BODY, request_only=True)
REQUEST = OpenApiExample(
    "A request that waits for a ride",
    response_only=True,
    value={
        "id": "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c06",
        "state": "open",
        "origin": HOME,
        "origin_label": "Home",
        "destination": WORKSHOP,
        "destination_label": "Workshop",
        "earliest_departure_at": "2027-03-15T07:00:00-03:00",
        "latest_arrival_at": "2027-03-15T08:30:00-03:00",
        "seats": 1,
        "walk_m": 800,
        "created_at": "2027-03-14T18:00:00-03:00",
    },
)
