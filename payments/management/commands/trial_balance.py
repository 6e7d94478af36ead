"""Print the trial balance: every kind of account, and that all together is nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from carpool.kernel.money import Money
from payments.selectors import trial_balance


class Command(BaseCommand):
    """``manage.py trial_balance``: debits positive; an error unless the sum is nothing."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        sums: dict[str, int] = {}
        for line in trial_balance():
            sums[line.currency] = sums.get(line.currency, 0) + line.total
            amount = str(Money(line.total, line.currency))
            self.stdout.write(f"{line.kind:<20}{line.accounts:>9} accounts{amount:>24}")
        for currency, total in sorted(sums.items()):
            self.stdout.write(f"{'together':<38}{Money(total, currency)!s:>24}")
        if any(sums.values()):
            raise CommandError("Debits and credits differ.")
