"""What matching does when it hears of something new: it queues the work and returns."""

from matching import tasks
from rides.events import BookingStateChanged, RequestPosted, RideOffered, RideStateChanged


def on_ride_changed(event: RideOffered | RideStateChanged | BookingStateChanged) -> None:
    """Match the ride, as it is now, against all waiting requests."""
    tasks.match_ride.delay(str(event.ride_id))


def on_request_posted(event: RequestPosted) -> None:
    """Match the new request against all open rides."""
    tasks.match_request.delay(str(event.request_id))
