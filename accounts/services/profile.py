"""What members say of themselves: name, cars, places."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.errors import CarPlateTaken
from accounts.models import Car, Member, Place, PlaceKind
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import LonLat, to_point
from maps.selectors import region_at


def update_profile(*, member: Member, display_name: str, phone: str, language: str) -> Member:
    """Change what a member says of themselves."""
    member.display_name, member.phone, member.language = display_name, phone, language
    member.save(update_fields=["display_name", "phone", "language"])
    return member


def save_car(
    *,
    member: Member,
    car: Car | None = None,
    make: str,
    model: str,
    colour: str,
    plate: str,
    seats: int,
) -> Car:
    """Add a car, or change one of the member's own.

    Raises:
        InvalidInput: a value does not fit (names it).
        CarPlateTaken: the member already has a car with that plate.
    """
    car = car or Car(member=member)
    car.make, car.model, car.colour = make, model, colour
    car.plate, car.seats = plate.upper().strip(), seats
    try:
        car.clean_fields(exclude=["member"])
    except ValidationError as error:
        raise InvalidInput(fields=error.message_dict) from error
    try:
        with transaction.atomic():
            car.save()
    except IntegrityError as error:
        raise CarPlateTaken(field="plate") from error
    return car


def remove_car(*, car: Car, now: datetime) -> None:
    """Retire a car. Rides that were made with it keep showing it."""
    car.removed_at = now
    car.save(update_fields=["removed_at"])


def save_place(*, member: Member, kind: str, label: str, location: LonLat) -> Place:
    """Save home or work (there is one of each), or add another place.

    Raises:
        OutsideMap: no region contains the place (names ``location``).
    """
    region_at(location, field="location")
    point = to_point(location)
    if kind == PlaceKind.OTHER:
        return Place.objects.create(member=member, kind=kind, label=label, location=point)
    place, _created = Place.objects.update_or_create(
        member=member, kind=kind, defaults={"label": label, "location": point}
    )
    return place


def remove_place(*, place: Place) -> None:
    """Forget a place."""
    place.delete()
