"""Examples in the API's description of people along one's way."""

from drf_spectacular.utils import OpenApiExample

from rides.api.examples import RELIABILITY_BODY

_REQUEST, _RIDE = "6b0a52a4-7f1f-4f0f-8e55-5a7f2f0a3a11", "0d3f4d52-3a75-4f38-a6a9-2f3f0f6c7b22"
_OFFER = "c2f7a8e1-1b57-4b8e-9d0c-4b7a0e5d8c33"
SOUGHT = OpenApiExample(
    "Somebody along the way to the port",
    response_only=True,
    value={
        "request": _REQUEST,
        "first_name": "Rita",
        "origin": {"lon": -71.2601, "lat": -29.9204},
        "origin_area": "Calle Balmaceda",
        "destination": {"lon": -71.3385, "lat": -29.954},
        "destination_area": "Port",
        "earliest_departure_at": "2027-03-15T07:00:00-03:00",
        "latest_arrival_at": "2027-03-15T08:30:00-03:00",
        "seats": 1,
        "reliability": RELIABILITY_BODY,
        "fits": [
            {
                "ride": _RIDE,
                "departure_at": "2027-03-15T07:30:00-03:00",
                "pickup_at": "2027-03-15T07:36:00-03:00",
                "dropoff_at": "2027-03-15T07:52:00-03:00",
                "detour_s": 240,
                "offer": None,
            }
        ],
    },
)
OFFER = OpenApiExample("One of one's rides", request_only=True, value={"ride": _RIDE})
OFFERED = OpenApiExample(
    "Waiting for the rider",
    response_only=True,
    value={
        "id": _OFFER,
        "request": _REQUEST,
        "ride": _RIDE,
        "state": "open",
        "reason": "",
        "created_at": "2027-03-14T18:00:00-03:00",
        "ended_at": None,
    },
)
