"""Plays an evening of shared taxis by the services that people's buttons call.

The evening lies in the days ahead, so nobody else's clock has anything to do with it; whatever
sweeps here sees only the evening's own organization, behind the wall between organizations.
"""

import heapq
import io
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from PIL import Image

from accounts.models import Member, Organization
from carpool.kernel import clock, outbox, tenancy
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import LonLat
from payments import services
from payments.models import Dispute, Fare, LockedFare, Payment, TopUp, TopUpReason
from payments.services.providers import testbank
from rides import services as rides
from rides.models import Room, RoomSeat, RoomState, SeatState
from rides.services import RoomTerms, TripEnd

HEAD_OFFICE = TripEnd(LonLat(-71.25094, -29.90747), "Head office")
PORT = TripEnd(LonLat(-71.33849, -29.95400), "Port terminal")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# How payments go: of a hundred, so many. The bank's own book stays right in each.
METHODS = {
    testbank.PAYS: 84, testbank.LOSES_ANSWER: 8, testbank.UNREACHABLE: 4, testbank.DECLINES: 3,
    testbank.WRONG_AMOUNT: 1,
}  # fmt: skip
# What else happens in so many of a hundred rooms.
LEAVES_IN_TIME, LEAVES_LATE, STAYS_AWAY, IS_CANCELLED = 8, 12, 12, 4
COSTS_MORE, HAS_NO_FARE, IS_DISPUTED, IS_CHARGED_BACK = 12, 2, 8, 2
SAYS_YES, HOST_CARRIES, DECIDED_BY_A_PERSON, FOR_THE_RIDER = 80, 10, 60, 50


@dataclass(order=True)
class _Event:
    at: datetime
    order: int
    action: Callable[[datetime], None] = field(compare=False)


class Evening:
    """One evening of an organization. ``on_event`` hears of progress: done, known so far, now."""

    def __init__(
        self,
        organization: Organization,
        people: list[Member],
        *,
        seed: int,
        on_event: Callable[[int, int, datetime], None],
    ) -> None:
        """Prepare it; people take part in turn, so their number decides how often each does."""
        self.tally: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.room_ids: list[UUID] = []
        self._organization, self._people, self._on_event = organization, people, on_event
        self._inside = frozenset({organization.pk})
        self._random = random.Random(seed)  # noqa: S311 (nothing secret is drawn)
        self._events: list[_Event] = []
        self._count = self._turn = 0

    def play(self, departures: list[datetime]) -> None:
        """Play a room for each departure, and the days after until all is paid out."""
        for departure_at in departures:
            opens_at = departure_at - self._minutes(150, 240)
            self._at(opens_at, partial(self._open, departure_at))
        done, looked_at = 0, None
        while self._events:
            event = heapq.heappop(self._events)
            if event.at != looked_at:  # many rooms do something in the same minute
                self._look_round(event.at)
                looked_at = event.at
            with tenancy.inside(self._inside):
                self._carefully(event)
            done += 1
            self._on_event(done, self._count, event.at)
        last = departures[-1]
        for hours in (2, 12, 25, 26, 49, 50, 74, 75, 98, 99, 122, 123):
            now = last + timedelta(hours=hours)
            self._look_round(now, rounds=3)
            with tenancy.inside(self._inside):
                services.move_play_money(now=now)
                self.tally["payouts"] += services.pay_out(now=now)

    # --- The clock ------------------------------------------------------------------------------

    def _at(self, at: datetime, action: Callable[[datetime], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, _Event(at, self._count, action))

    def _look_round(self, now: datetime, *, rounds: int = 1) -> None:
        """Do what beat and the workers do between two events."""
        rides.watch(now=now, organization=self._organization)
        for _ in range(rounds):
            outbox.relay(now=clock.now())
            with tenancy.inside(self._inside):
                services.sweep(now=now)

    def _carefully(self, event: _Event) -> None:
        """An evening goes on when one thing in it is refused; what was refused is counted."""
        try:
            event.action(event.at)
        except DomainError as error:
            self.refused[error.code] += 1

    def _happens(self, percent: int) -> bool:
        return self._random.randrange(100) < percent

    def _minutes(self, least: int, most: int) -> timedelta:
        return self._random.randint(least, most) * MINUTE

    # --- Until the party is final ---------------------------------------------------------------

    def _next_person(self) -> Member:
        self._turn += 1
        return self._people[self._turn % len(self._people)]

    def _open(self, departure_at: datetime, now: datetime) -> None:
        host = self._next_person()
        room = rides.open_room(
            host=host, terms=RoomTerms(departure_at, HEAD_OFFICE, PORT), now=now
        )  # fmt: skip
        self.room_ids.append(room.pk)
        self.tally["rooms"] += 1
        for _ in range(self._random.choice((1, 2, 3, 3, 3, 4))):
            at = departure_at - self._minutes(35, 140)
            self._at(at, partial(self._join, room.pk, self._next_person()))
        self._at(departure_at - 8 * MINUTE, partial(self._answer, room.pk, TopUpReason.LOCK))
        self._at(departure_at - 4 * MINUTE, partial(self._call, room.pk))
        if self._happens(IS_CANCELLED):
            self._at(departure_at - self._minutes(11, 30), partial(self._cancel, room.pk))

    def _join(self, room_id: UUID, rider: Member, now: datetime) -> None:
        method = self._random.choices(list(METHODS), list(METHODS.values()))[0]
        services.join_room(
            room_id=room_id, rider=rider, dropoff=PORT, provider="test_bank", method=method,
            now=now,
        )  # fmt: skip
        self.tally["joined"] += 1
        self.tally[f"payments that {method.removeprefix('test_').replace('_', ' ')}"] += 1
        if self._happens(LEAVES_IN_TIME):
            at = Room.objects.get(pk=room_id).locks_at - self._minutes(2, 15)
            self._at(at, partial(self._leave, room_id, rider, "left in time"))
        elif self._happens(LEAVES_LATE):
            at = Room.objects.get(pk=room_id).departure_at - 3 * MINUTE
            self._at(at, partial(self._leave, room_id, rider, "left late"))

    def _leave(self, room_id: UUID, rider: Member, what: str, now: datetime) -> None:
        rides.leave_room(room_id=room_id, by=rider, now=now)
        self.tally[what] += 1

    def _cancel(self, room_id: UUID, now: datetime) -> None:
        room = Room.objects.get(pk=room_id)
        rides.cancel_room(room_id=room_id, by=room.host, now=now)
        self.tally["cancelled by the host"] += 1

    def _answer(self, room_id: UUID, reason: str, now: datetime) -> None:
        """Let each rider who is asked for more say yes, no, or nothing."""
        asked = TopUp.objects.filter(room_id=room_id, reason=reason, state="asked")
        room = Room.objects.select_related("host").get(pk=room_id)
        if reason == TopUpReason.LOCK and asked and self._happens(HOST_CARRIES):
            services.absorb(room_id=room_id, by=room.host, now=now)
            self.tally["hosts who carry the rest"] += 1
            return
        for top_up in asked:
            self.tally["asked for more"] += 1
            if self._happens(10):
                continue  # silent
            services.answer_top_up(
                top_up_id=top_up.pk, by=Member.objects.get(pk=top_up.rider_id),
                accept=self._happens(SAYS_YES), provider="test_bank", method=testbank.PAYS,
                now=now,
            )  # fmt: skip

    # --- The ride -------------------------------------------------------------------------------

    def _call(self, room_id: UUID, now: datetime) -> None:
        room = Room.objects.select_related("host").get(pk=room_id)
        if room.state != RoomState.LOCKED:
            self.tally[f"rooms that ended {room.state}, {room.ended_by}"] += 1
            return
        rides.call_taxi(room_id=room_id, by=room.host, plate="BX-TR-41", now=now)
        self._at(room.departure_at + MINUTE, partial(self._board, room_id))

    def _board(self, room_id: UUID, now: datetime) -> None:
        room = Room.objects.select_related("host").get(pk=room_id)
        taken = RoomSeat.objects.filter(room=room, state=SeatState.TAKEN)
        for seat in taken.exclude(rider=room.host_id):
            if self._happens(STAYS_AWAY):
                mark = partial(rides.mark_absent, room_id=room_id, seat_id=seat.pk, by=room.host)
                self._at(room.absent_from, lambda at, mark=mark: self._mark(mark, at))  # type: ignore[misc]
            else:
                rides.board(room_id=room_id, by=room.host, code=seat.boarding_code, now=now)
                self.tally["came along"] += 1
        self._at(room.absent_from + MINUTE, partial(self._depart, room_id))

    def _mark(self, mark: Callable[..., Any], now: datetime) -> None:
        mark(now=now)
        self.tally["did not come"] += 1

    def _depart(self, room_id: UUID, now: datetime) -> None:
        room = Room.objects.select_related("host").get(pk=room_id)
        rides.depart(room_id=room_id, by=room.host, now=now)
        arrival = now + timedelta(seconds=room.duration_s)
        self._at(arrival, lambda at: self._arrive(room, at))

    def _arrive(self, room: Room, now: datetime) -> None:
        rides.arrive(room_id=room.pk, by=room.host, now=now)
        if self._happens(HAS_NO_FARE):
            self.tally["no fare entered"] += 1
            return
        self._at(now + self._minutes(2, 30), lambda at: self._enter(room, at))

    # --- Money afterwards -----------------------------------------------------------------------

    def _enter(self, room: Room, now: datetime) -> None:
        highest = LockedFare.objects.get(room_id=room.pk).highest_fare
        dearer = self._happens(COSTS_MORE)
        part = self._random.uniform(1.02, 1.25) if dearer else self._random.uniform(0.75, 1.0)
        fare = services.enter_fare(
            room_id=room.pk, by=room.host, amount=int(highest * part), photo=_receipt(), now=now
        )
        self.tally["fares above the estimate" if dearer else "fares within the estimate"] += 1
        if dearer:
            self._at(now + 5 * MINUTE, partial(self._answer, room.pk, TopUpReason.FARE))
        if self._happens(IS_DISPUTED):
            self._at(now + self._minutes(60, 600), partial(self._dispute, fare.pk))
        if self._happens(IS_CHARGED_BACK):
            self._at(now + 30 * HOUR, partial(self._charge_back, room.pk))

    def _dispute(self, fare_id: UUID, now: datetime) -> None:
        fare = Fare.objects.get(pk=fare_id)
        riders = fare.shares.filter(is_host=False, fare_part__gt=0).order_by("pk")
        rider = Member.objects.get(pk=self._random.choice(list(riders)).person_id)
        dispute = services.open_dispute(fare_id=fare_id, by=rider, reason="A way round", now=now)
        self.tally["disputes"] += 1
        if self._happens(DECIDED_BY_A_PERSON):
            self._at(now + 5 * HOUR, partial(self._decide, dispute))

    def _decide(self, dispute: Dispute, now: datetime) -> None:
        services.decide_dispute(
            dispute_id=dispute.pk, by=self._people[0], for_rider=self._happens(FOR_THE_RIDER),
            why="Looked at the way", now=now,
        )  # fmt: skip
        self.tally["disputes decided by a person"] += 1

    def _charge_back(self, room_id: UUID, now: datetime) -> None:
        payment = Payment.objects.filter(trip_id=room_id, captured__gt=0).order_by("pk").first()
        if payment is not None:
            left = payment.captured - payment.refunded
            services.charge_back(
                payment_id=payment.pk, chargeback=str(payment.pk), amount=left, now=now
            )
            self.tally["chargebacks"] += 1


def _receipt() -> "ContentFile[bytes]":
    """Draw a picture, as a receipt has to have one."""
    out = io.BytesIO()
    Image.new("RGB", (40, 60), "white").save(out, "PNG")
    return ContentFile(out.getvalue(), name="receipt.png")
