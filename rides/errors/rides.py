"""What can go wrong with rides, bookings, requests and ratings."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from carpool.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound


class RideNotFound(NotFound):
    """No such ride for this person."""

    code = "ride_not_found"
    title = _("This ride does not exist, or is not shared with you")


class RecurringRideNotFound(NotFound):
    """No such repeating ride for this person."""

    code = "recurring_ride_not_found"
    title = _("This repeating ride does not exist, or is not yours")


class NoSuchDay(InvalidInput):
    """A repeating ride does not go on any of these days."""

    code = "no_such_day"
    title = _("The ride does not go on such a day")


class PeopleAboard(Conflict):
    """What somebody booked is not changed behind their back."""

    code = "people_aboard"
    title = _("Somebody has booked this ride; it can be cancelled, but not changed")


class PeopleCannotFit(Conflict):
    """A change leaves too few seats, or too little time, for some who booked: nobody is named."""

    code = "people_cannot_fit"
    title = _("Some who booked could not come along then")

    def __init__(self, count: int) -> None:
        text = ngettext(
            "%(n)d person who booked could not come along then. Confirm that they are released.",
            "%(n)d people who booked could not come along then. Confirm that they are released.",
            count,
        )
        super().__init__(text % {"n": count}, field="may_release")
        self.count = count


class BookingNotFound(NotFound):
    """No such booking for this person."""

    code = "booking_not_found"
    title = _("This booking does not exist, or is not yours")


class RequestNotFound(NotFound):
    """No such request for this person."""

    code = "request_not_found"
    title = _("This request does not exist, or is not yours")


class RequestOfferNotFound(NotFound):
    """No such answer to a request for this person."""

    code = "request_offer_not_found"
    title = _("This answer to a request does not exist, or is not yours")


class AlreadyOffered(Conflict):
    """This ride has been offered to this request."""

    code = "already_offered"
    title = _("You have offered this ride already")


class DoesNotPass(Conflict):
    """The ride does not pass near enough, or not in time."""

    code = "does_not_pass"
    title = _("Your ride does not pass there in time")


class StopNotFound(NotFound):
    """The ride has no such stop."""

    code = "stop_not_found"
    title = _("This ride has no such stop")


class PriceDiffers(Conflict):
    """The seat costs something else by now than what was shown."""

    code = "price_differs"
    title = _("The price has changed; please search again")


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


class WrongCode(InvalidInput):
    """Not the boarding code of anybody who is still missing."""

    code = "wrong_boarding_code"
    title = _("This is nobody's boarding code")


class TravelledTogether(Conflict):
    """Who sat in one car with the other is somebody else."""

    code = "travelled_together"
    title = _("These two have a seat in the same car, so they cannot be one person")


class RidesOverlap(Conflict):
    """One person is in one car at a time."""

    code = "rides_overlap"
    title = _("Both accounts have a ride at the same time. Cancel one of the two first.")


class InstantNotFound(NotFound):
    """No driver at the kerb shows such a code to this person, whatever the reason."""

    code = "instant_not_found"
    title = _("Nobody waits with this code")


class KerbAtDoor(InvalidInput):
    """Whoever joins sees where the driver stands."""

    code = "kerb_at_door"
    title = _("This is at your own door. Stand a little way off: whoever joins sees the place.")


class OutOfTheWay(InvalidInput):
    """The driver would have to go too far round, or never passes there."""

    code = "out_of_the_way"
    title = _("This is too far out of the driver's way. Get out at their destination instead.")


class NobodyJoined(Conflict):
    """A driver alone carpools with nobody."""

    code = "nobody_joined"
    title = _("Nobody has joined you yet")


class RatingClosed(Conflict):
    """The ride is not over, did not take place, was too long ago, or both have rated."""

    code = "rating_closed"
    title = _("This ride cannot be rated, or not any more")


class NotAboutYou(NotFound):
    """Nothing like that is known of this person, or it is not open yet."""

    code = "not_about_you"
    title = _("Nothing like that is known about you")


class ObjectionClosed(Conflict):
    """One objection to a fact is enough, and it is decided once."""

    code = "objection_closed"
    title = _("This has been objected to, or decided, already")
