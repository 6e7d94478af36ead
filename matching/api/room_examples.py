"""Examples of looking for a shared taxi; the same way as in ``rides.api.examples``."""

from drf_spectacular.utils import OpenApiExample

from rides.api.examples import HEAD_OFFICE, PORT

SEARCH = OpenApiExample(
    "To the port, leaving between seven and eight",
    request_only=True,
    value={
        "origin": HEAD_OFFICE,
        "destination": PORT,
        "start": "2027-03-15T07:00:00-03:00",
        "end": "2027-03-15T08:00:00-03:00",
        "walk_m": 800,
    },
)
FOUND = OpenApiExample(
    "One room fits",
    response_only=True,
    value={
        "rooms": [
            {
                "id": "5b7a3f5e-6a5c-4f0e-9d53-7f0f4a1f1a77",
                "departure_at": "2027-03-15T10:30:00Z",
                "closes_at": "2027-03-15T10:00:00Z",
                "pickup": HEAD_OFFICE,
                "pickup_label": "Head office",
                "dropoff": {"location": PORT, "label": "Port"},
                "walk_to_m": 140,
                "walk_from_m": 60,
                "leave_by": "2027-03-15T10:28:00Z",
                "arrives_at": "2027-03-15T10:44:00Z",
                "duration_s": 792,
                "extra_s": 0,
                "free_seats": 2,
                "mascot": "chick",
            }
        ]
    },
)
BOARD = OpenApiExample(
    "The first slots of a morning",
    response_only=True,
    value={
        "day": "2027-03-15",
        "part": "morning",
        "start": "2027-03-15T09:00:00Z",
        "end": "2027-03-15T13:00:00Z",
        "days": [{"date": "2027-03-15", "rooms": 1}, {"date": "2027-03-16", "rooms": 0}],
        "slots": [
            {"at": "2027-03-15T10:20:00Z", "rooms": 0, "is_open": True},
            {"at": "2027-03-15T10:30:00Z", "rooms": 1, "is_open": True},
        ],
    },
)
