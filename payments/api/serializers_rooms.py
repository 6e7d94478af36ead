"""What the API says of shared taxis, and what it accepts."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.serializers import LocationSerializer
from carpool.kernel import clock
from carpool.kernel.api import MomentField
from carpool.kernel.strict import StrictSerializer
from payments.api import examples_rooms as examples
from payments.models import SeatPrice
from payments.selectors import (
    JoinPreview,
    OpeningPreview,
    RoomPrice,
    Shortfall,
    Support,
    find_price,
    prepaid_for,
    support_of,
)
from rides.api.serializers import GEOJSON_LINE, TripEndSerializer, to_geojson
from rides.models import Room, RoomEnd, RoomSeat, SplitRule
from rides.models.rooms import LEAST_PARTY, MOST_PARTY
from rides.selectors import Mascot, RoomView, TaxiApp, get_dispatch, mascot_of
from rides.services import RoomTerms


class RoomPriceSerializer(serializers.Serializer[RoomPrice]):
    """The fare as a range, and a rider's part of its upper end; all in minor units."""

    currency = serializers.CharField(help_text="ISO 4217")
    low = serializers.IntegerField()
    likely = serializers.IntegerField()
    high = serializers.IntegerField()
    prepay = serializers.IntegerField(help_text="Due when joining")
    at_most = serializers.IntegerField(help_text="Never more without a new yes")
    sponsor = serializers.CharField(
        help_text="The organization that pays a part of it for you; empty: none"
    )
    sponsored = serializers.IntegerField(help_text="What it pays of both")
    own_prepay = serializers.IntegerField(help_text="Due from you when joining")
    own_at_most = serializers.IntegerField(help_text="Never more of yours without a new yes")
    shortfall = serializers.ChoiceField(
        choices=Shortfall.choices, help_text="Why it pays less than its share; empty: it does not"
    )


class PublicPlaceSerializer(serializers.Serializer[Any]):
    """A public place."""

    location = LocationSerializer()
    label = serializers.CharField()  # type: ignore[assignment]


class RoomTermsSerializer(StrictSerializer):
    """What a host arranges. Both ends become the nearest public places: nobody's door."""

    departure_at = MomentField(help_text="A 10-minute mark of your organization's local time")
    pickup = TripEndSerializer()
    dropoff = TripEndSerializer()
    least_party = serializers.IntegerField(
        default=LEAST_PARTY, min_value=LEAST_PARTY, max_value=MOST_PARTY
    )
    most_party = serializers.IntegerField(
        default=MOST_PARTY, min_value=LEAST_PARTY, max_value=MOST_PARTY
    )
    split_rule = serializers.ChoiceField(choices=SplitRule.choices, default=SplitRule.EQUAL)
    same_gender_only = serializers.BooleanField(default=False)
    note = serializers.CharField(max_length=280, required=False, allow_blank=True, default="")

    def to_terms(self) -> RoomTerms:
        """Return the validated terms."""
        said = {name: value for name, value in self.validated_data.items() if name != "shown"}
        return RoomTerms(**said)


@extend_schema_serializer(examples=[examples.OPEN])
class OpenRoomSerializer(RoomTermsSerializer):
    """A room to be opened."""

    shown = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The upper end that was shown; if it is another one by now, 409",
    )


class OpeningSerializer(serializers.Serializer[OpeningPreview]):
    """What a room would be."""

    pickup = PublicPlaceSerializer(source="terms.pickup")
    dropoff = PublicPlaceSerializer(source="terms.dropoff")
    distance_m = serializers.IntegerField(source="route.distance_m")
    duration_s = serializers.IntegerField(source="route.duration_s")
    price = RoomPriceSerializer()


class DropoffSerializer(StrictSerializer):
    """Where somebody gets out."""

    dropoff = TripEndSerializer()


@extend_schema_serializer(examples=[examples.JOIN])
class JoinSerializer(DropoffSerializer):
    """A yes to a seat and its price."""

    provider = serializers.CharField(max_length=20)
    method = serializers.CharField(max_length=40, allow_blank=True, default="")
    at_most = serializers.IntegerField(
        help_text="What was shown as the most; if it is another amount by now, 409"
    )
    sponsored = serializers.IntegerField(
        default=0,
        min_value=0,
        help_text="What was shown as paid by your organization; if it pays less by now, 409",
    )


class JoinPreviewSerializer(serializers.Serializer[JoinPreview]):
    """What joining would be."""

    dropoff = PublicPlaceSerializer()
    duration_s = serializers.IntegerField(source="part.duration_s")
    distance_m = serializers.IntegerField(source="part.distance_m")
    extra_s = serializers.IntegerField(source="part.extra_s", help_text="Longer than alone")
    price = RoomPriceSerializer()


class JoinedSerializer(serializers.Serializer[SeatPrice]):
    """What somebody said yes to, and how the payment stands."""

    seat = serializers.UUIDField(source="seat_id")
    payment = serializers.UUIDField(source="payment_id")
    prepay = serializers.IntegerField()
    at_most = serializers.IntegerField()
    currency = serializers.CharField(source="payment.currency")
    asked = serializers.IntegerField(
        source="payment.amount", help_text="Of the prepayment, what this payment is of"
    )
    captured = serializers.IntegerField(
        source="payment.captured", help_text="Zero: not yet, see pay_at, or declined"
    )
    pay_at = serializers.CharField(
        source="payment.pay_at", help_text="Where to approve it; empty: nowhere"
    )


class TaxiSerializer(StrictSerializer):
    """By what the others know the taxi."""

    plate = serializers.CharField(max_length=16, allow_blank=True, default="")
    driver = serializers.CharField(max_length=80, allow_blank=True, default="")


class CodeSerializer(StrictSerializer):
    """A boarding code that somebody says."""

    code = serializers.RegexField(r"^[0-9]{4}$")


class MemberIdSerializer(StrictSerializer):
    """Somebody of the party."""

    member = serializers.UUIDField()


class EndSerializer(StrictSerializer):
    """Why a host cancels."""

    reason = serializers.ChoiceField(
        choices=[(one.value, one.label) for one in (RoomEnd.HOST, RoomEnd.NO_TAXI)],
        default=RoomEnd.HOST,
    )


class TaxiAppSerializer(serializers.Serializer[TaxiApp]):
    """An app that opens with the way filled in."""

    key = serializers.CharField()
    name = serializers.CharField()
    link = serializers.CharField()
    android = serializers.CharField(help_text="Where to get it; empty: it needs no store")
    ios = serializers.CharField()


class DispatchSerializer(serializers.Serializer[Any]):
    """How to call the taxi."""

    apps = TaxiAppSerializer(many=True)
    between = serializers.ListField(
        child=serializers.CharField(), help_text="Stops on the way that the links cannot say"
    )


class RoomSeatSerializer(serializers.Serializer[RoomSeat]):
    """One person's seat."""

    id = serializers.UUIDField(source="pk")
    member = serializers.UUIDField(source="rider_id")
    name = serializers.SerializerMethodField(help_text="The full name for those who come along")
    state = serializers.CharField()
    is_host = serializers.BooleanField(source="is_hosts")
    dropoff = LocationSerializer()
    dropoff_label = serializers.CharField()
    arrives_at = serializers.DateTimeField(source="aboard_until")

    def get_name(self, seat: RoomSeat) -> str:
        """Return what the caller may know."""
        view: RoomView = self.context["view"]
        return view.name_of(seat.rider)


class OwnRoomSeatSerializer(serializers.Serializer[Any]):
    """The caller's own seat."""

    state = serializers.CharField()
    held_until = serializers.DateTimeField(allow_null=True)
    boarding_code = serializers.CharField(help_text="Said to the host when getting in")
    prepaid = serializers.IntegerField(allow_null=True, help_text="Null: the host")
    sponsored = serializers.IntegerField(
        allow_null=True, help_text="What your organization has paid beside it"
    )
    at_most = serializers.IntegerField(allow_null=True, help_text="Of both")
    payment = serializers.UUIDField(allow_null=True)
    pay_at = serializers.CharField(
        allow_null=True, help_text="Where to approve the payment; empty: nowhere"
    )


class _RoomFields(serializers.Serializer[Any]):
    """What a room says in a list and by itself."""

    id = serializers.UUIDField(source="room.pk")
    state = serializers.CharField(source="room.state", help_text="See docs/states.md")
    mascot = serializers.ChoiceField(choices=Mascot.choices)
    departure_at = serializers.DateTimeField(source="room.departure_at")
    closes_at = serializers.DateTimeField(source="room.closes_at")
    locks_at = serializers.DateTimeField(source="room.locks_at")
    pickup = LocationSerializer(source="room.pickup")
    pickup_label = serializers.CharField(source="room.pickup_label")
    least_party = serializers.IntegerField(source="room.least_party")
    most_party = serializers.IntegerField(source="room.most_party")
    free_seats = serializers.IntegerField()
    split_rule = serializers.ChoiceField(choices=SplitRule.choices, source="room.split_rule")
    same_gender_only = serializers.BooleanField(source="room.same_gender_only")
    note = serializers.CharField(source="room.note")
    distance_m = serializers.IntegerField(source="room.distance_m")
    duration_s = serializers.IntegerField(source="room.duration_s")
    price = serializers.SerializerMethodField(help_text="Null where no tariff is known")

    @extend_schema_field(RoomPriceSerializer(allow_null=True))
    def get_price(self, view: Any) -> Any:
        """Return what the taxi costs, if somebody knows."""
        price = find_price(view.room, view.occupied, self.support_for(view))
        return RoomPriceSerializer(price).data if price else None

    def support_for(self, view: Any) -> Support | None:
        """Return what the caller's organization would pay of a seat."""
        support: Support | None = view.support
        return support


@extend_schema_serializer(examples=[examples.ROOM])
class RoomSerializer(_RoomFields):
    """A shared taxi as the caller may see it."""

    is_host = serializers.BooleanField(source="is_hosts")
    is_asked_to_host = serializers.SerializerMethodField()
    called_at = serializers.DateTimeField(source="room.called_at", allow_null=True)
    departed_at = serializers.DateTimeField(source="room.departed_at", allow_null=True)
    arrived_at = serializers.DateTimeField(source="room.arrived_at", allow_null=True)
    settled_at = serializers.DateTimeField(source="room.settled_at", allow_null=True)
    cancelled_at = serializers.DateTimeField(source="room.cancelled_at", allow_null=True)
    ended_by = serializers.CharField(source="room.ended_by")
    taxi_plate = serializers.SerializerMethodField(help_text="For those who come along")
    taxi_driver = serializers.SerializerMethodField(help_text="For those who come along")
    route = serializers.SerializerMethodField()
    seats = serializers.SerializerMethodField()
    mine = serializers.SerializerMethodField(help_text="Null: the caller has no seat")
    dispatch = serializers.SerializerMethodField(help_text="For the host; null for others")

    def support_for(self, view: RoomView) -> Support | None:
        """Look it up for those who could join; a seat that is taken is paid already."""
        return None if view.is_aboard else support_of(view.viewer, now=clock.now())

    def get_is_asked_to_host(self, view: RoomView) -> bool:
        """Tell whether the host asks the caller to take over."""
        return view.room.next_host_id == view.viewer.pk

    def get_taxi_plate(self, view: RoomView) -> str:
        """Show it to those who look for it at the kerb."""
        return view.room.taxi_plate if view.is_aboard else ""

    def get_taxi_driver(self, view: RoomView) -> str:
        """Show it to those who look for it at the kerb."""
        return view.room.taxi_driver if view.is_aboard else ""

    @extend_schema_field(GEOJSON_LINE)
    def get_route(self, view: RoomView) -> dict[str, Any] | None:
        """Show the way: its ends are public places."""
        return to_geojson(view.room.route)

    @extend_schema_field(RoomSeatSerializer(many=True))
    def get_seats(self, view: RoomView) -> Any:
        """Show who comes along."""
        shown = RoomSeatSerializer(context={"view": view})
        return [shown.to_representation(seat) for seat in view.seats]

    @extend_schema_field(OwnRoomSeatSerializer(allow_null=True))
    def get_mine(self, view: RoomView) -> Any:
        """Show the caller's own seat."""
        if view.mine is None:
            return None
        found = SeatPrice.objects.select_related("payment").filter(seat_id=view.mine.pk)
        price = found.first()
        paid = prepaid_for(view.mine) if price else None
        return {
            "state": view.mine.state,
            "held_until": view.mine.held_until,
            "boarding_code": view.mine.boarding_code,
            "prepaid": paid.captured if paid else None,
            "sponsored": paid.sponsored if paid else None,
            "at_most": price.at_most if price else None,
            "payment": price.payment_id if price else None,
            "pay_at": price.payment.pay_at if price else None,
        }

    @extend_schema_field(DispatchSerializer(allow_null=True))
    def get_dispatch(self, view: RoomView) -> Any:
        """Show the host how to call the taxi."""
        return DispatchSerializer(get_dispatch(view)).data if view.is_hosts else None


class RoomSummarySerializer(_RoomFields):
    """A shared taxi in a list."""


class ListedRoom:
    """A room of a list, as the serializer reads it."""

    def __init__(self, room: Room, support: Support | None = None) -> None:
        self.room, self.occupied = room, list(room.seats.all())
        self.support = support

    @property
    def free_seats(self) -> int:
        """How many seats nobody has."""
        return max(0, self.room.most_party - len(self.occupied))

    @property
    def mascot(self) -> Mascot:
        """What stands for the room."""
        return mascot_of(self.room, len(self.occupied))


class SlotsSerializer(StrictSerializer):
    """From which slot to before which."""

    start = MomentField(required=False)
    end = MomentField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Begin now and look as far ahead as rooms are opened, unless told otherwise."""
        attrs.setdefault("start", clock.now())
        attrs.setdefault("end", attrs["start"] + self.context["ahead"])
        return attrs
