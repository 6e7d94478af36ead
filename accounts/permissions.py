"""Who may do what inside an organization: one table, and pure predicates over it."""

from enum import StrEnum

from accounts.models import Member, MemberRole

_ALL = frozenset({MemberRole.MEMBER, MemberRole.MANAGER, MemberRole.OWNER})
_MANAGERS = frozenset({MemberRole.MANAGER, MemberRole.OWNER})
_OWNERS = frozenset({MemberRole.OWNER})


class Act(StrEnum):
    """What somebody may want to do in their own organization; never in another one."""

    READ_RULES = "read_rules"
    LEAVE = "leave"
    CHANGE_RULES = "change_rules"
    SEE_PEOPLE = "see_people"
    IMPORT_PEOPLE = "import_people"
    INVITE = "invite"
    REMOVE_MEMBER = "remove_member"
    SET_UP_SIGN_IN = "set_up_sign_in"
    CHANGE_SITES = "change_sites"
    CHANGE_BRANDING = "change_branding"
    REMOVE_MANAGER = "remove_manager"
    CHANGE_ROLE = "change_role"
    OPEN_DOOR = "open_door"
    SHARE_RIDES = "share_rides"


MAY: dict[Act, frozenset[MemberRole]] = {
    Act.READ_RULES: _ALL,
    Act.LEAVE: _ALL,
    Act.CHANGE_RULES: _MANAGERS,
    Act.SEE_PEOPLE: _MANAGERS,
    Act.IMPORT_PEOPLE: _MANAGERS,
    Act.INVITE: _MANAGERS,
    Act.REMOVE_MEMBER: _MANAGERS,
    Act.SET_UP_SIGN_IN: _MANAGERS,
    Act.CHANGE_SITES: _MANAGERS,
    Act.CHANGE_BRANDING: _MANAGERS,
    # Who steers is decided by owners, and so is with whom rides are shared.
    Act.REMOVE_MANAGER: _OWNERS,
    Act.CHANGE_ROLE: _OWNERS,
    Act.OPEN_DOOR: _OWNERS,
    Act.SHARE_RIDES: _OWNERS,
}


def may(member: Member, act: Act) -> bool:
    """Tell whether the member may do this in their own organization."""
    return member.role in MAY[act]


def is_manager(member: Member) -> bool:
    """Tell whether the member may see and steer the organization."""
    return member.role in _MANAGERS


def can_remove(member: Member, other: Member) -> bool:
    """Tell whether the member may take somebody else out of their organization."""
    if member.organization_id != other.organization_id or member.pk == other.pk:
        return False
    return may(member, Act.REMOVE_MANAGER if is_manager(other) else Act.REMOVE_MEMBER)


def is_colleague(viewer: Member, other: Member) -> bool:
    """Tell whether two members may know of each other."""
    return viewer.organization_id == other.organization_id
