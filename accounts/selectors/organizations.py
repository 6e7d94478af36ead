"""Which organizations a member may see: the one selector by which tenancy is decided."""

from uuid import UUID

from accounts.models import Member


def visible_organization_ids(member: Member) -> frozenset[UUID]:
    """Return the ids of the organizations whose people and rides a member may come to know."""
    return frozenset({member.organization_id})
