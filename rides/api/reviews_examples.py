"""Examples of ratings in the API's description; the same commute as in ``rides.api.examples``."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from rides.api.examples import BOOKING_ID, DORA, RELIABILITY_BODY, RITA

REVIEW_ID = "7c5f1c64-2d0a-4d8e-9f37-4b8a0d3e6c06"
_STARS: dict[str, Any] = {
    "overall": 5,
    "punctuality": 5,
    "friendliness": 4,
    "driving": 5,
    "comment": "A calm drive, thank you",
}
_MINE: dict[str, Any] = {"id": REVIEW_ID, **_STARS, "opens_at": "2027-03-29T07:47:12-03:00"}

RATE = OpenApiExample("Five stars for the driver", value=_STARS, request_only=True)
RATING = OpenApiExample(
    "Still blind",
    response_only=True,
    value={
        "booking": BOOKING_ID,
        "other": {"id": DORA["id"], "first_name": "Dora"},
        "other_role": "driver",
        "can_write": True,
        "until": "2027-03-29T07:47:12-03:00",
        "mine": _MINE,
        "theirs": None,
    },
)
RECEIVED = OpenApiExample(
    "From a rider",
    response_only=True,
    value={
        **_MINE,
        "opens_at": "2027-03-16T18:02:00-03:00",
        "author": {"id": RITA["id"], "first_name": "Rita"},
        "subject_role": "driver",
        "booking": BOOKING_ID,
        "pickup_at": "2027-03-15T07:34:10-03:00",
    },
)
DEED = OpenApiExample(
    "Late, and being looked at",
    response_only=True,
    value={
        "id": 17,
        "booking": BOOKING_ID,
        "room": None,
        "role": "driver",
        "kind": "late",
        "words": "Came late",
        "at": "2027-03-15T07:34:10-03:00",
        "objection": {
            "text": "I was there at 07:33, my phone had no reception.",
            "state": "open",
            "made_at": "2027-03-15T12:00:00-03:00",
            "decided_at": None,
        },
    },
)
OWN = OpenApiExample(
    "Well known",
    response_only=True,
    value={
        **RELIABILITY_BODY,
        "behaviour_percent": 93,
        "ratings_percent": 90,
        "shown_from": 3,
        "half_life_days": 90,
    },
)
