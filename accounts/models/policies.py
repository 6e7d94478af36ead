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
    PLANS = "plans", _("Commute plans")
    RANKING = "ranking", _("Order of the offers")
    MONEY = "money", _("Sharing costs")


class Unit(models.TextChoices):
    """In what people read and enter a rule; stored are seconds, metres, days, minor units."""

    MINUTES = "min", _("min")
    HOURS = "h", _("h")
    DAYS = "d", _("days")
    METRES = "m", _("m")
    TIMES = "times", _("times")
    OCLOCK = "oclock", _("o'clock")
    MINOR = "minor", _("smallest unit of the currency")

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
        "accounts.Organization", on_delete=models.CASCADE, related_name="policy_changes"
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
