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
CAR = OpenApiExample(
    "Two minutes away",
    response_only=True,
    value={
        "place": {"lon": -71.2519, "lat": -29.9027},
        "located_at": "2026-11-23T11:02:10Z",
        "speed_mps": 11.6,
        "next_stop": {
            "label": "Balmaceda / Cordovez",
            "kind": "pickup",
            "planned_at": "2026-11-23T11:05:00Z",
            "expected_at": "2026-11-23T11:04:20Z",
        },
    },
)
VERDICT = OpenApiExample(
    "Both phones show it",
    response_only=True,
    value={
        "id": "0b7c1f6e-8a44-4a51-9c1b-2d8a3d7a2f10",
        "booking": "8f0c2a52-1d33-4f4e-9d4f-5b1c9e7e2f11",
        "judged_at": "2026-11-23T11:40:00Z",
        "strategy": "ours-1",
        "proof_class": "C",
        "accepted": True,
        "held": False,
        "eligible": True,
        "summary": "Both phones show that you travelled together.",
        "reasons": [
            {
                "code": "share_of_time",
                "weight": "supports",
                "whose": "",
                "text": "Time on the way spent together",
                "measured": "98 %",
                "limit": "at least 80 %",
            }
        ],
        "appeal": None,
    },
)
APPEAL = OpenApiExample(
    "A tunnel", request_only=True, value={"reason": "My phone had no signal in the tunnel."}
)
