"""Examples in the API's description: a taxi from the head office to the port."""

from drf_spectacular.utils import OpenApiExample

from rides.api.examples import HEAD_OFFICE, PORT

HOST, RIDER = "8d1f6c3b-3c0d-4a51-bb60-2a9d7e4f5a04", "1f7e9b8a-5d6c-4e2f-8a1b-3c4d5e6f7a05"

OPEN = OpenApiExample(
    "To the port at half past seven",
    request_only=True,
    value={
        "departure_at": "2027-03-15T07:30:00-03:00",
        "pickup": {"location": HEAD_OFFICE, "label": "Head office"},
        "dropoff": {"location": PORT, "label": "Port"},
    },
)
JOIN = OpenApiExample(
    "With play money",
    request_only=True,
    value={
        "dropoff": {"location": PORT, "label": "Port"},
        "provider": "test_bank",
        "method": "test_pays",
        "at_most": 7600,
    },
)
ROOM = OpenApiExample(
    "A chick: the host and one rider",
    response_only=True,
    value={
        "id": "5b7a3f5e-6a5c-4f0e-9d53-7f0f4a1f1a77",
        "state": "gathering",
        "mascot": "chick",
        "departure_at": "2027-03-15T10:30:00Z",
        "closes_at": "2027-03-15T10:00:00Z",
        "locks_at": "2027-03-15T10:20:00Z",
        "pickup": HEAD_OFFICE,
        "pickup_label": "Head office",
        "least_party": 2,
        "most_party": 4,
        "free_seats": 2,
        "split_rule": "equal",
        "same_gender_only": False,
        "note": "",
        "distance_m": 12040,
        "duration_s": 792,
        "price": {
            "currency": "CLP",
            "low": 11700,
            "likely": 13800,
            "high": 15200,
            "prepay": 3800,
            "at_most": 7600,
            "sponsor": "",
            "sponsored": 0,
            "own_prepay": 3800,
            "own_at_most": 7600,
            "shortfall": "",
        },
        "is_host": False,
        "is_asked_to_host": False,
        "called_at": None,
        "departed_at": None,
        "arrived_at": None,
        "settled_at": None,
        "cancelled_at": None,
        "ended_by": "",
        "taxi_plate": "",
        "taxi_driver": "",
        "route": {
            "type": "LineString",
            "coordinates": [[-71.25, -29.91], [-71.34, -29.95]],
        },
        "seats": [
            {
                "id": "2f7e9b8a-5d6c-4e2f-8a1b-3c4d5e6f7a10",
                "member": HOST,
                "name": "Dora Driver",
                "state": "taken",
                "is_host": True,
                "dropoff": PORT,
                "dropoff_label": "Port",
                "arrives_at": "2027-03-15T10:43:12Z",
            },
            {
                "id": "3f7e9b8a-5d6c-4e2f-8a1b-3c4d5e6f7a11",
                "member": RIDER,
                "name": "Rita Rider",
                "state": "taken",
                "is_host": False,
                "dropoff": PORT,
                "dropoff_label": "Port",
                "arrives_at": "2027-03-15T10:43:12Z",
            },
        ],
        "mine": {
            "state": "taken",
            "held_until": None,
            "boarding_code": "4711",
            "prepaid": 3800,
            "sponsored": 0,
            "at_most": 7600,
            "payment": "9e1f6c3b-3c0d-4a51-bb60-2a9d7e4f5a21",
            "pay_at": "",
        },
        "dispatch": None,
    },
)
