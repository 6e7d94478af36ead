"""Examples in the API's description."""

from drf_spectacular.utils import OpenApiExample

POSITIONS = OpenApiExample(
    "Two positions, five seconds apart",
    request_only=True,
    value={
        "device": "5b0c7c0e-4d1c-4a0e-9f39-0a4dfd7d1f0b",
        "positions": [
            {
                "sequence": 17,
                "recorded_at": "2026-11-23T11:02:05Z",
                "location": {"lon": -71.2519, "lat": -29.9027},
                "accuracy_m": 4.8,
                "speed_mps": 11.2,
            },
            {
                "sequence": 18,
                "recorded_at": "2026-11-23T11:02:10Z",
                "location": {"lon": -71.2523, "lat": -29.9031},
                "accuracy_m": 5.1,
                "speed_mps": 11.6,
            },
        ],
    },
)
RECORDED = OpenApiExample(
    "One of them was known",
    response_only=True,
    value={"stored": 1, "known": 1, "flagged": 0},
)
SHARING = OpenApiExample(
    "Both purposes", request_only=True, value={"purposes": ["live_position", "trip_proof"]}
)
