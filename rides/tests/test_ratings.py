"""Rating each other blind, and what is written down about how promises were kept."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import ModerationStep, Report
from accounts.services import change_policies, moderate
from carpool.kernel import clock, outbox, personal_data
from carpool.kernel.errors import InvalidInput
from carpool.kernel.models import OutboxEvent
from rides import services
from rides.errors import (
    BookingNotFound,
    NotAboutYou,
    RatingClosed,
)
from rides.models import Deed, DeedObjection, Review
from rides.selectors import (
    known_reliability,
    list_received,
    list_to_rate,
    view_rating,
)
from rides.services import Stars
from rides.services.forgetting import keep_terms
from rides.tests.factories import book, offer
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


def opened():
    return list(
        OutboxEvent.objects.filter(name__endswith="ReviewOpened").values_list("payload", flat=True)
    )


# --- blindness ------------------------------------------------------------------------------------
def test_a_rating_is_blind_until_both_have_rated(cast, booking, then):
    rate(booking, cast.rider, 2, comment="Too fast", now=then)
    assert view_rating(cast.driver, booking.pk, now=then).theirs is None
    assert not list_received(cast.driver, now=then).exists()
    assert view_rating(cast.rider, booking.pk, now=then).mine.overall == 2
    rate(booking, cast.driver, 5, now=then)
    assert view_rating(cast.driver, booking.pk, now=then).theirs.comment == "Too fast"
    assert view_rating(cast.rider, booking.pk, now=then).theirs.overall == 5


def test_or_until_the_days_are_over_by_the_clock_alone(cast, booking, then):
    rate(booking, cast.rider, 2, now=then)
    until = booking.rated_until
    assert until == booking.ride.ends_at + 14 * DAY
    assert not list_received(cast.driver, now=until - timedelta(seconds=1)).exists()
    assert list_received(cast.driver, now=until).get().overall == 2, "nobody has swept anything"


def test_nobody_but_the_two_can_rate_or_look(cast, booking, then):
    for stranger in (cast.colleague, cast.manager, cast.outsider):
        with pytest.raises(BookingNotFound):
            view_rating(stranger, booking.pk, now=then)
        with pytest.raises(BookingNotFound):
            rate(booking, stranger, now=then)


def test_one_may_change_ones_mind_while_it_is_blind_and_not_afterwards(cast, booking, then):
    rate(booking, cast.rider, 2, now=then)
    rate(booking, cast.rider, 4, comment="Not so bad", now=then + DAY)
    assert Review.objects.get().overall == 4
    rate(booking, cast.driver, now=then + DAY)
    for member in (cast.rider, cast.driver):
        with pytest.raises(RatingClosed):
            rate(booking, member, 1, now=then + DAY)
        assert not view_rating(member, booking.pk, now=then + DAY).can_write


def test_what_the_clock_has_opened_is_final_whatever_the_rules_become(cast, booking, then):
    rate(booking, cast.rider, 2, now=then)
    change_policies(organization=cast.organization, values={"rating_days": 30}, by=None, now=then)
    late = booking.rated_until + DAY
    cast.driver.refresh_from_db()
    with pytest.raises(RatingClosed):
        rate(booking, cast.driver, 1, now=late)


@pytest.mark.parametrize("when", ["before", "long after"])
def test_it_can_be_rated_when_it_is_over_and_for_some_days(cast, now, when):
    booking = book(cast.rider, offer(cast.driver, now=now), now=now)
    moment = now
    if when == "long after":
        moment = over(booking.ride) + 14 * DAY
        services.watch(now=moment)
    with pytest.raises(RatingClosed):
        rate(booking, cast.rider, now=moment)


def test_a_cancelled_seat_is_not_rated(cast, now):
    booking = book(cast.rider, offer(cast.driver, now=now), now=now)
    services.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    with pytest.raises(RatingClosed):
        rate(booking, cast.driver, now=over(booking.ride))


def test_nor_is_somebody_who_did_not_come(cast, booking, then):
    services.mark_missing(booking_id=booking.pk, by=cast.driver, now=then)
    with pytest.raises(RatingClosed):
        rate(booking, cast.driver, 1, now=then)


def test_ratings_of_what_did_not_take_place_are_void(cast, booking, then):
    rate(booking, cast.driver, 1, now=then)
    rate(booking, cast.rider, 1, now=then)
    for member in (cast.driver, cast.rider):
        services.answer_validation(booking_id=booking.pk, by=member, took_place=False, now=then)
    assert not list_received(cast.rider, now=then).exists()
    assert known_reliability([cast.rider.pk, cast.driver.pk], now=then) == {}


@pytest.mark.parametrize(
    ("stars", "field"),
    [
        (Stars(0), "overall"),
        (Stars(6), "overall"),
        (Stars(3, friendliness=9), "friendliness"),
        (Stars(3, driving=3), "driving"),
    ],
)
def test_stars_are_one_to_five_and_riders_do_not_drive(cast, booking, then, stars, field):
    with pytest.raises(InvalidInput) as caught:
        services.write_review(booking_id=booking.pk, by=cast.driver, stars=stars, now=then)
    assert field in caught.value.fields
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(
            booking=booking, author=cast.driver, subject=cast.rider, subject_role="rider",
            overall=stars.overall, friendliness=stars.friendliness, driving=stars.driving,
            written_at=then, opens_at=then,
        )  # fmt: skip


def test_a_comment_is_stored_clean_and_looked_at(cast, booking, then):
    review = rate(booking, cast.rider, comment=" fucking \u202eslow ", now=then)
    assert review.comment == "fucking slow"
    assert review.flagged_for == "profanity"
    with pytest.raises(InvalidInput) as caught:
        rate(booking, cast.rider, comment="x" * 501, now=then)
    assert "comment" in caught.value.fields


# --- telling --------------------------------------------------------------------------------------
def test_that_a_rating_opened_is_told_once_to_each(cast, booking, then):
    rate(booking, cast.rider, now=then)
    assert opened() == []
    rate(booking, cast.driver, now=then)
    services.watch(now=then + 20 * DAY)
    told = {event["member_id"] for event in opened()}
    assert told == {str(cast.driver.pk), str(cast.rider.pk)}
    assert len(opened()) == 2


def test_the_watcher_tells_of_what_the_clock_opened_however_late_it_comes(cast, booking, then):
    settle(booking, now=then)
    rate(booking, cast.rider, now=then)
    services.watch(now=booking.rated_until - timedelta(seconds=1))
    assert opened() == []
    for _again in range(2):
        services.watch(now=booking.rated_until + 100 * DAY)
    assert [event["member_id"] for event in opened()] == [str(cast.driver.pk)]


def test_who_was_rated_may_report_it_and_a_moderator_hides_the_words(cast, booking, then):
    rate(booking, cast.rider, 1, comment="You idiot", now=then)
    review = Review.objects.get()
    terms = {"review_id": review.pk, "reason": "harassment", "text": "", "now": then}
    with pytest.raises(NotAboutYou):
        services.report_review(by=cast.driver, **terms)
    rate(booking, cast.driver, now=then)
    with pytest.raises(NotAboutYou):
        services.report_review(by=cast.colleague, **terms)
    services.report_review(by=cast.driver, **terms)
    report = Report.objects.get()
    assert (report.subject, report.excerpt, report.reported) == (
        "review", "You idiot", cast.rider,
    )  # fmt: skip
    moderate(report_id=report.pk, step=ModerationStep.HIDE_MESSAGE, by=cast.operator.user, now=then)
    while outbox.relay(now=clock.now() + timedelta(seconds=1)):
        pass
    review.refresh_from_db()
    assert (review.comment, review.overall) == ("", 1)
    assert review.hidden_at is not None


# --- whose it is ----------------------------------------------------------------------------------
def exported(member):
    holder = next(one for one in personal_data.holders() if one.name == "rides")
    return holder.export(member.pk)


def test_an_export_holds_what_is_open_and_nothing_blind(cast, booking, then):
    rate(booking, cast.rider, 1, comment="Secret", now=clock.now())
    assert "Secret" in str(exported(cast.rider)["ratings_given"])
    assert "Secret" not in str(exported(cast.driver))
    settle(booking, now=then)
    assert [row["what"] for row in exported(cast.driver)["reliability"]] == ["came"]


def test_who_is_forgotten_takes_their_lines_along_and_leaves_stars_without_words(
    cast, booking, then
):
    settle(booking, now=then)
    rate(booking, cast.rider, 4, comment="My words", now=then)
    rate(booking, cast.driver, 4, comment="Your words", now=then)
    holder = next(one for one in personal_data.holders() if one.name == "rides")
    holder.erase(cast.rider.pk, then)
    assert not Deed.objects.filter(member=cast.rider).exists()
    left = Review.objects.get()
    assert (left.subject, left.overall, left.comment) == (cast.driver, 4, "")


def test_what_is_long_ago_is_deleted(cast, booking, then):
    settle(booking, now=then)
    rate(booking, cast.rider, now=then)
    keep_terms(now=then + 364 * DAY)
    assert Deed.objects.count() == 2
    keep_terms(now=then + 400 * DAY)
    assert (Deed.objects.count(), Review.objects.count()) == (0, 0)
    assert not DeedObjection.objects.exists()


def test_today_asks_to_rate_settled_trips_once(cast, booking, then):
    assert list_to_rate(cast.rider, now=then) == []
    settle(booking, now=then)
    assert [one.pk for one in list_to_rate(cast.rider, now=then)] == [booking.pk]
    rate(booking, cast.rider, now=then)
    assert list_to_rate(cast.rider, now=then) == []
    assert list_to_rate(cast.driver, now=then + 15 * DAY) == []
