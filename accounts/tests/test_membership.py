"""Who steers, who leaves, who is taken out: the table of permissions, and what follows."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts import services
from accounts.errors import InvitationNotValid, LastOwner, MemberNotFound, OwnersOnly
from accounts.models import (
    Member,
    MemberRole,
    MembershipAct,
    MembershipChange,
    Organization,
)
from accounts.permissions import MAY, Act, can_remove, may
from accounts.tests.factories import HOME_NORTH, MemberFactory
from carpool.kernel import clock, outbox
from chat.models import Participant
from chat.services import open_conversation
from matching.models import CommutePlan
from rides.models import Booking, Ride, RideRequest
from rides.services import post_request
from rides.tests.api import Api
from rides.tests.factories import book, offer, wish

BACKEND = "django.contrib.auth.backends.ModelBackend"
ROLES = (MemberRole.MEMBER, MemberRole.MANAGER, MemberRole.OWNER)

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(cast):
    return MemberFactory(organization=cast.organization, role=MemberRole.OWNER)


def as_(role, organization):
    return MemberFactory(organization=organization, role=role)


ATTEMPTS = {
    Act.READ_RULES: lambda api, _p: api.get("organization/policies"),
    Act.CHANGE_RULES: lambda api, _p: api.send("PATCH", "organization/policies", {"riding": "2"}),
    Act.SEE_PEOPLE: lambda api, _p: api.get("organization/people"),
    Act.REMOVE_MEMBER: lambda api, p: api.post(f"organization/people/{p['member'].pk}/remove"),
    Act.REMOVE_MANAGER: lambda api, p: api.post(f"organization/people/{p['manager'].pk}/remove"),
    Act.CHANGE_ROLE: lambda api, p: api.send(
        "PATCH", f"organization/people/{p['member'].pk}", {"role": "manager"}
    ),
    Act.INVITE: lambda api, p: api.post(f"organization/people/{p['left'].pk}/readmit"),
    Act.LEAVE: lambda api, _p: api.post("organization/leave"),
    Act.CHANGE_SITES: lambda api, _p: api.post(
        "organization/sites", {"name": "Depot", "location": HOME_NORTH._asdict()}
    ),
    Act.CHANGE_BRANDING: lambda api, _p: api.send(
        "PATCH", "organization/branding", {"colour": "#b45309"}
    ),
    Act.SHARE_RIDES: lambda api, _p: api.get("organization/partners"),
    Act.OPEN_DOOR: lambda api, _p: api.put("organization/door", {"is_open": False}),
}
# What managers do on pages only.
PAGES = {
    Act.IMPORT_PEOPLE: ["/organization/people/import/"],
    Act.SET_UP_SIGN_IN: ["/organization/sign-in/", "/organization/sign-in/remove/"],
    Act.INVITE: ["/organization/invitations/"],
    Act.CHANGE_SITES: ["/organization/sites/", "/organization/sites/add/"],
    Act.CHANGE_BRANDING: ["/organization/branding/"],
    Act.SHARE_RIDES: ["/organization/partners/"],
}


def test_every_act_is_tried():
    assert set(ATTEMPTS) | set(PAGES) == set(Act)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("act", PAGES)
def test_the_table_of_permissions_holds_on_pages(client, cast, owner, act, role):
    who = as_(role, cast.organization)
    client.force_login(who.user, backend=BACKEND)
    for page in PAGES[act]:
        answer = client.post(page) if page.endswith("remove/") else client.get(page)
        refused = answer.status_code == 403
        assert refused is not may(who, act), (page, answer.status_code)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("act", ATTEMPTS)
def test_the_table_of_permissions_holds_at_the_api(cast, owner, now, act, role):
    who = as_(role, cast.organization)
    people = {
        "member": as_(MemberRole.MEMBER, cast.organization),
        "manager": as_(MemberRole.MANAGER, cast.organization),
        "left": as_(MemberRole.MEMBER, cast.organization),
    }
    services.leave_organization(member=people["left"], now=now)
    if act == Act.OPEN_DOOR:
        Organization.objects.filter(pk=cast.organization.pk).update(kind="community")
    answer = ATTEMPTS[act](Api(who), people)
    assert (answer.status_code < 300) is may(who, act), answer.content
    if not may(who, act):
        is_for_managers = MemberRole.MANAGER in MAY[act] or (
            act == Act.REMOVE_MANAGER and role == MemberRole.MEMBER
        )
        assert answer.json()["code"] == ("managers_only" if is_for_managers else "owners_only")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "act", [Act.REMOVE_MEMBER, Act.REMOVE_MANAGER, Act.CHANGE_ROLE, Act.INVITE]
)
def test_nobody_reaches_into_another_organization(cast, now, act, role):
    stranger = as_(role, cast.outsider.organization)
    people = {"member": cast.rider, "manager": cast.manager, "left": cast.colleague}
    answer = ATTEMPTS[act](Api(stranger), people)
    assert answer.status_code == (
        404
        if may(stranger, act) or (role == MemberRole.MANAGER and act == Act.REMOVE_MANAGER)
        else 403
    )
    assert not MembershipChange.objects.exists()
    assert not can_remove(stranger, cast.rider)


def test_an_owner_appoints_and_dismisses_and_it_is_noted(cast, owner, now):
    change = {"by": owner, "person_id": cast.rider.pk, "now": now}
    for role in ("manager", "owner", "owner", "member"):
        services.change_role(role=role, **change)
    noted = MembershipChange.objects.order_by("id").values_list("before", "after", "by")
    assert list(noted) == [
        ("member", "manager", owner.user.pk),
        ("manager", "owner", owner.user.pk),
        ("owner", "member", owner.user.pk),
    ]


def test_the_last_owner_neither_goes_nor_is_dismissed(cast, owner, now):
    with pytest.raises(LastOwner):
        services.change_role(by=owner, person_id=owner.pk, role="member", now=now)
    with pytest.raises(LastOwner):
        services.leave_organization(member=owner, now=now)
    other = as_(MemberRole.OWNER, cast.organization)
    other.user.is_active = False
    other.user.save()
    with pytest.raises(LastOwner):
        services.leave_organization(member=owner, now=now)
    second = as_(MemberRole.OWNER, cast.organization)
    services.leave_organization(member=owner, now=now)
    with pytest.raises(LastOwner):
        services.leave_organization(member=second, now=now)


def test_a_manager_takes_out_members_only(cast, owner, now):
    for person in (owner, as_(MemberRole.MANAGER, cast.organization)):
        with pytest.raises(OwnersOnly):
            services.remove_member(by=cast.manager, person_id=person.pk, reason="", now=now)
    with pytest.raises(MemberNotFound):
        services.remove_member(by=cast.manager, person_id=cast.outsider.pk, reason="", now=now)


@pytest.fixture
def busy(cast, now):
    """A driver with a ride, a seat, a request, a question, a plan and a sign-in."""
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    another = MemberFactory(organization=cast.organization, car=True)
    theirs = offer(another, now=now, hours=48)
    seat = book(cast.driver, theirs, now=now)
    query = wish(theirs)
    request = post_request(
        rider=cast.driver,
        terms=type(query)(
            origin=query.origin,
            destination=query.destination,
            earliest_departure_at=query.earliest_departure_at + timedelta(days=1),
            latest_arrival_at=query.latest_arrival_at + timedelta(days=1),
        ),
        now=now,
    )
    third = offer(MemberFactory(organization=cast.organization, car=True), now=now, hours=72)
    open_conversation(by=cast.driver, ride_id=third.pk, now=now)
    CommutePlan.objects.create(
        member=cast.driver, detour_s=600, walk_m=800, seats=1, updated_at=now
    )
    client = Client()
    client.force_login(cast.driver.user, backend=BACKEND)
    UserSession.objects.create(
        user=cast.driver.user,
        ip="127.0.0.1",
        user_agent="Test",
        session_key=client.session.session_key,
    )
    return ride, booking, seat, request, client


@pytest.mark.parametrize("how", ["leaves", "removed"])
def test_what_lies_ahead_ends_and_what_was_is_kept(cast, now, busy, how):
    ride, booking, seat, request, client = busy
    assert UserSession.objects.filter(user=cast.driver.user).exists()
    if how == "leaves":
        services.leave_organization(member=cast.driver, now=now)
    else:
        services.remove_member(by=cast.manager, person_id=cast.driver.pk, reason="x", now=now)
    assert not UserSession.objects.filter(user=cast.driver.user).exists()
    assert client.get("/").status_code == 302, "the sign-in is over"
    outbox.relay(now=clock.now() + timedelta(seconds=1))
    for row, state in ((ride, "cancelled"), (booking, "cancelled"), (seat, "cancelled")):
        row.refresh_from_db()
        assert row.state == state
    assert booking.cancel_reason == "Has left the organization."
    request.refresh_from_db()
    assert request.state == "closed"
    assert not CommutePlan.objects.get(member=cast.driver).is_active
    assert not Participant.objects.filter(member=cast.driver, left_at=None).exists()
    assert Ride.objects.filter(pk=ride.pk).exists()
    assert Booking.objects.count() == 2
    assert RideRequest.objects.filter(rider=cast.driver).get() == request
    rescue = RideRequest.objects.exclude(rider=cast.driver).get()
    assert rescue.instead_of.ride == ride, "whoever lost their seat is looked for"
    acts = MembershipChange.objects.filter(member=cast.driver).values_list("act", "reason")
    assert list(acts) == [(MembershipAct.LEFT, "") if how == "leaves" else ("removed", "x")]


def test_only_an_invitation_made_afterwards_lets_in_again(cast, now):
    _old, before = services.create_invitation(by=cast.manager, note="", max_uses=5, days=7, now=now)
    services.remove_member(by=cast.manager, person_id=cast.rider.pk, reason="", now=clock.now())
    with pytest.raises(InvitationNotValid):
        services.accept_invitation(user=cast.rider.user, token=before, now=now)
    invitation, after = services.create_invitation(
        by=cast.manager, note="", max_uses=5, days=7, now=now
    )
    type(invitation).objects.filter(pk=invitation.pk).update(
        created_at=clock.now() + timedelta(minutes=1)
    )
    assert services.accept_invitation(user=cast.rider.user, token=after, now=now) == cast.rider
    assert Member.objects.active().filter(pk=cast.rider.pk).exists()
    assert Api(cast.rider).get("me").status_code == 200


def test_a_manager_of_a_table_appoints_nobody(cast, now):
    text = f"email,role,active\n{cast.rider.user.email},manager,\nnew@copper.example,manager,\n"
    lines = services.read_people(by=cast.manager, text=text)
    assert [line.outcome for line in lines] == ["error", "error"]


def test_the_pages_lead_through_it(client, cast, owner, now):
    client.force_login(owner.user, backend=BACKEND)
    listed = client.get("/organization/people/", {"q": "rita"}).content.decode()
    page = f"/organization/people/{cast.rider.pk}/"
    assert page in listed
    assert "Carl" not in listed
    client.post(f"{page}role/", {"role": "manager"})
    assert "member → manager" in client.get(page).content.decode()
    client.post(f"{page}remove/", {"reason": "Moved"})
    shown = client.get(page).content.decode()
    assert "Moved" in shown
    assert "Let them in again" in shown
    client.post(f"{page}readmit/")
    cast.rider.refresh_from_db()
    assert (cast.rider.left_at, cast.rider.role) == (None, MemberRole.MEMBER)
    for answer in (client.get("/organization/leave/"), client.post("/organization/leave/")):
        page = answer.content.decode()
        assert "Make somebody else an owner first" in page
        assert ">Leave</button>" not in page
    foreign = f"/organization/people/{cast.outsider.pk}/"
    assert client.get(foreign).status_code == 404
    client.force_login(cast.rider.user, backend=BACKEND)
    assert client.get("/organization/people/").status_code == 403
    assert "Leave Copper?" in client.get("/organization/leave/").content.decode()
    assert client.post("/organization/leave/").status_code == 302
    assert client.get("/").status_code == 302


def test_a_long_list_costs_as_much_as_a_short_one(client, cast, django_assert_max_num_queries):
    MemberFactory.create_batch(60, organization=cast.organization)
    client.force_login(cast.manager.user, backend=BACKEND)
    with django_assert_max_num_queries(8):
        page = client.get("/organization/people/")
    assert "Page 1 of 2" in page.content.decode()
