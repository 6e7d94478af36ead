"""The API as a client uses it: bodies to send, and somebody who sends them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from accounts.models import Member
from accounts.tests.factories import HEAD_OFFICE, HOME_NORTH, PORT, WORKSHOP
from carpool.kernel.geo import LonLat
from carpool.kernel.tests.problems import api_client
from rides.models import Ride

V1 = "/api/v1/"


class Api:
    """Somebody's client; each POST is a new intent unless a key is given."""

    def __init__(self, person: Any = None) -> None:
        self.client = api_client(person)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(V1 + path, query)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key or str(uuid4())}
        return self.client.post(V1 + path, body or {}, format="json", headers=headers)

    def put(self, path: str, body: Any = None) -> Any:
        return self.client.put(V1 + path, body or {}, format="json")

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send any method, with a fresh key."""
        headers = {"Idempotency-Key": str(uuid4())}
        if method == "GET":
            return self.client.get(V1 + path, body)
        call = getattr(self.client, method.lower())
        has_file = any(hasattr(value, "read") for value in (body or {}).values())
        form = "multipart" if has_file else "json"
        return call(V1 + path, body or {}, format=form, headers=headers)


def end(place: LonLat, label: str = "") -> dict[str, Any]:
    """One end of a trip."""
    return {"location": {"lon": place.lon, "lat": place.lat}, "label": label}


def offer_body(
    driver: Member, *, now: datetime, hours: float = 24, **changes: Any
) -> dict[str, Any]:
    """From the head office to the port, with the driver's car."""
    return {
        "origin": end(HEAD_OFFICE, "Head office"),
        "destination": end(PORT, "Port"),
        "car": str(driver.cars.get().pk),
        "seats": 3,
        "detour_s": 900,
        "departure_at": (now + timedelta(hours=hours)).isoformat(),
        **changes,
    }


def wish_body(departure_at: datetime, **changes: Any) -> dict[str, Any]:
    """From a home in the north to the workshop, around a departure."""
    return {
        "origin": end(HOME_NORTH, "My home"),
        "destination": end(WORKSHOP, "Workshop"),
        "earliest_departure_at": (departure_at - timedelta(hours=1)).isoformat(),
        "latest_arrival_at": (departure_at + timedelta(hours=2)).isoformat(),
        "seats": 1,
        "walk_m": 800,
        **changes,
    }


def wish_for(ride: Ride, **changes: Any) -> dict[str, Any]:
    """A wish that the ride serves."""
    return wish_body(ride.departure_at, **changes)


def find_token(person: Member, ride: Ride, **changes: Any) -> str:
    """Search through the API and return the token of the offer of this ride."""
    answer = Api(person).post("searches", wish_for(ride, **changes))
    assert answer.status_code == 200, answer.content
    offers = answer.json()["offers"]
    return str(next(offer["token"] for offer in offers if offer["ride"]["id"] == str(ride.pk)))
