"""The product's Celery, with effects that can be counted: for T8 and T12."""

import os
import time
from typing import Any

from celery import signals
from django.db import connection

from carpool.celery import app

if seconds := os.environ.get("BENCH_VISIBILITY_S"):
    app.conf.broker_transport_options = {
        **app.conf.broker_transport_options, "visibility_timeout": int(seconds),
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
    }  # fmt: skip


@signals.worker_process_init.connect
def subscribe(**_facts: Any) -> None:
    """Hear of every payment, by the outbox."""
    from carpool.kernel import outbox
    from payments.events import PaymentCaptured

    outbox.subscribe(PaymentCaptured, on_captured)


def on_captured(event: Any) -> None:
    """Leave a row for each time this is called and committed."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_effect VALUES (%s)", [event.payment_id])


@app.task(name="bench.direct")
def direct(payment: str) -> None:
    """Leave a row, as a task that nobody remembers: the control."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_direct VALUES (%s)", [payment])


@app.task(name="bench.slow")
def slow(key: str, lasts_s: float) -> None:
    """Work for long, then post a journal under a key, and leave a row without one."""
    from carpool.kernel import clock
    from payments.engine import chart
    from payments.services import post_journal

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_runs VALUES (now())")
    time.sleep(lasts_s)
    bank = chart.shared(chart.AccountKind.BANK, "CLP")
    fund = chart.shared(chart.AccountKind.PENALTY_FUND, "CLP")
    journal = chart.Journal("bench", key, chart.move(bank, fund, 7))
    post_journal(
        organization_id=os.environ["BENCH_ORGANIZATION"],  # type: ignore[arg-type]
        journal=journal, now=clock.now(),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_plain VALUES (now())")


__all__ = ["app"]
