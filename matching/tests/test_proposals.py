"""Proposals: what is stored, who may see it, and what a tap does."""

from datetime import timedelta
from itertools import product

import pytest

from accounts.tests.factories import HOME_NORTH, HOME_SOUTH, WORKSHOP
from carpool.kernel.geo import LonLat
from carpool.kernel.models import OutboxEvent
from matching.errors import AlreadyAnswered, ProposalClosed, ProposalNotFound
from matching.models import (
    PROPOSAL_TRANSITIONS,
    RUN_TRANSITIONS,
    Answer,
    CarpoolProposal,
    ClosedBecause,
    CommutePlan,
    ProposalState,
    RunState,
)
from matching.selectors.proposals import (
    ProposalView,
    count_awaiting,
    get_proposal_for,
    list_open_proposals_for,
)
from matching.services.proposals import answer_proposal, expire_proposals, move_proposal
from matching.services.runs import move_run
from matching.tests.plan_factories import propose, running, workday
from rides.errors import DriverBusy, WrongState
from rides.models import Booking, Ride, RideRequest
from rides.services import offer_ride
from rides.tests.factories import terms

pytestmark = pytest.mark.usefixtures("city")

# Between the north and the port, a little apart from each other.
ON_THE_WAY = LonLat(-71.2700, -29.9330)


def say(proposal, member, yes, *, now):
    return answer_proposal(proposal_id=proposal.pk, by=member, yes=yes, now=now)


def seat_of(proposal, member):
    return proposal.seats.get(rider=member)


@pytest.fixture
def pair(cast, now):
    """The driver takes the rider along to the port."""
    return propose(cast.driver, cast.rider, now=now)


@pytest.fixture
def trio(cast, now):
    """The driver takes two along, who get in one after the other."""
    homes = {cast.rider: ON_THE_WAY, cast.colleague: HOME_SOUTH}
    return propose(cast.driver, cast.rider, cast.colleague, now=now, homes=homes)


class TestTables:
    """Services follow the tables."""

    @pytest.mark.parametrize("table", [PROPOSAL_TRANSITIONS, RUN_TRANSITIONS])
    def test_every_table_names_every_state_and_only_the_first_is_never_reached(self, table):
        machine = type(next(iter(table)))
        assert set(table) == set(machine)
        assert set(machine) - set().union(*table.values()) == {next(iter(machine))}

    @pytest.mark.parametrize(("before", "after"), product(ProposalState, repeat=2))
    def test_a_proposal_moves_only_along_the_table(self, pair, before, after):
        closed = {ProposalState.DECLINED, ProposalState.EXPIRED}
        why = ClosedBecause.TIME if before in closed else ""
        CarpoolProposal.objects.filter(pk=pair.pk).update(state=before, closed_because=why)
        pair.refresh_from_db()
        pair.closed_because = ClosedBecause.TIME if after in closed else ""
        if after in PROPOSAL_TRANSITIONS[before]:
            move_proposal(pair, after, fields=["closed_because"])
            pair.refresh_from_db()
            assert pair.state == after
        else:
            with pytest.raises(WrongState):
                move_proposal(pair, after, fields=["closed_because"])

    @pytest.mark.parametrize(("before", "after"), product(RunState, repeat=2))
    def test_a_run_moves_only_along_the_table(self, cast, now, before, after):
        run = running(cast.driver, workday(now), "to_work", now=now)
        ended = {RunState.DONE, RunState.FAILED}
        run.state, run.started_at = before, None if before == RunState.QUEUED else now
        run.finished_at = now if before in ended else None
        run.save()
        run.started_at, run.finished_at = now, now if after in ended else None
        if after in RUN_TRANSITIONS[before]:
            move_run(run, after, fields=["started_at", "finished_at"])
            run.refresh_from_db()
            assert run.state == after
        else:
            with pytest.raises(WrongState):
                move_run(run, after, fields=["started_at", "finished_at"])


class TestStored:
    """What an assignment found, written down."""

    def test_a_car_becomes_a_proposal_that_keeps_everybodys_times(self, cast, trio):
        assert trio.driver == cast.driver
        assert trio.departure_at.second == 0
        assert trio.departure_at < trio.arrival_at <= trio.arrive_by
        seats = list(trio.seats.all())
        assert {seat.rider for seat in seats} == {cast.rider, cast.colleague}
        for seat in seats:
            assert trio.departure_at < seat.pickup_at < seat.dropoff_at <= seat.latest_arrival_at
            assert seat.shared_m > 3000
            assert seat.walk_to_m <= seat.walk_m
            assert seat.dropoff_public
            assert seat.dropoff_area == "Port"
            assert not seat.pickup_public
        assert trio.saved_m > 5000
        assert 0 < trio.added_s <= trio.detour_s

    def test_everybody_concerned_is_told(self, cast, pair):
        told = OutboxEvent.objects.filter(name="rides.ProposalChanged")
        assert {event.payload["member_id"] for event in told} == {
            str(cast.driver.pk),
            str(cast.rider.pk),
        }


class TestAnswering:
    """One tap each."""

    def test_the_drivers_yes_makes_the_ride_with_the_departure_that_was_proposed(
        self, cast, pair, now
    ):
        taken = say(pair, cast.driver, True, now=now)
        assert taken.state == ProposalState.TAKEN
        ride = Ride.objects.get(driver=cast.driver)
        assert taken.ride == ride
        assert ride.departure_at == pair.departure_at
        assert ride.arrive_latest_at <= pair.arrive_by
        assert not Booking.objects.exists(), "nobody rides who has not said so"

    def test_a_riders_yes_is_remembered_and_booked_with_the_drivers(self, cast, pair, now):
        say(pair, cast.rider, True, now=now)
        assert not Booking.objects.exists()
        assert not Ride.objects.exists()
        say(pair, cast.driver, True, now=now)
        booking = Booking.objects.get(rider=cast.rider)
        seat = seat_of(pair, cast.rider)
        assert seat.booking == booking
        assert abs(booking.pickup_at - seat.pickup_at) < timedelta(seconds=2)
        assert abs(booking.dropoff_at - seat.dropoff_at) < timedelta(minutes=1)
        assert booking.state == "confirmed"

    @pytest.mark.parametrize("direction", ["to_work", "to_home"])
    @pytest.mark.parametrize("order", ["rider first", "colleague first", "driver first"])
    def test_two_riders_are_booked_as_proposed_in_whatever_order_they_answer(
        self, cast, now, direction, order
    ):
        homes = {cast.rider: ON_THE_WAY, cast.colleague: HOME_SOUTH}
        people = (cast.rider, cast.colleague)
        proposal = propose(cast.driver, *people, now=now, homes=homes, direction=direction)
        if order == "driver first":
            say(proposal, cast.driver, True, now=now)
        for person in people if order != "colleague first" else reversed(people):
            say(proposal, person, True, now=now)
        if order != "driver first":
            say(proposal, cast.driver, True, now=now)
        for person in people:
            seat = seat_of(proposal, person)
            assert seat.refused_because == ""
            assert abs(seat.booking.pickup_at - seat.pickup_at) < timedelta(minutes=5)
            assert seat.booking.dropoff_at <= seat.dropoff_at + timedelta(minutes=5)
        assert Ride.objects.get().arrival_at <= proposal.arrive_by

    def test_a_riders_no_lets_the_others_go_on(self, cast, trio, now):
        before = trio.saved_m
        say(trio, cast.colleague, False, now=now)
        trio.refresh_from_db()
        assert trio.state == ProposalState.OPEN
        assert 0 < trio.saved_m < before
        say(trio, cast.rider, True, now=now)
        say(trio, cast.driver, True, now=now)
        assert [booking.rider for booking in Booking.objects.all()] == [cast.rider]

    def test_when_all_riders_say_no_there_is_nothing_to_drive(self, cast, trio, now):
        say(trio, cast.rider, False, now=now)
        closed = say(trio, cast.colleague, False, now=now)
        assert (closed.state, closed.closed_because) == ("declined", ClosedBecause.RIDERS)
        with pytest.raises(ProposalClosed):
            say(trio, cast.driver, True, now=now)

    def test_whoever_lets_the_platform_offer_gets_their_ride_offered_all_the_same(
        self, cast, pair, now
    ):
        CommutePlan.objects.filter(member=cast.driver).update(offers_alone=True)
        say(pair, cast.rider, False, now=now)
        assert Ride.objects.get(driver=cast.driver).departure_at == pair.departure_at

    def test_the_drivers_no_closes_it_and_the_riders_look_on(self, cast, trio, now):
        CommutePlan.objects.filter(member=cast.colleague).update(keeps_looking=False)
        closed = say(trio, cast.driver, False, now=now)
        assert (closed.state, closed.closed_because) == ("declined", ClosedBecause.DRIVER)
        request = RideRequest.objects.get()
        assert request.rider == cast.rider
        assert request.latest_arrival_at == seat_of(trio, cast.rider).latest_arrival_at

    def test_an_answer_that_had_its_effect_is_final(self, cast, pair, now):
        say(pair, cast.rider, True, now=now)
        say(pair, cast.driver, True, now=now)
        for person in (cast.driver, cast.rider):
            with pytest.raises(AlreadyAnswered):
                say(pair, person, False, now=now)

    def test_a_rider_may_change_their_mind_until_the_driver_answers(self, cast, trio, now):
        for yes in (True, False, True):
            say(trio, cast.rider, yes, now=now)
        assert seat_of(trio, cast.rider).answer == Answer.YES

    def test_a_yes_fulfils_the_standing_request_for_the_same_trip(self, cast, trio, now):
        say(trio, cast.driver, True, now=now)
        seat = seat_of(trio, cast.rider)
        from matching.services.standing import keep_looking_for

        request = keep_looking_for(seat, now=now)
        say(trio, cast.rider, True, now=now)
        request.refresh_from_db()
        assert request.state == "fulfilled"

    def test_a_driver_who_drives_elsewhere_by_then_is_told_so(self, cast, pair, now):
        offer_ride(
            driver=cast.driver,
            terms=terms(cast.driver, departure_at=pair.departure_at),
            now=now,
        )
        with pytest.raises(DriverBusy):
            say(pair, cast.driver, True, now=now)
        pair.refresh_from_db()
        assert pair.state == ProposalState.OPEN

    def test_a_yes_that_comes_to_nothing_leaves_a_request_and_its_reason(self, cast, trio, now):
        for person in (cast.rider, cast.colleague):
            say(trio, person, True, now=now)
        CarpoolProposal.objects.filter(pk=trio.pk).update(seats_offered=1)
        say(trio, cast.driver, True, now=now)
        refused = [s for s in trio.seats.all() if s.booking_id is None]
        assert [seat.refused_because for seat in refused] == ["seats_exhausted"]
        assert RideRequest.objects.get().rider == refused[0].rider

    def test_after_its_time_a_proposal_can_not_be_answered(self, cast, pair, now):
        for person in (cast.driver, cast.rider):
            with pytest.raises(ProposalClosed):
                say(pair, person, True, now=pair.answer_by)

    def test_time_closes_what_nobody_answered(self, cast, pair, now):
        assert expire_proposals(now=now) == 0
        assert expire_proposals(now=pair.answer_by) == 1
        assert expire_proposals(now=pair.answer_by) == 0
        pair.refresh_from_db()
        assert (pair.state, pair.closed_because) == ("expired", ClosedBecause.TIME)


class TestSeeing:
    """Everybody sees what concerns them, as exactly as they may."""

    @pytest.mark.parametrize("who", ["outsider", "manager", "colleague", "operator"])
    def test_nobody_else_knows_of_it(self, cast, pair, now, who):
        member = getattr(cast, who)
        assert not list_open_proposals_for(member, now=now)
        with pytest.raises(ProposalNotFound):
            get_proposal_for(member, pair.pk)
        with pytest.raises(ProposalNotFound):
            say(pair, member, True, now=now)

    def test_the_driver_reads_a_street_until_the_rider_says_yes(self, cast, pair, now):
        view = ProposalView(get_proposal_for(cast.driver, pair.pk), cast.driver)
        [rider] = view.riders
        assert rider.pickup_label == rider.seat.pickup_area
        assert rider.pickup != rider.seat.pickup_place
        assert rider.dropoff == rider.seat.dropoff_place, "a site is public"
        say(pair, cast.rider, True, now=now)
        [rider] = ProposalView(get_proposal_for(cast.driver, pair.pk), cast.driver).riders
        assert rider.pickup == rider.seat.pickup_place

    def test_a_rider_reads_their_own_corner_and_the_drivers_street(self, cast, trio):
        view = ProposalView(get_proposal_for(cast.rider, trio.pk), cast.rider)
        assert view.mine.pickup == view.mine.seat.pickup_place
        assert view.riders == []
        assert view.origin_label == trio.origin_area != trio.origin_label
        assert [member.first_name for member in view.fellows] == ["Carl"]

    def test_what_waits_is_counted_until_it_is_answered(self, cast, trio, now):
        assert [count_awaiting(m, now=now) for m in (cast.driver, cast.rider)] == [1, 1]
        say(trio, cast.rider, True, now=now)
        assert count_awaiting(cast.rider, now=now) == 0
        assert list_open_proposals_for(cast.rider, now=now).count() == 1
        say(trio, cast.driver, True, now=now)
        assert count_awaiting(cast.driver, now=now) == 0
        assert count_awaiting(cast.colleague, now=now) == 1
        assert not list_open_proposals_for(cast.rider, now=now)

    def test_the_list_costs_as_many_queries_with_many_riders(
        self, cast, now, django_assert_num_queries
    ):
        propose(cast.driver, cast.rider, cast.colleague, cast.manager, now=now)
        with django_assert_num_queries(2):
            for proposal in list_open_proposals_for(cast.driver, now=now):
                view = ProposalView(proposal, cast.driver)
                assert len([rider.seat.rider.first_name for rider in view.riders]) == 3
                assert view.proposal.run.get_direction_display()
                assert str(view.proposal.car)


def test_a_place_far_off_the_way_is_not_worth_the_detour(cast, now):
    homes = {cast.rider: HOME_SOUTH, cast.colleague: WORKSHOP, cast.driver: HOME_NORTH}
    proposal = propose(cast.driver, cast.rider, cast.colleague, now=now, homes=homes)
    CarpoolProposal.objects.filter(pk=proposal.pk).update(alone_m=0)
    proposal.seats.update(alone_m=0)
    closed = say(proposal, cast.rider, False, now=now)
    assert closed.closed_because == ClosedBecause.DETOUR
