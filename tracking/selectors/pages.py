"""What a ride's page shows about positions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import CONSENT_VERSIONS, ConsentPurpose, Member
from rides.selectors import RideView
from tracking.engine import Weight
from tracking.models import Verification
from tracking.permissions import TAKEN_FOR, can_share, is_of_the_ride, sees_car
from tracking.selectors.consents import agreed_purposes
from tracking.selectors.traces import get_trace
from tracking.selectors.verdicts import list_verdicts
from tracking.selectors.words import Told, tell_reasons, tell_verdict

# One may agree ahead of the ride; from then on its page needs only be opened.
OFFERED_BEFORE = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a position may be used for, and whether the member agrees."""

    value: str
    label: str
    version: str
    is_agreed: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict as its people read it; ``bars`` are why a proven trip is not rewarded."""

    verification: Verification
    summary: str
    reasons: list[Told]
    bars: list[Told]
    can_appeal: bool


@dataclass(frozen=True, slots=True)
class RideTracking:
    """What a member may do and see about positions of a ride.

    ``takes_kept``: the ride is over, and what their browser has kept meanwhile is still taken.
    """

    can_share: bool
    is_open: bool
    is_sharing: bool
    takes_kept: bool
    purposes: list[Purpose]
    sees_car: bool
    verdicts: list[Verdict]


NOTHING = RideTracking(
    can_share=False, is_open=False, is_sharing=False, takes_kept=False, purposes=[],
    sees_car=False, verdicts=[],
)  # fmt: skip


def ride_tracking(view: RideView, *, now: datetime) -> RideTracking:
    """Return the part of a ride's page about positions; without a query where there is none."""
    member, ride = view.viewer, view.ride
    if not is_of_the_ride(member, ride, view.bookings) or ride.cancelled_at is not None:
        return NOTHING
    is_open = can_share(member, ride, view.bookings, now)
    is_offered = ride.departing_at - OFFERED_BEFORE <= now < ride.validating_at
    is_late = ride.validating_at <= now <= ride.ends_at + TAKEN_FOR
    trace = get_trace(member, ride.pk) if is_offered or is_late else None
    is_sharing = trace is not None and trace.stopped_at is None
    return RideTracking(
        can_share=is_offered,
        is_open=is_open,
        is_sharing=is_sharing,
        takes_kept=is_late and is_sharing,
        purposes=_purposes(member) if is_offered else [],
        sees_car=not view.is_driver
        and sees_car(member, ride, view.bookings, list(ride.stops.all()), now),
        verdicts=_verdicts(member, view) if now >= ride.ends_at else [],
    )


def _purposes(member: Member) -> list[Purpose]:
    agreed = agreed_purposes(member)
    return [
        Purpose(one.value, str(one.label), CONSENT_VERSIONS[one], one.value in agreed)
        for one in ConsentPurpose
    ]


def _verdicts(member: Member, view: RideView) -> list[Verdict]:
    return [_told(one) for one in list_verdicts(member, view.ride.pk)]


def _told(one: Verification) -> Verdict:
    reasons = tell_reasons(one)
    is_barred = one.accepted and not one.eligible
    return Verdict(
        verification=one,
        summary=tell_verdict(one),
        reasons=reasons,
        bars=[told for told in reasons if told.weight == Weight.BARS] if is_barred else [],
        can_appeal=not (one.accepted and one.eligible) and not hasattr(one, "appeal"),
    )
