"""Subscribers: facts in; conversations brought up to date and live messages out."""

from datetime import datetime
from uuid import UUID

from carpool.kernel import clock
from chat import selectors, services
from rides.events import (
    BookingStateChanged,
    ProposalChanged,
    RequestMatched,
    RequestStateChanged,
    RideStateChanged,
    StopVisited,
)


def on_ride_changed(event: RideStateChanged | StopVisited) -> None:
    """Tell everybody on the ride, and every page that shows it."""
    name = "stop_visited" if isinstance(event, StopVisited) else f"ride_{event.after}"
    _tell_ride(event.ride_id, name, event.at)


def on_booking_changed(event: BookingStateChanged) -> None:
    """Tell everybody on the ride, and every page that shows it."""
    _tell_ride(event.ride_id, f"booking_{event.after}", event.at, booking=str(event.booking_id))


def on_travellers_changed(event: BookingStateChanged | RideStateChanged) -> None:
    """Let the ride's conversation follow who travels along."""
    services.follow_ride(ride_id=event.ride_id, now=event.at)


def on_request_changed(event: RequestStateChanged | RequestMatched) -> None:
    """Tell whoever left the request."""
    what = "matched" if isinstance(event, RequestMatched) else event.after
    people = selectors.owner_of_request(event.request_id)
    services.announce(
        topics=[(services.MEMBER, pk) for pk in people],
        event=f"request_{what}",
        data={"request": str(event.request_id)},
        now=clock.now(),
    )


def on_proposal_changed(event: ProposalChanged) -> None:
    """Tell whom the proposal concerns."""
    services.announce(
        topics=[(services.MEMBER, event.member_id)],
        event=f"proposal_{event.state}",
        data={"proposal": str(event.proposal_id)},
        now=clock.now(),
    )


def _tell_ride(ride_id: UUID, event: str, at: datetime, **data: str) -> None:
    people = [(services.MEMBER, pk) for pk in selectors.people_of_ride(ride_id)]
    services.announce(
        topics=[(services.RIDE, ride_id), *people],
        event=event,
        data={"ride": str(ride_id), **data},
        now=at,
    )
