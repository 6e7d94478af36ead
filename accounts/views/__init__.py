"""Pages about oneself and about getting in."""

from accounts.views.branding import brand_style, branding, logo
from accounts.views.communities import join_community, open_door
from accounts.views.invitations import invitations, invited, revoke_invitation
from accounts.views.issuers import issuer, remove_issuer, unlink
from accounts.views.joining import demo, join
from accounts.views.members import (
    change_role,
    leave,
    people_list,
    person,
    readmit_person,
    remove_person,
)
from accounts.views.merging import confirm_merge, merge
from accounts.views.oneself import car, place, profile, remove_car, remove_place
from accounts.views.organization import organization
from accounts.views.partners import accept_partner, end_partner, partners, share_beyond
from accounts.views.people import import_people
from accounts.views.policies import policies
from accounts.views.privacy import ask_for_erasure, ask_for_export, data, download, think_again
from accounts.views.safety import avoid, safety, stop_avoiding, unblock
from accounts.views.sites import remove_site, site, site_list

__all__ = [
    "accept_partner",
    "ask_for_erasure",
    "ask_for_export",
    "avoid",
    "brand_style",
    "branding",
    "car",
    "change_role",
    "confirm_merge",
    "data",
    "demo",
    "download",
    "end_partner",
    "import_people",
    "invitations",
    "invited",
    "issuer",
    "join",
    "join_community",
    "leave",
    "logo",
    "merge",
    "open_door",
    "organization",
    "partners",
    "people_list",
    "person",
    "place",
    "policies",
    "profile",
    "readmit_person",
    "remove_car",
    "remove_issuer",
    "remove_person",
    "remove_place",
    "remove_site",
    "revoke_invitation",
    "safety",
    "share_beyond",
    "site",
    "site_list",
    "stop_avoiding",
    "think_again",
    "unblock",
    "unlink",
]
