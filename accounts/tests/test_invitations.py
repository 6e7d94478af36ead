"""Links that let people in: for a while, so many times, until revoked."""

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from accounts import services
from accounts.errors import InvitationNotValid, ManagersOnly
from accounts.models import Invitation, Member, MemberRole
from accounts.tests.factories import UserFactory
from accounts.tests.test_sign_in import code_in
from carpool.kernel import clock

URL = "/organization/invitations/"
BACKEND = "django.contrib.auth.backends.ModelBackend"
LINK = re.compile(r"http://testserver(/join/[\w-]+/)")

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client, cast):
    client.force_login(cast.manager.user, backend=BACKEND)
    return cast.manager


@pytest.fixture
def invite(cast, now):
    """Make a link of the manager; return the invitation and its token."""

    def make(**changes):
        wanted = {"by": cast.manager, "note": "", "max_uses": 2, "days": 7, "now": now}
        return services.create_invitation(**{**wanted, **changes})

    return make


def test_a_stranger_comes_in_by_a_link_that_a_manager_made(client, manager, cast):
    page = client.post(URL, {"note": "Night shift", "max_uses": 5, "days": 7}).content.decode()
    link = LINK.search(page).group(1)
    assert LINK.search(client.get(URL).content.decode()) is None, "it is shown once"
    visitor = Client()
    assert "Copper invites you" in visitor.get(link).content.decode()
    answer = visitor.post("/accounts/signup/", {"email": "free@nowhere.example", "next": link})
    answer = visitor.post(answer["Location"], {"code": code_in(mail.outbox[-1])}, follow=True)
    assert "Join Copper" in visitor.get(link).content.decode()
    visitor.post(link)
    member = Member.objects.get(user__email="free@nowhere.example")
    assert (member.organization, member.role) == (cast.organization, MemberRole.MEMBER)
    assert visitor.get("/api/v1/me").json()["organization"]["name"] == "Copper"


def test_only_a_digest_is_kept(invite):
    invitation, token = invite()
    assert token not in str(Invitation.objects.filter(pk=invitation.pk).values().get())


def test_it_lets_in_so_many_and_no_more(invite, now):
    invitation, token = invite(max_uses=2)
    for _person in range(2):
        services.accept_invitation(user=UserFactory(), token=token, now=now)
    with pytest.raises(InvitationNotValid):
        services.accept_invitation(user=UserFactory(), token=token, now=now)
    invitation.refresh_from_db()
    assert invitation.uses == 2


def test_who_is_in_already_uses_nothing_up(invite, cast, now):
    invitation, token = invite()
    assert services.accept_invitation(user=cast.rider.user, token=token, now=now) == cast.rider
    invitation.refresh_from_db()
    assert invitation.uses == 0


def test_it_ends(invite, now):
    _invitation, token = invite(days=1)
    late = now + timedelta(days=1, seconds=1)
    with pytest.raises(InvitationNotValid):
        services.accept_invitation(user=UserFactory(), token=token, now=late)


def test_revoked_it_opens_nothing(client, manager, invite, now):
    invitation, token = invite()
    client.post(f"{URL}{invitation.pk}/revoke/")
    assert Client().get(f"/join/{token}/").status_code == 404
    with pytest.raises(InvitationNotValid):
        services.accept_invitation(user=UserFactory(), token=token, now=now)


@pytest.mark.parametrize("way", ["left_at", "suspended_at"])
def test_who_left_or_was_shut_out_does_not_come_back_by_a_link(invite, cast, now, way):
    _invitation, token = invite()
    setattr(cast.rider, way, clock.now())
    cast.rider.save()
    with pytest.raises(InvitationNotValid):
        services.accept_invitation(user=cast.rider.user, token=token, now=now)


def test_all_that_does_not_work_looks_the_same(invite, now, cast):
    invitation, token = invite()
    services.revoke_invitation(invitation=invitation, now=now)
    revoked, unknown = Client().get(f"/join/{token}/"), Client().get("/join/invented/")
    assert (revoked.status_code, unknown.status_code) == (404, 404)
    assert "Copper" not in revoked.content.decode()


def test_opening_the_link_alone_joins_nobody(client, invite):
    _invitation, token = invite()
    user = UserFactory()
    client.force_login(user, backend=BACKEND)
    client.get(f"/join/{token}/")
    assert not Member.objects.filter(user=user).exists()


def test_without_signing_in_nobody_joins(invite):
    invitation, token = invite()
    assert Client().post(f"/join/{token}/").status_code == 200
    invitation.refresh_from_db()
    assert invitation.uses == 0


def test_only_managers_of_the_same_organization_make_and_revoke(client, cast, invite, now):
    invitation, _token = invite()
    with pytest.raises(ManagersOnly):
        invite(by=cast.rider)
    for member, statuses in ((cast.rider, {403}), (cast.outsider, {403})):
        client.force_login(member.user, backend=BACKEND)
        assert client.get(URL).status_code in statuses
        assert client.post(f"{URL}{invitation.pk}/revoke/").status_code in statuses
    cast.outsider.role = MemberRole.MANAGER
    cast.outsider.save()
    client.force_login(cast.outsider.user, backend=BACKEND)
    assert client.post(f"{URL}{invitation.pk}/revoke/").status_code == 404
    assert not client.get(URL).context["invitations"]
    invitation.refresh_from_db()
    assert invitation.revoked_at is None


@pytest.mark.parametrize(("field", "value"), [("max_uses", 0), ("max_uses", 501), ("days", 91)])
def test_limits_are_told_at_their_field(client, manager, field, value):
    answer = client.post(URL, {"note": "", "max_uses": 5, "days": 7, field: value})
    assert list(answer.context["form"].errors) == [field]
    assert not Invitation.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_last_place_is_given_once(invite, now):
    invitation, token = invite(max_uses=1)
    users, gate, came_in = [UserFactory() for _ in range(4)], threading.Barrier(4), []

    def accept(user):
        gate.wait()
        try:
            came_in.append(services.accept_invitation(user=user, token=token, now=now))
        except InvitationNotValid:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    invitation.refresh_from_db()
    assert (len(came_in), invitation.uses) == (1, 1)
