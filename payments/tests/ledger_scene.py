"""Money on the tables, for tests that need some."""

from uuid import uuid4

from django.db import connection

from payments.engine import chart, journals
from payments.engine.chart import AccountKind, Journal, move
from payments.services import post_journal

KRW = "KRW"
BANK = chart.shared(AccountKind.BANK, KRW)


def fund(organization, account, amount, now):
    """Put money on an account."""
    return book(organization, move(BANK, account, amount), now=now)


def book(organization, legs, *, now, key="", kind="test", trip=""):
    """Post legs as they are."""
    journal = Journal(kind, key or f"test:{uuid4()}", tuple(legs), trip)
    return post_journal(organization_id=organization.pk, journal=journal, now=now)


def charge(organization, trip, rider, amount, now, payment=""):
    """Let a rider prepay."""
    journal = journals.charge_captured(
        payment=payment or str(uuid4()), provider="test_bank", trip=str(trip), rider=str(rider),
        amount=amount, currency=KRW,
    )  # fmt: skip
    return post_journal(organization_id=organization.pk, journal=journal, now=now)


def check_deferred() -> None:
    """Let the deferred constraints speak now, as at the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def unguarded(*statements) -> None:
    """Do what only somebody with every right can: change the books past all triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")
