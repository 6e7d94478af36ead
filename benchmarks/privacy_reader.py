"""Reads all that leaves the house, as everybody gets it, and notes whose door it tells."""

import asyncio
import io
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks.privacy_town import Log, Town

if TYPE_CHECKING:
    from accounts.models import Member

LINK = re.compile(r'href="(/[^"#]*)"')
# Signing out, what all get alike, and pages of allauth that ask before they show.
NOT_FOLLOWED = ("/accounts/", "/static/", "/brand/", "/design/", "/i18n/", "/api/", "/maps/")
STORED = ("kernel_outboxevent", "chat_liveevent", "chat_notification", "chat_message")
SURFACES = (
    "API answers", "page sources", "socket frames", "web pushes", "FCM messages", "SMS",
    "mails and invitations", "calendar feeds", "exports", "followed links", "admin pages",
    "stored events and news", "log lines",
)  # fmt: skip


class Reader:
    """Counts what was read and what was found, by surface."""

    def __init__(self, town: Town, log: Log) -> None:
        self.town, self.log = town, log
        self.read: Counter[str] = Counter()
        self.size: Counter[str] = Counter()
        self.found: dict[str, list[str]] = defaultdict(list)
        self.own = 0
        self._loop = asyncio.new_event_loop()

    def note(self, surface: str, text: str, where: str, *, owner: object = "") -> None:
        """Read one thing; ``owner`` may find their own door in it."""
        assert surface in SURFACES, surface
        self.read[surface] += 1
        self.size[surface] += len(text)
        for whose, way in self.town.doors.found_in(text):
            if whose == str(owner):
                self.own += 1
            else:
                self.found[surface].append(f"{where}: {way} of {whose}")

    def look(self, readers: Iterable["Member"], now: datetime) -> None:
        """Read everything that there is to be read at a moment."""
        import time_machine

        readers = list(readers)
        with time_machine.travel(now, tick=True):
            for member in readers:
                rides = self._api(member, now)
                self._pages(member, rides)
                self._calendar(member)
                self._export(member, now)
                self._loop.run_until_complete(self._sockets(member, rides))
            self._links(now)
            self._admin()
        self.collect()

    def collect(self) -> None:
        """Read what was sent, stored and logged since the last time."""
        self._mails()
        self._pushes()
        self._stored()
        lines, self.log.lines = self.log.lines, []
        for line in lines:
            self.note("log lines", line, line[:60])

    # --- What one asks for --------------------------------------------------------------------

    def _api(self, member: "Member", now: datetime) -> list[str]:
        """Ask for every list, for what stands in them, and search; return the rides seen."""
        from carpool.tests.addresses import api_endpoints
        from rides.tests.api import Api

        api = Api(member)
        rides: dict[str, None] = {}
        details: dict[str, None] = {}
        for method, path in sorted(api_endpoints()):
            if method == "GET" and "<" not in path and not path.startswith("maps/"):
                answer = self._answered(api.get(path), path, member)
                for one in answer.get("results", []) if isinstance(answer, dict) else []:
                    if path in {"rides", "conversations", "proposals"}:
                        details[f"{path}/{one.get('id')}"] = None
                    if path == "me/bookings":
                        details[f"bookings/{one['id']}"] = None
                        rides[str(one["ride"])] = None
        found = self._answered(api.post("searches", self._wish(member, now)), "searches", member)
        for offer in found.get("offers", [])[:3]:
            rides[str(offer["ride"]["id"])] = None
            drawing = api.post("searches/drawing", {"offer": offer["token"]})
            self._answered(drawing, "searches/drawing", member)
        rides |= {one.partition("/")[2]: None for one in details if one.startswith("rides/")}
        details |= {f"rides/{ride}": None for ride in rides}
        for path in list(details):
            if path.startswith("conversations/"):
                self._answered(api.get(f"{path}/messages"), path, member)
            if not path.startswith("proposals/"):
                self._answered(api.get(path), path, member)
        return list(rides)

    def _answered(self, answer: Any, where: str, member: "Member") -> Any:
        self.note("API answers", answer.content.decode(), where, owner=member.pk)
        is_json = answer.headers.get("Content-Type", "").endswith("json")
        return answer.json() if is_json else {}

    def _wish(self, member: "Member", now: datetime) -> dict[str, Any]:
        from carpool.kernel.geo import from_point
        from rides.tests.api import end

        ends = [from_point(member.places.get(kind=kind).location) for kind in ("home", "work")]
        if now.astimezone(self.town.organization.zone).hour in range(10, 18):
            ends.reverse()
        return {
            "origin": end(ends[0], ""),
            "destination": end(ends[1], ""),
            "earliest_departure_at": (now + timedelta(minutes=10)).isoformat(),
            "latest_arrival_at": (now + timedelta(hours=14)).isoformat(),
            "seats": 1,
            "walk_m": 1500,
        }

    def _pages(self, member: "Member", rides: list[str]) -> None:
        """Open every page that links lead to, and those of the rides that one knows."""
        from django.test import Client

        client = Client()
        client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
        known = [f"/rides/{ride}/" for ride in rides] + [
            f"/rides/{ride}/person/" for ride in rides[:2]
        ]
        self._crawl(client, ["/", *known], "page sources", member.pk, most=80)

    def _crawl(
        self, client: Any, ahead: list[str], surface: str, owner: object, *, most: int
    ) -> None:
        seen = set(ahead)
        while ahead and most:
            path, most = ahead.pop(0), most - 1
            answer = client.get(path, follow=False)
            if answer.status_code in {301, 302}:
                links = [urlsplit(answer["Location"]).path]
            elif answer.streaming:
                continue
            else:
                text = answer.content.decode(errors="replace")
                self.note(surface, text, path, owner=owner)
                links = LINK.findall(text)
            for link in (one.replace("&amp;", "&") for one in links):
                if link not in seen and not link.startswith(NOT_FOLLOWED):
                    seen.add(link)
                    ahead.append(link)

    def _calendar(self, member: "Member") -> None:
        from django.test import Client

        from rides.tests.api import Api

        url = Api(member).get("notifications/calendar").json()["url"]
        feed = Client().get(urlsplit(url).path).content.decode()
        self.note("calendar feeds", feed.replace("\r\n ", ""), "feed", owner=member.pk)

    def _export(self, member: "Member", now: datetime) -> None:
        from accounts import services
        from accounts.errors import ExportTooSoon

        try:
            export = services.ask_for_export(member=member, now=now)
        except ExportTooSoon:
            return
        services.make_export(export_id=export.pk)
        export.refresh_from_db()
        with zipfile.ZipFile(io.BytesIO(bytes(export.content or b""))) as packed:
            for name in packed.namelist():
                self.note("exports", packed.read(name).decode(), name, owner=member.pk)

    async def _sockets(self, member: "Member", rides: list[str]) -> None:
        """Follow everything from its first event on, as a page does that was away."""
        from channels.db import database_sync_to_async

        from chat.models import Participant
        from chat.tests.sockets import Socket

        talks = await database_sync_to_async(
            lambda: list(
                Participant.objects.filter(member=member).values_list("conversation", flat=True)
            )
        )()
        socket = Socket(member.user)
        await socket.connect()
        topics = ["today", "counters", *(f"ride:{ride}" for ride in rides[:8])]
        for topic in [*topics, *(f"conversation:{talk}" for talk in talks[:8])]:
            await socket.send_json_to({"subscribe": topic, "after": 0})
            quiet = False
            while not quiet:  # the first frame answers; the others follow on its heels
                frame = await socket.receive_from(timeout=10)
                self.note("socket frames", frame, topic, owner=member.pk)
                quiet = await socket.receive_nothing(timeout=0.1, interval=0.02)
        await socket.disconnect()

    def _links(self, now: datetime) -> None:
        """Follow driving rides as their people's trusted contacts."""
        from django.test import Client

        from rides.models import Booking, Ride
        from rides.services import share_ride

        for ride in Ride.objects.filter(state__in=["departing", "in_transit"]).select_related(
            "driver"
        )[:20]:
            aboard = Booking.objects.filter(ride=ride, state="confirmed").select_related("rider")
            for member in [ride.driver, *(booking.rider for booking in aboard)]:
                token = share_ride(ride_id=ride.pk, by=member, now=now)
                page = Client().get(f"/follow/{token}/").content.decode()
                self.note("followed links", page, "follow")

    def _admin(self) -> None:
        from django.test import Client

        from accounts.models import User

        operator, _new = User.objects.get_or_create(
            email="operator@example.org", is_staff=True, is_superuser=True
        )
        client = Client()
        client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
        self._crawl(client, ["/admin/"], "admin pages", "", most=120)

    # --- What comes by itself -----------------------------------------------------------------

    def _mails(self) -> None:
        from django.core import mail

        people = {member.user.email: member.pk for member in self.town.people}
        sent, mail.outbox = mail.outbox, []
        for one in sent:
            for part in one.message().walk():
                content = part.get_payload(decode=True)
                if isinstance(content, bytes):
                    text = content.decode(errors="replace").replace("\r\n ", "")
                    owner = people.get(one.to[0], "")
                    self.note("mails and invitations", text, part.get_content_type(), owner=owner)
            self.note("mails and invitations", str(one.subject), "subject")

    def _pushes(self) -> None:
        heard, self.town.outside.heard = self.town.outside.heard, []
        for path, body in heard:
            if path in self.town.browsers:
                said = self.town.browsers[path].read(body)
                self.note("web pushes", str(said), "push")
            elif path == "/sms":
                self.note("SMS", body.decode(), "sms")
            elif path.endswith("messages:send"):
                self.note("FCM messages", body.decode(), "fcm")

    def _stored(self) -> None:
        from django.db import connection

        for table in STORED:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")  # noqa: S608
                for (text,) in cursor.fetchall():
                    self.note("stored events and news", text, table)
