"""Reads about people; each begins with the person who asks."""

from accounts.selectors.belongings import (
    find_named_place,
    get_car_for,
    get_place_for,
    get_site_near,
    list_cars,
    list_places,
    list_sites,
)
from accounts.selectors.company import (
    avoided_circles,
    get_avoided_place_for,
    get_block_for,
    get_colleague,
    in_company,
    is_kept_apart,
    list_avoided_places,
    list_blocks,
    pairs_kept_apart,
)
from accounts.selectors.emergency import emergency_number
from accounts.selectors.issuers import (
    Door,
    door_of,
    get_issuer,
    get_issuer_for,
    list_doors,
    list_issuers,
    list_public_doors,
    owns_domain_of,
    require_manager,
)
from accounts.selectors.members import (
    get_member,
    is_suspended,
    list_demo_members,
    organization_for_email,
    require_member,
)
from accounts.selectors.reports import count_recent_reports, list_reports, lock_report

__all__ = [
    "Door",
    "avoided_circles",
    "count_recent_reports",
    "door_of",
    "emergency_number",
    "find_named_place",
    "get_avoided_place_for",
    "get_block_for",
    "get_car_for",
    "get_colleague",
    "get_issuer",
    "get_issuer_for",
    "get_member",
    "get_place_for",
    "get_site_near",
    "in_company",
    "is_kept_apart",
    "is_suspended",
    "list_avoided_places",
    "list_blocks",
    "list_cars",
    "list_demo_members",
    "list_doors",
    "list_issuers",
    "list_places",
    "list_public_doors",
    "list_reports",
    "list_sites",
    "lock_report",
    "organization_for_email",
    "owns_domain_of",
    "pairs_kept_apart",
    "require_manager",
    "require_member",
]
