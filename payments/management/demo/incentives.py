"""What the demo gives for proven trips: written, tried and switched on as a manager does."""

from datetime import datetime

from accounts.models import Member, MemberRole, Organization
from payments import services
from payments.models import GivenTo, Incentive, IncentiveState, SponsorBudget

NAME = "Together to work"
PER_TRIP, MOST_A_MONTH, TOTAL = 500, 20_000, 1_000_000  # pesos


def seed_incentive(copper: Organization, budget: SponsorBudget, now: datetime) -> Incentive | None:
    """Switch an incentive on; once it is there, it stays as it is. None: nobody steers."""
    known = Incentive.objects.filter(organization=copper).first()
    steering = Member.objects.active().filter(
        organization=copper, role__in=(MemberRole.MANAGER, MemberRole.OWNER)
    )
    manager = steering.order_by("joined_at", "pk").first()
    if known is not None or manager is None:
        return known
    draft = Incentive(
        organization=copper, budget=budget, name=NAME, given_to=GivenTo.BOTH, per_trip=PER_TRIP,
        at_sites=True, most_a_month=MOST_A_MONTH, total=TOTAL,
        first_day=now.astimezone(copper.zone).date().replace(day=1),
    )  # fmt: skip
    one = services.save_incentive(by=manager, incentive=draft, now=now)
    services.try_incentive(by=manager, incentive_id=one.pk, now=now)
    return services.switch_incentive(
        by=manager, incentive_id=one.pk, after=IncentiveState.ON, now=now
    )
