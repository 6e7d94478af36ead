"""Invitations: a manager's list, and the one that a token stands for."""

import hashlib
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet

from accounts.errors import InvitationNotFound, InvitationNotValid
from accounts.models import Invitation, Member
from accounts.selectors.issuers import require_manager


def list_invitations(member: Member, *, now: datetime) -> QuerySet[Invitation]:
    """List the organization's invitations that still work, to those who steer it.

    Raises:
        ManagersOnly: the member does not.
    """
    require_manager(member)
    return _valid(now).filter(organization=member.organization_id)


def get_invitation_for(member: Member, invitation_id: UUID) -> Invitation:
    """Return one of the organization's invitations.

    Raises:
        ManagersOnly: the member does not steer the organization.
        InvitationNotFound: it has no such invitation.
    """
    require_manager(member)
    found = Invitation.objects.filter(organization=member.organization_id, pk=invitation_id).first()
    if found is None:
        raise InvitationNotFound
    return found


def get_invitation_by_token(token: str, *, now: datetime, lock: bool = False) -> Invitation:
    """Return the invitation of a token.

    Raises:
        InvitationNotValid: unknown, expired, revoked or used up; which of these is not told.
    """
    invitations = _valid(now).select_related("organization")
    if lock:
        invitations = invitations.select_for_update(of=("self",))
    found = invitations.filter(token_digest=digest_token(token)).first()
    if found is None:
        raise InvitationNotValid
    return found


def digest_token(token: str) -> str:
    """Return what is kept of a token. It is long and random, so a plain hash will do."""
    return hashlib.sha256(token.encode()).hexdigest()


def _valid(now: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(revoked_at=None, expires_at__gt=now, uses__lt=F("max_uses"))
