"""Pages about oneself and about getting in."""

from accounts.views.issuers import issuer, remove_issuer, unlink
from accounts.views.joining import demo, join
from accounts.views.oneself import car, place, profile, remove_car, remove_place
from accounts.views.safety import avoid, safety, stop_avoiding, unblock

__all__ = [
    "avoid",
    "car",
    "demo",
    "issuer",
    "join",
    "place",
    "profile",
    "remove_car",
    "remove_issuer",
    "remove_place",
    "safety",
    "stop_avoiding",
    "unblock",
    "unlink",
]
