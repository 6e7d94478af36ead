"""A process that pays, and dies at a chosen point: ``payment_worker.py PAYMENT POINT``."""

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
from payments.services import intents, send_intents  # noqa: E402

# Before or after which step the process dies, on which of its calls: the operations are reserve
# and take. ``_move`` is inside the transaction that records an outcome, ``_book`` inside the one
# that books it.
POINTS = {
    "before it is claimed": ("_claim", "before", 1),
    "claimed and not sent": ("_claim", "after", 1),
    "the provider did it and nobody heard": ("_ask", "after", 1),
    "before the outcome is written": ("record_outcome", "before", 1),
    "while the outcome is being written": ("_move", "after", 2),
    "the outcome is written": ("record_outcome", "after", 1),
    "money was taken and nobody heard": ("_ask", "after", 2),
    "while it is being booked": ("_book", "after", 1),
}


def die() -> None:
    """End at once, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(payment: str, point: str) -> None:
    name, when, call = POINTS[point]
    real, calls = getattr(intents, name), []

    def fatal(*args, **kwargs):
        calls.append(1)
        if len(calls) == call and when == "before":
            die()
        answer = real(*args, **kwargs)
        if len(calls) == call:
            die()
        return answer

    with mock.patch.object(intents, name, fatal):
        send_intents(payment, now=clock.now())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
