"""For each endpoint, a request that is right in itself."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.core.files.base import ContentFile

from accounts.models import (
    ConsentPurpose,
)
from accounts.services import (
    give_consent,
    save_place,
)
from accounts.services.merging import code_of
from accounts.tests.factories import (
    HEAD_OFFICE,
    HOME_NORTH,
    PORT,
    WORKSHOP,
)
from carpool.tests.belongings import budget_in, jpeg, merge_in, room_in, seat_in
from matching.tests.plan_factories import workday
from matching.tests.study_factories import table
from payments.selectors import find_price
from rides.tests.api import end, offer_body, wish_for
from rides.tests.factories import (
    next_slot,
)

if TYPE_CHECKING:
    from carpool.tests.world import World


PLACE = {"kind": "other", "label": "Gym", "location": {"lon": -71.25, "lat": -29.91}}
CAR = {"make": "Kia", "model": "Rio", "colour": "Red", "plate": "NEW-1", "seats": 2}
INCENTIVE = {"name": "Together", "per_trip": 600, "first_day": "2027-01-01"}
BUDGET = {"name": "Ours", "percent": 50, "first_day": "2027-01-01", "pays_rides": True}
PHONE = {"transport": "fcm", "address": "a-token", "label": "Phone"}
PREFERENCES = {
    "matrix": [{"kind": "booking_made", "channels": ["in_app"]}],
    "time_zone": "Asia/Seoul",
    "quiet_from": "23:00:00",
    "quiet_until": "06:30:00",
    "digest": "all",
    "digest_at": "19:00:00",
}
TALK = "conversations/<uuid:conversation_id>"
HERE = f"{HEAD_OFFICE.lon},{HEAD_OFFICE.lat}"


def body_of(method: str, path: str, world: "World", person: Any) -> dict[str, Any]:
    """A request that is right in itself, so that only who asks decides."""
    driver = world.cast.driver
    if (method, path) == ("POST", "rides/<uuid:ride_id>/positions") and hasattr(person, "consents"):
        give_consent(member=person, purpose=ConsentPurpose.LIVE_POSITION, now=world.now)
    bodies: dict[tuple[str, str], Any] = {  # those that ask the database only when wanted
        ("PATCH", "me"): {"phone": "+56 9 1234 5678"},
        ("POST", "me/cars"): CAR,
        ("PATCH", "me/cars/<uuid:car_id>"): {"colour": "Blue"},
        ("POST", "me/places"): PLACE,
        ("PATCH", "organization/people/<uuid:person_id>"): {"role": "manager"},
        ("POST", "me/merges"): {"email": f"{uuid4().hex}@copper.example"},
        ("POST", "me/merges/<uuid:merge_id>/confirm"): lambda: {
            "code": code_of(merge_in(world).pk)
        },
        ("POST", "organization/sites"): {"name": "Mine", "location": PLACE["location"]},
        ("POST", "organization/budgets"): BUDGET,
        ("PATCH", "organization/budgets/<uuid:budget_id>"): {"percent": 40},
        ("POST", "organization/incentives"): lambda: {
            **INCENTIVE,
            "budget": str(budget_in(world).pk),
        },
        ("PATCH", "organization/incentives/<uuid:incentive_id>"): {"per_trip": 500},
        ("POST", "organization/incentives/<uuid:incentive_id>/state"): {"state": "ended"},
        ("POST", "organization/incentives/<uuid:incentive_id>/trial"): {},
        ("POST", "organization/rewards/<uuid:reward_id>/take-back"): {"why": "Twice"},
        ("PUT", "me/work-days"): {"date": world.now.date().isoformat(), "kind": "telework"},
        ("POST", "rides/<uuid:ride_id>/seat-terms"): lambda: _asked_terms(world),
        ("PATCH", "organization/sites/<uuid:site_id>"): {"radius_m": 90},
        ("PUT", "organization/door"): {"is_open": True},
        ("PATCH", "organization/branding"): {"colour": "#b45309"},
        ("PUT", "organization/branding/logo"): lambda: {
            "logo": ContentFile(jpeg(), name="logo.jpg")
        },
        ("POST", "organization/partners"): {"domain": "campus.example"},
        ("PATCH", "organization/policies"): {"default_walk_m": 900},
        ("PUT", "me/company"): {"gender": "woman", "same_gender_only": True},
        ("POST", "me/avoided-places"): {"label": "There", "location": PLACE["location"]},
        ("POST", "rides/<uuid:ride_id>/reports"): {"reason": "driving"},
        ("PUT", "rides/<uuid:ride_id>/sharing"): {"purposes": ["live_position"]},
        ("POST", "rides/<uuid:ride_id>/positions"): {
            "positions": [
                {
                    "sequence": 1,
                    "recorded_at": world.now.isoformat(),
                    "location": {"lon": -71.2519, "lat": -29.9027},
                }
            ]
        },
        ("POST", "verdicts/<uuid:verification_id>/appeal"): {"reason": "A tunnel"},
        ("GET", "maps/addresses"): {"q": "balmaceda"},
        ("GET", "maps/route"): {"from": HERE, "to": "-71.33849,-29.954"},
        ("GET", "maps/place"): {"at": HERE},
        ("POST", "rides"): lambda: offer_body(driver, now=world.now, hours=72),
        ("POST", "rides/<uuid:ride_id>/replace"): lambda: offer_body(
            driver, now=world.now, hours=72
        ),
        ("POST", "rides/<uuid:ride_id>/change"): lambda: {
            **offer_body(driver, now=world.now, hours=72),
            "may_release": 8,
        },
        ("POST", "bookings/<uuid:booking_id>/change-answer"): {"agrees": True},
        ("POST", "requests/<uuid:request_id>/offers"): {"ride": str(world.ride.pk)},
        ("POST", "me/recurring-rides"): lambda: _repeated(world),
        ("PUT", "recurring-rides/<uuid:recurring_id>"): lambda: _repeated(world),
        ("POST", "recurring-rides/<uuid:recurring_id>/days-out"): {
            "first_date": world.now.date().isoformat(),
            "last_date": (world.now + timedelta(days=8)).date().isoformat(),
        },
        ("POST", "recurring-rides/<uuid:recurring_id>/day-back"): {
            "date": world.now.date().isoformat()
        },
        ("POST", "instant"): lambda: {
            "origin": PLACE["location"],
            "destination": end(PORT, "Port"),
            "car": str(driver.cars.get().pk),
            "seats": 2,
            "detour_s": 600,
        },
        ("POST", "rides/<uuid:ride_id>/board"): {"code": "0000"},
        ("POST", "bookings/<uuid:booking_id>/answer"): {"took_place": True},
        ("POST", "bookings/<uuid:booking_id>/payment"): {"provider": "test_bank"},
        ("POST", "bookings/<uuid:booking_id>/fare/objection"): {"reason": "The train was late"},
        ("PUT", "bookings/<uuid:booking_id>/rating"): {"overall": 4},
        ("POST", "me/deeds/<int:deed_id>/objection"): {"text": "I was there"},
        ("POST", "me/ratings/<uuid:review_id>/reports"): {"reason": "other"},
        ("POST", "searches"): lambda: wish_for(world.ride),
        ("POST", "requests"): lambda: wish_for(world.ride),
        ("POST", "studies"): lambda: {
            "name": "Spring",
            "file": ContentFile(table(world.ride.region, 6), name="commutes.csv"),
        },
        ("PUT", "plan"): lambda: plan_body(person),
        ("PUT", "notifications/preferences"): PREFERENCES,
        ("POST", "me/devices"): PHONE,
        ("POST", "conversations"): {"ride": str(world.ride.pk)},
        ("PUT", "conversations/settings"): {"takes_questions": False},
        ("POST", f"{TALK}/messages"): {"client_id": str(uuid4()), "text": "Hello"},
        ("POST", f"{TALK}/marks"): {"read": 1},
        ("PUT", f"{TALK}/muted"): {"is_muted": True},
        ("POST", f"{TALK}/photos"): lambda: {
            "client_id": str(uuid4()),
            "photo": ContentFile(jpeg(), name="photo.jpg"),
        },
        ("POST", "proposals/<uuid:proposal_id>/answer"): {"yes": True},
        ("POST", "assignments"): {
            "service_date": workday(world.now, ahead=8).isoformat(),
            "direction": "to_home",
        },
    }
    if path.startswith("rooms") and method != "GET":
        return _room_body(method, path, world)
    takes_an_offer = path in {"bookings", "searches/drawing"} and method == "POST"
    if takes_an_offer and hasattr(person, "organization_id"):
        return {"offer": world.token(person)}
    body = bodies.get((method, path), {})
    return body() if callable(body) else body


def _repeated(world: "World") -> dict[str, Any]:
    """An offer that repeats, three days after the ride of this world and its proposal."""
    body = offer_body(world.cast.driver, now=world.now)
    del body["departure_at"]
    later = world.now + timedelta(days=3, hours=6)
    return {**body, "weekdays": [later.weekday()], "wall_time": "12:00", "skips_holidays": False}


def _room_body(method: str, path: str, world: "World") -> dict[str, Any]:
    """A request about a shared taxi that is right in itself."""
    dropoff = {"dropoff": end(PORT, "Port")}
    terms = {
        "departure_at": next_slot(world.now, hours=8).isoformat(),
        "pickup": end(HEAD_OFFICE, "Head office"),
        **dropoff,
    }
    action = path.rpartition("/")[2]
    if path in {"rooms", "rooms/quote"}:
        return terms
    if action == "join":
        room = room_in(world)
        price = find_price(room, list(room.seats.occupying()))
        paid = {"provider": "test_bank", "method": "test_pays"}
        return {**dropoff, **paid, "at_most": price.at_most if price else 0}
    bodies: dict[str, dict[str, Any]] = {
        "quote": dropoff,
        "next-host": {"member": str(world.cast.rider.pk)},
        "taxi": {"plate": "TA-XI-1"},
        "board": {"code": seat_in(world).boarding_code},
        "searches": {
            "origin": end(HEAD_OFFICE, "")["location"],
            "destination": end(PORT, "")["location"],
        },
        "fare": {"amount": 9000, "photo": ContentFile(jpeg(), name="receipt.jpg")},
        "<uuid:top_up_id>": {"accept": False},
        "merger": {"accept": True},
        "dispute": {"reason": "Too much"},
        "here": {"place": end(HEAD_OFFICE, "")["location"]},
    }
    return bodies.get(action, {})


def plan_body(person: Any) -> dict[str, Any]:
    """A week of one's own, as far as one has a home and an organization."""
    if not hasattr(person, "organization_id"):
        return {}
    home = person.places.filter(kind="home").first() or save_place(
        member=person, kind="home", label="Home", location=HOME_NORTH
    )
    work = person.places.filter(kind="work").first() or save_place(
        member=person, kind="work", label="Work", location=WORKSHOP
    )
    trip = {"weekday": 0, "direction": "to_work", "role": "ride", "at": "08:30"}
    return {
        "home": str(home.pk),
        "work_place": str(work.pk),
        "detour_s": 600,
        "walk_m": 800,
        "trips": [trip],
    }


def _asked_terms(world: "World") -> dict[str, Any]:
    """An offer in the driver's ride, of which somebody asks what it costs."""
    return {
        "price_minor": 400,
        "pickup_at": world.ride.departure_at.isoformat(),
        "origin": end(HEAD_OFFICE, "")["location"],
        "destination": end(PORT, "")["location"],
    }
