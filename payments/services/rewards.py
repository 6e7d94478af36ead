"""Giving rewards for proven trips, and taking them back.

A trip is rewarded once rides has told two things, in any order: that its proof counts, and that it
is settled as one that took place. Each may be told twice. What decides is read under the locks of
ride and booking, so that a proof cannot be withdrawn meanwhile; then all versions of the rules that
could pay are locked by their number, then the accounts. So two trips of one person, or of one
rule, are rewarded one after the other, and neither sees less than what the other has used. A
doubtful verdict states no proof: its trip waits here until a person has decided.

What a cap or an empty account leaves out lapses; it is not paid later, and says why.

Taking back: within 30 days, by those who steer the organization with a reason, or because the
trip's proof was withdrawn. It is taken from what we owe the person, as far as that is there and no
dispute holds it. What was paid out by then stays with them and the payer bears it: nobody comes to
owe us money for a reward, and no fare is touched. After 30 days nothing is taken back.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Member
from accounts.selectors import require_manager
from carpool.kernel import outbox
from payments.engine import chart, journals
from payments.engine.incentives import Given, Trip, may_take_back, reward
from payments.engine.rules import RewardRules
from payments.errors import RewardIsFinal, RewardNotFound, RewardTakenBack
from payments.models import (
    CountedTrip,
    Incentive,
    IncentiveState,
    Reward,
    TakenBackFor,
)
from payments.selectors.counted import Ground, is_rewardable, used_of
from payments.services.incentive_limits import tell_if_nearly_used
from payments.services.ledger import lock_available, post_journals
from rides import services as rides
from rides.errors import BookingNotFound
from rides.events import RideMoneyChanged
from rides.models import Booking


@transaction.atomic
def trip_counted(*, booking_id: UUID, now: datetime) -> list[Reward]:
    """Note that a trip's proof counts, and reward it if it is settled. Twice changes nothing."""
    booking = _lock(booking_id)
    if booking is None or booking.proven_at is None:
        return []
    CountedTrip.objects.get_or_create(
        booking_id=booking.pk,
        defaults={"organization_id": booking.ride.organization_id, "counted_at": now},
    )
    return _reward(booking, now)


@transaction.atomic
def trip_settled(*, booking_id: UUID, now: datetime) -> list[Reward]:
    """Reward a trip that is settled, if its proof counts. Twice changes nothing."""
    if not CountedTrip.objects.filter(booking_id=booking_id).exists():
        return []
    booking = _lock(booking_id)
    return [] if booking is None else _reward(booking, now)


@transaction.atomic
def proof_withdrawn(*, booking_id: UUID, now: datetime) -> list[Reward]:
    """Take back what was given for a trip whose proof a person found wrong; return that."""
    booking = _lock(booking_id)
    if booking is None or booking.proven_at is not None:
        return []  # proven anew meanwhile
    CountedTrip.objects.filter(booking_id=booking_id).delete()
    own = _lock_rewards(Reward.objects.standing().filter(booking_id=booking_id))
    due = [one for one in own if may_take_back(now, one.at, RewardRules())]
    for one in due:
        one.back_at, one.back_for = now, TakenBackFor.VERDICT
    return _take_back(due, now)


@transaction.atomic
def take_back_reward(*, reward_id: UUID, by: Member, why: str, now: datetime) -> Reward:
    """Take a reward back as the organization decides, as far as the money is still there.

    Raises:
        ManagersOnly: ``by`` does not steer the organization.
        RewardNotFound: there is no such reward of theirs.
        RewardTakenBack: it was taken back before.
        RewardIsFinal: it was given more than 30 days ago.
    """
    require_manager(by)
    own = Reward.objects.filter(incentive__organization=by.organization_id)
    found = own.filter(pk=reward_id).first()
    if found is None:
        raise RewardNotFound
    _lock(found.booking_id)
    one = _lock_rewards(own.filter(pk=reward_id))[0]
    if one.is_taken_back:
        raise RewardTakenBack
    if not may_take_back(now, one.at, RewardRules()):
        raise RewardIsFinal
    one.back_at, one.back_for = now, TakenBackFor.MANAGER
    one.back_by_id, one.back_why = by.pk, why
    return _take_back([one], now)[0]


def _lock(booking_id: UUID) -> Booking | None:
    try:
        booking = rides.lock_booking(booking_id)
    except BookingNotFound:
        return None
    booking.ride.driver = Member.objects.get(pk=booking.ride.driver_id)
    return booking


def _lock_rewards(rows: "QuerySet[Reward]") -> list[Reward]:
    """Lock the rules of rewards, then the rewards, in the order of their numbers."""
    incentives = {one.incentive_id for one in rows}
    list(Incentive.objects.filter(pk__in=incentives).select_for_update().order_by("pk"))
    locked = rows.select_for_update(of=("self",)).select_related("incentive")
    return list(locked.order_by("pk"))


def _reward(booking: Booking, now: datetime) -> list[Reward]:
    if not is_rewardable(booking):
        return []
    pair = {booking.rider.organization_id, booking.ride.driver.organization_id}
    rules = _lock_rules(pair)
    given: list[Reward] = []
    for organization_id, own in sorted(rules.items()):
        rewards = _by_rules(own, booking, now)
        posted = [one for row in rewards if (one := _journal(row)) is not None]
        if posted:
            post_journals(organization_id=organization_id, journals=posted, now=now)
        given += rewards
        for incentive in own:
            tell_if_nearly_used(incentive, now=now)
    _tell((one for one in given if one.amount), "rewarded", now)
    return given


def _lock_rules(organizations: Iterable[UUID]) -> dict[UUID, list[Incentive]]:
    """Lock every version that pays, or may begin to this moment; return those that pay.

    A version that waits to replace another is locked with it: whoever switches them holds both, so
    a trip meets the one or the other, never neither.
    """
    alive = Incentive.objects.filter(organization__in=list(organizations))
    alive = alive.exclude(state=IncentiveState.ENDED).select_related("organization")
    locked = list(alive.select_for_update(of=("self",)).order_by("pk"))
    on = [one for one in locked if one.state == IncentiveState.ON]
    found: dict[UUID, list[Incentive]] = defaultdict(list)
    for one in on:
        found[one.organization_id].append(one)
    return found


def _by_rules(own: list[Incentive], booking: Booking, now: datetime) -> list[Reward]:
    """Ask an organization's rules in the order of their names; write down what they answer."""
    ground, rows = Ground(own[0].organization), list[Reward]()
    left = _lock_money(own, booking, now)
    for incentive in sorted(own, key=lambda one: (one.name, one.pk)):
        known = Reward.objects.filter(series=incentive.series, booking_id=booking.pk)
        without = set(known.values_list("member_id", flat=True))
        trip = ground.trip_of(booking, zone_m=incentive.zone_m, without=without)
        if not trip.people:
            continue
        used = used_of(incentive, [UUID(person) for person, _role in trip.people], trip.day)
        payer = chart.sponsor(str(incentive.budget_id), incentive.currency)
        for one in reward(incentive.terms, trip, used, money=left[payer]):
            rows.append(_row(incentive, booking, trip, one, now))
            left[payer] -= one.amount
    return Reward.objects.bulk_create(rows)


def _lock_money(own: list[Incentive], booking: Booking, now: datetime) -> dict[chart.Account, int]:
    """Lock the payers' accounts and those of the two, and return what is available on each."""
    organization = own[0].organization
    payers = {chart.sponsor(str(one.budget_id), one.currency) for one in own}
    payees = {
        chart.payable(str(member.pk), organization.currency)
        for member in (booking.rider, booking.ride.driver)
        if member.organization_id == organization.pk
    }
    return lock_available(organization_id=organization.pk, accounts=payers | payees, now=now)


def _row(incentive: Incentive, booking: Booking, trip: Trip, one: Given, now: datetime) -> Reward:
    return Reward(
        incentive=incentive, series=incentive.series, booking_id=booking.pk,
        ride_id=booking.ride_id, member_id=UUID(one.person), role=one.role.value, day=trip.day,
        way=trip.way, proof_class=trip.proof_class, distance_m=trip.distance_m, worth=one.worth,
        amount=one.amount, currency=incentive.currency, limit=one.limit or "", at=now,
    )  # fmt: skip


def _journal(row: Reward) -> chart.Journal | None:
    return journals.rewarded(
        reward=str(row.pk), budget=str(row.incentive.budget_id), person=str(row.member_id),
        amount=row.amount, currency=row.currency, trip=str(row.booking_id),
    )  # fmt: skip


def _take_back(rows: Iterable[Reward], now: datetime) -> list[Reward]:
    """Put locked rewards back into their budgets, as far as the money is still owed."""
    by_organization: dict[UUID, list[Reward]] = defaultdict(list)
    for row in rows:
        by_organization[row.incentive.organization_id].append(row)
    for organization_id, own in sorted(by_organization.items()):
        accounts = {account for row in own for account in (_payer(row), _payable(row))}
        left = lock_available(organization_id=organization_id, accounts=accounts, now=now)
        for row in own:
            row.back = max(0, min(row.amount, left[_payable(row)]))
            left[_payable(row)] -= row.back
            row.save(update_fields=["back", "back_at", "back_for", "back_by_id", "back_why"])
        posted = [one for row in own if (one := _journal_back(row)) is not None]
        if posted:
            post_journals(organization_id=organization_id, journals=posted, now=now)
    taken = [row for own in by_organization.values() for row in own]
    _tell((one for one in taken if one.amount), "reward_back", now)
    return taken


def _payer(row: Reward) -> chart.Account:
    return chart.sponsor(str(row.incentive.budget_id), row.currency)


def _payable(row: Reward) -> chart.Account:
    return chart.payable(str(row.member_id), row.currency)


def _journal_back(row: Reward) -> chart.Journal | None:
    return journals.reward_taken_back(
        reward=str(row.pk), budget=str(row.incentive.budget_id), person=str(row.member_id),
        amount=row.back, currency=row.currency, trip=str(row.booking_id),
    )  # fmt: skip


def _tell(rewards: Iterable[Reward], what: str, now: datetime) -> None:
    """Publish that somebody got a reward, or that it was taken back: once for a trip."""
    told = {(one.booking_id, one.ride_id, one.member_id) for one in rewards}
    for booking_id, ride_id, member_id in sorted(told):
        event = RideMoneyChanged(
            booking_id=booking_id, ride_id=ride_id, member_id=member_id, what=what, at=now
        )
        outbox.publish(event, now=now)
