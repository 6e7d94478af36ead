"""What the API says of positions, and what it accepts."""

from hashlib import sha256
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.serializers import LocationSerializer
from accounts.models import ConsentPurpose
from carpool.kernel.strict import StrictSerializer
from rides.models import ProofClass
from tracking import selectors
from tracking.api import examples
from tracking.engine import Weight
from tracking.models import Appeal, AppealState, Verification
from tracking.selectors import Car, NextStop, Told
from tracking.services import MOST_AT_ONCE, Fix, Recorded

MOST_SEQUENCE = 2**31 - 1


class PositionSerializer(StrictSerializer):
    """Where a phone was at a moment."""

    sequence = serializers.IntegerField(
        min_value=0,
        max_value=MOST_SEQUENCE,
        help_text="The phone counts within a ride: the same number is the same position",
    )
    recorded_at = serializers.DateTimeField(help_text="By the phone's clock")
    location = LocationSerializer()
    accuracy_m = serializers.FloatField(
        min_value=0, max_value=100_000, required=False, allow_null=True, default=None
    )
    speed_mps = serializers.FloatField(
        min_value=0, max_value=1_000, required=False, allow_null=True, default=None
    )
    is_mock = serializers.BooleanField(
        default=False, help_text="The phone says that another app made this up"
    )

    def to_internal_value(self, data: Any) -> Fix:
        """Return the fix."""
        said = super().to_internal_value(data)
        return Fix(place=said.pop("location"), **said)


@extend_schema_serializer(examples=[examples.POSITIONS])
class PositionsSerializer(StrictSerializer):
    """A batch, in any order; what a phone kept while it was offline as well."""

    positions = serializers.ListField(
        child=PositionSerializer(), min_length=1, max_length=MOST_AT_ONCE
    )
    device = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        default="",
        help_text="A key that the app made for this phone, once; only its hash is kept",
    )

    def hashed_device(self) -> str:
        """Return what is kept of the phone's key."""
        key: str = self.validated_data["device"]
        return sha256(key.encode()).hexdigest() if key else ""


@extend_schema_serializer(examples=[examples.RECORDED])
class RecordedSerializer(serializers.Serializer[Recorded]):
    """What became of a batch."""

    stored = serializers.IntegerField(help_text="New ones")
    known = serializers.IntegerField(help_text="Sent before")
    flagged = serializers.IntegerField(
        help_text="Kept, though no car gets there so quickly: a verdict looks at them"
    )


@extend_schema_serializer(examples=[examples.SHARING])
class SharingSerializer(StrictSerializer):
    """What somebody agrees to, beside what they agreed to before."""

    purposes = serializers.ListField(
        child=serializers.ChoiceField(choices=ConsentPurpose.choices),
        allow_empty=True,
        max_length=len(ConsentPurpose),
        default=list,
    )


class NextStopSerializer(serializers.Serializer[NextStop]):
    """The stop that matters to the caller, and when the car is there by the roads."""

    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=[("pickup", "pickup"), ("dropoff", "dropoff")])
    planned_at = serializers.DateTimeField()
    expected_at = serializers.DateTimeField()


@extend_schema_serializer(examples=[examples.CAR])
class CarPlaceSerializer(serializers.Serializer[Car]):
    """Where the car is; nothing while its driver does not say it, or it would tell a home."""

    place = LocationSerializer(allow_null=True)
    located_at = serializers.DateTimeField(allow_null=True)
    speed_mps = serializers.FloatField(allow_null=True)
    next_stop = NextStopSerializer(allow_null=True)


class ToldSerializer(serializers.Serializer[Told]):
    """One reason of a verdict in words, in the caller's language."""

    code = serializers.CharField(help_text="Stable; meant for programs")
    weight = serializers.ChoiceField(choices=[(one.value, one.value) for one in Weight])
    whose = serializers.CharField(allow_blank=True)
    text = serializers.CharField()
    measured = serializers.CharField(allow_blank=True)
    limit = serializers.CharField(allow_blank=True)


class AppealStateSerializer(serializers.Serializer[Appeal]):
    """An objection, and what a person decided."""

    state = serializers.ChoiceField(choices=AppealState.choices)
    asked_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(examples=[examples.VERDICT])
class VerdictSerializer(serializers.Serializer[Verification]):
    """What positions say of one rider's trip."""

    id = serializers.UUIDField()
    booking = serializers.UUIDField(source="booking_id")
    judged_at = serializers.DateTimeField()
    strategy = serializers.CharField(help_text="The rule and its version")
    proof_class = serializers.ChoiceField(
        choices=ProofClass.choices,
        allow_blank=True,
        help_text="Empty: the positions contradict the trip",
    )
    accepted = serializers.BooleanField(help_text="The trip settles without asking anyone")
    held = serializers.BooleanField(help_text="A person looks before anything is rewarded")
    eligible = serializers.BooleanField(help_text="The register, and incentives, take it")
    summary = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()
    appeal = serializers.SerializerMethodField()

    def get_summary(self, verification: Verification) -> str:
        """Say what it comes to."""
        return selectors.tell_verdict(verification)

    @extend_schema_field(ToldSerializer(many=True))
    def get_reasons(self, verification: Verification) -> Any:
        """Tell the reasons, those against the trip first."""
        return [ToldSerializer(one).data for one in selectors.tell_reasons(verification)]

    @extend_schema_field(AppealStateSerializer(allow_null=True))
    def get_appeal(self, verification: Verification) -> Any:
        """Tell of the objection, if there is one."""
        appeal = getattr(verification, "appeal", None)
        return None if appeal is None else AppealStateSerializer(appeal).data


@extend_schema_serializer(examples=[examples.APPEAL])
class AppealSerializer(StrictSerializer):
    """Why a verdict is wrong, in one's own words; a person reads it."""

    reason = serializers.CharField(max_length=1_000)
