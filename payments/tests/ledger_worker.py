"""A process that posts journals until it is killed: ``python ledger_worker.py ORGANIZATION NAME``.

It says ``begun N`` before and ``done N`` after each journal, and can be told where to stop dead.
"""

import os
import signal
import sys
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "carpool.settings")

import django

django.setup()

from carpool.kernel import clock  # noqa: E402
from payments.engine import chart  # noqa: E402
from payments.engine.chart import AccountKind, Journal, move  # noqa: E402
from payments.services import ledger, post_journal  # noqa: E402

KRW = "KRW"


def die(*_args, **_kwargs):
    """End at once, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


POINTS = ["claim_and_lock", "_post", "_row"]


def main(organization: str, name: str, point: str) -> None:
    bank = chart.shared(AccountKind.BANK, KRW)
    person = chart.payable("11111111-1111-4111-8111-111111111111", KRW)
    for number in range(10_000):
        journal = Journal("test", f"{name}:{number}", move(bank, person, 7))
        sys.stdout.write(f"begun {number}\n")
        sys.stdout.flush()
        if point and number == 3:
            real = getattr(ledger, point)

            def after(*args, real=real, **kwargs):
                real(*args, **kwargs)
                die()

            with mock.patch.object(ledger, point, after):
                post_journal(organization_id=organization, journal=journal, now=clock.now())
        post_journal(organization_id=organization, journal=journal, now=clock.now())
        sys.stdout.write(f"done {number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "")
