"""Money for budgets, as it comes in."""

from accounts.tests.factories import UserFactory
from payments import services
from payments.models import SponsorDeposit


def fund(budget, amount, *, now, reference="1"):
    """Let money of a sponsor come in, as two operators book it."""
    row = SponsorDeposit(budget=budget, amount=amount, reference=reference)
    services.enter_deposit(row=row, by=UserFactory(), now=now)
    return services.post_deposit(deposit_id=row.pk, by=UserFactory(), now=now)
