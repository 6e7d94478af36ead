"""How a host calls the taxi: links into taxi apps, built from meeting points and nothing else."""

from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings

from carpool.kernel.geo import LonLat, from_point
from rides.selectors.room_seeing import RoomView


@dataclass(frozen=True, slots=True)
class TaxiApp:
    """An app that opens with the way filled in, and where to get it (empty: it needs no store)."""

    key: str
    name: str
    link: str
    android: str
    ios: str


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The apps for a room, and the stops on the way that their links cannot say."""

    apps: list[TaxiApp]
    between: list[str]


def get_dispatch(view: RoomView) -> Dispatch:
    """Return how to call the taxi of a room, from where all meet to where the last gets out."""
    stops, room = view.stops, view.room
    if not stops:
        return Dispatch([], [])
    start, end = from_point(room.pickup), stops[-1]
    apps = [
        TaxiApp(
            key=app["key"],
            name=app["name"],
            link=fill_link(app["link"], start, room.pickup_label, end.location, end.label),
            android=app["android"],
            ios=app["ios"],
        )
        for app in settings.TAXI_APPS
        if not app["currencies"] or room.organization.currency in app["currencies"]
    ]
    return Dispatch(apps, [stop.label for stop in stops[:-1]])


def fill_link(template: str, start: LonLat, start_name: str, end: LonLat, end_name: str) -> str:
    """Fill a template, every value percent-encoded; degrees to a centimetre."""
    values = {
        "from_lat": f"{start.lat:.7f}",
        "from_lng": f"{start.lon:.7f}",
        "from_name": start_name,
        "to_lat": f"{end.lat:.7f}",
        "to_lng": f"{end.lon:.7f}",
        "to_name": end_name,
    }
    return template.format_map({name: quote(text, safe="") for name, text in values.items()})
