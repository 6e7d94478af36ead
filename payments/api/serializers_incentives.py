"""What the API says of incentives, and what it accepts. Amounts are minor units."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from carpool.kernel.strict import StrictSerializer
from payments.engine.incentives import Limit
from payments.models import GivenTo, Incentive, IncentiveState, Reward
from payments.models.incentives import LEAST_ZONE_M, MOST_ZONE_M, every_day
from payments.selectors.incentives import Cap
from payments.services.incentives import TERMS
from rides.models import ProofClass

SWITCHES = [
    (one.value, one.label)
    for one in (IncentiveState.ON, IncentiveState.PAUSED, IncentiveState.ENDED)
]


def _cap(text: str) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, allow_null=True, default=None, help_text=text)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "600 for a trip to work, at most 20,000 a month",
            request_only=True,
            value={
                "name": "Together to work",
                "budget": "4b3bb0d9-9b1c-4cf0-9d9a-0a5c57f7c4f1",
                "given_to": "both",
                "per_trip": 600,
                "per_km": 0,
                "per_passenger": 0,
                "least_class": "C",
                "at_sites": True,
                "zone_m": 100,
                "weekdays": [0, 1, 2, 3, 4],
                "from_time": None,
                "until_time": None,
                "first_day": "2027-01-01",
                "last_day": None,
                "most_a_day": None,
                "most_a_month": 20000,
                "most_a_year": None,
                "most_trips": 4,
                "total": 5000000,
            },
        )
    ]
)
class IncentiveRulesSerializer(StrictSerializer):
    """An incentive's rule."""

    name = serializers.CharField(max_length=80)
    budget = serializers.UUIDField(help_text="Which of your budgets pays")
    given_to = serializers.ChoiceField(choices=GivenTo.choices, default=GivenTo.BOTH)
    per_trip = serializers.IntegerField(min_value=0, default=0)
    per_km = serializers.IntegerField(
        min_value=0, default=0, help_text="By the metre, rounded down once for each booking"
    )
    per_passenger = serializers.IntegerField(min_value=0, default=0, help_text="To the driver")
    least_class = serializers.ChoiceField(
        choices=ProofClass.choices, default=ProofClass.BOTH_TRIPS, help_text="Proof at least"
    )
    at_sites = serializers.BooleanField(
        default=False, help_text="Only trips that begin or end at one of your sites"
    )
    zone_m = serializers.IntegerField(
        min_value=LEAST_ZONE_M, max_value=MOST_ZONE_M, default=100, help_text="How near to it"
    )
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), min_length=1, max_length=7,
        default=every_day, help_text="0 is Monday",
    )  # fmt: skip
    from_time = serializers.TimeField(allow_null=True, default=None, help_text="Local")
    until_time = serializers.TimeField(allow_null=True, default=None)
    first_day = serializers.DateField()
    last_day = serializers.DateField(allow_null=True, default=None)
    most_a_day = _cap("For one person, as the next two")
    most_a_month = _cap("For one person")
    most_a_year = _cap("For one person")
    most_trips = serializers.IntegerField(
        min_value=1, max_value=20, default=4, help_text="Of one person in a day"
    )
    total = _cap("For everybody together, ever")


class SwitchSerializer(StrictSerializer):
    """What an incentive is to become."""

    state = serializers.ChoiceField(choices=SWITCHES)


class TrialMonthSerializer(serializers.Serializer[Any]):
    """A month of the trial."""

    year = serializers.IntegerField()
    month = serializers.IntegerField()
    cost = serializers.IntegerField(allow_null=True, help_text="null: fewer than five people")


class TrialLimitSerializer(serializers.Serializer[Any]):
    """A cap that stopped rewards."""

    code = serializers.ChoiceField(choices=[one.value for one in Limit])
    times = serializers.IntegerField()


class TrialSerializer(serializers.Serializer[Any]):
    """What a rule would have given for past trips, as if it had been on all the time."""

    looked_at = serializers.IntegerField(help_text="Trips that counted in that time")
    trips = serializers.IntegerField(help_text="Of these, rewarded")
    people = serializers.IntegerField(
        allow_null=True, help_text="null: fewer than five, and no figure is told"
    )
    worth = serializers.IntegerField(help_text="Before the caps")
    cost = serializers.IntegerField()
    months = TrialMonthSerializer(many=True)
    limits = serializers.SerializerMethodField()

    def get_limits(self, trial: Any) -> list[dict[str, Any]]:
        """Return which caps stopped rewards."""
        return [{"code": code, "times": times} for code, _words, times in trial.limits]


class RuleSerializer(serializers.ModelSerializer[Incentive]):
    """A version of an incentive as everybody may know it."""

    currency = serializers.CharField()

    class Meta:
        model = Incentive
        fields = (
            "id", "version", "state", "currency", *(name for name in TERMS if name != "budget"),
        )  # fmt: skip
        read_only_fields = fields


class IncentiveSerializer(serializers.Serializer[Any]):
    """A version, and what all versions of its rule have given."""

    rule = RuleSerializer(source="incentive")
    budget = serializers.UUIDField(source="incentive.budget_id")
    series = serializers.UUIDField(source="incentive.series", help_text="Names all its versions")
    simulated_at = serializers.DateTimeField(source="incentive.simulated_at", allow_null=True)
    simulation = TrialSerializer(allow_null=True)
    given = serializers.IntegerField()
    back = serializers.IntegerField(help_text="Taken back of it")
    people = serializers.IntegerField(allow_null=True, help_text="null: fewer than five")
    used_percent = serializers.IntegerField(allow_null=True, help_text="Of its total")


class CapSerializer(serializers.Serializer[Any]):
    """How much of a cap you have used."""

    what = serializers.ChoiceField(choices=Cap.choices)
    most = serializers.IntegerField()
    used = serializers.IntegerField()
    left = serializers.IntegerField()


class EarningSerializer(serializers.Serializer[Any]):
    """A rule by which you can earn today."""

    rule = RuleSerializer(source="incentive")
    caps = CapSerializer(many=True)
    earned_this_year = serializers.IntegerField(source="earned")
    is_used_up = serializers.BooleanField(help_text="It gives nobody anything more")


class RewardSerializer(serializers.ModelSerializer[Reward]):
    """What you got for a trip, or why you got nothing."""

    rule = serializers.CharField(source="incentive.name")
    booking = serializers.UUIDField(source="booking_id")
    ride = serializers.UUIDField(source="ride_id")
    kept = serializers.IntegerField(help_text="What of it is still yours")

    class Meta:
        model = Reward
        fields = (
            "id", "rule", "booking", "ride", "role", "day", "proof_class", "distance_m", "worth",
            "amount", "kept", "currency", "limit", "at", "back", "back_at", "back_for", "back_why",
        )  # fmt: skip
        read_only_fields = fields


class TakeBackSerializer(StrictSerializer):
    """Why a reward is taken back."""

    why = serializers.CharField(max_length=280, help_text="Its person reads this")


class TakenBackSerializer(serializers.ModelSerializer[Reward]):
    """A reward that was taken back, without whose it was."""

    class Meta:
        model = Reward
        fields = ("id", "amount", "currency", "back", "back_at", "back_why")
        read_only_fields = fields
