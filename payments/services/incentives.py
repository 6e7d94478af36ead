"""What those who steer an organization decide of its incentives: write, try, switch, change, end.

A version is changed in place only while it has never been switched on. After that whoever changes
it writes the next one, which ends the one before when it is switched on; see the models.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from accounts.selectors import require_manager
from payments.errors import (
    BudgetNotFound,
    IncentiveEndsFirst,
    IncentiveGivesNothing,
    IncentiveHoursIncomplete,
    IncentiveNotFound,
    IncentiveNotInState,
    IncentiveNotTried,
    IncentiveOnNoDay,
)
from payments.models import (
    INCENTIVE_TRANSITIONS,
    GivenTo,
    Incentive,
    IncentiveState,
    IncentiveStep,
)
from payments.models.incentives import STANDING_STATES, WRITABLE_STATES
from payments.selectors.incentives import get_incentive
from payments.selectors.simulations import simulate_incentive

# What a manager decides; the rest is the rule's own life.
TERMS = [
    "name", "budget", "given_to", "per_trip", "per_km", "per_passenger", "least_class", "at_sites",
    "zone_m", "weekdays", "from_time", "until_time", "first_day", "last_day", "most_a_day",
    "most_a_month", "most_a_year", "most_trips", "total",
]  # fmt: skip


@transaction.atomic
def save_incentive(*, by: Member, incentive: Incentive, now: datetime) -> Incentive:
    """Write a new incentive, or change one that was never switched on: it has to be tried anew.

    Raises:
        ManagersOnly: ``by`` does not steer the organization.
        IncentiveNotFound, BudgetNotFound: it is another organization's, or its payer is.
        IncentiveNotInState: it was switched on before; see :func:`revise_incentive`.
        IncentiveGivesNothing, IncentiveEndsFirst, IncentiveHoursIncomplete, IncentiveOnNoDay
    """
    require_manager(by)
    if incentive.organization_id != by.organization_id:
        raise IncentiveNotFound
    _check(incentive)
    if incentive._state.adding:
        incentive.created_at, incentive.state = now, IncentiveState.DRAFT
        incentive.save(force_insert=True)
        _note(incentive, "", by, now)
        return incentive
    before = get_incentive(by, incentive.pk, lock=True)
    if before.state not in WRITABLE_STATES:
        raise IncentiveNotInState
    incentive.state = before.state
    if before.state == IncentiveState.SIMULATED:
        _move(incentive, IncentiveState.DRAFT, by=by, now=now)
    incentive.simulation, incentive.simulated_at = {}, None
    incentive.save(update_fields=[*TERMS, "simulation", "simulated_at"])
    return incentive


def _check(incentive: Incentive) -> None:
    if incentive.budget.organization_id != incentive.organization_id:
        raise BudgetNotFound(field="budget")
    for_passengers = incentive.per_passenger and incentive.given_to != GivenTo.RIDER
    if not (incentive.per_trip or incentive.per_km or for_passengers):
        raise IncentiveGivesNothing(field="per_trip")
    if incentive.last_day is not None and incentive.last_day < incentive.first_day:
        raise IncentiveEndsFirst(field="last_day")
    if (incentive.from_time is None) != (incentive.until_time is None):
        raise IncentiveHoursIncomplete(field="until_time")
    if not incentive.weekdays:
        raise IncentiveOnNoDay(field="weekdays")


@transaction.atomic
def try_incentive(*, by: Member, incentive_id: UUID, now: datetime) -> Incentive:
    """Try a version on the trips of the last months, and keep what it would have given.

    Raises:
        ManagersOnly: ``by`` does not steer the organization.
        IncentiveNotFound: it is another organization's.
        IncentiveNotInState: it was switched on before.
    """
    incentive = get_incentive(by, incentive_id, lock=True)
    if incentive.state not in WRITABLE_STATES:
        raise IncentiveNotInState
    incentive.simulation = simulate_incentive(incentive, now=now).as_json()
    incentive.simulated_at = now
    incentive.save(update_fields=["simulation", "simulated_at"])
    if incentive.state == IncentiveState.DRAFT:
        _move(incentive, IncentiveState.SIMULATED, by=by, now=now)
    return incentive


@transaction.atomic
def switch_incentive(
    *, by: Member, incentive_id: UUID, after: IncentiveState, now: datetime
) -> Incentive:
    """Switch a version on, pause it, or end it. Switched on, it ends the version before it.

    Raises:
        ManagersOnly: ``by`` does not steer the organization.
        IncentiveNotFound: it is another organization's.
        IncentiveNotTried: it was not tried on past trips.
        IncentiveNotInState: its state does not lead there.
    """
    versions = _lock_versions(by, incentive_id)
    incentive = next(one for one in versions if one.pk == incentive_id)
    if after == IncentiveState.ON and incentive.state == IncentiveState.DRAFT:
        raise IncentiveNotTried
    if after not in (IncentiveState.ON, IncentiveState.PAUSED, IncentiveState.ENDED):
        raise IncentiveNotInState
    if after == IncentiveState.ON:
        for other in versions:
            if other.state in STANDING_STATES and other.pk != incentive.pk:
                _move(other, IncentiveState.ENDED, by=by, now=now)
    _move(incentive, after, by=by, now=now)
    return incentive


@transaction.atomic
def revise_incentive(*, by: Member, incentive_id: UUID, now: datetime) -> Incentive:
    """Return the version that a manager may write: the one that is being written, or a new one.

    Raises:
        ManagersOnly: ``by`` does not steer the organization.
        IncentiveNotFound: it is another organization's.
        IncentiveNotInState: it has ended.
    """
    versions = _lock_versions(by, incentive_id)
    writable = [one for one in versions if one.state in WRITABLE_STATES]
    if writable:
        return writable[0]
    standing = [one for one in versions if one.state in STANDING_STATES]
    if not standing:
        raise IncentiveNotInState
    last = standing[0]
    following = Incentive(
        organization=last.organization, series=last.series, version=versions[-1].version + 1,
        created_at=now, **{name: getattr(last, name) for name in TERMS},
    )  # fmt: skip
    following.save(force_insert=True)
    _note(following, "", by, now)
    return following


def _lock_versions(by: Member, incentive_id: UUID) -> list[Incentive]:
    """Lock every version of a rule by its number, as rewarding does; return them in their order."""
    series = get_incentive(by, incentive_id).series
    rows = Incentive.objects.filter(series=series).select_related("organization", "budget")
    locked = list(rows.select_for_update(of=("self",)).order_by("pk"))
    return sorted(locked, key=lambda one: one.version)


def _move(incentive: Incentive, after: IncentiveState, *, by: Member, now: datetime) -> None:
    before = IncentiveState(incentive.state)
    if after not in INCENTIVE_TRANSITIONS[before]:
        raise IncentiveNotInState
    incentive.state = after
    incentive.save(update_fields=["state"])
    _note(incentive, before, by, now)


def _note(incentive: Incentive, before: str, by: Member, now: datetime) -> None:
    IncentiveStep.objects.create(
        incentive=incentive, before=before, after=incentive.state, by_id=by.pk, at=now
    )
