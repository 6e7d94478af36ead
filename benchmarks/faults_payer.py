"""A process that pays, or posts journals, and says what has been acknowledged: for T8 and T9."""

import os
import sys
from datetime import timedelta
from itertools import count
from uuid import UUID, uuid4

import django

BANKNOTE = 7


def payments(number: int) -> None:
    """Pay so often, whatever becomes of the broker; print each payment."""
    from django.db import transaction
    from kombu.exceptions import OperationalError

    from carpool.celery import app
    from carpool.kernel import clock
    from payments.services import request_payment, send_intents

    def tell(pk: UUID) -> None:
        try:
            app.send_task("bench.direct", [str(pk)], retry=False)
        except OperationalError:
            return

    for _ in range(number):
        now = clock.now()
        with transaction.atomic():
            payment = request_payment(
                organization_id=UUID(os.environ["BENCH_ORGANIZATION"]), op_key=str(uuid4()),
                provider="test_bank", method="test_pays", trip_id=uuid4(), payer_id=uuid4(),
                amount=6_600, currency="CLP", pay_by=now + timedelta(hours=1), now=now,
            )  # fmt: skip
        send_intents(payment.pk, now=now)
        tell(payment.pk)
        print(payment.pk, flush=True)


def journals(tag: str) -> None:
    """Post until ended, whatever becomes of PostgreSQL; print each key that was acknowledged."""
    from django.db import DatabaseError, connection

    from carpool.kernel import clock
    from payments.engine import chart
    from payments.services import post_journal

    bank, person = chart.shared(chart.AccountKind.BANK, "CLP"), chart.payable(str(uuid4()), "CLP")
    for nth in count():
        journal = chart.Journal("bench", f"{tag}:{nth}", chart.move(bank, person, BANKNOTE))
        try:
            post_journal(
                organization_id=UUID(os.environ["BENCH_ORGANIZATION"]), journal=journal,
                now=clock.now(),
            )  # fmt: skip
        except DatabaseError:
            connection.close()
            continue
        print(journal.op_key, flush=True)


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "payments":
        payments(int(sys.argv[2]))
    else:
        journals(sys.argv[2])
