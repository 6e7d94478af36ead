"""Examples in the API's description of rides that repeat."""

from drf_spectacular.utils import OpenApiExample

from rides.api.examples import CAR_ID, HEAD_OFFICE, PORT

REPEATED_OFFER = OpenApiExample(
    "Monday to Thursday at half past seven",
    request_only=True,
    value={
        "origin": {"location": HEAD_OFFICE, "label": "Head office"},
        "destination": {"location": PORT, "label": "Port"},
        "car": CAR_ID,
        "seats": 3,
        "detour_s": 900,
        "weekdays": [0, 1, 2, 3],
        "wall_time": "07:30:00",
        "last_date": "2027-12-17",
    },
)
REPEATING = OpenApiExample(
    "Monday to Thursday at half past seven",
    response_only=True,
    value={
        "id": "0b5d1c1e-55d1-4f0e-9c0a-53b1b3a6f3d2",
        "weekdays": [0, 1, 2, 3],
        "wall_time": "07:30:00",
        "is_arrival": False,
        "time_zone": "America/Santiago",
        "first_date": "2027-03-15",
        "last_date": "2027-12-17",
        "skips_holidays": True,
        "origin": HEAD_OFFICE,
        "origin_label": "Head office",
        "destination": PORT,
        "destination_label": "Port",
        "car": CAR_ID,
        "seats_offered": 3,
        "detour_s": 900,
        "detour_m": None,
        "booking_mode": "instant",
        "note": "",
    },
)
