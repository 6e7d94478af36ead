"""Fill the demo city's slot board, a wallet, a budget and an incentive; again, what is missing."""

import io
from datetime import datetime, time, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand
from django.db import transaction
from PIL import Image, ImageDraw

from accounts.models import Member, Organization, PolicyChange, Site
from accounts.services import change_policies
from carpool.kernel import clock
from carpool.kernel.clock import local_to_utc
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import from_point
from payments import services
from payments.management.demo.incentives import seed_incentive
from payments.management.demo.sponsors import seed_budget
from payments.models import LockedFare
from payments.services.providers import switched_on, testbank
from rides import services as rides
from rides.models import Room, SeatState
from rides.selectors import get_room

ORGANIZATION = "coquimbo-copper"
DAYS = 3
# When, from which site to which, and how many join: alone, a pair, a full taxi.
EVENING = (
    (time(17, 40), 0, 1, 1),
    (time(18, 10), 0, 2, 3),
    (time(18, 30), 2, 0, 0),
    (time(19, 0), 1, 0, 2),
)
RECEIPT = (360, 480)


class Command(BaseCommand):
    """Open shared taxis for the coming evenings, and let one of yesterday be settled."""

    help = "Create the demo's shared taxis, let seats be prepaid (idempotent); needs the test bank."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        copper = Organization.objects.filter(slug=ORGANIZATION).first()
        if copper is None or testbank.BankForTests.key not in switched_on():
            self.stdout.write("No demo organization, or no test bank: nothing to do.")
            return
        sites = list(Site.objects.filter(organization=copper).order_by("pk"))
        people = list(
            Member.objects.active().filter(organization=copper).order_by("joined_at", "pk")
        )
        now = clock.now()
        _prepay(copper, now)
        seed_incentive(copper, seed_budget(copper, now), now)
        today = now.astimezone(copper.zone).date()
        opened = 0
        for days in range(DAYS):
            for number, (wall, start, end, riders) in enumerate(EVENING):
                at = local_to_utc(today + timedelta(days=days), wall, copper.zone, field="time")
                cast = _turn(people, days * 7 + number * 4)
                opened += (
                    _room(sites[start], sites[end], at, cast[: riders + 1], now=now) is not None
                )
        yesterday = local_to_utc(today - timedelta(days=1), time(18, 10), copper.zone, field="time")
        opened += _settled(sites[0], sites[1], yesterday, people[:4])
        self.stdout.write(f"{opened} new shared taxis.")


def _prepay(copper: Organization, now: datetime) -> None:
    """Let seats in the demo's planned rides be prepaid, unless somebody has decided about it."""
    if not PolicyChange.objects.filter(organization=copper, name="prepays_rides").exists():
        change_policies(
            organization=copper, values={"prepays_rides": 1}, by=None, reason="Demo", now=now
        )


def _turn(people: list[Member], by: int) -> list[Member]:
    by %= len(people)
    return people[by:] + people[:by]


def _room(
    start: Site, end: Site, at: datetime, people: list[Member], *, now: datetime
) -> Room | None:
    """Open a room for its host and let the others join; None where it is there, or cannot be."""
    if Room.objects.filter(organization=start.organization, departure_at=at).exists():
        return None
    ends = [rides.TripEnd(from_point(site.location), site.name) for site in (start, end)]
    host, *riders = people
    try:
        room = rides.open_room(
            host=host,
            terms=rides.RoomTerms(departure_at=at, pickup=ends[0], dropoff=ends[1]),
            now=now,
        )
    except DomainError:
        return None
    for rider in riders:
        _join(room, rider, ends[1], now=now)
    return room


def _join(room: Room, rider: Member, dropoff: rides.TripEnd, *, now: datetime) -> None:
    try:
        services.join_room(
            room_id=room.pk,
            rider=rider,
            dropoff=dropoff,
            provider=testbank.BankForTests.key,
            method=testbank.PAYS,
            now=now,
        )
    except DomainError:
        return  # they sit in a colleague's car then


def _settled(start: Site, end: Site, at: datetime, people: list[Member]) -> bool:
    """Let a taxi of a past evening run its course, from opening to the receipt."""
    room = _room(start, end, at, people, now=at - timedelta(hours=4))
    if room is None:
        return False
    locks_at, host = room.locks_at, people[0]
    with transaction.atomic():
        rides.look_at_room(get_room(room.pk, lock=True), now=locks_at)
    services.look_at_party(room_id=room.pk, now=locks_at)
    services.absorb(room_id=room.pk, by=host, now=locks_at)
    rides.call_taxi(room_id=room.pk, by=host, plate="HX-KP 42", driver="Don Raúl", now=locks_at)
    for seat in room.seats.filter(state=SeatState.TAKEN).exclude(rider=host):
        rides.board(room_id=room.pk, by=host, code=seat.boarding_code, now=at)
    rides.depart(room_id=room.pk, by=host, now=at)
    arrived = at + timedelta(seconds=room.duration_s)
    rides.arrive(room_id=room.pk, by=host, now=arrived)
    amount = LockedFare.objects.get(room_id=room.pk).highest_fare * 88 // 1000 * 10
    services.enter_fare(
        room_id=room.pk,
        by=host,
        amount=amount,
        photo=ContentFile(_receipt(amount, arrived), name="receipt.png"),
        now=arrived,
    )
    return True


def _receipt(amount: int, at: datetime) -> bytes:
    """Draw what a taxi's printer prints, so that the demo has a receipt to look at."""
    paper = Image.new("RGB", RECEIPT, "white")
    pen = ImageDraw.Draw(paper)
    lines = ("TAXI LA SERENA (DEMO)", f"{at:%Y-%m-%d %H:%M}", "HX-KP 42", "", f"TOTAL  $ {amount}")
    for number, line in enumerate(lines):
        pen.text((40, 60 + 48 * number), line, fill="black", font_size=22)
    out = io.BytesIO()
    paper.save(out, "PNG")
    return out.getvalue()
