"""The API does what its description says: Schemathesis asks a real server, as everybody.

Here with few cases, in bounded time; ``script/fuzz`` runs the same with many. Whatever fails is
printed with a command that sends it again.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.headless.tokens.strategies.jwt.internal import create_access_token
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from carpool.tests.servers import Server, running_servers, session_of
from carpool.tests.world import World, known_ids, world_at

ROLES = ("anonymous", "rider", "manager", "operator", "outsider")
CASES = int(os.environ.get("FUZZ_CASES", "1"))
PHASES = os.environ.get("FUZZ_PHASES", "examples,fuzzing,stateful")
SLOWEST_S = os.environ.get("FUZZ_SLOWEST_S", "10")  # generous: CI's machine is busy

# What is not asked of the API, each with its reason.
UNCHECKED = {
    # Schemathesis sends what fits the description; our rules then look at rides, clocks, maps.
    "positive_data_acceptance",
}


@pytest.fixture
def world(transactional_db, city, cast, now, monkeypatch) -> Iterator[World]:
    """A world that a server process sees, and tokens that outlast the longest run."""
    monkeypatch.setattr(settings, "HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN", 86400)
    with world_at("booked", cast, now) as world:
        yield world


def terms(world: World, role: str) -> str:
    """Say to Schemathesis who asks, and which ids there are, as its settings are written."""
    lines = ["[phases.stateful]", "max-steps = 8", ""]
    if role != "anonymous":
        lines += ["[auth.openapi.token]", f'bearer = "{token_of(getattr(world.cast, role))}"', ""]
    ids = known_ids(world)
    for name, values in ids.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}", ""]
    lines.append("[parameters]")
    lines += [f'"path.{name}" = {{ dictionary = "{name}", probability = 0.6 }}' for name in ids]
    return "\n".join(lines)


def token_of(member) -> str:
    session = SessionStore(session_of(member))
    return create_access_token(member.user, session, {})


def ask(server: Server, folder: Path, seed: int) -> "subprocess.CompletedProcess[str]":
    """Let Schemathesis ask all there is to ask."""
    command = [
        Path(sys.executable).with_name("st"), "run",
        f"http://127.0.0.1:{server.port}/api/schema/",
        "--phases", PHASES, "--checks", "all", "--exclude-checks", ",".join(sorted(UNCHECKED)),
        "--max-examples", str(CASES), "--max-response-time", SLOWEST_S,
        "--continue-on-failure", "--suppress-health-check", "all", "--seed", str(seed),
        "--warnings", "off", "--request-timeout", "30",
        "--report", "ndjson", "--report-ndjson-path", str(folder / "events.ndjson"),
    ]  # fmt: skip
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("role", ROLES)
def test_the_api_does_what_it_says(world, tmp_path, role):
    (tmp_path / "schemathesis.toml").write_text(terms(world, role))
    with running_servers(1) as [server]:
        done = ask(server, tmp_path, seed=ROLES.index(role) + 1)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-4000:]
    assert f"{len(operations())} selected" in done.stdout, "nothing was left out"


def operations() -> list[str]:
    """Return what the description offers."""
    described = Client().get("/api/schema/", headers={"Accept": "application/json"}).json()
    return [f"{method} {path}" for path, one in described["paths"].items() for method in one]
