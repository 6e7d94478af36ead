"""The apps by which a host calls a taxi: their links as templates, and where to get them.

A link is filled in on the server from the meeting points of a room, percent-encoded, and from
nothing else. Operators may change a template without a release: apps change theirs.

Source: Uber, "Introduction to Deep Links"; for Kakao T, whose link is not documented, two public
apps that use it.
"""

from typing import Any

from carpool.settings.environment import env

TAXI_APPS: list[dict[str, Any]] = [
    {
        "key": "kakao_t",
        "name": "Kakao T",
        "link": env.str(
            "TAXI_LINK_KAKAO_T",
            default="kakaot://taxi/set?origin_lat={from_lat}&origin_lng={from_lng}"
            "&dest_lat={to_lat}&dest_lng={to_lng}",
        ),
        "android": "https://play.google.com/store/apps/details?id=com.kakao.taxi",
        "ios": "https://apps.apple.com/app/id981110422",
        # Where it drives, told by the organization's currency; elsewhere nobody is led to it.
        "currencies": env.list("TAXI_CURRENCIES_KAKAO_T", default=["KRW"]),
    },
    {
        "key": "uber",
        "name": "Uber",
        # Opens the app where it is, and else Uber's own page: it needs no store.
        "link": env.str(
            "TAXI_LINK_UBER",
            default="https://m.uber.com/ul/?action=setPickup"
            "&pickup%5Blatitude%5D={from_lat}&pickup%5Blongitude%5D={from_lng}"
            "&pickup%5Bnickname%5D={from_name}"
            "&dropoff%5Blatitude%5D={to_lat}&dropoff%5Blongitude%5D={to_lng}"
            "&dropoff%5Bnickname%5D={to_name}",
        ),
        "android": "",
        "ios": "",
        "currencies": env.list("TAXI_CURRENCIES_UBER", default=[]),
    },
]
