"""What the demo's organization pays of its people's fares, and the money for it."""

from datetime import datetime

from accounts.models import Organization, User
from payments import services
from payments.models import SponsorBudget, SponsorDeposit

NAME, REFERENCE = "Our share", "DEMO 1"
AMOUNT, MOST_PER_TRIP, MOST_PER_MONTH = 2_000_000, 3_000, 60_000  # pesos
# Deposits take two people on the staff; this one is nobody's account to sign in with.
SECOND = "second.operator@carpool.example"


def seed_budget(copper: Organization, now: datetime) -> SponsorBudget:
    """Open a budget that pays half of every seat; once it is there, it stays as it is."""
    budget, is_new = SponsorBudget.objects.get_or_create(
        organization=copper,
        name=NAME,
        defaults={
            "percent": 50,
            "most_per_trip": MOST_PER_TRIP,
            "most_per_month": MOST_PER_MONTH,
            "pays_rides": True,
            "first_day": now.astimezone(copper.zone).date().replace(day=1),
            "is_on": not SponsorBudget.objects.filter(organization=copper, is_on=True).exists(),
        },
    )
    first = User.objects.filter(memberships__organization=copper, is_staff=True).first()
    if is_new and first is not None:
        second = User.objects.filter(email=SECOND).first() or User.objects.create_user(SECOND)
        row = SponsorDeposit(budget=budget, amount=AMOUNT, reference=REFERENCE)
        services.enter_deposit(row=row, by=first, now=now)
        services.post_deposit(deposit_id=row.pk, by=second, now=now)
    return budget
