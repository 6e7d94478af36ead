"""What can go wrong with positions. Each error names the fact."""

from django.utils.translation import gettext_lazy as _

from carpool.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound


class NotAboard(Forbidden):
    """Positions of a ride come from its driver and its confirmed riders, and from nobody else."""

    code = "not_aboard"
    title = _("Only who drives this ride or has a confirmed seat in it can share a position")


class NotAgreed(Forbidden):
    """Nobody's position is taken before they agree to what it is for."""

    code = "not_agreed"
    title = _("First agree to what your position is used for")


class SharingStopped(Conflict):
    """They stopped sharing; only they can begin again."""

    code = "sharing_stopped"
    title = _("You have stopped sharing your position for this ride")


class OutsideTheRide(InvalidInput):
    """Recorded before the ride could begin, or after it was over."""

    code = "outside_the_ride"
    title = _("This was not recorded during the ride")


class NotYetRecorded(InvalidInput):
    """Recorded in the future: the phone's clock is wrong."""

    code = "recorded_in_the_future"
    title = _("This lies in the future; the clock of the phone is wrong")


class SentTooLate(Conflict):
    """The ride is over for a day: what is sent now proves nothing."""

    code = "sent_too_late"
    title = _("Positions of this ride are no longer taken")


class PositionHidden(Forbidden):
    """The car's position is for who waits for it or sits in it, and only meanwhile."""

    code = "position_hidden"
    title = _("Where the car is can be seen by who waits for it or sits in it, and only then")


class VerificationNotFound(NotFound):
    """No such verdict for this person."""

    code = "verification_not_found"
    title = _("This verdict does not exist, or is not about a trip of yours")


class AlreadyAppealed(Conflict):
    """A person looks at it, or has done so."""

    code = "already_appealed"
    title = _("Somebody looks at this verdict already, or has decided")


class NothingToAppeal(Conflict):
    """The trip counts, or nothing has been judged yet."""

    code = "nothing_to_appeal"
    title = _("There is nothing to object to: the trip counts, or is not judged yet")


class NothingToOverturn(Conflict):
    """The verdict proves nothing."""

    code = "nothing_to_overturn"
    title = _("This verdict proves nothing that could be withdrawn")


class DayNotOpen(InvalidInput):
    """Too far ahead, or no longer kept."""

    code = "day_not_open"
    title = _("This day is too far ahead, or too long ago")


class MonthUnknown(InvalidInput):
    """No such month."""

    code = "month_unknown"
    title = _("There is no such month")
