"""Simulated providers in processes of their own, and payers who say yes or no there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings as installation

from carpool.tests.servers import _end, _free_port, _wait_until_it_answers
from payments.engine.access import Access

KEYS = {"kakaopay": "DEVKEY", "toss": "test_sk_key", "stripe": "sk_test_key"}
SECRETS = {"toss": "ab" * 32, "stripe": "whsec_simulated"}
BASES = {"kakaopay": "/online/v1/payment", "toss": "/v1", "stripe": ""}


@dataclass(frozen=True)
class Running:
    """A simulated provider that answers."""

    name: str
    address: str

    @property
    def access(self) -> Access:
        secret = SECRETS.get(self.name)
        return Access(
            self.name, self.address + BASES[self.name], KEYS[self.name],
            "TC0ONETIME" if self.name == "kakaopay" else "", (secret,) if secret else (),
        )  # fmt: skip

    def misbehave(self, **faults: Any) -> None:
        """Let requests go wrong from now on."""
        requests.post(f"{self.address}/_simulator/faults", json=faults, timeout=5)

    def state(self) -> dict[str, Any]:
        """Return all that it knows."""
        return requests.get(f"{self.address}/_simulator/state", timeout=5).json()

    def of(self, payment: Any) -> list[dict[str, Any]]:
        """Return what it knows of one of our payments that was ever approved or ended."""
        return [one for one in self.state()["payments"] if one["reference"] == str(payment.pk)]

    def charges(self, payment: Any) -> list[int]:
        """Return what was taken for a payment, each time that something was."""
        return [one["taken"] for one in self.of(payment) for _n in range(one["charges"])]


@contextmanager
def running_simulator(name: str, *, hook: str = "") -> Iterator[Running]:
    """Start a simulated provider, and stop it at the end."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "carpool.simulators", name, "--port", str(port), "--hook", hook],
        env={**os.environ, "SIMULATOR_KEY": KEYS[name],
             "SIMULATOR_SECRET": SECRETS.get(name, ""), "LOG_LEVEL": "ERROR"},
        cwd=Path(installation.BASE_DIR),
    )  # fmt: skip
    try:
        _wait_until_it_answers(process, port, "/healthz")
        yield Running(name, f"http://localhost:{port}")
    finally:
        process.terminate()
        _end(process)


def switch_on(settings: Any, *providers: Running) -> None:
    """Let Carpool pay by these."""
    settings.PAYMENT_ACCESS = {one.name: one.access for one in providers}
    settings.PAYMENT_PROVIDERS = ["test_bank", *settings.PAYMENT_ACCESS]
    settings.PAYMENT_TIMEOUT_S = 0.5


def approve(pay_at: str, answer: str = "yes") -> tuple[str, dict[str, str]]:
    """Say yes or no as a payer; return the path and query by which one comes back."""
    page = requests.get(pay_at, timeout=5)
    assert "SIMULATOR" in page.text
    sent = requests.post(pay_at, data={"answer": answer}, timeout=5, allow_redirects=False)
    assert sent.status_code == 303
    parts = urlsplit(sent.headers["Location"])
    told = dict(pair.split("=", 1) for pair in parts.query.split("&") if pair)
    return parts.path, told
