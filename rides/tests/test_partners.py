"""Two organizations share rides: what is seen across, what is not, and what stays when it ends."""

from datetime import timedelta

import pytest

from accounts import services
from accounts.errors import OnlyTheInvited, OwnersOnly
from accounts.models import MemberRole, Organization, Partnership
from accounts.selectors import visible_organization_ids
from accounts.tests.factories import MemberFactory, OrganizationFactory
from matching.models import Match
from matching.selectors import search
from matching.services import match_request, match_ride
from rides.models import Ride
from rides.services import cancel_booking, post_request
from rides.tests.api import Api
from rides.tests.factories import book, offer, wish
from rides.tests.test_state_tables import _terms

BACKEND = "django.contrib.auth.backends.ModelBackend"

pytestmark = pytest.mark.django_db


@pytest.fixture
def owners(cast):
    return [
        MemberFactory(organization=organization, role=MemberRole.OWNER)
        for organization in (cast.organization, cast.outsider.organization)
    ]


@pytest.fixture
def partners(cast, owners, now):
    """Copper and Campus share rides; the driver wants theirs to be seen."""
    invitation = services.invite_partner(by=owners[0], domain="campus.example", now=now)
    services.accept_partner(by=owners[1], partnership_id=invitation.pk, now=now)
    services.share_beyond(member=cast.driver, is_shared=True)
    return again(cast, "driver", "rider", "outsider")


def again(cast, *names):
    """Read people anew, as the next request does."""
    for name in names:
        old = getattr(cast, name)
        setattr(cast, name, type(old).objects.select_related("organization").get(pk=old.pk))
    return Partnership.objects.get()


def found(person, ride, now):
    return [offered.ride.pk for offered in search(person, wish(ride), now=now).offers]


def test_a_partner_finds_books_and_sees_the_ride(cast, partners, now):
    ride = offer(cast.driver, now=now)
    assert found(cast.outsider, ride, now) == [ride.pk]
    assert Ride.objects.visible_to(cast.outsider).get() == ride
    assert Api(cast.outsider).get(f"rides/{ride.pk}").status_code == 200
    booking = book(cast.outsider, ride, now=now)
    assert booking.ride == ride


def test_only_rides_whose_drivers_want_it_are_seen(cast, partners, now):
    services.share_beyond(member=cast.driver, is_shared=False)
    ride = offer(cast.driver, now=now)
    assert found(cast.outsider, ride, now) == []
    assert found(cast.rider, ride, now) == [ride.pk]
    assert Api(cast.outsider).get(f"rides/{ride.pk}").status_code == 404


def test_a_third_organization_sees_nothing(cast, partners, now):
    third = MemberFactory(organization=OrganizationFactory())
    ride = offer(cast.driver, now=now)
    assert found(third, ride, now) == []
    assert Api(third).get(f"rides/{ride.pk}").status_code == 404


def test_ending_it_hides_at_once_and_keeps_what_is_booked(cast, owners, partners, now):
    ride, other = offer(cast.driver, now=now), None
    booking = book(cast.outsider, ride, now=now)
    another = MemberFactory(organization=cast.organization, car=True, shares_beyond=True)
    other = offer(another, now=now, hours=30)
    services.end_partner(by=owners[1], partnership_id=partners.pk, now=now)
    cast_outsider = (
        type(cast.outsider).objects.select_related("organization").get(pk=cast.outsider.pk)
    )
    booking.refresh_from_db()
    assert booking.state == "confirmed"
    assert set(Ride.objects.visible_to(cast_outsider)) == {ride}
    assert found(cast_outsider, other, now) == []
    api = Api(cast_outsider)
    assert api.get(f"rides/{ride.pk}").status_code == 200
    assert api.get(f"rides/{other.pk}").status_code == 404
    assert cancel_booking(booking_id=booking.pk, by=cast_outsider, reason="", now=now)
    assert visible_organization_ids(cast_outsider) == {cast_outsider.organization_id}


def test_standing_requests_are_matched_across_both_ways(cast, partners, now):
    ride = offer(cast.driver, now=now)
    request = post_request(rider=cast.outsider, terms=_terms(wish(ride)), now=now)
    match_ride(ride_id=ride.pk, now=now)
    assert Match.objects.filter(request=request, ride=ride).exists()
    Match.objects.all().delete()
    match_request(request_id=request.pk, now=now)
    assert Match.objects.filter(request=request, ride=ride).exists()
    Match.objects.all().delete()
    services.share_beyond(member=cast.driver, is_shared=False)
    match_ride(ride_id=ride.pk, now=now)
    assert not Match.objects.exists()


def test_blocks_hold_across(cast, partners, now):
    ride = offer(cast.driver, now=now)
    services.block_member(by=cast.driver, other=cast.outsider, now=now)
    assert found(cast.outsider, ride, now) == []
    assert not Ride.objects.visible_to(cast.outsider).exists()


def test_the_other_side_accepts_and_only_owners_do(cast, owners, now):
    invitation = services.invite_partner(by=owners[0], domain="CAMPUS.example", now=now)
    with pytest.raises(OnlyTheInvited):
        services.accept_partner(by=owners[0], partnership_id=invitation.pk, now=now)
    for person in (cast.manager, cast.rider):
        with pytest.raises(OwnersOnly):
            services.invite_partner(by=person, domain="campus.example", now=now)
    assert services.invite_partner(by=owners[1], domain="copper.example", now=now) is None
    assert services.invite_partner(by=owners[0], domain="copper.example", now=now) is None
    assert services.invite_partner(by=owners[0], domain="nobody.example", now=now) is None
    assert Partnership.objects.count() == 1


def test_it_can_begin_again(cast, owners, partners, now):
    services.end_partner(by=owners[0], partnership_id=partners.pk, now=now)
    later = now + timedelta(days=1)
    invitation = services.invite_partner(by=owners[1], domain="copper.example", now=later)
    services.accept_partner(by=owners[0], partnership_id=invitation.pk, now=later)
    for organization in Organization.objects.filter(slug__in=["copper", "campus"]):
        assert len(organization.partner_ids) == 1
        assert organization.former_partner_ids == []


def test_the_pages_lead_through_it(client, cast, owners):
    client.force_login(owners[0].user, backend=BACKEND)
    told = [
        client.post("/organization/partners/", {"domain": domain}, follow=True).content.decode()
        for domain in ("campus.example", "nobody.example")
    ]
    assert all("its owners see your invitation now" in page for page in told)
    invitation = Partnership.objects.get()
    client.force_login(owners[1].user, backend=BACKEND)
    assert "Invites you to share rides" in client.get("/organization/partners/").content.decode()
    client.post(f"/organization/partners/{invitation.pk}/accept/")
    assert "Rides are shared since" in client.get("/organization/partners/").content.decode()
    client.force_login(cast.driver.user, backend=BACKEND)
    assert client.get("/organization/partners/").status_code == 403
    assert "People of partner organizations" in client.get("/profile/safety/").content.decode()
    client.post("/profile/safety/beyond/", {"shares_beyond": "on"})
    cast.driver.refresh_from_db()
    assert cast.driver.shares_beyond
    client.force_login(owners[0].user, backend=BACKEND)
    client.post(f"/organization/partners/{invitation.pk}/end/")
    assert "Nobody yet." in client.get("/organization/partners/").content.decode()
