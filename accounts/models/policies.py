"""What an organization may decide in numbers: one table of rules, and the history of changes.

A rule is one field of :class:`Policies`: its name, type and default, and beside it unit, bounds,
group and words. Adding one is adding that line; the page, the API, validation and history follow.
An organization stores only what differs, so a better default reaches everybody who never chose.
"""

# ruff: noqa: RUF009 – a line of the table is a call that returns a dataclass field
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import Promise

    Text = str | Promise

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


class PolicyGroup(models.TextChoices):
    """Under which heading a rule stands."""

    MATCHING = "matching", _("Finding rides")
    BOOKING = "booking", _("Offering and booking")
    RIDES = "rides", _("During and after the ride")
    ROOMS = "rooms", _("Shared taxis")
    PLANS = "plans", _("Commute plans")
    RANKING = "ranking", _("Order of the offers")
    MONEY = "money", _("Sharing costs")


class Unit(models.TextChoices):
    """In what people read and enter a rule; stored are seconds, metres, days, minor units."""

    MINUTES = "min", _("min")
    HOURS = "h", _("h")
    DAYS = "d", _("days")
    METRES = "m", _("m")
    TIMES = "times", _("×")
    PERCENT = "percent", "%"
    OCLOCK = "oclock", _("o'clock")
    MINOR = "minor", _("smallest unit of the currency")
    YES_NO = "yes_no", _("1 yes, 0 no")

    @property
    def seconds(self) -> int:
        """How many of what is stored make one of what is shown."""
        return {Unit.MINUTES: MINUTE_S, Unit.HOURS: HOUR_S}.get(self, 1)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known of one rule. ``places`` digits after the point; 0: a whole number."""

    name: str
    default: Any
    group: PolicyGroup
    unit: Unit
    least: int
    most: int
    label: Text
    help: Text
    places: int

    @property
    def may_be_empty(self) -> bool:
        """Tell whether the rule can be left to what is usual elsewhere."""
        return self.default is None

    def read(self, stored: Any) -> Any:
        """Return a stored value as the type that code reads."""
        if stored is None:
            return None
        return Decimal(stored) if self.places else int(stored)

    def write(self, value: Any) -> Any:
        """Return a value as it is stored."""
        return str(value) if isinstance(value, Decimal) else value

    def parse(self, value: Any) -> Any:
        """Return the value that somebody entered, with its type and digits.

        Raises:
            ValueError: it is no number, not a whole one, or out of bounds.
        """
        if isinstance(value, bool | float):
            value = None if isinstance(value, bool) else repr(value)
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            raise ValueError(value) from None
        if not number.is_finite() or not self.least <= number <= self.most:
            raise ValueError(value)
        step = Decimal(1).scaleb(-self.places)
        if number != number.quantize(step):
            raise ValueError(value)
        return number.quantize(step) if self.places else int(number)


def _rule(
    default: Any,
    group: PolicyGroup,
    unit: Unit,
    bounds: tuple[int, int],
    label: Text,
    help_text: Text,
    *,
    places: int = 0,
) -> Any:
    return field(
        default=default, metadata={"rule": (group, unit, *bounds, label, help_text, places)}
    )


@dataclass(frozen=True, slots=True)
class Policies:
    """All rules of one organization. Code reads them as ``organization.policy.<name>``."""

    default_detour_s: int = _rule(
        600, PolicyGroup.MATCHING, Unit.MINUTES, (0, 2 * HOUR_S),
        _("Usual detour"), _("Suggested to drivers; each chooses their own."),
    )  # fmt: skip
    most_detour_s: int = _rule(
        2 * HOUR_S, PolicyGroup.MATCHING, Unit.MINUTES, (0, 2 * HOUR_S),
        _("Longest detour"), _("More than this no driver can offer."),
    )  # fmt: skip
    default_walk_m: int = _rule(
        800, PolicyGroup.MATCHING, Unit.METRES, (0, 5_000),
        _("Usual walk"), _("Suggested to riders; each chooses their own."),
    )  # fmt: skip
    most_walk_m: int = _rule(
        5_000, PolicyGroup.MATCHING, Unit.METRES, (0, 5_000),
        _("Longest walk"), _("More than this no rider can ask for."),
    )  # fmt: skip
    boarding_s: int = _rule(
        60, PolicyGroup.MATCHING, Unit.MINUTES, (0, 600),
        _("Time to get in or out"), _("What each stop adds to the drive."),
    )  # fmt: skip
    stop_leeway_s: int = _rule(
        300, PolicyGroup.MATCHING, Unit.MINUTES, (0, HOUR_S),
        _("Leeway of a stop"),
        _("How much later than planned a pick-up or drop-off may become when others book."),
    )  # fmt: skip
    booking_horizon_days: int = _rule(
        60, PolicyGroup.BOOKING, Unit.DAYS, (1, 400),
        _("Rides ahead"), _("How far ahead rides can be offered."),
    )  # fmt: skip
    confirm_within_s: int = _rule(
        12 * HOUR_S, PolicyGroup.BOOKING, Unit.HOURS, (900, 7 * DAY_S),
        _("Time to confirm"), _("A booking that the driver has not confirmed by then is released."),
    )  # fmt: skip
    departing_before_s: int = _rule(
        900, PolicyGroup.RIDES, Unit.MINUTES, (300, 2 * HOUR_S),
        _("Leaving soon"), _("So long before departure a ride can be started."),
    )  # fmt: skip
    instant_wait_s: int = _rule(
        1800, PolicyGroup.RIDES, Unit.MINUTES, (300, 2 * HOUR_S),
        _("Waiting at the kerb"),
        _("So long a driver waits with a code; who has not left by then is taken off."),
    )  # fmt: skip
    validating_after_s: int = _rule(
        900, PolicyGroup.RIDES, Unit.MINUTES, (0, DAY_S),
        _("Ask whether it took place"), _("So long after arrival both sides are asked."),
    )  # fmt: skip
    validation_days: int = _rule(
        6, PolicyGroup.RIDES, Unit.DAYS, (2, 30),
        _("Time to answer"), _("After so many days what was answered decides."),
    )  # fmt: skip
    conversation_days: int = _rule(
        7, PolicyGroup.RIDES, Unit.DAYS, (1, 90),
        _("Conversation stays open"), _("So many days after a ride its people can still write."),
    )  # fmt: skip
    rating_days: int = _rule(
        14, PolicyGroup.RIDES, Unit.DAYS, (2, 30),
        _("Time to rate each other"),
        _("Ratings stay hidden until both have rated, or so many days have passed."),
    )  # fmt: skip
    rating_half_life_days: int = _rule(
        90, PolicyGroup.RIDES, Unit.DAYS, (14, 120),
        _("Reliability fades"), _("What is so old counts half in somebody's reliability."),
    )  # fmt: skip
    rating_shown_from: int = _rule(
        3, PolicyGroup.RIDES, Unit.TIMES, (1, 20),
        _("Reliability is shown from"),
        _("With fewer rides, or ratings by fewer people, no number is shown or counts."),
    )  # fmt: skip
    workplace_m: int = _rule(
        100, PolicyGroup.RIDES, Unit.METRES, (25, 1_000),
        _("Arrived at work"),
        _("A proven trip that ends so near to a workplace logs a day at work."),
    )  # fmt: skip
    room_opens_days: int = _rule(
        7, PolicyGroup.ROOMS, Unit.DAYS, (1, 60),
        _("Rooms ahead"), _("How far ahead a shared taxi can be arranged."),
    )  # fmt: skip
    room_closes_s: int = _rule(
        1800, PolicyGroup.ROOMS, Unit.MINUTES, (300, DAY_S),
        _("Joining ends"), _("So long before departure a room takes nobody any more."),
    )  # fmt: skip
    room_locks_s: int = _rule(
        600, PolicyGroup.ROOMS, Unit.MINUTES, (300, 2 * HOUR_S),
        _("The party is final"), _("Until so long before departure one leaves free of charge."),
    )  # fmt: skip
    room_waits_s: int = _rule(
        300, PolicyGroup.ROOMS, Unit.MINUTES, (0, HOUR_S),
        _("Waiting at the meeting point"),
        _("So long after departure somebody who has not come can be marked absent."),
    )  # fmt: skip
    room_extra_s: int = _rule(
        900, PolicyGroup.ROOMS, Unit.MINUTES, (0, HOUR_S),
        _("Longest way round"), _("How much longer than alone anybody's ride may take."),
    )  # fmt: skip
    room_shared_percent: int = _rule(
        70, PolicyGroup.ROOMS, Unit.PERCENT, (0, 100),
        _("Way in company"), _("How much of their way everybody shares with others at least."),
    )  # fmt: skip
    room_hold_s: int = _rule(
        600, PolicyGroup.ROOMS, Unit.MINUTES, (120, HOUR_S),
        _("Time to pay"), _("So long a seat is kept for somebody who is paying."),
    )  # fmt: skip
    room_answer_s: int = _rule(
        300, PolicyGroup.ROOMS, Unit.MINUTES, (60, HOUR_S),
        _("Time to answer"),
        _("So long somebody can agree to a larger part, when the party has become smaller."),
    )  # fmt: skip
    room_late_percent: int = _rule(
        50, PolicyGroup.ROOMS, Unit.PERCENT, (0, 100),
        _("Leaving late"), _("What part of a prepayment goes into the fare then, at most."),
    )  # fmt: skip
    room_absence_minor: int | None = _rule(
        None, PolicyGroup.ROOMS, Unit.MINOR, (0, 10_000_000),
        _("Not coming"),
        _("What somebody who stays away pays into the fund beside their part. Empty: usual."),
    )  # fmt: skip
    room_fare_answer_s: int = _rule(
        2 * HOUR_S, PolicyGroup.ROOMS, Unit.MINUTES, (300, DAY_S),
        _("Answer to a higher fare"),
        _("So long one can agree to pay more than was prepaid; else the host carries it."),
    )  # fmt: skip
    room_dispute_s: int = _rule(
        DAY_S, PolicyGroup.ROOMS, Unit.HOURS, (HOUR_S, 14 * DAY_S),
        _("Time to object"), _("So long after a settlement its parts can be disputed."),
    )  # fmt: skip
    room_strikes: int = _rule(
        3, PolicyGroup.ROOMS, Unit.TIMES, (1, 20),
        _("Rooms called off"), _("Who lets others down so often cannot open rooms for a while."),
    )  # fmt: skip
    room_strikes_days: int = _rule(
        30, PolicyGroup.ROOMS, Unit.DAYS, (1, 365),
        _("Counted within"), _("Rooms called off longer ago are forgotten."),
    )  # fmt: skip
    room_suspended_days: int = _rule(
        7, PolicyGroup.ROOMS, Unit.DAYS, (1, 90),
        _("Pause of a host"), _("So long no rooms can be opened then."),
    )  # fmt: skip
    proposals_hour: int = _rule(
        18, PolicyGroup.PLANS, Unit.OCLOCK, (0, 23),
        _("Proposals for the next day"), _("From this hour on, plans are put together."),
    )  # fmt: skip
    answer_before_s: int = _rule(
        1800, PolicyGroup.PLANS, Unit.MINUTES, (300, HOUR_S),
        _("Answer to a proposal"), _("So long before departure everybody must have agreed."),
    )  # fmt: skip
    riding: Decimal = _rule(
        Decimal("1.00"), PolicyGroup.RANKING, Unit.TIMES, (0, 10),
        _("A minute aboard"), _("Everything is compared with it."), places=2,
    )  # fmt: skip
    walking: Decimal = _rule(
        Decimal("2.00"), PolicyGroup.RANKING, Unit.TIMES, (0, 10),
        _("A minute on foot"), _("How many minutes aboard it is worth."), places=2,
    )  # fmt: skip
    shift: Decimal = _rule(
        Decimal("0.50"), PolicyGroup.RANKING, Unit.TIMES, (0, 10),
        _("A minute too early or late"), _("Measured from the time the rider named."), places=2,
    )  # fmt: skip
    detour: Decimal = _rule(
        Decimal("1.00"), PolicyGroup.RANKING, Unit.TIMES, (0, 10),
        _("A minute of detour"), _("What the driver drives longer."), places=2,
    )  # fmt: skip
    unreliable_s: int = _rule(
        600, PolicyGroup.RANKING, Unit.MINUTES, (0, HOUR_S),
        _("An unreliable driver"),
        _("How much longer one would ride with a driver who surely keeps the ride."),
    )  # fmt: skip
    price_minor_per_km: Decimal | None = _rule(
        None, PolicyGroup.MONEY, Unit.MINOR, (0, 100_000),
        _("Price per kilometre and seat"), _("Empty: what is usual in the currency."), places=2,
    )  # fmt: skip
    prepays_rides: int = _rule(
        0, PolicyGroup.MONEY, Unit.YES_NO, (0, 1),
        _("Seats are paid for when booking"),
        _("The price is kept until the ride has taken place; then its driver gets it."),
    )  # fmt: skip
    ride_hold_s: int = _rule(
        600, PolicyGroup.MONEY, Unit.MINUTES, (120, HOUR_S),
        _("Time to pay for a seat in a ride"),
        _("So long it is kept for somebody who is paying."),
    )  # fmt: skip
    ride_free_before_s: int = _rule(
        12 * HOUR_S, PolicyGroup.MONEY, Unit.HOURS, (0, 7 * DAY_S),
        _("Giving a paid seat back is free"), _("Until so long before the pick-up."),
    )  # fmt: skip
    ride_grace_s: int = _rule(
        1800, PolicyGroup.MONEY, Unit.MINUTES, (0, DAY_S),
        _("Thinking it over"), _("So long after booking a paid seat can be given back free."),
    )  # fmt: skip
    ride_late_percent: int = _rule(
        50, PolicyGroup.MONEY, Unit.PERCENT, (0, 100),
        _("Giving a paid seat back late"), _("What part of its price the driver gets then."),
    )  # fmt: skip
    time_value_minor_per_h: int | None = _rule(
        None, PolicyGroup.MONEY, Unit.MINOR, (1, 100_000_000),
        _("Value of an hour"), _("Turns a price into time. Empty: what is usual."),
    )  # fmt: skip


RULES: dict[str, Rule] = {
    one.name: Rule(one.name, one.default, *one.metadata["rule"]) for one in fields(Policies)
}
# The first is never more than the second.
IN_ORDER = (
    ("default_detour_s", "most_detour_s", _("The usual detour is not longer than the longest.")),
    ("default_walk_m", "most_walk_m", _("The usual walk is not longer than the longest.")),
    ("room_locks_s", "room_closes_s", _("Joining ends before the party is final.")),
)


@lru_cache(maxsize=4096)
def _read(stored: tuple[tuple[str, Any], ...]) -> Policies:
    return Policies(**{name: RULES[name].read(value) for name, value in stored if name in RULES})


def read_policies(stored: Mapping[str, Any]) -> Policies:
    """Return an organization's rules from what it stores; a rule that is no more is left out."""
    return _read(tuple(sorted(stored.items())))


def policy_sql(name: str, table: str) -> str:
    """Return the SQL of a whole number among the rules of the organization in a joined table."""
    return f"coalesce(({table}.own_policies->>'{name}')::bigint, {RULES[name].default})"


class PolicyChange(models.Model):
    """Who changed which rule, when, from what to what, and why. Rows are only ever added."""

    organization = models.ForeignKey(
        "accounts.Organization",
        on_delete=models.CASCADE,
        related_name="policy_changes",
        verbose_name=_("organization"),
    )
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        "accounts.User",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    name = models.CharField(_("what"), max_length=40)
    before = models.CharField(_("before"), max_length=32, blank=True)
    after = models.CharField(_("after"), max_length=32, blank=True)
    reason = models.CharField(_("reason"), max_length=280, blank=True)

    class Meta:
        verbose_name = _("change of a rule")
        verbose_name_plural = _("changes of rules")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["organization", "-at"], name="policy_changes_newest")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(before=models.F("after")), name="policy_change_changes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.before or '·'} → {self.after or '·'}"
