"""Who is kept apart never meets: not in search, near misses, matches, proposals, nor bookings."""

from datetime import timedelta

import pytest

from accounts.selectors import is_kept_apart
from accounts.services import (
    avoid_place,
    block_member,
    choose_company,
    unblock_member,
)
from accounts.tests.factories import MemberFactory
from carpool.kernel.geo import crow_fly_m, from_point
from matching import services
from matching.models import Match, Outcome, ProposalState, RunCommuter
from matching.selectors import search
from matching.selectors.finding import find_rides
from matching.selectors.matches import list_matches
from matching.selectors.ranking import get_ranking
from matching.tests.plan_factories import propose
from rides import services as rides
from rides.errors import RideChanged, RideNotFound
from rides.models import Ride
from rides.tests.factories import book, offer, offer_token, wish

pytestmark = pytest.mark.usefixtures("city")


def found(member, query, now):
    return [offer.ride.pk for offer in search(member, query, now=now).offers]


def nearly(member, query, now):
    return [miss.ride.pk for miss in search(member, query, now=now).near_misses]


def block_either_way(cast, way, now):
    pair = (cast.driver, cast.rider) if way == "by the driver" else (cast.rider, cast.driver)
    block_member(by=pair[0], other=pair[1], now=now)


BOTH_WAYS = pytest.mark.parametrize("way", ["by the driver", "by the rider"])


@BOTH_WAYS
def test_a_block_hides_the_ride_from_search_and_from_near_misses(cast, now, way):
    ride = offer(cast.driver, now=now)
    late = wish(ride, earliest_departure_at=ride.departure_at + timedelta(minutes=20))
    assert found(cast.rider, wish(ride), now) == [ride.pk]
    assert nearly(cast.rider, late, now) == [ride.pk]
    block_either_way(cast, way, now)
    assert found(cast.rider, wish(ride), now) == []
    assert nearly(cast.rider, late, now) == []
    assert found(cast.colleague, wish(ride), now) == [ride.pk], "the index has not forgotten it"


@BOTH_WAYS
def test_a_block_is_taken_back(cast, now, way):
    ride = offer(cast.driver, now=now)
    block_either_way(cast, way, now)
    assert found(cast.rider, wish(ride), now) == []
    unblock_member(by=cast.driver, other=cast.rider, now=now)
    unblock_member(by=cast.rider, other=cast.driver, now=now)
    assert found(cast.rider, wish(ride), now) == [ride.pk]


@BOTH_WAYS
def test_what_was_shown_before_a_block_is_not_booked_after_it(cast, now, way):
    ride = offer(cast.driver, now=now)
    token = offer_token(cast.rider, ride, now=now)
    block_either_way(cast, way, now)
    with pytest.raises(RideNotFound):
        services.book_offer(rider=cast.rider, token=token, now=now)


def test_a_ride_that_was_shared_before_stays_to_be_seen(cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    block_member(by=cast.rider, other=cast.driver, now=now)
    assert Ride.objects.visible_to(cast.rider).filter(pk=ride.pk).exists()
    rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    assert not Ride.objects.visible_to(cast.rider).filter(pk=ride.pk).exists()


def test_nobody_is_put_beside_a_rider_they_blocked(cast, now):
    ride = offer(cast.driver, now=now)
    book(cast.rider, ride, now=now)
    block_member(by=cast.rider, other=cast.colleague, now=now)
    assert found(cast.colleague, wish(ride), now) == []
    assert found(cast.manager, wish(ride), now) == [ride.pk]


def test_many_hidden_rides_do_not_hide_the_one_that_is_not(cast, now):
    blocked = [MemberFactory(organization=cast.organization, car=True) for _ in range(12)]
    hidden = [offer(driver, now=now) for driver in blocked]
    shown = offer(cast.driver, now=now, hours=24.5)
    for driver in blocked:
        block_member(by=cast.rider, other=driver, now=now)
    query = wish(hidden[0])
    best, _looked_at = find_rides(
        cast.rider,
        shown.region,
        query,
        count=1,
        now=now,
        ranking=get_ranking(cast.organization),
    )
    assert [one.ride.pk for one in best] == [shown.pk]
    assert len(found(cast.colleague, query, now)) == 13


@BOTH_WAYS
def test_a_waiting_request_is_not_matched_with_somebody_kept_apart(cast, now, way):
    block_either_way(cast, way, now)
    ride = offer(cast.driver, now=now)
    request = rides.post_request(rider=cast.rider, terms=wish(ride), now=now)
    services.match_ride(ride_id=ride.pk, now=now)
    services.match_request(request_id=request.pk, now=now)
    assert not Match.objects.exists()
    unblock_member(by=cast.driver, other=cast.rider, now=now)
    unblock_member(by=cast.rider, other=cast.driver, now=now)
    services.rematch_member(member_id=cast.rider.pk, now=now)
    assert Match.objects.count() == 1


@BOTH_WAYS
def test_a_block_forgets_the_matches_there_were(cast, now, way):
    ride = offer(cast.driver, now=now)
    rides.post_request(rider=cast.rider, terms=wish(ride), now=now)
    services.match_ride(ride_id=ride.pk, now=now)
    assert list_matches(cast.rider, now=now).count() == 1
    block_either_way(cast, way, now)
    assert list_matches(cast.rider, now=now).count() == 0, "at once, whatever is still stored"
    services.rematch_member(member_id=cast.driver.pk, now=now)
    assert not Match.objects.exists()


def test_a_block_closes_the_proposal_that_would_bring_the_two_together(cast, now):
    proposal = propose(cast.driver, cast.rider, now=now, ahead=4)
    other = propose(MemberFactory(organization=cast.organization, car=True), cast.colleague,
                    now=now, ahead=5)  # fmt: skip
    block_member(by=cast.rider, other=cast.driver, now=now)
    services.rematch_member(member_id=cast.rider.pk, now=now)
    proposal.refresh_from_db()
    other.refresh_from_db()
    assert proposal.state == ProposalState.DECLINED
    assert "block" not in proposal.closed_because
    assert other.state == ProposalState.OPEN


def test_an_assignment_puts_nobody_into_a_car_with_somebody_kept_apart(cast, now):
    block_member(by=cast.driver, other=cast.rider, now=now)
    people = (cast.driver, cast.rider, cast.colleague)
    proposal = propose(*people, now=now, ahead=4)
    assert [seat.rider for seat in proposal.seats.all()] == [cast.colleague]
    left = RunCommuter.objects.get(run=proposal.run, member=cast.rider)
    assert left.outcome == Outcome.PENDING, "cared for as whoever found no car"
    unblock_member(by=cast.driver, other=cast.rider, now=now)
    assert propose(*people, now=now, ahead=11).seats.count() == 2


# --- The same gender only ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("driver", "rider", "shared"),
    [
        (("woman", True), ("woman", False), True),
        (("woman", True), ("man", False), False),
        (("woman", True), ("", False), False),
        (("man", False), ("woman", True), False),
        (("", False), ("woman", True), False),
        (("woman", False), ("woman", True), True),
        (("man", False), ("woman", False), True),
        (("nonbinary", True), ("nonbinary", True), True),
    ],
)
def test_the_wish_for_ones_own_gender_holds_both_ways(cast, now, driver, rider, shared):
    ride = offer(cast.driver, now=now)
    request = rides.post_request(rider=cast.rider, terms=wish(ride), now=now)
    for member, (gender, only) in ((cast.driver, driver), (cast.rider, rider)):
        choose_company(member=member, gender=gender, same_gender_only=only, now=now)
    assert (found(cast.rider, wish(ride), now) == [ride.pk]) is shared
    assert is_kept_apart(cast.rider, cast.driver) is not shared
    assert is_kept_apart(cast.driver, cast.rider) is not shared
    services.match_ride(ride_id=ride.pk, now=now)
    assert Match.objects.filter(request=request).exists() is shared


def test_the_wish_counts_for_everybody_in_the_car(cast, now):
    ride = offer(cast.driver, now=now)
    for member in (cast.driver, cast.rider, cast.colleague):
        choose_company(member=member, gender="woman", same_gender_only=False, now=now)
    choose_company(member=cast.rider, gender="woman", same_gender_only=True, now=now)
    book(cast.rider, ride, now=now)
    assert found(cast.colleague, wish(ride), now) == [ride.pk]
    assert found(cast.manager, wish(ride), now) == [], "they have not said what they are"


# --- Avoided places ----------------------------------------------------------------------------


def meetings(member, query, now):
    return [(o.pickup.location, o.dropoff.location) for o in search(member, query, now=now).offers]


def test_a_rider_gets_neither_in_nor_out_at_a_place_they_avoid(cast, now):
    ride = offer(cast.driver, now=now)
    [(pickup, dropoff)] = meetings(cast.rider, wish(ride), now)
    for place in (pickup, dropoff):
        avoid_place(member=cast.rider, label="There", location=place, radius_m=100)
    [(other_pickup, other_dropoff)] = meetings(cast.rider, wish(ride), now)
    assert crow_fly_m(pickup, other_pickup) > 100
    assert crow_fly_m(dropoff, other_dropoff) > 100
    assert meetings(cast.colleague, wish(ride), now) == [(pickup, dropoff)]


def test_a_driver_does_not_stop_at_a_place_they_avoid(cast, now):
    ride = offer(cast.driver, now=now)
    [(pickup, _dropoff)] = meetings(cast.rider, wish(ride), now)
    avoid_place(member=cast.driver, label="There", location=pickup, radius_m=100)
    [(other, _dropoff)] = meetings(cast.rider, wish(ride), now)
    assert crow_fly_m(pickup, other) > 100


def test_what_was_shown_is_not_booked_where_the_driver_now_avoids_to_stop(cast, now):
    ride = offer(cast.driver, now=now)
    token = offer_token(cast.rider, ride, now=now)
    pickup = search(cast.rider, wish(ride), now=now).offers[0].pickup.location
    avoid_place(member=cast.driver, label="There", location=pickup, radius_m=100)
    with pytest.raises(RideChanged):
        services.book_offer(rider=cast.rider, token=token, now=now)


def test_who_avoids_all_that_is_near_finds_nothing_and_no_error(cast, now):
    ride = offer(cast.driver, now=now)
    query = wish(ride, walk_m=300)
    avoid_place(member=cast.rider, label="Home", location=query.origin.location, radius_m=1_000)
    result = search(cast.rider, query, now=now)
    assert result.offers == []
    request = rides.post_request(rider=cast.rider, terms=query, now=now)
    assert services.match_ride(ride_id=ride.pk, now=now) == 0
    assert services.match_request(request_id=request.pk, now=now) == 0


def test_a_plan_meets_outside_of_the_place_that_is_avoided(cast, now):
    first = propose(cast.driver, cast.rider, now=now, ahead=4).seats.get()
    avoid_place(member=cast.rider, label="There", location=from_point(first.pickup), radius_m=100)
    again = propose(cast.driver, cast.rider, now=now, ahead=5).seats.get()
    assert crow_fly_m(from_point(first.pickup), from_point(again.pickup)) > 100
