"""What ``script/bench privacy`` searches: an organization whose people live at hidden doors."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accounts.models import Member, Organization

CITY = Path("data/la-serena-coquimbo.osm.pbf")
SHARE_OF_DRIVERS = 0.4
VAPID = "c3VwZXItc2VjcmV0LXZhcGlkLWtleS1mb3ItdGVzdHM"


class _SeenEnough(Exception):
    """Ends a day that is not played to its end."""


class Outside(ThreadingHTTPServer):
    """Stands for push services, Firebase and a text message gateway; keeps what it is sent."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        super().__init__(("127.0.0.1", 0), _Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Outside

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.heard.append((self.path, body))
        answer = b'{"access_token": "abc", "expires_in": 3600}' if self.path == "/token" else b"{}"
        self.send_response(201)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Log(logging.Handler):
    """Keeps every line that any part of the product logs, down to DEBUG."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        root = logging.getLogger()
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        for handler in root.handlers:
            handler.setLevel(logging.CRITICAL if handler is not self else logging.DEBUG)
        logging.getLogger("django.db.backends").setLevel(logging.INFO)  # what it asks, not tells
        logging.getLogger("numba").setLevel(logging.INFO)  # a million lines about its own work

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(self.format(record))


class Town:
    """The demo city, its organization, and what its people's programs know."""

    def __init__(self, people: int, outside: Outside, *, seed: int) -> None:
        from django.core import mail
        from django.core.management import call_command

        from carpool.kernel import clock
        from carpool.tests.doors import Doors
        from maps.models import Region
        from maps.services import import_file
        from matching.management.demo.people import COPPER_SITES, found_organization

        mail.outbox = []
        call_command("migrate", verbosity=0)
        import_file(path=CITY, now=clock.now(), name="City", slug="la-serena-coquimbo")
        self.region = Region.objects.get()
        self.organization: Organization = found_organization(
            name="Hidden Doors", slug="hidden", domain="hidden.example", sites=COPPER_SITES
        )
        self.outside = outside
        self.browsers: dict[str, Any] = {}
        self.homes: dict[str, Any] = {}
        self.people: list[Member] = self._settle(people, seed)
        self.doors = Doors(self.homes)

    def _settle(self, count: int, seed: int) -> list["Member"]:
        from accounts.models import MemberRole
        from maps.selectors import load_network
        from matching.management.demo.homes import Homes
        from matching.management.demo.people import COPPER_SITES, Settler, person_name

        settler = Settler(self.region, Homes(load_network(self.region), seed=seed), seed=seed)
        people = []
        for number in range(count):
            member = settler.settle(
                self.organization,
                name=person_name(number),
                email=f"p{number}@hidden.example",
                site=COPPER_SITES[number % len(COPPER_SITES)],
                drives=number < count * SHARE_OF_DRIVERS,
                role=MemberRole.MANAGER if number == count - 1 else MemberRole.MEMBER,
            )
            self._equip(member, number)
            people.append(member)
        return people

    def _equip(self, member: "Member", number: int) -> None:
        """Give a member a door of their own, a week, and every way to be told of something."""
        from accounts.models import Place
        from carpool.kernel.geo import from_point
        from chat.models import NEVER, Channel, Kind, NotificationSettings, PushDevice, Transport
        from chat.services.preferences import save_matrix
        from chat.tests.outside import Browser
        from matching.management.demo.plans import plan_week

        home = member.places.get(kind="home")
        label = f"Pasaje Oculto {number:04d}"
        Place.objects.filter(pk=home.pk).update(label=label)
        self.homes[str(member.pk)] = (label, from_point(home.location))
        member.phone = f"+56 9 {number:08d}"
        member.save(update_fields=["phone"])
        plan_week(member, seed=number)
        NotificationSettings.objects.create(
            member=member, quiet_from=None, quiet_until=None, digest="none"
        )
        cells = {(kind, channel): True for kind in Kind for channel in Channel}
        save_matrix(member=member, wanted={k: v for k, v in cells.items() if k not in NEVER})
        path = f"/push/{member.pk}"
        self.browsers[path] = Browser()  # type: ignore[no-untyped-call]
        self.browsers[path].subscribe(member, self.outside.url + path)
        PushDevice.objects.create(
            member=member, transport=Transport.FCM, address=f"phone-{member.pk}"
        )

    def propose(self) -> None:
        """Pair those who live by plan, for the next working day, both ways."""
        from carpool.kernel import clock
        from matching.models import Direction
        from matching.selectors.plans import next_service_day
        from matching.services import queue_run

        now = clock.now()
        for direction in Direction:
            queue_run(
                organization=self.organization,
                service_date=next_service_day(self.organization, now),
                direction=direction,
                by=None,
                now=now,
            )
        tell_everything(now)

    def play_until(self, stops: list[timedelta], look: Callable[[datetime], None]) -> None:
        """Play a commute day up to the last of the times after its midnight, looking at each."""
        from carpool.kernel.clock import local_to_utc
        from matching.management.commands.demo_day import _next_free_workday
        from matching.management.demo.day import CommuteDay

        day = _next_free_workday(self.organization)
        midnight = local_to_utc(day, datetime.min.time(), self.organization.zone, field="day")
        ahead = [midnight + after for after in stops]

        def heard(done: int, _known: int, now: datetime) -> None:
            if done % 20 == 0:
                tell_everything(now)
            while ahead and now >= ahead[0]:
                ahead.pop(0)
                tell_everything(now)
                look(now)
            if not ahead:
                raise _SeenEnough

        drivers = round(len(self.people) * SHARE_OF_DRIVERS)
        played = CommuteDay(self.organization, day=day, seed=1, speed=None, on_event=heard)
        with suppress(_SeenEnough):
            played.play(self.people[:drivers], self.people[drivers:])


def tell_everything(now: datetime) -> None:
    """Deliver what happened, and send everything that is to be sent."""
    from carpool.kernel import clock, outbox
    from chat.services import deliveries

    while outbox.relay(now=clock.now() + timedelta(seconds=1)):
        pass
    while deliveries.send_due(read_clock=lambda: now + timedelta(minutes=1)):
        pass


def outside_settings(outside: Outside) -> dict[str, Any]:
    """Return settings with which every channel leads to our own outside."""
    import json

    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from django.conf import settings

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    account = {
        "project_id": "carpool",
        "client_email": "push@carpool.example",
        "private_key": key.decode(),
        "token_uri": f"{outside.url}/token",
    }
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
        "VAPID_PRIVATE_KEY": VAPID,
        "FCM_CREDENTIALS": json.dumps(account),
        "FCM_URL": outside.url,
        "SMS_URL": f"{outside.url}/sms",
        "DEMO": True,  # push services on this machine
        "ALLOWED_HOSTS": ["*"],
        "LIMITS": [],
        "STORAGES": {**settings.STORAGES, "staticfiles": plain},  # nobody loads the files
    }
