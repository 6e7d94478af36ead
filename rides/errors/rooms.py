"""What can go wrong with rooms, their seats and their mergers."""

from django.utils.translation import gettext_lazy as _

from carpool.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound


class RoomNotFound(NotFound):
    """No such room for this person."""

    code = "room_not_found"
    title = _("This room does not exist, or is not shared with you")


class SeatNotFound(NotFound):
    """No such seat in the room, or not this person's."""

    code = "seat_not_found"
    title = _("There is no such seat in this room")


class NotOnASlot(InvalidInput):
    """Rooms leave on 10-minute marks of local time."""

    code = "not_on_a_slot"
    title = _("Rooms leave on the full ten minutes")


class SlotNotOpen(InvalidInput):
    """Before or after the time in which rooms of this slot are opened and joined."""

    code = "slot_not_open"
    title = _("No room can be opened for this time")


class PartyOutOfRange(InvalidInput):
    """Fewer than two people, or more than a taxi takes."""

    code = "party_out_of_range"
    title = _("A taxi is shared by two to four people")


class RoutesDiffer(InvalidInput):
    """Somebody would be driven about too long, or share too little of the way."""

    code = "routes_differ"
    title = _("This drop-off is too far out of the others' way")


class RoomClosed(Conflict):
    """The room takes nobody any more."""

    code = "room_closed"
    title = _("This room can no longer be joined")


class AlreadyInRoom(Conflict):
    """One seat per person and room."""

    code = "already_in_room"
    title = _("You already have a seat in this room")


class InAnotherRoom(Conflict):
    """Nobody sits in two taxis."""

    code = "in_another_room"
    title = _("You already share a taxi at that time")


class SeatGone(Conflict):
    """The seat was kept for the payment, and then given back."""

    code = "seat_gone"
    title = _("The seat was not kept any longer")


class NotTheHost(Forbidden):
    """Only the host may do that."""

    code = "not_the_host"
    title = _("Only the host of this room can do that")


class HostStays(Conflict):
    """The host cannot leave the others without a taxi."""

    code = "host_stays"
    title = _("Hand the room over to somebody else first, or cancel it")


class HostSuspended(Conflict):
    """Somebody called off too many rooms lately that others had paid for."""

    code = "host_suspended"
    title = _("You called off too many rooms lately; you can still join those of others")


class NotHere(Conflict):
    """The device says that it is somewhere else."""

    code = "not_here"
    title = _("You do not seem to be at the meeting point yet")


class MergerNotFound(NotFound):
    """No such proposal for this person."""

    code = "merger_not_found"
    title = _("No other taxi is proposed to you")


class MergerClosed(Conflict):
    """It has been answered, or is over."""

    code = "merger_closed"
    title = _("This has been answered, or is no longer possible")


class RoomsDoNotFit(Conflict):
    """Two rooms cannot be one (any more)."""

    code = "rooms_do_not_fit"
    title = _("These two taxis do not fit together any more")
