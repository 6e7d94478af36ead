"""A driver changes a ride that people have booked; nobody is surprised."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from accounts.tests.factories import (
    HOME_NORTH,
    HOME_SOUTH,
    PORT,
    CarFactory,
    MemberFactory,
)
from carpool.kernel import outbox
from carpool.kernel.errors import DomainError
from carpool.kernel.models import OutboxEvent
from chat.models import Kind, Notification
from matching.services.rescue import rescue_rider
from rides import services as rides
from rides.errors import (
    BookingNotFound,
    DriverBusy,
    NotTheDriver,
    PeopleCannotFit,
    WrongState,
)
from rides.models import (
    Booking,
    BookingMode,
    BookingState,
    CancelCode,
    ChangeQuestion,
    QuestionState,
    Ride,
    StopKind,
)
from rides.selectors import get_agenda, get_own_booking, list_questions
from rides.tests.factories import book, offer, stand_at_kerb, terms

pytestmark = pytest.mark.usefixtures("city")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def ride(cast, now):
    return offer(cast.driver, now=now, hours=30)


@pytest.fixture
def booking(cast, ride, now):
    return book(cast.rider, ride, now=now)


def change(ride, now, *, later=timedelta(0), may_release=0, **changes):
    """Change a ride, by default only its time."""
    ride = Ride.objects.get(pk=ride.pk)
    departure_at = changes.pop("departure_at", ride.departure_at + later)
    return rides.change_ride(
        ride_id=ride.pk,
        by=ride.driver,
        terms=terms(ride.driver, departure_at=departure_at, **changes),
        may_release=may_release,
        now=now,
    )


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def question_of(booking):
    return booking.questions.latest("asked_at")


def counts(done):
    return done.told, done.asked, done.released


def relay(now):
    while outbox.relay(now=now + HOUR):
        pass


def news_of(member):
    rows = Notification.objects.filter(member=member).order_by("id")
    return list(rows.values_list("kind", flat=True))


class TestWhoIsAsked:
    """Within what was promised one is told; beyond it one is asked."""

    def test_a_few_minutes_are_within_what_was_promised(self, ride, booking, now):
        done = change(ride, now, later=3 * MINUTE)
        assert counts(done) == (1, 0, 0)
        kept = fresh(booking)
        assert kept.state == BookingState.CONFIRMED
        assert kept.pickup_at == booking.pickup_at + 3 * MINUTE
        assert kept.stops.get(kind=StopKind.PICKUP).latest_at >= kept.pickup_at
        assert not ChangeQuestion.objects.exists()

    def test_an_hour_later_is_asked(self, ride, booking, now):
        done = change(ride, now, later=HOUR)
        assert counts(done) == (0, 1, 0)
        asked, question = fresh(booking), question_of(booking)
        assert asked.state == BookingState.CONFIRMED, "the seat is theirs until they answer"
        assert asked.pickup_at == booking.pickup_at + HOUR == question.pickup_at
        assert question.was_pickup_at == booking.pickup_at
        assert question.answer_by == now + 12 * HOUR
        assert done.ride.departure_at == ride.departure_at + HOUR
        assert done.ride.pk == ride.pk

    def test_earlier_is_asked_too_instead_of_letting_the_car_wait(self, ride, booking, now):
        change(ride, now, later=-20 * MINUTE)
        assert fresh(booking).pickup_at == booking.pickup_at - 20 * MINUTE
        assert question_of(booking).state == QuestionState.ASKED

    def test_who_leaves_soon_is_asked_until_half_an_hour_before(self, ride, booking, now):
        at = ride.departure_at - 2 * HOUR
        change(ride, at, later=HOUR)
        assert question_of(booking).answer_by == ride.departure_at + HOUR - 30 * MINUTE

    def test_a_note_or_another_car_is_told_to_everybody(self, cast, ride, booking, now):
        CarFactory(member=cast.colleague)
        car = CarFactory(member=cast.driver, plate="NEW-1")
        now_terms = replace(
            terms(cast.colleague, departure_at=ride.departure_at), car_id=car.pk, note="Red now"
        )
        done = rides.change_ride(ride_id=ride.pk, by=cast.driver, terms=now_terms, now=now)
        assert counts(done) == (1, 0, 0)
        assert (done.ride.car, done.ride.note) == (car, "Red now")
        assert fresh(booking).pickup_at == booking.pickup_at
        relay(now)
        assert Kind.RIDE_CHANGED in news_of(cast.rider)

    def test_nothing_new_is_no_news(self, ride, booking, now):
        events = OutboxEvent.objects.count()
        assert counts(change(ride, now)) == (0, 0, 0)
        assert OutboxEvent.objects.count() == events

    def test_another_way_asks_whose_times_it_breaks(self, cast, ride, booking, now):
        done = change(ride, now, origin=rides.TripEnd(HOME_NORTH, "Home"), detour_s=3600)
        assert done.ride.origin_label == "Home"
        assert done.told + done.asked == 1
        kinds = list(ride.stops.order_by("position").values_list("kind", flat=True))
        assert kinds == ["door", "origin", "pickup", "dropoff", "destination"]

    def test_only_those_are_asked_whom_it_concerns(self, cast, ride, now):
        near = book(cast.rider, ride, now=now)
        far = book(
            cast.colleague, ride, now=now, origin=rides.TripEnd(HOME_SOUTH, "South"),
            destination=rides.TripEnd(PORT, "Port"),
        )  # fmt: skip
        promise = far.stops.get(kind=StopKind.PICKUP)
        type(promise).objects.filter(pk=promise.pk).update(latest_at=promise.latest_at + HOUR)
        drop = far.stops.get(kind=StopKind.DROPOFF)
        type(drop).objects.filter(pk=drop.pk).update(latest_at=drop.latest_at + HOUR)
        done = change(ride, now, later=30 * MINUTE)
        assert counts(done) == (1, 1, 0)
        assert ChangeQuestion.objects.get().booking == near


class TestWhoCannotFit:
    """Nobody is released behind the driver's back; the driver hears how many, not who."""

    def test_fewer_seats_than_people_is_refused_until_the_driver_agrees(self, cast, ride, now):
        first, second = (book(one, ride, now=now) for one in (cast.rider, cast.colleague))
        with pytest.raises(PeopleCannotFit) as refused:
            change(ride, now, seats=1)
        assert refused.value.count == 1
        assert cast.colleague.display_name not in refused.value.detail
        assert fresh(ride).seats_offered == 3
        done = change(ride, now, seats=1, may_release=1)
        assert counts(done) == (1, 0, 1)
        assert fresh(first).state == BookingState.CONFIRMED, "who came first stays"
        gone = fresh(second)
        assert (gone.state, gone.cancelled_by) == (BookingState.CANCELLED, cast.driver)
        assert gone.cancel_code == CancelCode.RIDE_CHANGED

    def test_less_detour_than_a_rider_needs(self, cast, ride, now):
        far = book(cast.rider, ride, now=now)
        assert far.detour_s > 60
        with pytest.raises(PeopleCannotFit):
            change(ride, now, detour_s=0)
        assert counts(change(ride, now, detour_s=0, may_release=1)) == (0, 0, 1)

    def test_who_could_not_answer_any_more_cannot_be_asked(self, ride, booking, now):
        at = ride.departure_at - 40 * MINUTE
        with pytest.raises(PeopleCannotFit):
            change(ride, at, later=-15 * MINUTE)
        assert counts(change(ride, at, later=3 * MINUTE)) == (1, 0, 0)

    def test_who_sits_in_another_car_then_cannot_come(self, cast, ride, booking, now):
        other = MemberFactory(organization=cast.organization, car=True)
        later = offer(other, now=now, hours=31)
        book(cast.rider, later, now=now)
        with pytest.raises(PeopleCannotFit):
            change(ride, now, later=HOUR)

    def test_who_waits_for_the_drivers_yes_is_not_asked(self, cast, now):
        ride = offer(cast.driver, now=now, hours=30, booking_mode=BookingMode.CONFIRM)
        book(cast.rider, ride, now=now)
        with pytest.raises(PeopleCannotFit):
            change(ride, now, later=HOUR)
        assert counts(change(ride, now, later=HOUR, may_release=1)) == (0, 0, 1)


class TestWhoMay:
    """Only the driver, and only before it is about to leave."""

    def test_only_the_driver_changes_it(self, cast, ride, booking, now):
        for member in (cast.rider, cast.colleague):
            with pytest.raises(NotTheDriver):
                rides.change_ride(
                    ride_id=ride.pk,
                    by=member,
                    terms=terms(cast.driver, departure_at=ride.departure_at + HOUR),
                    now=now,
                )

    def test_a_ride_that_is_about_to_leave_stays_as_it_is(self, ride, booking, now):
        with pytest.raises(WrongState):
            change(ride, ride.departure_at - 10 * MINUTE, later=HOUR)

    def test_a_ride_at_the_kerb_has_nothing_to_change(self, cast, now):
        code = stand_at_kerb(cast.driver, now=now)
        with pytest.raises(WrongState):
            change(code.ride, now, later=HOUR)

    def test_nobody_drives_two_cars(self, cast, ride, booking, now):
        offer(cast.driver, now=now, hours=33)
        with pytest.raises(DriverBusy):
            change(ride, now, later=3 * HOUR)
        assert fresh(ride).departure_at == ride.departure_at

    def test_a_changed_day_leaves_its_pattern(self, cast, ride, booking, now):
        change(ride, now, later=3 * MINUTE)
        assert not hasattr(fresh(ride), "recurring_day")


class TestAnswers:
    """Yes keeps the seat; no and silence give it back, and a search begins."""

    @pytest.fixture(autouse=True)
    def asked(self, ride, booking, now):
        change(ride, now, later=HOUR)

    def test_a_yes_keeps_the_seat_at_its_new_time(self, cast, booking, now):
        rides.answer_change(booking_id=booking.pk, by=cast.rider, agrees=True, now=now)
        assert question_of(booking).state == QuestionState.AGREED
        assert fresh(booking).pickup_at == booking.pickup_at + HOUR
        relay(now)
        assert Kind.CHANGE_AGREED in news_of(cast.driver)
        with pytest.raises(WrongState):
            rides.answer_change(booking_id=booking.pk, by=cast.rider, agrees=False, now=now)

    def test_a_no_gives_it_back_and_another_ride_is_looked_for(self, cast, booking, now):
        rides.answer_change(booking_id=booking.pk, by=cast.rider, agrees=False, now=now)
        gone = fresh(booking)
        assert (gone.state, gone.cancelled_by, gone.is_late) == ("cancelled", None, False)
        assert (gone.pickup_at, gone.latest_arrival_at) == (
            booking.pickup_at, booking.latest_arrival_at,
        )  # fmt: skip
        found = rescue_rider(booking_id=booking.pk, now=now)
        assert found.latest_arrival_at == booking.latest_arrival_at
        assert fresh(booking.ride).stops.count() == 2

    def test_giving_the_seat_back_is_a_no(self, cast, booking, now):
        at = booking.pickup_at - 2 * HOUR
        rides.watch(now=now)
        rides.cancel_booking(
            booking_id=booking.pk, by=cast.rider, reason="", now=min(at, now + HOUR)
        )
        gone = fresh(booking)
        assert (gone.cancelled_by, gone.is_late) == (None, False)
        assert question_of(booking).state == QuestionState.REFUSED

    def test_silence_gives_it_back_at_the_deadline_and_not_before(self, cast, booking, now):
        by = question_of(booking).answer_by
        rides.watch(now=by - MINUTE)
        assert fresh(booking).state == BookingState.CONFIRMED
        with pytest.raises(WrongState):
            rides.answer_change(booking_id=booking.pk, by=cast.rider, agrees=True, now=by)
        rides.watch(now=by)
        assert fresh(booking).state == BookingState.CANCELLED
        assert question_of(booking).state == QuestionState.LAPSED
        assert rides.watch(now=by) == 0

    def test_the_rider_is_asked_and_told_what_became_of_it(self, cast, booking, now):
        relay(now)
        assert Kind.CHANGE_ASKED in news_of(cast.rider)
        assert Kind.RIDE_CHANGED not in news_of(cast.rider)
        rides.watch(now=question_of(booking).answer_by)
        relay(now)
        lost = Notification.objects.filter(member=cast.rider, kind=Kind.BOOKING_CANCELLED).get()
        assert lost.facts["lapsed"]

    def test_today_and_the_api_ask(self, cast, booking, now):
        assert [one.booking for one in get_agenda(cast.rider, now=now).changed] == [booking]
        assert list_questions(cast.driver, now=now) == []
        assert list_questions(cast.rider, now=question_of(booking).answer_by) == []

    def test_only_the_rider_answers(self, cast, booking, now):
        for member in (cast.driver, cast.colleague):
            with pytest.raises(BookingNotFound):
                rides.answer_change(booking_id=booking.pk, by=member, agrees=True, now=now)

    def test_a_second_change_asks_anew_and_remembers_the_first_promise(
        self, cast, ride, booking, now
    ):
        change(ride, now + MINUTE, later=HOUR)
        states = list(booking.questions.values_list("state", flat=True))
        assert states == [QuestionState.OVERTAKEN, QuestionState.ASKED]
        assert question_of(booking).was_pickup_at == booking.pickup_at
        rides.answer_change(booking_id=booking.pk, by=cast.rider, agrees=False, now=now + HOUR)
        assert fresh(booking).pickup_at == booking.pickup_at

    def test_changing_it_back_asks_nobody(self, ride, booking, now):
        done = change(ride, now + MINUTE, departure_at=ride.departure_at)
        assert counts(done) == (1, 0, 0)
        kept = fresh(booking)
        assert (kept.pickup_at, kept.latest_arrival_at) == (
            booking.pickup_at, booking.latest_arrival_at,
        )  # fmt: skip
        assert question_of(booking).state == QuestionState.OVERTAKEN

    def test_calling_the_ride_off_ends_the_question(self, cast, ride, booking, now):
        rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now)
        assert question_of(booking).state == QuestionState.OVERTAKEN
        assert fresh(booking).pickup_at == booking.pickup_at

    def test_a_driver_who_starts_leaves_the_silent_behind(self, cast, ride, booking, now):
        at = fresh(ride).departure_at - 5 * MINUTE
        rides.start_ride(ride_id=ride.pk, by=cast.driver, now=at)
        assert fresh(booking).state == BookingState.CANCELLED
        assert question_of(booking).state == QuestionState.LAPSED


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_answer_deadline_and_second_change_at_once_leave_one_truth(cast, now):
    for _round in range(3):
        ride = offer(cast.driver, now=now, hours=30 + 3 * _round)
        booking = book(cast.rider, ride, now=now)
        change(ride, now, later=HOUR)
        by = question_of(booking).answer_by
        deeds = [
            lambda b=booking, t=by: rides.answer_change(
                booking_id=b.pk, by=cast.rider, agrees=True, now=t - MINUTE
            ),
            lambda t=by: rides.watch(now=t),
            lambda r=ride, t=by: change(r, t - MINUTE, later=HOUR),
        ]
        at_once(deeds)
        rides.watch(now=by)
        held, asked = fresh(booking), list(booking.questions.order_by("asked_at"))
        assert sum(one.state == QuestionState.ASKED for one in asked) <= 1
        ends = {one.state for one in asked}
        assert (held.state == BookingState.CANCELLED) == (QuestionState.LAPSED in ends)
        if held.state == BookingState.CONFIRMED:
            pickup = held.stops.get(kind=StopKind.PICKUP)
            assert pickup.planned_at == held.pickup_at <= pickup.latest_at
        Booking.objects.all().delete()


def at_once(deeds):
    """Let everybody act at the same moment; whoever is refused is refused in words."""
    barrier, strange = threading.Barrier(len(deeds)), []

    def act(deed):
        barrier.wait()
        try:
            deed()
        except DomainError:
            pass
        except Exception as error:
            strange.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert strange == []


def test_the_rider_sees_the_new_time_in_their_booking(cast, ride, booking, now):
    change(ride, now, later=HOUR)
    assert get_own_booking(cast.rider, booking.pk).pickup_at == booking.pickup_at + HOUR
