"""The tariffs that are known, as data, each with where it is from and when it was checked.

A region that is not here has no estimate: see :class:`payments.engine.tariffs.TariffUnknown`.
Fares change by decree; operators add rows, they do not edit these. Seoul's deluxe taxis are left
out because their night surcharge was not found.
"""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from payments.engine.tariffs import NightBand, Stacking, Tariff

MID_SIZE = "mid-size"
_SEOUL = "Asia/Seoul"
_CHECKED = date(2026, 11, 20)


def _band(start: int, end: int, percent: int) -> NightBand:
    return NightBand(time(start), time(end % 24), percent)


def _moment(zone: str, year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZoneInfo(zone))


def _korean(
    region: str,
    valid_from: tuple[int, ...],
    first: tuple[int, int],
    then: tuple[int, int],
    **more: Any,
) -> Tariff:
    """Return a row of a Korean city: base and its metres, then metres and seconds for 100 won."""
    return Tariff(
        region=region,
        vehicle=MID_SIZE,
        currency="KRW",
        zone=_SEOUL,
        valid_from=_moment(_SEOUL, *valid_from),
        valid_to=None,
        base=first[0],
        base_m=first[1],
        step=100,
        step_m=then[0],
        step_s=then[1],
        checked_on=_CHECKED,
        **more,
    )


_SEOUL_NIGHT = (_band(22, 23, 20), _band(23, 2, 40), _band(2, 4, 20))
_SOUTHERN_NIGHT = (_band(23, 24, 20), _band(0, 2, 30), _band(2, 4, 20))
_GYEONGGI: dict[str, Any] = {
    "valid_from": (2023, 7, 1, 4),
    "bands": (_band(23, 4, 30),),
    "outside_percent": 20,
    "most_percent": 50,
    "source": "Kyeongin Ilbo, 2023-05-25; jggkorea, 2023-05-25",
}

TARIFFS: tuple[Tariff, ...] = (
    _korean(
        "seoul", (2023, 2, 1), (4_800, 1_600), (131, 30),
        bands=_SEOUL_NIGHT, outside_percent=20, most_percent=60,
        source="SBS Biz, 2023-02-01",
    ),
    _korean(
        "busan", (2023, 6, 1), (4_800, 2_000), (132, 33),
        bands=_SOUTHERN_NIGHT, source="Donga Ilbo, 2023-05-14; Pressian",
    ),
    _korean(
        "daegu", (2025, 2, 22), (4_500, 1_700), (125, 31),
        bands=_SOUTHERN_NIGHT, source="News1, 2025-02",
    ),
    _korean("gyeonggi", first=(4_800, 1_600), then=(131, 30), **_GYEONGGI),
    _korean("gyeonggi-ga", first=(4_800, 1_800), then=(104, 25), **_GYEONGGI),
    _korean("gyeonggi-na", first=(4_800, 2_000), then=(83, 20), **_GYEONGGI),
    # The demo city. Its form is a Chilean meter's (a flag-fall, then 200 m or a minute at one
    # price); its figures are invented, and every page that shows them says so.
    Tariff(
        region="la-serena-coquimbo", vehicle=MID_SIZE, currency="CLP", zone="America/Santiago",
        valid_from=_moment("America/Santiago", 2026, 1, 1), valid_to=None,
        base=500, base_m=200, step=180, step_m=200, step_s=60,
        bands=(_band(22, 6, 20),), outside_percent=20, stacking=Stacking.MAX, round_to=10,
        source="Invented for the demo", checked_on=_CHECKED, is_invented=True,
    ),
)  # fmt: skip
