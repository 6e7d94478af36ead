"""Runs of the assignment: asked for, cut, solved by workers, and what follows for everybody."""

from datetime import datetime, time, timedelta

import pytest

from accounts.tests.factories import HOME_NORTH, HOME_SOUTH, WORKSHOP, MemberFactory
from carpool.kernel import clock
from carpool.kernel.geo import LonLat, offset_m
from carpool.kernel.models import OutboxEvent
from matching import services
from matching.errors import NotAManager, RunUnderWay
from matching.models import (
    AssignmentRun,
    CarpoolProposal,
    CommutePlan,
    CommuteRole,
    Outcome,
    RunCommuter,
    RunPart,
    RunState,
)
from matching.selectors.history import recent_history
from matching.selectors.problems import (
    pack_answer,
    pack_problem,
    unpack_answer,
    unpack_problem,
)
from matching.services import runs
from matching.services.proposals import answer_proposal
from matching.tests.plan_factories import plan, propose, workday
from rides.errors import InThePast, TooFarAhead
from rides.models import Ride, RideRequest
from rides.services import offer_ride
from rides.tests.factories import terms

pytestmark = pytest.mark.usefixtures("city")
ON_THE_WAY = LonLat(-71.2700, -29.9330)


def ask(cast, now, direction="to_work", by=None, day=None):
    return services.queue_run(
        organization=cast.organization,
        service_date=day or workday(now),
        direction=direction,
        by=by,
        now=now,
    )


def work(run, now):
    """Do what workers do until nothing is left."""
    services.begin_run(run_id=run.pk, now=now)
    for _round in range(10):
        part = RunPart.objects.filter(run=run, answer=None).first()
        if part is None:
            break
        services.solve_part(part_id=part.pk, read_clock=lambda: now)
    run.refresh_from_db()
    return run


def outcome_of(run, member):
    return RunCommuter.objects.get(run=run, member=member).outcome


@pytest.fixture
def commuters(cast, now):
    """A driver from the north and two riders on the way to the port."""
    plan(cast.driver, CommuteRole.DRIVE, now=now, home=HOME_NORTH)
    plan(cast.rider, CommuteRole.RIDE, now=now, home=HOME_SOUTH)
    plan(cast.colleague, CommuteRole.RIDE, now=now, home=ON_THE_WAY)
    return cast


class TestAsking:
    """Who may ask, for what."""

    def test_a_manager_asks_and_a_worker_hears_of_it(self, cast, now):
        run = ask(cast, now, by=cast.manager)
        assert (run.state, run.requested_by) == (RunState.QUEUED, cast.manager)
        assert OutboxEvent.objects.filter(name="matching.RunQueued").count() == 1

    @pytest.mark.parametrize("who", ["rider", "outsider", "operator"])
    def test_nobody_else_may(self, cast, now, who):
        with pytest.raises(NotAManager):
            ask(cast, now, by=getattr(cast, who))

    def test_a_day_that_makes_no_sense_is_refused(self, cast, now):
        with pytest.raises(InThePast):
            ask(cast, now, day=now.date() - timedelta(days=2))
        with pytest.raises(TooFarAhead):
            ask(cast, now, day=now.date() + timedelta(days=60))

    def test_the_same_is_computed_once_at_a_time(self, cast, now):
        ask(cast, now)
        with pytest.raises(RunUnderWay):
            ask(cast, now)
        ask(cast, now, direction="to_home")

    def test_the_evening_of_each_organization_asks_by_itself_once(self, commuters):
        cast, zone = commuters, commuters.organization.zone
        sunday = datetime(2027, 3, 14, 17, 59, tzinfo=zone)
        assert services.queue_nightly_runs(now=sunday) == 0
        evening = sunday + timedelta(minutes=1)
        assert services.queue_nightly_runs(now=evening) == 2
        assert services.queue_nightly_runs(now=evening + timedelta(minutes=1)) == 0
        run = AssignmentRun.objects.first()
        assert (run.organization, str(run.service_date)) == (cast.organization, "2027-03-15")
        friday = datetime(2027, 3, 19, 18, 0, tzinfo=zone)
        AssignmentRun.objects.all().delete()
        services.queue_nightly_runs(now=friday)
        assert str(AssignmentRun.objects.first().service_date) == "2027-03-22", "after the weekend"


class TestRunning:
    """From plans to proposals."""

    @pytest.mark.parametrize("direction", ["to_work", "to_home"])
    def test_those_who_share_a_way_are_proposed_a_car(self, commuters, now, direction):
        run = work(ask(commuters, now, direction), now)
        assert (run.state, run.error) == (RunState.DONE, "")
        assert (run.commuters, run.served, run.cars) == (3, 3, 1)
        proposal = CarpoolProposal.objects.get()
        assert proposal.driver == commuters.driver
        assert {s.rider for s in proposal.seats.all()} == {commuters.rider, commuters.colleague}
        assert run.saved_m == proposal.saved_m > 10_000
        assert run.objective_m <= run.bound_m
        assert run.gap < 0.05
        assert not run.parts.exists(), "what workers pass to each other is forgotten"

    @pytest.mark.parametrize("direction", ["to_work", "to_home"])
    def test_what_is_proposed_can_be_answered_with_yes(self, commuters, now, direction):
        work(ask(commuters, now, direction), now)
        proposal = CarpoolProposal.objects.get()
        for member in (commuters.rider, commuters.driver, commuters.colleague):
            answer_proposal(proposal_id=proposal.pk, by=member, yes=True, now=now)
        ride = Ride.objects.get()
        assert ride.bookings.count() == 2
        assert ride.departure_at == proposal.departure_at
        assert ride.arrival_at <= proposal.arrive_by
        for seat in proposal.seats.all():
            assert abs(seat.booking.pickup_at - seat.pickup_at) < timedelta(minutes=1)

    def test_either_drives_or_rides_as_it_saves_most(self, cast, now):
        for member in (cast.driver, MemberFactory(organization=cast.organization, car=True)):
            plan(member, CommuteRole.EITHER, now=now, home=HOME_NORTH)
        run = work(ask(cast, now), now)
        assert run.cars == 1
        proposal = CarpoolProposal.objects.get()
        assert proposal.seats.count() == 1
        for member in (proposal.seats.get().rider, proposal.driver):
            answer_proposal(proposal_id=proposal.pk, by=member, yes=True, now=now)
        assert Ride.objects.get().bookings.count() == 1

    def test_who_has_a_ride_or_rests_or_is_elsewhere_is_left_out(self, commuters, now):
        cast, day = commuters, workday(now)
        at = datetime.combine(day, time(8), cast.organization.zone)
        offer_ride(driver=cast.driver, terms=terms(cast.driver, departure_at=at), now=now)
        services.pause_plan(member=cast.rider, until=day + timedelta(days=1), now=now)
        run = work(ask(cast, now), now)
        assert [row.member for row in run.people.all()] == [cast.colleague]

    def test_who_rode_already_agreed_is_not_asked_twice(self, commuters, now):
        work(ask(commuters, now), now)
        proposal = CarpoolProposal.objects.get()
        answer_proposal(proposal_id=proposal.pk, by=commuters.rider, yes=True, now=now)
        again = work(ask(commuters, now), now)
        assert again.commuters == 0
        assert again.state == RunState.DONE

    def test_a_proposal_without_a_yes_gives_way_to_a_newer_one(self, commuters, now):
        work(ask(commuters, now), now)
        work(ask(commuters, now), now)
        older, newer = CarpoolProposal.objects.order_by("created_at")
        assert (older.state, older.closed_because) == ("expired", "superseded")
        assert newer.state == "open"

    def test_another_organizations_people_are_not_looked_at(self, commuters, now):
        plan(
            commuters.outsider,
            CommuteRole.DRIVE,
            now=now,
            work_site_id=None,
            work_place_id=_workplace(commuters.outsider).pk,
        )
        run = work(ask(commuters, now), now)
        assert run.commuters == 3

    def test_a_run_without_anybody_is_done_at_once(self, cast, now):
        run = work(ask(cast, now), now)
        assert (run.state, run.commuters, run.gap) == (RunState.DONE, 0, 0.0)

    def test_a_plan_that_changes_meanwhile_takes_its_car_along(self, commuters, now):
        run = ask(commuters, now)
        services.begin_run(run_id=run.pk, now=now)
        CommutePlan.objects.filter(member=commuters.driver).update(
            updated_at=now + timedelta(minutes=1)
        )
        services.solve_part(part_id=run.parts.get().pk, read_clock=lambda: now)
        assert not CarpoolProposal.objects.exists()


def _workplace(member):
    from accounts.services import save_place

    return save_place(member=member, kind="work", label="Work", location=WORKSHOP)


class TestAfterwards:
    """What plans make happen by themselves."""

    def test_a_rider_without_a_car_looks_on_if_they_want_to(self, cast, now):
        plan(cast.rider, now=now, home=HOME_SOUTH)
        plan(cast.colleague, now=now, home=HOME_NORTH, keeps_looking=False)
        run = work(ask(cast, now), now)
        assert RideRequest.objects.get().rider == cast.rider
        assert {outcome_of(run, m) for m in (cast.rider, cast.colleague)} == {Outcome.LEFT_OUT}
        work(ask(cast, now), now)
        assert RideRequest.objects.count() == 1, "one request for one trip"

    @pytest.mark.parametrize("direction", ["to_work", "to_home"])
    def test_a_driver_alone_is_offered_if_they_want_to(self, cast, now, direction):
        plan(cast.driver, CommuteRole.DRIVE, now=now, offers_alone=True)
        run = work(ask(cast, now, direction), now)
        ride = Ride.objects.get()
        assert outcome_of(run, cast.driver) == Outcome.ALONE
        local = ride.departure_at.astimezone(cast.organization.zone)
        assert local.date() == run.service_date
        if direction == "to_work":
            at = ride.arrive_latest_at.astimezone(cast.organization.zone)
            assert at.time() == time(8, 30)
        else:
            assert local.time() == time(17, 30)

    def test_who_lets_the_platform_offer_is_not_asked_again(self, commuters, now):
        CommutePlan.objects.filter(member=commuters.driver).update(offers_alone=True)
        work(ask(commuters, now), now)
        assert CarpoolProposal.objects.get().state == "taken"
        assert Ride.objects.get().driver == commuters.driver

    def test_who_was_left_over_lately_is_remembered_until_they_share(self, cast, now):
        plan(cast.rider, now=now, home=HOME_SOUTH)
        for _night in range(2):
            work(ask(cast, now), now)
        assert recent_history([cast.rider.pk], now=now)[cast.rider.pk].left_over == 2
        plan(cast.driver, CommuteRole.DRIVE, now=now)
        work(ask(cast, now), now)
        assert recent_history([cast.rider.pk], now=now)[cast.rider.pk].left_over == 0


class TestWorkers:
    """Workers that share, come twice, or die."""

    def test_parts_survive_being_written_down(self, commuters, now):
        run = ask(commuters, now)
        services.begin_run(run_id=run.pk, now=now)
        written = bytes(run.parts.get().problem)
        assert pack_problem(unpack_problem(written)) == written
        from matching.selectors.problems import options_of, solve_problem

        answer = solve_problem(unpack_problem(written), options_of(run))
        again = unpack_answer(pack_answer(answer))
        assert (again.cars, again.unmatched, again.bound_m) == (
            answer.cars,
            answer.unmatched,
            answer.bound_m,
        )

    def test_a_message_that_comes_twice_changes_nothing(self, commuters, now):
        run = ask(commuters, now)
        assert services.begin_run(run_id=run.pk, now=now) == 1
        assert services.begin_run(run_id=run.pk, now=now) == 0
        part = run.parts.get()
        assert services.solve_part(part_id=part.pk, read_clock=lambda: now)
        assert not services.solve_part(part_id=part.pk, read_clock=lambda: now)
        assert CarpoolProposal.objects.count() == 1

    def test_many_parts_are_cut_anew_and_solved_by_whoever_is_free(self, cast, now, monkeypatch):
        from matching.engine.assignment import Options

        small = Options(part_size=4, sweeps=2, searches=2)
        monkeypatch.setattr("matching.services.parts.options_of", lambda _org: small)
        monkeypatch.setattr("matching.services.runs.options_of", lambda _org: small)
        for n in range(12):
            member = MemberFactory(organization=cast.organization, car=n % 3 == 0)
            role = CommuteRole.EITHER if n % 3 == 0 else CommuteRole.RIDE
            home = offset_m(HOME_NORTH, east_m=120.0 * (n % 4), north_m=-90.0 * (n // 4))
            plan(member, role, now=now, home=home)
        run = ask(cast, now)
        assert services.begin_run(run_id=run.pk, now=now) > 1
        for part in list(run.parts.all()):
            services.solve_part(part_id=part.pk, read_clock=lambda: now)
        assert not CarpoolProposal.objects.exists(), "the first cut is not final"
        assert run.parts.filter(sweep=1).exists()
        for part in list(run.parts.filter(sweep=1)):
            services.solve_part(part_id=part.pk, read_clock=lambda: now)
        run.refresh_from_db()
        assert run.state == RunState.DONE
        assert run.served >= 6
        assert run.objective_m <= run.bound_m
        seated = [s.rider_id for p in CarpoolProposal.objects.all() for s in p.seats.all()]
        driving = list(CarpoolProposal.objects.values_list("driver_id", flat=True))
        assert len({*seated, *driving}) == len(seated) + len(driving), "nobody twice"

    def test_a_run_that_got_stuck_is_taken_up_again_and_given_up_in_the_end(self, commuters, now):
        run = ask(commuters, now)
        services.begin_run(run_id=run.pk, now=now)
        OutboxEvent.objects.all().delete()
        assert services.sweep_runs(now=now) == 0
        assert services.sweep_runs(now=now + runs.STUCK_AFTER) == 1
        assert OutboxEvent.objects.filter(name="matching.PartReady").count() == 1
        services.sweep_runs(now=clock.now() + runs.GIVEN_UP_AFTER + runs.STUCK_AFTER)
        run.refresh_from_db()
        assert run.state == RunState.FAILED
        assert run.error

    def test_the_sweep_does_everything_that_is_due(self, cast, now):
        from matching.tasks import watch_proposals

        proposal = propose(cast.driver, cast.rider, now=now)
        CarpoolProposal.objects.filter(pk=proposal.pk).update(answer_by=now - timedelta(hours=1))
        assert watch_proposals() >= 1
        proposal.refresh_from_db()
        assert proposal.state == "expired"
