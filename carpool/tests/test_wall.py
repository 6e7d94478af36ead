"""The second wall: PostgreSQL keeps organizations apart also where the code forgets to."""

from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.apps import apps
from django.db import Error, ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, Place
from accounts.tests.factories import HOME_NORTH
from carpool.kernel import tenancy
from carpool.kernel.geo import to_point
from carpool.tests.world import world_at
from chat.services import open_conversation
from chat.tests.sockets import connected
from matching.selectors import search
from rides.models import Ride
from rides.models.rides import RideQuerySet
from rides.tests.api import Api
from rides.tests.factories import offer, wish

pytestmark = pytest.mark.usefixtures("city")

# Tables that lead to an organization and are in front of the wall, each with its reason.
IN_FRONT = {
    "accounts_emaildomain": "asked before one is inside: which organization an address joins",
    "accounts_identityissuer": "asked before one is inside: by which doors one may sign in",
    "accounts_logo": "everybody may see it, also on the page to sign in",
    "accounts_invitation": "asked before one is inside: its token is the right to come in",
}


def behind() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_policies JOIN pg_class ON relname = tablename"
            " WHERE relrowsecurity AND 'carpool_web' = ANY (roles)"
        )
        return {table for (table,) in cursor.fetchall()}


def of_organizations() -> set[str]:
    """Every table whose rows lead to an organization, by whatever way."""
    found, before = {Organization._meta.db_table}, 0
    models = [m for m in apps.get_models(include_auto_created=True) if m._meta.managed]
    while len(found) != before:
        before = len(found)
        found |= {
            model._meta.db_table
            for model in models
            for one in model._meta.local_fields
            if one.is_relation and one.related_model._meta.db_table in found
        }
    return found - {Organization._meta.db_table}


def test_every_table_of_organizations_is_behind_the_wall(db):
    assert of_organizations() - behind() == set(IN_FRONT)


def test_whoever_is_nobody_sees_no_row_of_any_table(cast, now):
    with world_at("booked", cast, now) as world:
        open_conversation(ride_id=world.ride.pk, by=cast.rider, now=now)
        filled = {table for table in behind() if count(table)}
        assert {"rides_ride", "rides_stop", "accounts_place", "chat_participant"} <= filled
        with tenancy.inside(tenancy.NOBODY):
            assert {table for table in filled if count(table)} == set()
        with tenancy.inside(frozenset({cast.outsider.organization_id})):
            seen = {table: count(table) for table in filled}
            assert {table for table in seen if seen[table]} == {"accounts_member", "accounts_car"}
        with tenancy.inside(frozenset({cast.organization.pk})):
            assert count("rides_ride") == Ride.objects.count()


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def test_nothing_is_written_into_another_organization(cast, now):
    ride = offer(cast.driver, now=now)
    with tenancy.inside(frozenset({cast.outsider.organization_id})):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Place.objects.create(
                member_id=cast.driver.pk, kind="other", label="x", location=to_point(HOME_NORTH)
            )
        assert Ride.objects.filter(pk=ride.pk).update(note="mine") == 0
        assert Ride.objects.filter(pk=ride.pk).delete()[0] == 0
    ride.refresh_from_db()
    assert ride.note != "mine"


@pytest.fixture
def forgetful(monkeypatch):
    """The code forgot its filters."""
    monkeypatch.setattr(RideQuerySet, "visible_to", lambda self, *_a, **_k: self)


def test_a_forgotten_filter_shows_nothing_of_others(cast, now, forgetful):
    ride = offer(cast.driver, now=now)
    page = reverse("rides:ride", args=[ride.pk])
    for member, status in ((cast.outsider, 404), (cast.colleague, 200)):
        client = Client()
        client.force_login(member.user)
        assert client.get(page).status_code == status
        assert Api(member).get(f"rides/{ride.pk}").status_code == status


@pytest.mark.django_db(transaction=True)
async def test_a_forgotten_filter_opens_no_topic_to_others(cast, now, forgetful):
    ride = await database_sync_to_async(offer)(cast.driver, now=now)
    async with connected(cast.outsider.user) as socket:
        assert (await socket.ask(subscribe=f"ride:{ride.pk}"))["error"] == "ride_not_found"
    async with connected(cast.colleague.user, f"ride:{ride.pk}"):
        pass


def test_control_without_the_wall_a_forgotten_filter_shows_it(cast, now, forgetful, monkeypatch):
    ride = offer(cast.driver, now=now)
    monkeypatch.setattr(tenancy, "enter", lambda _ids: tenancy.leave_to_system())
    assert Api(cast.outsider).get(f"rides/{ride.pk}").status_code == 200


def test_operators_see_all_at_their_desk_and_their_own_elsewhere(cast, now, forgetful):
    ride = offer(cast.outsider, now=now)
    client = Client()
    client.force_login(cast.operator.user)
    assert str(ride.pk) in client.get("/admin/rides/ride/").content.decode()
    assert client.get(reverse("rides:ride", args=[ride.pk])).status_code == 404
    client.force_login(cast.manager.user)
    assert client.get("/admin/rides/ride/").status_code in {302, 403}


def test_a_request_leaves_nothing_for_the_next(cast, now):
    ride = offer(cast.driver, now=now)
    Api(cast.outsider).get("rides")
    assert tenancy.current_scope() is None
    assert Ride.objects.filter(pk=ride.pk).exists(), "tests work as the system"
    with tenancy.inside(frozenset({cast.organization.pk})):
        assert Ride.objects.count() == 1
    with tenancy.inside(tenancy.NOBODY):
        assert Ride.objects.count() == 0


def test_what_a_rollback_takes_back_is_told_again(cast, now):
    offer(cast.driver, now=now)
    with tenancy.inside(frozenset({cast.organization.pk})):
        with pytest.raises(Error), transaction.atomic():
            fail_as_nobody()
        assert Ride.objects.count() == 1
    with tenancy.inside(tenancy.NOBODY):
        assert Ride.objects.count() == 0


def fail_as_nobody() -> None:
    with tenancy.inside(tenancy.NOBODY), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def test_a_connection_comes_back_to_the_pool_as_the_system(cast, now):
    offer(cast.driver, now=now)
    asks = "SELECT current_user, current_setting('carpool.organizations'), count(*) FROM rides_ride"
    with tenancy.inside(tenancy.NOBODY):
        Ride.objects.count()
        link = connection.connection
        assert link.execute(asks).fetchone() == ("carpool_web", "", 0)
        tenancy.clean(NoCommit(link))
    assert link.execute(asks).fetchone()[2] == 1


class NoCommit:
    """A connection whose test must be able to roll everything back."""

    def __init__(self, link) -> None:
        self.execute = link.execute

    def commit(self) -> None: ...


def test_what_is_found_by_place_or_span_is_found_by_its_index(cast, now):
    """A policy keeps PostgreSQL from such an index: 1.3 s instead of 20 ms of 200,000 rides."""
    ride = offer(cast.driver, now=now)
    early = wish(ride, latest_arrival_at=ride.departure_at + timedelta(minutes=6))
    looked_as = []

    def watch(execute, sql, params, many, context):
        if "tstzrange" in sql:
            looked_as.append(tenancy.current_scope())
        return execute(sql, params, many, context)

    inside = frozenset({cast.organization.pk})
    with tenancy.inside(inside), connection.execute_wrapper(watch):
        assert len(search(cast.rider, early, now=now).near_misses) == 1
        assert tenancy.current_scope() == inside
    assert looked_as == [None]
    with tenancy.inside(tenancy.NOBODY):
        assert search(cast.rider, early, now=now).near_misses == []


def test_statements_are_not_compiled(db):
    """PostgreSQL would compile a large one of ours for eight seconds to run it for one."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)


def test_the_role_of_requests_owns_nothing_and_may_bypass_nothing(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcanlogin,"
            " (SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid)"
            " FROM pg_roles WHERE rolname = %s",
            [tenancy.ROLE],
        )
        assert cursor.fetchone() == (False, False, False, False, 0)
