"""Words of the pages of rooms: what they cost, and what people are called."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from django import template

from accounts.models import Member
from carpool.kernel import clock
from payments.selectors import RoomPrice, Support, find_price, support_of
from rides.models import Room
from rides.selectors import RoomView

register = template.Library()


class Listed(Protocol):
    """A room in a list, with how far along its way people get out."""

    room: Room
    parts: Sequence[Any]
    found: Any


@register.simple_tag(takes_context=True)
def with_prices(
    context: Mapping[str, Any], entries: Iterable[Listed]
) -> list[tuple[Listed, RoomPrice | None]]:
    """Return each entry with its price for who looks at it; None where no tariff is known."""
    support = support_of(context["request"].member, now=clock.now())
    return [(entry, _price(entry, support)) for entry in entries]


def _price(entry: Listed, support: Support | None) -> RoomPrice | None:
    """Price a seat to where one would get out, if that is known."""
    ends = [entry.found.dropoff.location] if entry.found else []
    return find_price(entry.room, entry.parts, support, *ends)


@register.simple_tag
def person_name(view: RoomView, person: Member) -> str:
    """Return what the viewer may call somebody of a room."""
    return view.name_of(person)
