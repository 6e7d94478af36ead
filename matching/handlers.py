"""What matching does when it hears of something new: it queues the work and returns."""

from matching import tasks
from rides.events import RequestPosted, RideOffered


def on_ride_offered(event: RideOffered) -> None:
    """Match the new ride against all waiting requests."""
    tasks.match_ride.delay(str(event.ride_id))


def on_request_posted(event: RequestPosted) -> None:
    """Match the new request against all open rides."""
    tasks.match_request.delay(str(event.request_id))
