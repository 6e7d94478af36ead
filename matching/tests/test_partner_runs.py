"""The night's second round: who was left alone is compared with the partners' people."""

from datetime import timedelta

import pytest

from accounts import services as accounts
from accounts.models import Member, MemberRole, Organization
from accounts.tests.factories import (
    HEAD_OFFICE,
    HOME_NORTH,
    HOME_SOUTH,
    PORT,
    MemberFactory,
    OrganizationFactory,
)
from carpool.kernel.geo import to_point
from matching import services
from matching.models import AssignmentRun, CarpoolProposal, CommuteRole, RunCommuter
from matching.selectors.proposals import list_left_over, list_open_proposals_for, list_runs
from matching.services.partner_runs import queue_partner_runs
from matching.services.proposals import answer_proposal
from matching.tests.plan_factories import plan
from matching.tests.test_plan_runs import work
from rides.models import Booking
from rides.tests.api import Api

pytestmark = pytest.mark.usefixtures("city")
BACKEND = "django.contrib.auth.backends.ModelBackend"


def again(member):
    return Member.objects.select_related("organization", "user").get(pk=member.pk)


@pytest.fixture
def partners(cast, now):
    """Copper and Campus share rides: one has a driver to the port, the other a rider."""
    ours, theirs = (
        MemberFactory(organization=organization, role=MemberRole.OWNER)
        for organization in (cast.organization, cast.outsider.organization)
    )
    invitation = accounts.invite_partner(by=ours, domain="campus.example", now=now)
    accounts.accept_partner(by=theirs, partnership_id=invitation.pk, now=now)
    theirs.organization.sites.create(name="Port", location=to_point(PORT))
    cast.neighbour = MemberFactory(organization=theirs.organization, display_name="Nina Neighbour")
    cast.invitation, cast.owner = invitation, ours
    # Who starts at a site has no threshold, so nothing here is drawn by lot.
    plan(cast.driver, CommuteRole.DRIVE, now=now, home=HEAD_OFFICE)
    plan(cast.neighbour, CommuteRole.RIDE, now=now, home=HOME_SOUTH)
    for member in (cast.driver, cast.neighbour):
        accounts.share_beyond(member=member, is_shared=True)
    return cast


def evening(now):
    """Let the night come: each organization puts its own people together, then partners do."""
    from matching.selectors.plans import next_service_day

    for organization in Organization.objects.filter(slug__in=["copper", "campus"]):
        for direction in ("to_work", "to_home"):
            run = services.queue_run(
                organization=organization,
                service_date=next_service_day(organization, now),
                direction=direction,
                by=None,
                now=now,
            )
            work(run, now)
    queue_partner_runs(now=now)
    runs = list(AssignmentRun.objects.exclude(partner=None))
    for run in runs:
        work(run, now)
    return runs


def test_a_driver_and_a_rider_of_partners_are_proposed_to_each_other(partners, now, client):
    runs = evening(now)
    assert [run.state for run in runs] == ["done", "done"]
    assert sum(run.cars for run in runs) == 2
    driver, rider = again(partners.driver), again(partners.neighbour)
    proposal = CarpoolProposal.objects.get(run__direction="to_work")
    assert (proposal.driver, proposal.seats.get().rider) == (driver, rider)
    assert {p.pk for p in list_open_proposals_for(rider, now=now)} >= {proposal.pk}
    assert list_left_over(rider, now=now) == []
    for person, other in ((rider, "Copper"), (driver, "Campus")):
        client.force_login(person.user, backend=BACKEND)
        assert f"from {other}" in client.get("/plan/").content.decode()
    answer_proposal(proposal_id=proposal.pk, by=rider, yes=True, now=now)
    answer_proposal(proposal_id=proposal.pk, by=driver, yes=True, now=now)
    booking = Booking.objects.get()
    assert (booking.rider, booking.ride.organization) == (rider, driver.organization)
    seen = Api(rider).get(f"rides/{booking.ride_id}").json()
    assert seen["partner"] == "Copper"
    shown = Api(driver).get(f"rides/{booking.ride_id}").json()
    assert (shown["partner"], shown["bookings"][0]["partner"]) == (None, "Campus")
    client.force_login(rider.user, backend=BACKEND)
    assert "from Copper" in client.get(f"/rides/{booking.ride_id}/").content.decode()


def test_asking_twice_in_one_evening_is_asking_once(partners, now):
    assert len(evening(now)) == 2
    assert queue_partner_runs(now=now + timedelta(minutes=5)) == 0


def test_nobody_is_compared_before_both_have_ended(partners, now):
    from matching.selectors.plans import next_service_day

    run = services.queue_run(
        organization=partners.organization,
        service_date=next_service_day(partners.organization, now),
        direction="to_work",
        by=None,
        now=now,
    )
    work(run, now)
    assert queue_partner_runs(now=now) == 0


@pytest.mark.parametrize("who", ["driver", "neighbour"])
def test_who_does_not_want_to_be_seen_beyond_is_not(partners, now, who):
    accounts.share_beyond(member=getattr(partners, who), is_shared=False)
    evening(now)
    assert not CarpoolProposal.objects.exists()


def test_who_wants_nothing_to_do_with_the_other_is_not_proposed(partners, now):
    accounts.block_member(by=partners.neighbour, other=partners.driver, now=now)
    evening(now)
    assert not CarpoolProposal.objects.exists()


def test_a_third_organization_and_a_former_partner_take_no_part(partners, now):
    accounts.end_partner(by=partners.owner, partnership_id=partners.invitation.pk, now=now)
    third = MemberFactory(organization=OrganizationFactory(), car=True, shares_beyond=True)
    third.organization.sites.create(name="Port", location=to_point(PORT))
    plan(third, CommuteRole.DRIVE, now=now, home=HOME_NORTH)
    assert evening(now) == []
    assert not CarpoolProposal.objects.exists()


def test_who_found_company_at_home_is_left_in_peace(partners, now):
    plan(partners.rider, CommuteRole.RIDE, now=now, home=HOME_SOUTH)
    evening(now)
    at_home, beyond = (
        {
            (member, proposal.run.direction)
            for proposal in CarpoolProposal.objects.filter(run__partner__isnull=is_own)
            for member in (proposal.driver, *(seat.rider for seat in proposal.seats.all()))
        }
        for is_own in (True, False)
    )
    assert (partners.rider, "to_home") in at_home
    assert not at_home & beyond
    assert partners.rider not in {member for member, _direction in beyond}


def test_the_stricter_rule_holds(partners, now):
    Organization.objects.filter(slug="campus").update(
        own_policies={"answer_before_s": 3600, "boarding_s": 120}
    )
    Organization.objects.filter(slug="copper").update(own_policies={"boarding_s": 30})
    evening(now)
    for proposal in CarpoolProposal.objects.all():
        assert proposal.departure_at - proposal.answer_by == timedelta(hours=1)
        assert proposal.run.strictest("boarding_s") == 120


def test_managers_see_their_own_runs_only_and_nobody_counts_twice(partners, now):
    evening(now)
    manager = again(partners.manager)
    assert {run.partner_id for run in list_runs(manager)} == {None}
    between = RunCommuter.objects.exclude(run__partner=None)
    assert set(between.values_list("outcome", flat=True)) <= {"driver", "rider"}
