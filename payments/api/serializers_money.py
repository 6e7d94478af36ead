"""What the API says of a shared taxi's money, and what it accepts about it."""

from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.api.serializers import LocationSerializer
from carpool.kernel.strict import StrictSerializer
from payments.api import examples_money as examples
from payments.api.serializers_rooms import RoomPriceSerializer
from payments.models import Dispute, Fare, FareShare, LockedFare, Payment, SeatPrice, TopUp
from payments.models.fares import DisputeState, FareState, TopUpReason, TopUpState
from payments.selectors import Prepaid, WayToPay

MOST_MINOR = 2**63 - 1


@extend_schema_serializer(examples=[examples.FARE])
class FareUploadSerializer(StrictSerializer):
    """What the taxi cost, with a picture of its receipt."""

    amount = serializers.IntegerField(
        min_value=1, max_value=MOST_MINOR, help_text="In minor units of the room's currency"
    )
    photo = serializers.FileField(
        allow_empty_file=True, help_text="JPEG, PNG or WebP, at most 5 MiB; it is drawn anew"
    )


@extend_schema_serializer(examples=[examples.YES, examples.NO])
class TopUpAnswerSerializer(StrictSerializer):
    """A yes, with a way to pay, or a no."""

    accept = serializers.BooleanField()
    provider = serializers.CharField(max_length=20, required=False, help_text="Needed for a yes")
    method = serializers.CharField(max_length=40, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a yes without a way to pay.

        Raises:
            ValidationError: by what is it paid?
        """
        if attrs["accept"] and not attrs.get("provider"):
            missing = gettext("Say by which provider you pay")
            raise serializers.ValidationError({"provider": [missing]}, code="required")
        attrs.setdefault("provider", "")
        return attrs


@extend_schema_serializer(examples=[examples.OBJECTION])
class ObjectionSerializer(StrictSerializer):
    """Why somebody objects to their part."""

    reason = serializers.CharField(max_length=1000)


@extend_schema_serializer(examples=[examples.HERE])
class HereSerializer(StrictSerializer):
    """Where a device is. Only that it is near the meeting point is kept."""

    place = LocationSerializer()


class WaySerializer(serializers.Serializer[WayToPay]):
    """A way to pay that is switched on here."""

    provider = serializers.CharField()
    method = serializers.CharField(allow_blank=True)
    label = serializers.CharField()  # type: ignore[assignment]
    is_play_money = serializers.BooleanField(help_text="No money moves")


class AgreedSerializer(serializers.Serializer[SeatPrice]):
    """What one said yes to when one took the seat."""

    prepay = serializers.IntegerField()
    at_most = serializers.IntegerField(help_text="Never more without a new yes")


class PaidSerializer(serializers.Serializer[Prepaid]):
    """What one has paid for the seat, top-ups included."""

    captured = serializers.IntegerField()
    refunded = serializers.IntegerField(help_text="What of it has come back")
    on_the_way_back = serializers.IntegerField()
    sponsored = serializers.IntegerField(help_text="What your organization has paid beside it")


class PaymentSerializer(serializers.Serializer[Payment]):
    """How a payment stands."""

    id = serializers.UUIDField(source="pk")
    provider = serializers.CharField()
    amount = serializers.IntegerField()
    captured = serializers.IntegerField(help_text="Zero: not yet, see pay_at, or declined")
    pay_at = serializers.CharField(
        allow_blank=True, help_text="Where to approve it; empty: nowhere"
    )


@extend_schema_serializer(examples=[examples.TOP_UP])
class TopUpSerializer(serializers.Serializer[TopUp]):
    """A question for more money, and how its answer stands."""

    id = serializers.UUIDField(source="pk")
    reason = serializers.ChoiceField(choices=TopUpReason.choices)
    amount = serializers.IntegerField(help_text="In minor units")
    currency = serializers.CharField()
    state = serializers.ChoiceField(choices=TopUpState.choices)
    answer_by = serializers.DateTimeField()
    payment = PaymentSerializer(allow_null=True)


class LockedFareSerializer(serializers.Serializer[LockedFare]):
    """What the fare will be at most for the party that is final."""

    highest_fare = serializers.IntegerField()
    host_absorbs = serializers.BooleanField(help_text="The host carries what is not prepaid")


class FareSerializer(serializers.Serializer[Fare]):
    """What the taxi cost."""

    id = serializers.UUIDField(source="pk")
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    state = serializers.ChoiceField(choices=FareState.choices)
    entered_at = serializers.DateTimeField()
    answer_by = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)


class FareShareSerializer(serializers.Serializer[FareShare]):
    """One person's part of a fare. For a rider: part + penalty + back = prepaid."""

    member = serializers.UUIDField(source="person_id")
    is_host = serializers.BooleanField()
    presence = serializers.CharField(help_text="boarded, left_free, left_late or no_show")
    prepaid = serializers.IntegerField(source="funded")
    fare_part = serializers.IntegerField()
    penalty = serializers.IntegerField()
    back = serializers.IntegerField()


class DisputeSerializer(serializers.Serializer[Dispute]):
    """An objection to one's part, and what became of it."""

    reason = serializers.CharField()
    amount = serializers.IntegerField(help_text="Held on what the host is to get")
    state = serializers.ChoiceField(choices=DisputeState.choices)
    decide_by = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    why = serializers.CharField(allow_blank=True)


@extend_schema_serializer(examples=[examples.MONEY], component_name="RoomMoney")
class RoomMoneySerializer(serializers.Serializer[Any]):
    """A shared taxi's money as one of its people sees it; all amounts in minor units."""

    currency = serializers.CharField(help_text="ISO 4217")
    price = RoomPriceSerializer(allow_null=True, help_text="Null where no tariff is known")
    ways = WaySerializer(many=True, help_text="How one can pay here")
    agreed = AgreedSerializer(allow_null=True, help_text="Null: the host, or no seat")
    payment = PaymentSerializer(allow_null=True, help_text="The prepayment")
    paid = PaidSerializer(allow_null=True)
    late_fee = serializers.IntegerField(help_text="What leaving after the lock costs")
    top_up = TopUpSerializer(allow_null=True, help_text="What one is asked to add")
    waiting = serializers.IntegerField(help_text="Of how many an answer is missing; for the host")
    locked = LockedFareSerializer(allow_null=True)
    fare = FareSerializer(allow_null=True, help_text="For those with a seat")
    shares = FareShareSerializer(many=True)
    dispute = DisputeSerializer(allow_null=True)
    disputable_until = serializers.DateTimeField(allow_null=True)
