"""What belongs to the people of a world; most of it is made when a test first asks for it."""

from collections.abc import Callable
from datetime import time, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from PIL import Image

from accounts.models import (
    AccountMerge,
    Organization,
    Partnership,
)
from accounts.services import (
    found_community,
)
from accounts.services.merging import VALID_FOR
from accounts.tests.factories import (
    MemberFactory,
)
from carpool.kernel.geo import LonLat
from chat.models import Conversation, Kind, Notification, Photo, PushDevice, Transport
from chat.services import Draft, draw_anew, open_conversation, post_message
from chat.services.preferences import DeviceTerms, register_device
from payments.models import (
    Incentive,
    Reward,
    SponsorBudget,
    TopUp,
)
from rides import services
from rides.models import (
    Deed,
    InstantCode,
    RecurringRide,
    RequestOffer,
    Review,
    Room,
    RoomSeat,
)
from rides.services import TripEnd
from rides.tests.factories import (
    join,
    open_room,
    stand_at_kerb,
)
from rides.tests.factories import terms as ride_terms
from tracking.models import Verification

if TYPE_CHECKING:
    from carpool.tests.world import World


# Doors, with digits of their own, so that they can be told from every corner near them.
DRIVERS_DOOR = TripEnd(LonLat(-71.2561234, -29.9206789), "Calle Secreta 12")
RIDERS_DOOR = TripEnd(LonLat(-71.2613579, -29.9212468), "Pasaje Oculto 7")


def _recurring(world: "World") -> RecurringRide:
    """A ride of the driver's that repeats."""
    driver = world.cast.driver
    known = RecurringRide.objects.filter(driver=driver, ended_at=None).first()
    today = world.now.astimezone(driver.organization.zone).date()
    return known or services.offer_recurring_ride(
        driver=driver,
        terms=services.RecurringTerms(
            offer=ride_terms(driver, departure_at=None, origin=DRIVERS_DOOR),
            weekdays=frozenset({(world.now + timedelta(days=3, hours=6)).weekday()}),
            wall_time=time(12),
            first_date=today,
            skips_holidays=False,
        ),
        now=world.now,
    )


def _request_offer(world: "World") -> RequestOffer:
    """That the driver offers the ride to the rider's request."""
    known = RequestOffer.objects.filter(request=world.request).first()
    return known or RequestOffer.objects.create(request=world.request, ride=world.ride)


def _news(world: "World") -> Notification:
    """Something that the rider was told."""
    return Notification.objects.get_or_create(
        member=world.cast.rider, occasion="the world", defaults={"kind": Kind.PROPOSAL_MADE}
    )[0]


def budget_in(world: "World") -> SponsorBudget:
    """A budget of the cast's organization that is closed."""
    return SponsorBudget.objects.get_or_create(
        organization=world.cast.organization, name="B",
        defaults={"percent": 50, "first_day": world.now.date()},
    )[0]  # fmt: skip


def _incentive(world: "World") -> Incentive:
    """A rule of the cast's organization that is being written."""
    return Incentive.objects.get_or_create(
        organization=world.cast.organization, name="Together",
        defaults={
            "budget": budget_in(world), "per_trip": 600, "first_day": world.now.date(),
            "created_at": world.now,
        },
    )[0]  # fmt: skip


def _reward(world: "World") -> Reward:
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


def _partnership(world: "World") -> Partnership:
    """That the outsider's organization invites the cast's to share rides."""
    ours, theirs = world.cast.organization, world.cast.outsider.organization
    return Partnership.objects.get_or_create(
        inviter=theirs, invited=ours, defaults={"invited_at": world.now}
    )[0]


def merge_in(world: "World") -> AccountMerge:
    """That the driver has a second account, whose code they know."""
    asked = AccountMerge.objects.filter(keeper=world.cast.driver.user).first()
    return asked or AccountMerge.objects.create(
        keeper=world.cast.driver.user,
        other=MemberFactory(organization=world.cast.organization).user,
        address="mine.too@copper.example",
        asked_at=world.now,
        expires_at=world.now + VALID_FOR,
    )


def _phone(world: "World") -> PushDevice:
    """A phone of the rider's."""
    terms = DeviceTerms(transport=Transport.FCM, address="riders-token", label="Phone")
    return register_device(member=world.cast.rider, terms=terms)


def _talk(world: "World") -> Conversation:
    """What driver and rider say to each other."""
    return open_conversation(ride_id=world.ride.pk, by=world.cast.rider, now=world.now)


def _photo(world: "World") -> Photo:
    """A photo that the rider sent."""
    draft = Draft(
        conversation_id=_talk(world).pk,
        sender_id=world.cast.rider.pk,
        client_id=uuid4(),
        kind="photo",
        photo=draw_anew(jpeg()),
    )
    message = post_message(draft=draft, by=world.cast.rider, now=world.now)
    return Photo.objects.get(message=message)


def room_in(world: "World") -> Room:
    """A taxi of the driver's that the rider shares."""
    room = Room.objects.filter(host=world.cast.driver).first()
    if room is None:
        room = open_room(world.cast.driver, now=world.now)
        join(world.cast.rider, room, now=world.now)
    return room


def _instant(world: "World") -> InstantCode:
    """The code of a colleague who stands at the kerb."""
    found = InstantCode.objects.first()
    if found is None:
        waiting = MemberFactory(organization=world.cast.organization, car=True)
        found = stand_at_kerb(waiting, now=world.now)
    return found


def seat_in(world: "World") -> RoomSeat:
    """The rider's seat in it."""
    return room_in(world).seats.get(rider=world.cast.rider)


def _top_up(world: "World") -> TopUp:
    """What the rider is asked to add to their part."""
    return TopUp.objects.get_or_create(
        seat_id=seat_in(world).pk,
        defaults={
            "organization": world.cast.organization,
            "room_id": room_in(world).pk,
            "rider_id": world.cast.rider.pk,
            "reason": "lock",
            "amount": 100,
            "currency": "CLP",
            "asked_at": world.now,
            "answer_by": world.now + timedelta(minutes=5),
        },
    )[0]


def _town(_world: "World") -> Organization:
    """A community that anybody may join."""
    terms = {"time_zone": "America/Santiago", "currency": "CLP"}
    return found_community(name="Town", slug="town", **terms)


def _verdict(world: "World") -> Verification:
    """A verdict on the rider's trip, which is not proven; before they book there is none."""
    if world.booking is None:
        return Verification()
    return Verification.objects.get_or_create(
        booking=world.booking,
        defaults={"ride": world.ride, "judged_at": world.now, "proof_class": "A"},
    )[0]


def _deed(world: "World") -> Deed:
    """What is written down about the driver; before somebody books there is nothing."""
    if world.booking is None:
        return Deed(pk=0)
    return Deed.objects.get_or_create(
        booking=world.booking,
        member=world.cast.driver,
        defaults={"role": "driver", "kind": "late", "at": world.now},
    )[0]


def _review(world: "World") -> Review:
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


MADE_WHEN_ASKED: dict[str, Callable[["World"], Any]] = {
    "<uuid:recurring_id>": _recurring,
    "<uuid:offer_id>": _request_offer,
    "<uuid:room_id>": room_in,
    "<uuid:seat_id>": seat_in,
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
    "<uuid:merge_id>": merge_in,
    "<uuid:budget_id>": budget_in,
    "<uuid:incentive_id>": _incentive,
    "<uuid:reward_id>": _reward,
    "<uuid:verification_id>": _verdict,
    "<int:deed_id>": _deed,
    "<uuid:review_id>": _review,
}


def jpeg() -> bytes:
    """A small picture."""
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    return out.getvalue()
