"""What every test may use: the demo city, a fixed cast, and no network."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from accounts.models import Member, MemberRole, Organization
from accounts.tests.factories import MemberFactory, OrganizationFactory, add_sites
from carpool.kernel import clock
from carpool.kernel.models import OutboxEvent
from maps.models import Address, MapFeature, Region
from payments.services.tariffs import bring_tariff_book

# A busy machine draws slowly, and that is no fault of what is tested.
hypothesis_settings.register_profile(
    "busy", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("busy")

# Each test client loads the middleware anew, and with it a list of all static files, which takes
# four fifths of its time: look for them one by one instead.
settings.WHITENOISE_AUTOREFRESH = True

_ROWS: list[list[Any]] = []
CITY = Path(__file__).parent / "data" / "la-serena-coquimbo.osm.pbf"


@pytest.fixture(scope="session")
def _city_columns(django_db_setup: None, django_db_blocker: Any) -> dict[str, Any]:
    """Import the demo city once; compiled networks are kept between runs (by content)."""
    from maps.services import import_file

    with django_db_blocker.unblock():
        import_file(
            path=CITY, now=clock.now(), name="La Serena–Coquimbo", slug="la-serena-coquimbo"
        )
        OutboxEvent.objects.all().delete()
        _ROWS.extend(list(model.objects.all()) for model in (Address, MapFeature))
        return dict(Region.objects.filter(slug="la-serena-coquimbo").values().get())


@pytest.fixture
def _city_back(
    request: pytest.FixtureRequest, _city_columns: dict[str, Any], django_db_blocker: Any
) -> None:
    """Bring the city back for good if a test emptied the tables, unless this one will, too."""
    mark = request.node.get_closest_marker("django_db")
    empties = {"transactional_db", "live_server"} & set(request.fixturenames)
    if empties or (mark and mark.kwargs.get("transaction")):
        return
    with django_db_blocker.unblock():
        if connection.in_atomic_block or Region.objects.filter(id=_city_columns["id"]).exists():
            return
        Region.objects.create(**_city_columns)
        if not Address.objects.exists():
            _bring_back_rows()


def _bring_back_rows() -> None:
    for rows in _ROWS:
        type(rows[0]).objects.bulk_create(rows, ignore_conflicts=True)


@pytest.fixture
def city(_city_columns: dict[str, Any], _city_back: None, db: None) -> Region:
    """The demo city; a test that empties the tables gets its row back for the next one."""
    columns = {k: v for k, v in _city_columns.items() if k != "id"}
    region, _created = Region.objects.get_or_create(id=_city_columns["id"], defaults=columns)
    if connection.in_atomic_block and not Address.objects.exists():
        _bring_back_rows()  # it was too late to do it for good
    bring_tariff_book()  # the migration's rows, which such a test has emptied, too
    return region


@pytest.fixture
def gazetteer(city: Region) -> None:
    """The demo city's addresses and features, whatever tests before have emptied."""
    if not Address.objects.exists():
        _bring_back_rows()


@dataclass
class Cast:
    """The same people in every test; each is somebody else to whoever asks."""

    organization: Organization
    driver: Member
    rider: Member
    colleague: Member
    manager: Member
    operator: Member
    outsider: Member


@pytest.fixture
def cast(city: Region) -> Cast:
    """Driver, rider, colleague, manager and operator of one organization, outsider of another."""
    copper = OrganizationFactory(name="Copper", slug="copper", time_zone="America/Santiago")
    campus = OrganizationFactory(name="Campus", slug="campus", time_zone="America/Santiago")
    add_sites(copper)
    operator = MemberFactory(organization=copper, display_name="Olga Operator")
    operator.user.is_staff = operator.user.is_superuser = True
    operator.user.save(update_fields=["is_staff", "is_superuser"])
    return Cast(
        organization=copper,
        driver=MemberFactory(organization=copper, display_name="Dora Driver", car=True),
        rider=MemberFactory(organization=copper, display_name="Rita Rider"),
        colleague=MemberFactory(organization=copper, display_name="Carl Colleague"),
        manager=MemberFactory(
            organization=copper, display_name="Mona Manager", role=MemberRole.MANAGER
        ),
        operator=operator,
        outsider=MemberFactory(organization=campus, display_name="Otto Outsider", car=True),
    )


@pytest.fixture
def now() -> datetime:
    """The present, read once."""
    return clock.now()


@pytest.fixture(autouse=True)
def _clean_cache() -> Iterator[None]:
    """Rate limits and signs of life must not leak into the next test."""
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """A Korean member's language must not stay for the next test; requests set their own."""
    with translation.override("en"):
        yield


# What Django makes after each migration anew; no test changes it.
_KEPT = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture(autouse=True, scope="session")
def _quick_emptying(django_db_setup: None) -> Iterator[None]:
    """Empty what a test has filled, instead of every table as Django's ``flush`` does.

    The thousands of addresses and features of the demo city stay. Triggers are off meanwhile, as
    the books refuse to be emptied; who may not do that empties as Django does.
    """
    usual = TransactionTestCase._fixture_teardown

    def empty(case: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if cursor.fetchone() != (True,):
                usual(case)
                return
            names = sorted(set(connection.introspection.django_table_names(True)) - _KEPT)
            look = " UNION ALL ".join(
                f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})"  # noqa: S608 - our own tables
                for name in names
            )
            cursor.execute(look)
            filled = [name for (name,) in cursor.fetchall()]
            stays = {type(rows[0])._meta.db_table: rows[0].region_id for rows in _ROWS}
            cursor.execute("SET session_replication_role = replica")
            for name in filled:
                if name in stays:
                    cursor.execute(
                        f"DELETE FROM {name} WHERE region_id <> %s",  # noqa: S608
                        [stays[name]],
                    )
                else:
                    cursor.execute(f"DELETE FROM {name}")  # noqa: S608
            cursor.execute("SET session_replication_role = DEFAULT")

    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def _no_outside_network() -> Iterator[None]:
    """Refuse connections to anywhere but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"A test wanted to connect to {address}")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


def pytest_configure() -> None:
    """Tests hash passwords quickly and keep mails in memory; their people may search at will."""
    settings.ALL_LIMITS = settings.LIMITS
    settings.LIMITS = [limit for limit in settings.LIMITS if limit.per != "person"]
    settings.MEDIA_ROOT = mkdtemp(prefix="carpool-media-")
    settings.ERASURE_LIST = str(Path(settings.MEDIA_ROOT) / "erasures.txt")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
