"""What can go wrong with rides and bookings. Each error names the fact."""

from django.utils.translation import gettext_lazy as _

from carpool.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound


class RideNotFound(NotFound):
    """No such ride for this person."""

    code = "ride_not_found"
    title = _("This ride does not exist, or is not shared with you")


class BookingNotFound(NotFound):
    """No such booking for this person."""

    code = "booking_not_found"
    title = _("This booking does not exist, or is not yours")


class RequestNotFound(NotFound):
    """No such request for this person."""

    code = "request_not_found"
    title = _("This request does not exist, or is not yours")


class StopNotFound(NotFound):
    """The ride has no such stop."""

    code = "stop_not_found"
    title = _("This ride has no such stop")


class TooClose(InvalidInput):
    """Start and end are the same place, or so near that nobody needs a car."""

    code = "too_close"
    title = _("Start and destination are too close to each other")


class InThePast(InvalidInput):
    """The time has passed."""

    code = "in_the_past"
    title = _("This time has already passed")


class TooFarAhead(InvalidInput):
    """Beyond the organization's horizon."""

    code = "too_far_ahead"
    title = _("This date is too far ahead")


class ArrivalBeforeDeparture(InvalidInput):
    """The window ends before the trip could."""

    code = "arrival_before_departure"
    title = _("The arrival must be after the departure")


class SeatsOutOfRange(InvalidInput):
    """Fewer seats than one, or more than the car has."""

    code = "seats_out_of_range"
    title = _("The number of seats does not fit")


class DriverBusy(Conflict):
    """The driver has another ride at that time."""

    code = "driver_busy"
    title = _("You already drive at that time")


class RiderBusy(Conflict):
    """The rider has another booking at that time."""

    code = "rider_busy"
    title = _("You already have a ride at that time")


class OwnRide(Forbidden):
    """Nobody books a seat in their own car."""

    code = "own_ride"
    title = _("This is your own ride")


class AlreadyBooked(Conflict):
    """One booking per person and ride."""

    code = "already_booked"
    title = _("You already booked this ride")


class SeatsExhausted(Conflict):
    """Somebody was faster."""

    code = "seats_exhausted"
    title = _("The last seat has just been taken")


class RideChanged(Conflict):
    """The ride no longer serves what was shown."""

    code = "ride_changed"
    title = _("This ride has changed; please search again")


class RideClosed(Conflict):
    """The ride's state does not allow it any more."""

    code = "ride_closed"
    title = _("This ride can no longer be booked")


class WrongState(Conflict):
    """The thing has moved on; the action does not fit its state."""

    code = "wrong_state"
    title = _("This is not possible any more")


class NotTheDriver(Forbidden):
    """Only the driver may."""

    code = "not_the_driver"
    title = _("Only the driver can do this")


class AnswerIsFinal(Conflict):
    """An answer can be taken back only to one's own disadvantage."""

    code = "answer_is_final"
    title = _("Your answer can no longer be changed in your favour")


class RideNotShared(Forbidden):
    """Only who travels lets others follow, and only until the ride is over."""

    code = "ride_not_shared"
    title = _("You can share a ride that you drive or have a confirmed seat in, until it is over")


class TooManyLinks(Conflict):
    """A handful of people may follow, not a crowd."""

    code = "too_many_links"
    title = _("Five links are alive already. End them first.")


class LinkOver(NotFound):
    """The link shows nothing (any more); whether it ever did is not said."""

    code = "link_over"
    title = _("This link shows nothing any more")
