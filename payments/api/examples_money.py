"""Examples in the API's description: what a taxi to the port costs, and what is said about it."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from payments.api.examples_rooms import HOST, RIDER
from rides.api.examples import HEAD_OFFICE

FARE = OpenApiExample(
    "As the receipt says", request_only=True, value={"amount": 13400, "photo": "(a picture)"}
)
YES = OpenApiExample(
    "Yes, with play money",
    request_only=True,
    value={"accept": True, "provider": "test_bank", "method": "test_pays"},
)
NO = OpenApiExample("No", request_only=True, value={"accept": False})
OBJECTION = OpenApiExample(
    "Another fare on the receipt",
    request_only=True,
    value={"reason": "The receipt says 12,400, not 13,400."},
)
HERE = OpenApiExample("In front of the office", request_only=True, value={"place": HEAD_OFFICE})

_PAYMENT: dict[str, Any] = {
    "id": "4f7e9b8a-5d6c-4e2f-8a1b-3c4d5e6f7a12",
    "provider": "test_bank",
    "amount": 3800,
    "captured": 3800,
    "pay_at": "",
}
MONEY = OpenApiExample(
    "Settled: each paid half",
    response_only=True,
    value={
        "currency": "CLP",
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
        "ways": [
            {
                "provider": "test_bank",
                "method": "test_pays",
                "label": "Test bank (no real money)",
                "is_play_money": True,
            }
        ],
        "agreed": {"prepay": 3800, "at_most": 7600},
        "payment": _PAYMENT,
        "paid": {"captured": 7600, "refunded": 0, "on_the_way_back": 900, "sponsored": 0},
        "late_fee": 3800,
        "top_up": None,
        "waiting": 0,
        "locked": {"highest_fare": 15200, "host_absorbs": False},
        "fare": {
            "id": "6f7e9b8a-5d6c-4e2f-8a1b-3c4d5e6f7a13",
            "amount": 13400,
            "currency": "CLP",
            "state": "settled",
            "entered_at": "2027-03-15T10:51:00Z",
            "answer_by": "2027-03-15T10:51:00Z",
            "settled_at": "2027-03-15T10:51:00Z",
        },
        "shares": [
            {
                "member": HOST,
                "is_host": True,
                "presence": "boarded",
                "prepaid": 0,
                "fare_part": 6700,
                "penalty": 0,
                "back": 0,
            },
            {
                "member": RIDER,
                "is_host": False,
                "presence": "boarded",
                "prepaid": 7600,
                "fare_part": 6700,
                "penalty": 0,
                "back": 900,
            },
        ],
        "dispute": None,
        "disputable_until": "2027-03-18T10:51:00Z",
    },
)
TOP_UP = OpenApiExample(
    "Paid",
    response_only=True,
    value={
        "id": "7f7e9b8a-5d6c-4e2f-8a1b-3c4d5e6f7a14",
        "reason": "lock",
        "amount": 3800,
        "currency": "CLP",
        "state": "paid",
        "answer_by": "2027-03-15T10:28:00Z",
        "payment": _PAYMENT,
    },
)
