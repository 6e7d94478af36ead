"""Pure predicates about people."""

from accounts.models import Member, MemberRole


def is_manager(member: Member) -> bool:
    """Tell whether the member may see and steer the organization."""
    return member.role in {MemberRole.MANAGER, MemberRole.OWNER}


def is_colleague(viewer: Member, other: Member) -> bool:
    """Tell whether two members may know of each other."""
    return viewer.organization_id == other.organization_id
