"""Pages about oneself and about getting in."""

from accounts.views.invitations import invitations, invited, revoke_invitation
from accounts.views.issuers import issuer, remove_issuer, unlink
from accounts.views.joining import demo, join
from accounts.views.oneself import car, place, profile, remove_car, remove_place
from accounts.views.organization import organization
from accounts.views.people import import_people
from accounts.views.policies import policies
from accounts.views.privacy import ask_for_erasure, ask_for_export, data, download, think_again
from accounts.views.safety import avoid, safety, stop_avoiding, unblock

__all__ = [
    "ask_for_erasure",
    "ask_for_export",
    "avoid",
    "car",
    "data",
    "demo",
    "download",
    "import_people",
    "invitations",
    "invited",
    "issuer",
    "join",
    "organization",
    "place",
    "policies",
    "profile",
    "remove_car",
    "remove_issuer",
    "remove_place",
    "revoke_invitation",
    "safety",
    "stop_avoiding",
    "think_again",
    "unblock",
    "unlink",
]
