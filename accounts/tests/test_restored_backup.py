"""Who was forgotten stays so when a backup of before is restored; no sign-in is left of them."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings as installation
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import services
from accounts.services import save_place
from carpool.tests.belongings import RIDERS_DOOR
from carpool.tests.servers import test_database_url as database_url
from chat.models import PushDevice, Transport
from chat.services.preferences import DeviceTerms, register_device

TABLES = """SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'
    AND table_type = 'BASE TABLE' AND table_name !~ '^(maps_|django_migr|spatial_ref)'"""


@pytest.fixture
def listed(settings, tmp_path):
    settings.ERASURE_LIST = str(tmp_path / "erasures.txt")
    return Path(settings.ERASURE_LIST)


def plain(url: str) -> str:
    return url.replace("postgis://", "postgresql://", 1)


def everything_in(url: str) -> str:
    with psycopg.connect(plain(url)) as link:
        tables = [name for (name,) in link.execute(TABLES)]
        texts = [link.execute(f'SELECT to_jsonb(t)::text FROM "{one}" t') for one in tables]
        return "\n".join(text for rows in texts for (text,) in rows)


@pytest.fixture
def backup(transactional_db, tmp_path):
    """Dump this database to a file, and restore it beside."""
    beside = database_url().replace("?", "_restored?", 1)
    file = str(tmp_path / "backup")
    name = beside.partition("?")[0].rpartition("/")[2]

    def run(program, *options):
        subprocess.run([program, *options], check=True, capture_output=True)

    def administer(statement):
        with psycopg.connect(plain(database_url()), autocommit=True) as link:
            link.execute(f'{statement} "{name}"')

    class Backup:
        url = beside

        def take(self):
            run("pg_dump", "--format=custom", f"--file={file}", plain(database_url()))

        def restore(self):
            administer("DROP DATABASE IF EXISTS")
            administer("CREATE DATABASE")
            run("pg_restore", "--no-owner", f"--dbname={plain(beside)}", file)

    yield Backup()
    administer("DROP DATABASE IF EXISTS")


def sign_in_everywhere(member) -> Client:
    """Everything by which somebody could come back in, or be reached."""
    client = Client()
    client.force_login(member.user)
    UserSession.objects.create(
        user=member.user, session_key=client.session.session_key, ip="127.0.0.1", user_agent="x"
    )
    Authenticator.objects.create(
        user=member.user, type=Authenticator.Type.TOTP, data={"secret": "sealed"}
    )
    EmailAddress.objects.get_or_create(user=member.user, email=member.user.email)
    terms = DeviceTerms(transport=Transport.FCM, address="riders-token", label="Phone")
    register_device(member=member, terms=terms)
    return client


def test_nothing_is_left_by_which_who_is_forgotten_could_come_in(db, cast, now, listed):
    client = sign_in_everywhere(cast.rider)
    assert client.get("/").status_code == 200
    services.ask_for_erasure(member=cast.rider, now=now)
    assert services.erase_due(now=now + timedelta(days=2)) == 1
    for left in (Authenticator, UserSession, EmailAddress):
        assert not left.objects.filter(user=cast.rider.user).exists(), left
    assert not PushDevice.objects.exists()
    assert not Session.objects.exists()
    assert client.get("/")["Location"].startswith("/accounts/login/")
    assert listed.read_text().split() == [str(cast.rider.pk)]


def test_a_restored_backup_brings_nobody_back(city, cast, now, listed, backup):
    secrets = (RIDERS_DOOR.label, "Rita Rider", cast.rider.user.email, "riders-token")
    save_place(
        member=cast.rider, kind="home", label=RIDERS_DOOR.label, location=RIDERS_DOOR.location
    )
    sign_in_everywhere(cast.rider)
    backup.take()
    services.ask_for_erasure(member=cast.rider, now=now)
    services.erase_due(now=now + timedelta(days=2))
    backup.restore()
    back = everything_in(backup.url)
    assert [one for one in secrets if one in back] == list(secrets), "control: they are back"
    environment = {**os.environ, "DATABASE_URL": backup.url, "ERASURE_LIST": str(listed)}
    for again in (1, 0):
        done = subprocess.run(
            [sys.executable, "manage.py", "reapply_erasures"],
            env=environment, cwd=installation.BASE_DIR, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout == f"{again} people forgotten again.\n"
        found = everything_in(backup.url)
        assert [one for one in secrets if one in found] == []
        assert "Carl Colleague" in found, "the others are still there"
