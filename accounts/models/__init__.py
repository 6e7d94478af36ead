"""People and what they belong to."""

from accounts.models.belongings import Car, Place, PlaceKind
from accounts.models.company import AvoidedPlace, Block, kept_apart, may_share_by_gender
from accounts.models.identity import User, UserManager
from accounts.models.invitations import Invitation
from accounts.models.issuers import IdentityIssuer
from accounts.models.members import Gender, Member, MemberQuerySet, MemberRole
from accounts.models.memberships import MembershipAct, MembershipChange
from accounts.models.merges import AccountMerge
from accounts.models.organizations import (
    EmailDomain,
    Logo,
    Organization,
    OrganizationKind,
    Site,
    WeekStart,
    validate_time_zone,
)
from accounts.models.partnerships import Partnership
from accounts.models.policies import (
    RULES,
    Policies,
    PolicyChange,
    PolicyGroup,
    Rule,
    Unit,
    policy_sql,
    read_policies,
)
from accounts.models.privacy import (
    CONSENT_VERSIONS,
    Consent,
    ConsentPurpose,
    DataExport,
    Erasure,
    PositionRead,
    PositionSource,
)
from accounts.models.reports import (
    REPORT_TRANSITIONS,
    ModerationAct,
    ModerationStep,
    Report,
    ReportReason,
    ReportState,
    ReportSubject,
)

__all__ = [
    "CONSENT_VERSIONS",
    "REPORT_TRANSITIONS",
    "RULES",
    "AccountMerge",
    "AvoidedPlace",
    "Block",
    "Car",
    "Consent",
    "ConsentPurpose",
    "DataExport",
    "EmailDomain",
    "Erasure",
    "Gender",
    "IdentityIssuer",
    "Invitation",
    "Logo",
    "Member",
    "MemberQuerySet",
    "MemberRole",
    "MembershipAct",
    "MembershipChange",
    "ModerationAct",
    "ModerationStep",
    "Organization",
    "OrganizationKind",
    "Partnership",
    "Place",
    "PlaceKind",
    "Policies",
    "PolicyChange",
    "PolicyGroup",
    "PositionRead",
    "PositionSource",
    "Report",
    "ReportReason",
    "ReportState",
    "ReportSubject",
    "Rule",
    "Site",
    "Unit",
    "User",
    "UserManager",
    "WeekStart",
    "kept_apart",
    "may_share_by_gender",
    "policy_sql",
    "read_policies",
    "validate_time_zone",
]
