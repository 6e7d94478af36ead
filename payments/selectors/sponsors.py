"""What somebody's organization pays of their seat: its rules, and what is left to pay from."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Site
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from payments.engine import chart
from payments.engine.split import percent_of
from payments.models import BudgetFor, SponsorBudget, SponsorGrant
from payments.selectors.balances import balance_of

# So near to where cars stop somebody is at a site, also beside its outline.
# Source: product description, incentives: "workplace within 100 m".
AT_SITE_M = 100


class TripKind(StrEnum):
    """What a budget may pay for. The values name its fields."""

    ROOM = "pays_rooms"
    RIDE = "pays_rides"


class Shortfall(models.TextChoices):
    """Why a budget that is open pays less than its share."""

    NONE = "", _("It pays its share")
    BUDGET = "budget", _("The budget is used up")
    MONTH = "month", _("This month's amount is used up")


@dataclass(frozen=True, slots=True)
class Support:
    """What an open budget can give to one of its organization's members now.

    Attributes:
        left: What of the budget's money is available.
        left_this_month: What this member may still get in this month; None where that is no rule.
        sites: It pays for trips from or to these; None: for all.
    """

    budget: SponsorBudget
    organization_id: UUID
    organization: str
    currency: str
    left: int
    left_this_month: int | None
    sites: tuple[Site, ...] | None = None

    def part_of(self, prepay: int) -> int:
        """Return what it pays of a prepayment, by its rules and by what is left."""
        return max(0, min(self._share(prepay), *self._limits()))

    def shortfall_of(self, prepay: int) -> Shortfall:
        """Say why it pays less than its share, if it does."""
        if self.part_of(prepay) >= self._share(prepay):
            return Shortfall.NONE
        return Shortfall.BUDGET if self.left == min(self._limits()) else Shortfall.MONTH

    def pays_for(self, organization_id: UUID, currency: str, *ends: LonLat) -> bool:
        """Tell whether it pays for a seat: of its own organization, in its currency, at its sites.

        ``ends`` is where the trip begins and ends, as far as that is known.
        """
        if organization_id != self.organization_id or currency != self.currency:
            return False
        return self.sites is None or any(_is_at(site, end) for site in self.sites for end in ends)

    def _share(self, prepay: int) -> int:
        share, most = percent_of(prepay, self.budget.percent), self.budget.most_per_trip
        return share if most is None else min(share, most)

    def _limits(self) -> list[int]:
        return [one for one in (self.left, self.left_this_month) if one is not None]


def _is_at(site: Site, place: LonLat) -> bool:
    return site.holds(place) or crow_fly_m(from_point(site.meeting_point), place) <= AT_SITE_M


def support_of(
    member: Member, *, now: datetime, trip: TripKind = TripKind.ROOM, lock: bool = False
) -> Support | None:
    """Return what a member's organization gives to such seats now.

    None where no budget is open, or the one that is pays for others, or for other trips.
    """
    organization = member.organization
    today = now.astimezone(organization.zone).date()
    open_now = Q(last_day=None) | Q(last_day__gte=today)
    budgets = SponsorBudget.objects.filter(
        open_now, organization=organization.pk, is_on=True, first_day__lte=today, **{trip: True}
    )
    budget = (budgets.select_for_update() if lock else budgets).first()
    if budget is None or not _is_for(budget, member):
        return None
    account = chart.sponsor(str(budget.pk), organization.currency)
    return Support(
        budget=budget,
        organization_id=organization.pk,
        organization=organization.name,
        currency=organization.currency,
        left=balance_of(organization.pk, account).available,
        left_this_month=_left_this_month(budget, member, today),
        sites=tuple(budget.sites.all()) if budget.given_to == BudgetFor.SITES else None,
    )


def _is_for(budget: SponsorBudget, member: Member) -> bool:
    named = budget.people.filter(pk=member.pk)
    return budget.given_to != BudgetFor.PEOPLE or named.exists()


def _left_this_month(budget: SponsorBudget, member: Member, today: date) -> int | None:
    """Return what of a month's most was not used, or was given back; months are local ones."""
    if budget.most_per_month is None:
        return None
    start = datetime(today.year, today.month, 1, tzinfo=member.organization.zone)
    own = SponsorGrant.objects.filter(budget=budget, member_id=member.pk, created_at__gte=start)
    kept = own.aggregate(n=Sum(F("payment__captured") - F("payment__refunded")))
    return budget.most_per_month - int(kept["n"] or 0)
