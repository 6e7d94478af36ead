"""Inviting people by a link, and coming in by one."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from accounts.errors import InvitationNotValid
from accounts.models import Invitation, Member, User
from accounts.selectors import get_invitation_by_token, require_manager
from accounts.selectors.invitations import digest_token
from accounts.services.membership import ensure_member
from accounts.services.people import let_in_again
from carpool.kernel import tenancy

TOKEN_BYTES = 24


def create_invitation(
    *, by: Member, note: str, max_uses: int, days: int, now: datetime
) -> tuple[Invitation, str]:
    """Make a link; return the invitation and its token, which is told this once.

    Raises:
        ManagersOnly: the member does not steer the organization.
    """
    require_manager(by)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation.objects.create(
        organization=by.organization,
        created_by=by,
        token_digest=digest_token(token),
        note=note,
        max_uses=max_uses,
        expires_at=now + timedelta(days=days),
    )
    return invitation, token


def revoke_invitation(*, invitation: Invitation, now: datetime) -> None:
    """Let nobody else in by it. Whoever came in stays."""
    invitation.revoked_at = now
    invitation.save(update_fields=["revoked_at"])


@transaction.atomic
@tenancy.as_system()  # whoever comes in is not inside yet
def accept_invitation(*, user: User, token: str, now: datetime) -> Member:
    """Make a signed-in user a member. Somebody who is one already uses nothing up.

    Raises:
        InvitationNotValid: expired, revoked, used up, unknown; or the person was shut out, or left
            after it was made: only a new invitation lets them in again.
    """
    invitation = get_invitation_by_token(token, now=now, lock=True)
    known = Member.objects.filter(user=user, organization=invitation.organization_id).first()
    if known is not None:
        if known.suspended_at is not None:
            raise InvitationNotValid
        if known.left_at is None:
            return known
        if invitation.created_at <= known.left_at:
            raise InvitationNotValid
        let_in_again(known, by=user, now=now)
    member = known or ensure_member(user=user, organization=invitation.organization)
    invitation.uses += 1
    invitation.save(update_fields=["uses"])
    return member
