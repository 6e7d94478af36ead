"""What is written down about how promises were kept, what it adds up to, and objecting to it."""

from datetime import timedelta

import pytest

from accounts.services import change_policies
from accounts.tests.factories import MemberFactory
from carpool.kernel import outbox
from carpool.kernel.errors import InvalidInput
from chat.models import Notification
from chat.selectors.news_texts import write_text
from rides import services
from rides.engine import Deed as Weight
from rides.engine import Kind, Rating, score, weigh
from rides.errors import (
    NotAboutYou,
    ObjectionClosed,
)
from rides.models import Booking, Deed, Review, StopKind
from rides.selectors import (
    UNKNOWN,
    get_own_reliability,
    known_reliability,
)
from rides.tests.factories import book, offer, stand_at_kerb
from rides.tests.travelled import over, rate, settle, trip

pytestmark = pytest.mark.usefixtures("city")
DAY = timedelta(days=1)


@pytest.fixture
def booking(cast, now):
    return trip(cast.driver, cast.rider, now=now)


@pytest.fixture
def then(booking):
    """When the ride is over."""
    return over(booking.ride)


def deeds_of(booking):
    return dict(Deed.objects.filter(booking=booking).values_list("role", "kind"))


# --- what is written down -------------------------------------------------------------------------
def test_a_settled_trip_leaves_a_line_for_each(cast, booking, then):
    settle(booking, now=then)
    assert deeds_of(booking) == {"driver": "came", "rider": "came"}


@pytest.mark.parametrize(("minutes", "kind"), [(-1, "on_time"), (1, "late")])
def test_the_noted_pickup_tells_whether_the_driver_was_on_time(cast, now, minutes, kind):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    services.start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
    pickup = ride.stops.get(kind=StopKind.PICKUP)
    at = pickup.latest_at + timedelta(minutes=minutes)
    services.visit_stop(ride_id=ride.pk, stop_id=pickup.pk, by=cast.driver, now=at)
    services.finish_ride(ride_id=ride.pk, by=cast.driver, now=at + timedelta(minutes=9))
    services.watch(now=over(ride))
    settle(Booking.objects.get(pk=booking.pk), now=over(ride))
    assert deeds_of(booking) == {"driver": kind, "rider": "came"}


def test_saying_only_that_one_arrived_is_no_sign_of_lateness(cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    services.start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
    services.finish_ride(
        ride_id=ride.pk, by=cast.driver, now=ride.departure_at + timedelta(minutes=25)
    )
    services.watch(now=over(ride))
    settle(Booking.objects.get(pk=booking.pk), now=over(ride))
    assert deeds_of(booking)["driver"] == "came"


@pytest.mark.parametrize(
    ("driver", "rider", "expected"),
    [
        (None, False, {"driver": "no_show"}),
        (False, False, {}),
        (None, None, {}),
        (True, None, {"driver": "came", "rider": "came"}),
    ],
)
def test_answers_and_silence_say_who_came(cast, booking, then, driver, rider, expected):
    for member, answer in ((cast.driver, driver), (cast.rider, rider)):
        if answer is not None:
            services.answer_validation(
                booking_id=booking.pk, by=member, took_place=answer, now=then
            )
    services.watch(now=then + 7 * DAY)
    assert deeds_of(booking) == expected


def test_who_is_missed_did_not_come_unless_they_say_otherwise(cast, now):
    silent, contradicts = (
        trip(cast.driver, cast.rider, now=now, hours=hours) for hours in (24, 48)
    )
    for booking in (silent, contradicts):
        moment = over(booking.ride)
        services.mark_missing(booking_id=booking.pk, by=cast.driver, now=moment)
    services.answer_validation(
        booking_id=contradicts.pk, by=cast.rider, took_place=True, now=over(contradicts.ride)
    )
    services.watch(now=now + 20 * DAY)
    assert deeds_of(silent) == {"driver": "came", "rider": "no_show"}
    assert deeds_of(contradicts) == {"driver": "came"}


@pytest.mark.parametrize(("took_place", "kind"), [(True, "came"), (False, "no_show")])
def test_a_decided_dispute_says_who_came(cast, booking, then, took_place, kind):
    for member, answer in ((cast.driver, True), (cast.rider, False)):
        services.answer_validation(booking_id=booking.pk, by=member, took_place=answer, now=then)
    assert deeds_of(booking) == {}, "nothing is written while two say different things"
    services.decide_booking(booking_id=booking.pk, took_place=took_place, now=then + DAY)
    assert deeds_of(booking)["driver"] == kind


def test_cancelling_early_late_and_late_again(cast, now):
    riders = [MemberFactory(organization=cast.organization) for _ in range(2)]
    rides = [offer(cast.driver, now=now, hours=hours) for hours in (48, 60, 72)]
    first, second, third = (book(cast.rider, ride, now=now) for ride in rides)
    other = book(riders[0], rides[2], now=now)
    both = [
        (first, first.pickup_at - timedelta(hours=13)),
        (second, second.pickup_at - timedelta(hours=2)),
        (third, third.pickup_at - timedelta(hours=2)),
    ]
    for booking, at in both:
        services.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=at)
    kinds = [deeds_of(booking) for booking, _at in both]
    assert kinds == [
        {"rider": "cancelled_early"}, {"rider": "cancelled_waived"}, {"rider": "cancelled_late"},
    ]  # fmt: skip
    assert deeds_of(other) == {}


def test_who_calls_off_a_ride_with_two_aboard_cancels_once(cast, now):
    ride = offer(cast.driver, now=now)
    bookings = [book(rider, ride, now=now) for rider in (cast.rider, cast.colleague)]
    late = ride.departure_at - timedelta(hours=1)
    services.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=late)
    assert [deeds_of(one) for one in bookings] == [{"driver": "cancelled_waived"}] * 2


def test_whoever_thinks_again_soon_after_booking_cancels_in_time(cast, now):
    booking = book(cast.rider, offer(cast.driver, now=now, hours=3), now=now)
    soon = now + timedelta(minutes=20)
    services.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=soon)
    assert deeds_of(booking) == {"rider": "cancelled_early"}


def test_the_clock_and_the_kerb_let_nobody_down(cast, now):
    asked = book(cast.rider, offer(cast.driver, now=now, hours=30, booking_mode="confirm"), now=now)
    services.watch(now=now + timedelta(hours=13))
    assert deeds_of(asked) == {}
    code = stand_at_kerb(cast.outsider, now=now)
    member = MemberFactory(organization=cast.outsider.organization)
    joined = services.join_instant(code=code.code, rider=member, now=now)
    services.cancel_ride(ride_id=code.ride_id, by=cast.outsider, reason="", now=now)
    assert deeds_of(joined) == {"driver": "cancelled_early"}


# --- the score ------------------------------------------------------------------------------------
def rated_by(cast, people, stars, now, *, hours=24):
    """So many people rode with the driver, and rated them; all is open."""
    for number in range(people):
        rider = MemberFactory(organization=cast.organization)
        booking = trip(cast.driver, rider, now=now, hours=hours + 12 * number)
        moment = over(booking.ride)
        settle(booking, now=moment)
        rate(booking, rider, stars, now=moment)
        rate(booking, cast.driver, now=moment)
    return moment


def test_few_rides_and_few_people_are_neither_shown_nor_counted(cast, now):
    after = rated_by(cast, 2, 1, now)
    known = known_reliability([cast.driver.pk], now=after)[cast.driver.pk]
    assert (known.kept, known.total, known.people) == (2, 2, 2)
    assert known.shown_score is None
    assert known.stars is None
    assert known.score == UNKNOWN.score


def test_enough_of_them_are(cast, now):
    after = rated_by(cast, 3, 2, now)
    known = known_reliability([cast.driver.pk], now=after)[cast.driver.pk]
    assert (known.kept, known.total, known.people, known.stars) == (3, 3, 3, 2.0)
    assert known.shown_score < 90
    much_later = known_reliability([cast.driver.pk], now=after + 180 * DAY)[cast.driver.pk]
    assert known.score < much_later.score < 90
    assert known_reliability([cast.driver.pk], now=after + 366 * DAY) == {}


def test_a_blind_rating_moves_no_number(cast, now):
    after = rated_by(cast, 3, 5, now)
    before = known_reliability([cast.driver.pk], now=after)[cast.driver.pk]
    rider = MemberFactory(organization=cast.organization)
    booking = trip(cast.driver, rider, now=now, hours=96)
    rate(booking, rider, 1, now=over(booking.ride))
    assert known_reliability([cast.driver.pk], now=after) == {cast.driver.pk: before}
    opens = known_reliability([cast.driver.pk], now=booking.rated_until)[cast.driver.pk]
    assert opens.people == 4


def test_each_person_counts_once_with_their_last_rating(cast, now):
    after = rated_by(cast, 3, 1, now)
    for number in range(4):
        booking = trip(cast.driver, cast.rider, now=now, hours=100 + 12 * number)
        after = over(booking.ride)
        rate(booking, cast.rider, 5, now=after)
        rate(booking, cast.driver, 5, now=after)
    known = known_reliability([cast.driver.pk], now=after)[cast.driver.pk]
    assert known.people == 4
    assert known.stars == pytest.approx(2, abs=0.1)


def test_one_query_for_however_many_people(cast, now, django_assert_num_queries):
    after = rated_by(cast, 3, 4, now)
    everybody = list(Deed.objects.values_list("member", flat=True).distinct())
    with django_assert_num_queries(1):
        assert len(known_reliability(everybody, now=after)) == 4
    with django_assert_num_queries(0):
        assert known_reliability([], now=after) == {}


def test_the_statement_reckons_as_the_engine_does(cast, now):

    after = rated_by(cast, 4, 3, now) + 33 * DAY
    known = known_reliability([cast.driver.pk], now=after)[cast.driver.pk]
    deeds = [
        Weight(Kind(deed.kind), (after - deed.at) / DAY)
        for deed in Deed.objects.filter(member=cast.driver)
    ]
    ratings = [
        Rating(review.overall, (after - review.opens_at) / DAY)
        for review in Review.objects.filter(subject=cast.driver)
    ]
    assert known.score == pytest.approx(score(weigh(deeds, ratings, half_life_days=90)))


# --- objections and moderation --------------------------------------------------------------------
def test_an_objection_that_is_granted_takes_the_line_out_of_the_score(cast, now):
    change_policies(
        organization=cast.organization, values={"rating_shown_from": 1}, by=None, now=now
    )
    booking = trip(cast.driver, cast.rider, now=now)
    services.answer_validation(
        booking_id=booking.pk, by=cast.rider, took_place=False, now=over(booking.ride)
    )
    services.watch(now=now + 10 * DAY)
    deed = Deed.objects.get(member=cast.driver)
    with pytest.raises(NotAboutYou):
        services.object_to_deed(deed_id=deed.pk, by=cast.rider, text="!", now=now)
    with pytest.raises(InvalidInput):
        services.object_to_deed(deed_id=deed.pk, by=cast.driver, text=" ", now=now)
    after = now + 11 * DAY
    said = services.object_to_deed(deed_id=deed.pk, by=cast.driver, text="I came", now=after)
    with pytest.raises(ObjectionClosed):
        services.object_to_deed(deed_id=deed.pk, by=cast.driver, text="I did", now=after)
    assert get_own_reliability(cast.driver, now=after).total == 1
    services.decide_objection(objection_id=said.pk, grants=True, by=cast.operator.user, now=after)
    assert get_own_reliability(cast.driver, now=after).total == 0
    said.refresh_from_db()
    assert said.decided_by == cast.operator.user
    with pytest.raises(ObjectionClosed):
        services.decide_objection(
            objection_id=said.pk, grants=False, by=cast.operator.user, now=after
        )
    assert Deed.objects.filter(pk=deed.pk).exists(), "what was written down stays"


def test_who_objected_hears_what_was_decided(cast, booking, then, now):
    settle(booking, now=then)
    for member, grants, words in (
        (cast.driver, True, "You were right"),
        (cast.rider, False, "stays"),
    ):
        deed = Deed.objects.get(member=member)
        said = services.object_to_deed(deed_id=deed.pk, by=member, text="I came", now=then)
        services.decide_objection(
            objection_id=said.pk, grants=grants, by=cast.operator.user, now=then
        )
        while outbox.relay(now=then + DAY):
            pass
        (news,) = Notification.objects.filter(member=member, kind="objection_decided")
        text = write_text(news)
        assert words in text.body
        assert text.path == "/profile/reliability/"
