"""One ride in which everything has happened to somebody: the ground that the cast walks on."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import time_machine
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from PIL import Image

from accounts.models import (
    AccountMerge,
    AvoidedPlace,
    Block,
    ConsentPurpose,
    Member,
    Organization,
    Partnership,
    Place,
)
from accounts.services import (
    avoid_place,
    block_member,
    found_community,
    give_consent,
    save_place,
)
from accounts.services.merging import VALID_FOR, code_of
from accounts.tests.factories import (
    HEAD_OFFICE,
    HOME_NORTH,
    HOME_SOUTH,
    PORT,
    WORKSHOP,
    MemberFactory,
)
from carpool.kernel.geo import LonLat
from chat.models import Conversation, Kind, Notification, Photo, PushDevice, Transport
from chat.services import Draft, draw_anew, open_conversation, post_message
from chat.services.preferences import DeviceTerms, register_device
from matching.api.study_examples import DONE
from matching.models import CarpoolProposal, Study, StudyState
from matching.selectors import evaluate, with_stops
from matching.selectors.shown import seal_offer
from matching.tests.plan_factories import propose, workday
from matching.tests.study_factories import table
from payments.models import (
    Incentive,
    Reward,
    RideFare,
    RideFareState,
    SponsorBudget,
    TopUp,
)
from payments.selectors import find_price
from rides import services
from rides.models import (
    Booking,
    Deed,
    InstantCode,
    RecurringRide,
    RequestOffer,
    Review,
    Ride,
    RideRequest,
    Room,
    RoomSeat,
    Stop,
)
from rides.services import TripEnd
from rides.tests.api import Api, end, offer_body, wish_for
from rides.tests.factories import (
    book,
    join,
    next_slot,
    offer,
    open_room,
    stand_at_kerb,
    wish,
)
from rides.tests.factories import terms as ride_terms
from tracking.models import Verification

# Doors, with digits of their own, so that they can be told from every corner near them.
DRIVERS_DOOR = TripEnd(LonLat(-71.2561234, -29.9206789), "Calle Secreta 12")
RIDERS_DOOR = TripEnd(LonLat(-71.2613579, -29.9212468), "Pasaje Oculto 7")

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

STAGES = ("offered", "asked", "booked", "leaving", "driving", "over")


@dataclass
class World:
    """A ride from the driver's door to work, and what the rider has to do with it."""

    ride: Ride
    booking: Booking | None
    request: RideRequest
    place: Place
    proposal: CarpoolProposal
    study: Study
    block: Block
    avoided: AvoidedPlace
    cast: Any
    now: datetime
    _clients: dict[Any, Api] = field(default_factory=dict)

    @property
    def first_stop(self) -> Stop:
        """Where somebody gets in, or where the car arrives."""
        return self.ride.stops.exclude(kind__in=["door", "origin"]).order_by("position")[0]

    def send(self, person: Any, method: str, path: str) -> Any:
        """Send a request that is right in itself, and undo whatever it did."""
        if person not in self._clients:
            self._clients[person] = Api(person)
        body, address = _body_of(method, path, self, person), address_of(path, self)
        with transaction.atomic():
            answer = self._clients[person].send(method, address, body)
            transaction.set_rollback(True)
        return answer

    def token(self, person: Member) -> str:
        """An offer of this ride, signed for anybody, though search might not show it to them."""
        query = wish(self.ride)
        ride = with_stops(Ride.objects.filter(pk=self.ride.pk)).get()
        return seal_offer(person, query, evaluate([ride], ride.region, query)[0])


def _body_of(method: str, path: str, world: World, person: Any) -> dict[str, Any]:
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
        ("POST", "me/merges/<uuid:merge_id>/confirm"): lambda: {"code": code_of(_merge(world).pk)},
        ("POST", "organization/sites"): {"name": "Mine", "location": PLACE["location"]},
        ("POST", "organization/budgets"): BUDGET,
        ("PATCH", "organization/budgets/<uuid:budget_id>"): {"percent": 40},
        ("POST", "organization/incentives"): lambda: {
            **INCENTIVE,
            "budget": str(_budget(world).pk),
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
            "logo": ContentFile(_jpeg(), name="logo.jpg")
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
            "photo": ContentFile(_jpeg(), name="photo.jpg"),
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


def _repeated(world: World) -> dict[str, Any]:
    """An offer that repeats, three days after the ride of this world and its proposal."""
    body = offer_body(world.cast.driver, now=world.now)
    del body["departure_at"]
    later = world.now + timedelta(days=3, hours=6)
    return {**body, "weekdays": [later.weekday()], "wall_time": "12:00", "skips_holidays": False}


def _recurring(world: World) -> RecurringRide:
    """A ride of the driver's that repeats."""
    driver, body = world.cast.driver, _repeated(world)
    known = RecurringRide.objects.filter(driver=driver, ended_at=None).first()
    today = world.now.astimezone(driver.organization.zone).date()
    return known or services.offer_recurring_ride(
        driver=driver,
        terms=services.RecurringTerms(
            offer=ride_terms(driver, departure_at=None, origin=DRIVERS_DOOR),
            weekdays=frozenset(body["weekdays"]),
            wall_time=time(12),
            first_date=today,
            skips_holidays=False,
        ),
        now=world.now,
    )


def _request_offer(world: World) -> RequestOffer:
    """That the driver offers the ride to the rider's request."""
    known = RequestOffer.objects.filter(request=world.request).first()
    return known or RequestOffer.objects.create(request=world.request, ride=world.ride)


def _room_body(method: str, path: str, world: World) -> dict[str, Any]:
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
        room = _room(world)
        price = find_price(room, list(room.seats.occupying()))
        paid = {"provider": "test_bank", "method": "test_pays"}
        return {**dropoff, **paid, "at_most": price.at_most if price else 0}
    bodies: dict[str, dict[str, Any]] = {
        "quote": dropoff,
        "next-host": {"member": str(world.cast.rider.pk)},
        "taxi": {"plate": "TA-XI-1"},
        "board": {"code": _seat(world).boarding_code},
        "searches": {
            "origin": end(HEAD_OFFICE, "")["location"],
            "destination": end(PORT, "")["location"],
        },
        "fare": {"amount": 9000, "photo": ContentFile(_jpeg(), name="receipt.jpg")},
        "<uuid:top_up_id>": {"accept": False},
        "merger": {"accept": True},
        "dispute": {"reason": "Too much"},
        "here": {"place": end(HEAD_OFFICE, "")["location"]},
    }
    return bodies.get(action, {})


def address_of(path: str, world: World) -> str:
    """Put the ids of the driver's and rider's things into a path."""
    for name, value in {
        "<uuid:ride_id>": world.ride.pk,
        "<uuid:booking_id>": world.booking and world.booking.pk,
        "<uuid:request_id>": world.request.pk,
        "<uuid:car_id>": world.ride.car_id,
        "<uuid:place_id>": world.place.pk,
        "<uuid:proposal_id>": world.proposal.pk,
        "<uuid:study_id>": world.study.pk,
        "<uuid:avoided_id>": world.avoided.pk,
        "<uuid:person_id>": world.cast.colleague.pk,
        "<uuid:site_id>": world.cast.organization.sites.first().pk,
        "<str:month>": f"{world.now:%Y-%m}",
    }.items():
        path = path.replace(name, str(value))
    for name, make in MADE_WHEN_ASKED.items():
        if name in path:
            path = path.replace(name, str(make(world).pk))
    return path


def known_ids(world: World) -> dict[str, list[str]]:
    """Return the ids that stand in addresses, by parameter, for those who send what they like."""
    found = {}
    for name in sorted({name for _m, path in api_endpoints() for name in _PARAMETER.findall(path)}):
        address = address_of(f"<{name}>", world)
        found[name.partition(":")[2]] = [address]
    return found


def _news(world: World) -> Notification:
    """Something that the rider was told."""
    return Notification.objects.get_or_create(
        member=world.cast.rider, occasion="the world", defaults={"kind": Kind.PROPOSAL_MADE}
    )[0]


def _budget(world: World) -> SponsorBudget:
    """A budget of the cast's organization that is closed."""
    return SponsorBudget.objects.get_or_create(
        organization=world.cast.organization, name="B",
        defaults={"percent": 50, "first_day": world.now.date()},
    )[0]  # fmt: skip


def _incentive(world: World) -> Incentive:
    """A rule of the cast's organization that is being written."""
    return Incentive.objects.get_or_create(
        organization=world.cast.organization, name="Together",
        defaults={
            "budget": _budget(world), "per_trip": 600, "first_day": world.now.date(),
            "created_at": world.now,
        },
    )[0]  # fmt: skip


def _reward(world: World) -> Reward:
    """What the rider would have got by it: nothing, as it was used up."""
    incentive = _incentive(world)
    return Reward.objects.get_or_create(
        incentive=incentive, member_id=world.cast.rider.pk,
        defaults={
            "series": incentive.series, "booking_id": (world.booking and world.booking.pk)
            or uuid4(), "ride_id": world.ride.pk, "role": "rider", "day": world.now.date(),
            "proof_class": "C", "distance_m": 9_000, "worth": 600, "amount": 0, "limit": "total",
            "currency": incentive.currency, "at": world.now,
        },
    )[0]  # fmt: skip


def _asked_terms(world: World) -> dict[str, Any]:
    """An offer in the driver's ride, of which somebody asks what it costs."""
    return {
        "price_minor": 400,
        "pickup_at": world.ride.departure_at.isoformat(),
        "origin": end(HEAD_OFFICE, "")["location"],
        "destination": end(PORT, "")["location"],
    }


def _partnership(world: World) -> Partnership:
    """That the outsider's organization invites the cast's to share rides."""
    ours, theirs = world.cast.organization, world.cast.outsider.organization
    return Partnership.objects.get_or_create(
        inviter=theirs, invited=ours, defaults={"invited_at": world.now}
    )[0]


def _merge(world: World) -> AccountMerge:
    """That the driver has a second account, whose code they know."""
    asked = AccountMerge.objects.filter(keeper=world.cast.driver.user).first()
    return asked or AccountMerge.objects.create(
        keeper=world.cast.driver.user,
        other=MemberFactory(organization=world.cast.organization).user,
        address="mine.too@copper.example",
        asked_at=world.now,
        expires_at=world.now + VALID_FOR,
    )


def _phone(world: World) -> PushDevice:
    """A phone of the rider's."""
    terms = DeviceTerms(transport=Transport.FCM, address="riders-token", label="Phone")
    return register_device(member=world.cast.rider, terms=terms)


def _talk(world: World) -> Conversation:
    """What driver and rider say to each other."""
    return open_conversation(ride_id=world.ride.pk, by=world.cast.rider, now=world.now)


def _photo(world: World) -> Photo:
    """A photo that the rider sent."""
    draft = Draft(
        conversation_id=_talk(world).pk,
        sender_id=world.cast.rider.pk,
        client_id=uuid4(),
        kind="photo",
        photo=draw_anew(_jpeg()),
    )
    message = post_message(draft=draft, by=world.cast.rider, now=world.now)
    return Photo.objects.get(message=message)


def _room(world: World) -> Room:
    """A taxi of the driver's that the rider shares."""
    room = Room.objects.filter(host=world.cast.driver).first()
    if room is None:
        room = open_room(world.cast.driver, now=world.now)
        join(world.cast.rider, room, now=world.now)
    return room


def _instant(world: World) -> InstantCode:
    """The code of a colleague who stands at the kerb."""
    found = InstantCode.objects.first()
    if found is None:
        waiting = MemberFactory(organization=world.cast.organization, car=True)
        found = stand_at_kerb(waiting, now=world.now)
    return found


def _seat(world: World) -> RoomSeat:
    """The rider's seat in it."""
    return _room(world).seats.get(rider=world.cast.rider)


def _top_up(world: World) -> TopUp:
    """What the rider is asked to add to their part."""
    return TopUp.objects.get_or_create(
        seat_id=_seat(world).pk,
        defaults={
            "organization": world.cast.organization,
            "room_id": _room(world).pk,
            "rider_id": world.cast.rider.pk,
            "reason": "lock",
            "amount": 100,
            "currency": "CLP",
            "asked_at": world.now,
            "answer_by": world.now + timedelta(minutes=5),
        },
    )[0]


def _town(_world: World) -> Organization:
    """A community that anybody may join."""
    terms = {"time_zone": "America/Santiago", "currency": "CLP"}
    return found_community(name="Town", slug="town", **terms)


def _verdict(world: World) -> Verification:
    """A verdict on the rider's trip, which is not proven; before they book there is none."""
    if world.booking is None:
        return Verification()
    return Verification.objects.get_or_create(
        booking=world.booking,
        defaults={"ride": world.ride, "judged_at": world.now, "proof_class": "A"},
    )[0]


def _deed(world: World) -> Deed:
    """What is written down about the driver; before somebody books there is nothing."""
    if world.booking is None:
        return Deed(pk=0)
    return Deed.objects.get_or_create(
        booking=world.booking,
        member=world.cast.driver,
        defaults={"role": "driver", "kind": "late", "at": world.now},
    )[0]


def _review(world: World) -> Review:
    """How the rider rated the driver, to be read; before they book there is none."""
    if world.booking is None:
        return Review()
    return Review.objects.get_or_create(
        booking=world.booking,
        author=world.cast.rider,
        defaults={
            "subject": world.cast.driver,
            "subject_role": "driver",
            "overall": 4,
            "comment": "Thank you",
            "written_at": world.now,
            "opens_at": world.now,
        },
    )[0]


MADE_WHEN_ASKED: dict[str, Callable[[World], Any]] = {
    "<uuid:recurring_id>": _recurring,
    "<uuid:offer_id>": _request_offer,
    "<uuid:room_id>": _room,
    "<uuid:seat_id>": _seat,
    "<str:code>": _instant,
    "<uuid:top_up_id>": _top_up,
    "<int:block_id>": lambda world: world.block,
    "<uuid:notification_id>": _news,
    "<uuid:device_id>": _phone,
    "<uuid:photo_id>": _photo,
    "<uuid:conversation_id>": _talk,
    "<int:stop_id>": lambda world: world.first_stop,
    "<uuid:community_id>": _town,
    "<uuid:partnership_id>": _partnership,
    "<uuid:merge_id>": _merge,
    "<uuid:budget_id>": _budget,
    "<uuid:incentive_id>": _incentive,
    "<uuid:reward_id>": _reward,
    "<uuid:verification_id>": _verdict,
    "<int:deed_id>": _deed,
    "<uuid:review_id>": _review,
}


def _jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    return out.getvalue()


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


@contextmanager
def world_at(stage: str, cast: Any, now: datetime, **terms: Any) -> Iterator[World]:
    """Bring the world to a stage; inside the block the clock stands there."""
    assert stage in STAGES
    mode = "confirm" if stage == "asked" else "instant"
    ride = offer(
        cast.driver, now=now, hours=24, origin=DRIVERS_DOOR, booking_mode=mode, note="", **terms
    )
    request = services.post_request(rider=cast.rider, terms=_terms(ride), now=now)
    proposal = propose(
        cast.driver,
        cast.rider,
        now=now,
        ahead=4,
        homes={cast.driver: DRIVERS_DOOR, cast.rider: RIDERS_DOOR},
    )
    place = save_place(member=cast.driver, kind="other", label="Gym", location=HOME_NORTH)
    booking = None
    if stage != "offered":
        booking = book(cast.rider, ride, now=now, origin=RIDERS_DOOR)
        ride.refresh_from_db()
        _price(booking, now)
    moment = now
    if stage in {"leaving", "driving"}:
        moment = ride.departure_at - timedelta(minutes=5)
    if stage in {"driving", "over"}:
        services.start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
    if stage == "driving":
        moment = ride.departure_at + timedelta(minutes=1)
    if stage == "over":
        moment = ride.arrival_at + timedelta(minutes=20)
        services.watch(now=moment)
    ride.refresh_from_db()
    with time_machine.travel(moment, tick=False):
        study, (block, avoided) = _study(cast, now), _drivers_own(cast, now)
        yield World(ride, booking, request, place, proposal, study, block, avoided, cast, moment)


def _price(booking: Booking, now: datetime) -> RideFare:
    """The seat has been paid for; its price is kept."""
    return RideFare.objects.create(
        organization=booking.ride.organization, booking_id=booking.pk, ride_id=booking.ride_id,
        rider_id=booking.rider_id, driver_id=booking.ride.driver_id, amount=40, currency="EUR",
        state=RideFareState.HELD, asked_at=now, pay_by=now, paid_at=now,
    )  # fmt: skip


def _drivers_own(cast: Any, now: datetime) -> tuple[Block, AvoidedPlace]:
    """Somebody whom the driver blocked, and a place where they do not stop."""
    stranger = MemberFactory(organization=cast.organization)
    return (
        block_member(by=cast.driver, other=stranger, now=now),
        avoid_place(member=cast.driver, label="There", location=HOME_SOUTH, radius_m=50),
    )


def _study(cast: Any, now: datetime) -> Study:
    """A finished launch study of the manager's."""
    return Study.objects.create(
        organization=cast.organization,
        created_by=cast.manager,
        name="Autumn",
        rows=62,
        state=StudyState.DONE,
        finished_at=now,
        result={**DONE.value["result"], "region": "la-serena-coquimbo"},
    )


def _terms(ride: Ride) -> services.RequestTerms:
    query = wish(ride, origin=RIDERS_DOOR)
    return services.RequestTerms(
        origin=query.origin,
        destination=query.destination,
        earliest_departure_at=query.earliest_departure_at,
        latest_arrival_at=query.latest_arrival_at,
    )


_PARAMETER = re.compile(r"<(\w+:\w+)>")
METHODS = ("get", "post", "put", "patch", "delete")


def api_endpoints() -> set[tuple[str, str]]:
    """Return every (METHOD, path) of the API, as its URLs and views declare them."""
    found = set()
    for path, view in _walk(get_resolver().url_patterns, ""):
        view_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
        if path.startswith("api/v1/") and view_class is not None:
            found |= {
                (method.upper(), path.removeprefix("api/v1/"))
                for method in METHODS
                if hasattr(view_class, method)
            }
    return found


# Pages that are not ours have tests of their own: Django's in test_admin, the API's beside this.
FOREIGN = ("admin/", "accounts/", "_allauth/", "api/", "i18n/", "maps/", "healthz")


def page_paths() -> set[str]:
    """Return the path of every page, as the URLs declare them."""
    paths = {path for path, _view in _walk(get_resolver().url_patterns, "")}
    return {path for path in paths if not path.startswith(FOREIGN)}


def _walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern.callback
