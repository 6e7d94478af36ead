"""No secret of an address gets into a log: a real server, all its links, and what it wrote down."""

import http.client
import json
import logging
from pathlib import Path

import pytest
from django.conf import settings

from accounts.services import create_invitation
from carpool.kernel.logs import SecretsFilter, without_secrets
from carpool.tests.servers import running_servers, session_of
from chat.selectors.links import calendar_path, unsubscribe_path
from chat.selectors.preferences import get_notification_settings
from rides.services import share_ride
from rides.tests.factories import offer

ROOT = Path(settings.BASE_DIR)
TOKEN = "3XV1mPq0Wz9yKf-7Lr_8cA"
ID = "0b6a3f5e-6a5c-4f0e-9d53-7f0f4a1f1a01"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (f"Not Found: /join/{TOKEN}/", "Not Found: /join/…/"),
        (f"Gone: /calendar/{TOKEN}:{TOKEN}.ics", "Gone: /calendar/…"),
        (f"GET /rides/{ID}/ 200", f"GET /rides/{ID}/ 200"),
        (f"GET /rides/{ID}{TOKEN}/ 404", "GET /rides/…/ 404"),
        ("GET /cb/?code=4-0815&state=xyz&next=/", "GET /cb/?code=…&state=…&next=/"),
        ("GET /follow/<str:token>/ 200 3 ms", "GET /follow/<str:token>/ 200 3 ms"),
        ("Booked 3 seats / 2 people", "Booked 3 seats / 2 people"),
    ],
)
def test_tokens_are_covered_and_ids_are_not(said, left):
    assert without_secrets(said) == left


def test_the_filter_covers_what_comes_as_arguments():
    record = logging.LogRecord("x", 20, "", 0, "Forbidden: %s", (f"/follow/{TOKEN}/",), None)
    assert SecretsFilter().filter(record)
    assert record.getMessage() == "Forbidden: /follow/…/"


def test_every_handler_has_the_filter():
    assert all(one["filters"] == ["secrets"] for one in settings.LOGGING["handlers"].values())


@pytest.mark.parametrize(
    "path", ["script/lib/processes.sh", "compose.yaml", "k8s/base/web.yaml", "Dockerfile"]
)
def test_the_servers_own_log_of_addresses_is_off(path):
    lines = [line for line in (ROOT / path).read_text().splitlines() if "daphne" in line]
    started = [line.replace('"', "").replace(",", "") for line in lines if "-b" in line]
    assert started
    assert all("-v 0" in line and "--access-log" not in line for line in started)


@pytest.mark.django_db(transaction=True)
def test_a_server_writes_down_what_was_asked_and_none_of_the_secrets(city, cast, now, tmp_path):
    log, links, session = tmp_path / "log", secret_links(cast, now), session_of(cast.rider)
    with running_servers(1, log=log) as [server]:
        for path in links:
            look(server.port, path)
            look(server.port, path.replace("/", "//", 1))
            look(server.port, path[:-4] + "zzzz/")
            look(server.port, path, session)
        look(server.port, f"/accounts/kakao/login/callback/?code={TOKEN}&state={TOKEN}")
        look(server.port, "/", session)
        answer = server.post("/api/v1/searches", {"token": TOKEN}, session=session)
    written = log.read_text()
    assert answer[0] == 400
    assert "GET /follow/<str:token>/ 200" in written, "the control: something was written down"
    assert "POST /api/v1/searches" in written
    secrets = {part for path in links for part in path.split("/") if len(part) > 15}
    assert len(secrets) >= len(links)
    assert [one for one in {*secrets, session, TOKEN} if one in written] == []
    assert json.dumps(written).count(str(cast.rider.user.email)) == 0


def secret_links(cast, now) -> list[str]:
    ride = offer(cast.driver, now=now)
    _row, invited = create_invitation(by=cast.manager, note="", max_uses=1, days=1, now=now)
    return [
        f"/join/{invited}/",
        f"/follow/{share_ride(ride_id=ride.pk, by=cast.driver, now=now)}/",
        calendar_path(get_notification_settings(cast.rider)),
        unsubscribe_path(cast.rider, None),
        f"/profile/data/export/{TOKEN}/",
    ]


def look(port: int, path: str, session: str = "") -> None:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    link.request("GET", path, headers={"Cookie": f"sessionid={session}"} if session else {})
    link.getresponse().read()
    link.close()
