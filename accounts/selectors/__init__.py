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
    get_colleague,
    in_company,
    is_kept_apart,
    list_avoided_places,
    list_blocks,
    pairs_kept_apart,
)
from accounts.selectors.members import (
    get_member,
    list_demo_members,
    organization_for_email,
    require_member,
)

__all__ = [
    "avoided_circles",
    "find_named_place",
    "get_avoided_place_for",
    "get_car_for",
    "get_colleague",
    "get_member",
    "get_place_for",
    "get_site_near",
    "in_company",
    "is_kept_apart",
    "list_avoided_places",
    "list_blocks",
    "list_cars",
    "list_demo_members",
    "list_places",
    "list_sites",
    "organization_for_email",
    "pairs_kept_apart",
    "require_member",
]
