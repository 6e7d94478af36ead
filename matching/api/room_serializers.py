"""What the API says of shared taxis that one could take, and what it accepts to look for them."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.serializers import LocationSerializer
from accounts.models import Member
from carpool.kernel.api import MomentField
from carpool.kernel.strict import StrictSerializer
from matching.api import room_examples as examples
from matching.selectors import Board, DayPart, FoundRoom, RoomQuery, first_open_slot
from matching.selectors.board import Day, Slot
from rides.selectors import Mascot, mascot_of

FARTHEST_M = 100_000


@extend_schema_serializer(examples=[examples.SEARCH])
class RoomSearchSerializer(StrictSerializer):
    """From where to where, in which slots, and how far on foot."""

    origin = LocationSerializer()
    destination = LocationSerializer()
    start = MomentField(required=False, help_text="The first slot; without it, the next one open")
    end = MomentField(
        required=False, help_text="Before which slot; without it, an hour after `start`"
    )
    walk_m = serializers.IntegerField(required=False, min_value=0, max_value=FARTHEST_M)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Begin with the next slot, look an hour ahead, and walk as far as is usual here.

        Raises:
            ValidationError: it ends before it begins.
        """
        member: Member = self.context["member"]
        attrs.setdefault("start", first_open_slot(member, now=self.context["now"]))
        try:
            attrs.setdefault("end", attrs["start"] + timedelta(hours=1))
        except OverflowError as error:
            raise serializers.ValidationError({"start": [gettext("That is too far")]}) from error
        attrs.setdefault("walk_m", member.organization.policy.default_walk_m)
        if attrs["end"] <= attrs["start"]:
            before = gettext("It has to lie after the start")
            raise serializers.ValidationError({"end": [before]}, code="before_start")
        return attrs

    def to_query(self) -> RoomQuery:
        """Return the validated query."""
        return RoomQuery(**self.validated_data)


class FoundDropoffSerializer(serializers.Serializer[Any]):
    """The public place to get out at."""

    location = LocationSerializer()
    label = serializers.CharField()  # type: ignore[assignment]


class FoundRoomSerializer(serializers.Serializer[FoundRoom]):
    """A room that fits, and what taking it would be. Quote and join it with this drop-off."""

    id = serializers.UUIDField(source="room.pk", help_text="See /rooms/{room_id}")
    departure_at = serializers.DateTimeField(source="room.departure_at")
    closes_at = serializers.DateTimeField(source="room.closes_at")
    pickup = LocationSerializer(source="room.pickup")
    pickup_label = serializers.CharField(source="room.pickup_label")
    dropoff = FoundDropoffSerializer()
    walk_to_m = serializers.IntegerField(help_text="On foot to the pick-up")
    walk_from_m = serializers.IntegerField(help_text="On foot from the drop-off")
    leave_by = serializers.DateTimeField()
    arrives_at = serializers.DateTimeField(help_text="At the destination, the walk included")
    duration_s = serializers.IntegerField(help_text="Aboard")
    extra_s = serializers.IntegerField(help_text="Longer than alone")
    free_seats = serializers.IntegerField()
    mascot = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(choices=Mascot.choices))
    def get_mascot(self, found: FoundRoom) -> str:
        """Return what stands for the room."""
        return mascot_of(found.room, len(found.parts) - 1)


@extend_schema_serializer(examples=[examples.FOUND])
class RoomSearchResultSerializer(serializers.Serializer[Any]):
    """Rooms that one could join, the least on foot first, then the earliest arrival."""

    rooms = FoundRoomSerializer(many=True)


class BoardQuerySerializer(StrictSerializer):
    """Which part of which day; without words, where a room leaves next."""

    day = serializers.DateField(required=False)
    part = serializers.ChoiceField(choices=DayPart.choices, required=False)


class BoardDaySerializer(serializers.Serializer[Day]):
    """A day of the booking window."""

    date = serializers.DateField()
    rooms = serializers.IntegerField(help_text="How many leave on it")


class SlotSerializer(serializers.Serializer[Slot]):
    """A 10-minute mark of local time."""

    at = serializers.DateTimeField()
    rooms = serializers.IntegerField(help_text="How many leave then")
    is_open = serializers.BooleanField(help_text="One can still open a room")


@extend_schema_serializer(examples=[examples.BOARD])
class BoardSerializer(serializers.Serializer[Board]):
    """The slots of a part of a day, and how many rooms leave in each."""

    day = serializers.DateField()
    part = serializers.ChoiceField(choices=DayPart.choices)
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    days = BoardDaySerializer(many=True)
    slots = serializers.SerializerMethodField()

    @extend_schema_field(SlotSerializer(many=True))
    def get_slots(self, board: Board) -> Any:
        """List them in order."""
        shown = SlotSerializer()
        return [shown.to_representation(slot) for hour in board.hours for slot in hour]
