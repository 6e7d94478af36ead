"""Examples of plans and proposals; the same people and places as in ``rides.api.examples``."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from rides.api.examples import DORA, PICKUP, PORT, RIDE_ID, RITA

HOME_ID = "7c1d5a3e-2b4f-4c6d-8e9a-0b1c2d3e4f11"
SITE_ID = "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c12"
PROPOSAL_ID = "3f2e1d0c-9b8a-4765-8432-10fedcba9813"
RUN_ID = "6d5c4b3a-2918-4706-95f4-e3d2c1b0a914"


def _trip(weekday: int, direction: str, at: str) -> dict[str, Any]:
    role = {"weekday": weekday, "direction": direction, "role": "ride"}
    return role | {"at": at, "flexibility_s": 900}


PLAN = OpenApiExample(
    "Ride along on Mondays",
    value={
        "home": HOME_ID,
        "work_site": SITE_ID,
        "work_place": None,
        "car": None,
        "seats": 3,
        "detour_s": 600,
        "walk_m": 800,
        "keeps_looking": True,
        "offers_alone": False,
        "is_active": True,
        "paused_until": None,
        "trips": [_trip(0, "to_work", "08:30"), _trip(0, "to_home", "17:30")],
        "sentences": [
            "Mon you ride along to work by 08:30.",
            "Mon you ride along home at 17:30.",
        ],
    },
)
_SEAT: dict[str, Any] = {
    "rider": {"id": RITA["id"], "first_name": "Rita"},
    "answer": "none",
    "pickup": PICKUP,
    "pickup_label": "Pintor Enrique Lobos",
    "pickup_at": "2027-03-15T08:04:00-03:00",
    "dropoff": PORT,
    "dropoff_label": "Aldunate / Bilbao",
    "dropoff_at": "2027-03-15T08:22:00-03:00",
}
_PROPOSAL: dict[str, Any] = {
    "id": PROPOSAL_ID,
    "state": "open",
    "closed_because": "",
    "service_date": "2027-03-15",
    "direction": "to_work",
    "answer_by": "2027-03-15T07:28:00-03:00",
    "is_driver": False,
    "waits_for_me": True,
    "driver": {"id": DORA["id"], "first_name": "Dora"},
    "car": {"make": "Toyota", "model": "Yaris", "colour": "White"},
    "origin_label": "near Balmaceda",
    "destination_label": "Port",
    "departure_at": "2027-03-15T07:58:00-03:00",
    "arrival_at": "2027-03-15T08:24:00-03:00",
    "added_s": None,
    "seat": _SEAT | {"walk_to_m": 94, "walk_from_m": 60, "booking": None, "refused_because": ""},
    "riders": [],
    "fellows": [],
    "saved_m": 9120,
    "saved_co2_g": 1368,
    "ride": None,
    "booking": None,
    "price_minor": 55,
    "currency": "EUR",
}
PROPOSAL = OpenApiExample("To a rider", value=_PROPOSAL, response_only=True)
PROPOSAL_TO_DRIVER = OpenApiExample(
    "To the driver, who has said yes",
    response_only=True,
    value=_PROPOSAL
    | {
        "state": "taken",
        "is_driver": True,
        "waits_for_me": False,
        "origin_label": "Home",
        "added_s": 240,
        "seat": None,
        "riders": [
            _SEAT
            | {"pickup": {"lon": -71.2582, "lat": -29.9203}, "pickup_label": "near Cuatro Esquinas"}
        ],
        "ride": RIDE_ID,
        "price_minor": None,
        "currency": "",
    },
)
YES = OpenApiExample("Yes", value={"yes": True}, request_only=True)
YES_AND_PAY = OpenApiExample(
    "Yes, where seats are prepaid",
    value={"yes": True, "price_minor": 55, "provider": "test_bank", "method": "test_pays"},
    request_only=True,
)
ASK = OpenApiExample(
    "Monday's way to work",
    value={"service_date": "2027-03-15", "direction": "to_work"},
    request_only=True,
)
RUN = OpenApiExample(
    "As it ended",
    response_only=True,
    value={
        "id": RUN_ID,
        "service_date": "2027-03-15",
        "direction": "to_work",
        "state": "done",
        "commuters": 412,
        "served": 287,
        "cars": 96,
        "saved_m": 1843000,
        "objective_m": 1880500,
        "bound_m": 1902000,
        "gap": 0.0113,
        "created_at": "2027-03-14T18:00:04-03:00",
        "started_at": "2027-03-14T18:00:05-03:00",
        "finished_at": "2027-03-14T18:00:19-03:00",
        "error": "",
    },
)
