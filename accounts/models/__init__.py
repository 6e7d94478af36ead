"""People and what they belong to."""

from accounts.models.belongings import Car, Place, PlaceKind
from accounts.models.identity import User, UserManager
from accounts.models.members import Member, MemberQuerySet, MemberRole
from accounts.models.organizations import (
    EmailDomain,
    Organization,
    Site,
    WeekStart,
    validate_time_zone,
)

__all__ = [
    "Car",
    "EmailDomain",
    "Member",
    "MemberQuerySet",
    "MemberRole",
    "Organization",
    "Place",
    "PlaceKind",
    "Site",
    "User",
    "UserManager",
    "WeekStart",
    "validate_time_zone",
]
