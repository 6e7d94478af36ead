"""What rides does when accounts tells of somebody on whom nobody may count any more."""

from uuid import UUID

from accounts.events import MemberWithdrawn, PoliciesChanged, ReviewHidden
from carpool.kernel import clock
from rides import services


def on_member_withdrawn(event: MemberWithdrawn) -> None:
    """Cancel what lies ahead of them, so that the others hear in time."""
    services.withdraw_member(member_id=event.member_id, has_left=event.has_left, now=clock.now())


def on_policies_changed(event: PoliciesChanged) -> None:
    """Let memories of rides read them again, by the organization's new rules."""
    services.touch_rides(organization_id=event.organization_id, now=clock.now())


def on_review_hidden(event: ReviewHidden) -> None:
    """Take what stands beside the stars out of sight, as a moderator decided."""
    services.look_at_review(review_id=UUID(event.review_id), hides=True, now=clock.now())
