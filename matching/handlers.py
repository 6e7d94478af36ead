"""What matching does when it hears of something new: it queues the work and returns."""

from accounts.events import CompanyChanged, MemberWithdrawn
from carpool.kernel import clock
from matching import tasks
from matching.events import PartReady, RunQueued, StudyQueued
from matching.services.rescue import rescue_rider
from matching.services.withdrawal import withdraw_plan
from rides.events import (
    BookingStateChanged,
    RequestPosted,
    RideAltered,
    RideOffered,
    RideStateChanged,
)
from rides.models import BookingState


def on_ride_changed(
    event: RideOffered | RideAltered | RideStateChanged | BookingStateChanged,
) -> None:
    """Match the ride, as it is now, against all waiting requests."""
    tasks.match_ride.delay(str(event.ride_id))


def on_booking_changed(event: BookingStateChanged) -> None:
    """Look at once for whoever lost the seat that they counted on."""
    if (event.before, event.after) == (BookingState.CONFIRMED, BookingState.CANCELLED):
        rescue_rider(booking_id=event.booking_id, now=clock.now())


def on_request_posted(event: RequestPosted) -> None:
    """Match the new request against all open rides."""
    tasks.match_request.delay(str(event.request_id))


def on_company_changed(event: CompanyChanged) -> None:
    """Part whom a block or a wish parts, and look again."""
    tasks.rematch_member.delay(str(event.member_id))


def on_member_withdrawn(event: MemberWithdrawn) -> None:
    """Propose nobody any more on whom nobody may count."""
    withdraw_plan(member_id=event.member_id, now=clock.now())


def on_study_queued(event: StudyQueued) -> None:
    """Compute the launch study."""
    tasks.run_study.delay(str(event.study_id))


def on_run_queued(event: RunQueued) -> None:
    """Begin the assignment."""
    tasks.begin_run.delay(str(event.run_id))


def on_part_ready(event: PartReady) -> None:
    """Let a worker solve the part."""
    tasks.solve_part.delay(event.part_id)
