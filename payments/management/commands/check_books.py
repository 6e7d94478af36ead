"""Check the whole ledger: sums, fingerprints, hash chains, holds, closed trips."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from payments.selectors import audit_books


class Command(BaseCommand):
    """``manage.py check_books``: prints what cannot be; ends with an error if there is anything."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Read everything as it stood at one moment, however busy the ledger is."""
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            found = list(audit_books())
        for one in found:
            self.stdout.write(f"{one.where} {one.what}")
        if found:
            raise CommandError(f"{len(found)} errors in the books.")
        self.stdout.write("The books are right.")
