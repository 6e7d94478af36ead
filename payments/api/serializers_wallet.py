"""What the API says of a wallet. Amounts are minor units of their currency."""

from typing import Any

from rest_framework import serializers

from payments.api.serializers_money import TopUpSerializer
from payments.selectors.movement_words import Role, What
from payments.selectors.wallet import Asked, Movement


class PaidTripSerializer(serializers.Serializer[Any]):
    """A trip that money was paid for."""

    id = serializers.UUIDField(help_text="A room's, or a booking's")
    kind = serializers.SerializerMethodField()
    label = serializers.CharField(help_text="Where a taxi's people meet; empty for a ride")  # type: ignore[assignment]
    at = serializers.DateTimeField(allow_null=True, help_text="null: it no longer exists")

    def get_kind(self, trip: Any) -> str:
        """Tell a shared taxi from a seat in a ride: ``room`` or ``booking``."""
        return "booking" if trip.is_ride else "room"


class PurseSerializer(serializers.Serializer[Any]):
    """What is yours in one currency."""

    currency = serializers.CharField()
    total_minor = serializers.IntegerField(source="total", help_text="All of it, less what you owe")
    in_escrow_minor = serializers.IntegerField(source="in_escrow", help_text="Kept for trips")
    owed_minor = serializers.IntegerField(source="owed", help_text="What will be paid out to you")
    frozen_minor = serializers.IntegerField(
        source="frozen", help_text="Of what is owed, until a dispute is decided"
    )
    going_back_minor = serializers.IntegerField(
        source="going_back", help_text="Goes back by the way you paid"
    )
    owing_minor = serializers.IntegerField(source="owing", help_text="What you owe")


class KeptSerializer(serializers.Serializer[Any]):
    """What is kept for one trip."""

    trip = PaidTripSerializer()
    amount_minor = serializers.IntegerField(source="amount")
    currency = serializers.CharField()


class AskedSerializer(serializers.Serializer[Asked]):
    """More money that you are asked for in a shared taxi, until you have answered and paid."""

    trip = PaidTripSerializer()
    top_up = TopUpSerializer()


class WalletSerializer(serializers.Serializer[Any]):
    """What is yours, and the months in which anything moved."""

    purses = PurseSerializer(many=True)
    kept = KeptSerializer(many=True)
    asked = AskedSerializer(many=True)
    months = serializers.ListField(child=serializers.RegexField(r"^[0-9]{4}-[0-9]{2}$"))


class MovementSerializer(serializers.Serializer[Movement]):
    """One movement of money, explained."""

    id = serializers.CharField()
    at = serializers.DateTimeField()
    what = serializers.ChoiceField(choices=What.choices)
    sentence = serializers.CharField(help_text="For people, in their language")
    amount_minor = serializers.IntegerField(source="amount", help_text="What moved; positive")
    change_minor = serializers.IntegerField(
        source="change", help_text="What it adds to what is yours; 0: it stays yours"
    )
    balance_minor = serializers.IntegerField(source="balance", help_text="Yours afterwards")
    currency = serializers.CharField()
    other = serializers.ChoiceField(choices=Role.choices, help_text="Who is at the other end")
    trip = PaidTripSerializer(allow_null=True)


class AccountSerializer(serializers.Serializer[Any]):
    """A month in one currency; oldest movement first."""

    currency = serializers.CharField()
    opening_minor = serializers.IntegerField(source="opening")
    closing_minor = serializers.IntegerField(source="closing")
    movements = MovementSerializer(many=True)


class StatementSerializer(serializers.Serializer[Any]):
    """A month of your organization's local time, half-open."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    accounts = AccountSerializer(many=True)
