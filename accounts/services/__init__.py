"""Writes about people."""

from accounts.services.branding import change_branding, change_logo, remove_logo
from accounts.services.communities import found_community, join_community, open_door
from accounts.services.company import (
    avoid_place,
    block_member,
    choose_company,
    stop_avoiding,
    unblock_member,
)
from accounts.services.erasure import (
    ask_for_erasure,
    erase_accounts,
    erase_due,
    keep_terms,
    reapply_erasures,
    think_again,
)
from accounts.services.exports import (
    ask_for_export,
    make_export,
    make_forgotten_exports,
)
from accounts.services.invitations import (
    accept_invitation,
    create_invitation,
    revoke_invitation,
)
from accounts.services.issuers import (
    Discovery,
    discover_issuer,
    join_by_issuer,
    remove_issuer,
    save_issuer,
    unlink_account,
)
from accounts.services.membership import ensure_member, join_by_email, register_member
from accounts.services.merge_mails import send_merge_code, send_merge_notice
from accounts.services.merging import ask_to_merge, merge_accounts
from accounts.services.organizations import add_site, claim_email_domain, found_organization
from accounts.services.partnerships import (
    accept_partner,
    end_partner,
    invite_partner,
    share_beyond,
)
from accounts.services.people import change_role, leave_organization, readmit_person, remove_member
from accounts.services.people_import import PersonLine, import_people, read_people
from accounts.services.policies import bounds_text, change_own_policies, change_policies
from accounts.services.privacy import (
    give_consent,
    log_position_read,
    withdraw_consent,
)
from accounts.services.profile import remove_car, remove_place, save_car, save_place, update_profile
from accounts.services.reports import moderate, readmit_member, report_member, suspend_member
from accounts.services.sites import remove_site, save_site
from accounts.services.uniting import unite_accounts
from accounts.services.warnings import send_warning

__all__ = [
    "Discovery",
    "PersonLine",
    "accept_invitation",
    "accept_partner",
    "add_site",
    "ask_for_erasure",
    "ask_for_export",
    "ask_to_merge",
    "avoid_place",
    "block_member",
    "bounds_text",
    "change_branding",
    "change_logo",
    "change_own_policies",
    "change_policies",
    "change_role",
    "choose_company",
    "claim_email_domain",
    "create_invitation",
    "discover_issuer",
    "end_partner",
    "ensure_member",
    "erase_accounts",
    "erase_due",
    "found_community",
    "found_organization",
    "give_consent",
    "import_people",
    "invite_partner",
    "join_by_email",
    "join_by_issuer",
    "join_community",
    "keep_terms",
    "leave_organization",
    "log_position_read",
    "make_export",
    "make_forgotten_exports",
    "merge_accounts",
    "moderate",
    "open_door",
    "read_people",
    "readmit_member",
    "readmit_person",
    "reapply_erasures",
    "register_member",
    "remove_car",
    "remove_issuer",
    "remove_logo",
    "remove_member",
    "remove_place",
    "remove_site",
    "report_member",
    "revoke_invitation",
    "save_car",
    "save_issuer",
    "save_place",
    "save_site",
    "send_merge_code",
    "send_merge_notice",
    "send_warning",
    "share_beyond",
    "stop_avoiding",
    "suspend_member",
    "think_again",
    "unblock_member",
    "unite_accounts",
    "unlink_account",
    "update_profile",
    "withdraw_consent",
]
