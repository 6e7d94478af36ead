"""Late cancellations: what counts as one, and which of them is waived.

A seat that was promised is given back, or taken away, late from so long before the pick-up on, but
not shortly after it was booked; both terms are the organization's. Of a rider's late cancellations
in a month of the organization's calendar the first ones are waived. What a late one costs is not
known here: payments reads the fact.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import Member
from rides.models import Booking, BookingState, CancelCode, ChangeQuestion

# What is saved with a cancellation.
CANCEL_FIELDS = [
    *("cancelled_at", "cancelled_by", "cancel_reason", "cancel_code", "next_check_at"),
    *("is_late", "waived_month", "waived_nth"),
]


# What each side is offered to choose from.
CODES_OF_RIDERS = [
    (one.value, one.label)
    for one in CancelCode
    if one not in {CancelCode.RIDE_CHANGED, CancelCode.CAR}
]
CODES_OF_DRIVERS = [
    (one.value, one.label)
    for one in CancelCode
    if one not in {CancelCode.RIDE_CHANGED, CancelCode.OTHER_WAY}
]


@dataclass(frozen=True, slots=True)
class Lateness:
    """What cancelling at a moment would be: late or not, and the how many-th that is waived.

    ``waived_before`` late cancellations of this month were waived already, of ``waivers``.
    """

    is_late: bool
    month: date
    waived_before: int = 0
    waivers: int = 0

    @property
    def is_waived(self) -> bool:
        """Whether it is late, and has no consequence this time."""
        return self.is_late and self.waived_before < self.waivers


def look_at_lateness(booking: Booking, *, by: Member | None, now: datetime) -> Lateness:
    """Say what it would be if somebody cancelled a booking now; nothing is written.

    Only riders have waivers: who was let down by a driver pays nothing anyway.
    """
    organization = booking.ride.organization
    month = now.astimezone(organization.zone).date().replace(day=1)
    is_asked = by is not None and by.pk == booking.rider_id and _is_asked(booking)
    if by is None or is_asked or not _is_late(booking, now):
        return Lateness(is_late=False, month=month)
    if by.pk != booking.rider_id:
        return Lateness(is_late=True, month=month)
    waived = Booking.objects.filter(rider=booking.rider_id, waived_month=month)
    return Lateness(
        is_late=True,
        month=month,
        waived_before=waived.count(),
        waivers=organization.policy.late_waivers,
    )


def _is_asked(booking: Booking) -> bool:
    """Tell whether the driver has changed the ride, so that leaving is no fault of the rider's."""
    return ChangeQuestion.objects.asked().filter(booking=booking).exists()


def _is_late(booking: Booking, now: datetime) -> bool:
    """Tell whether a seat that was promised is wanted back late. Periods are half-open (R5)."""
    if booking.state != BookingState.CONFIRMED or booking.ride.is_instant:
        return False
    policy = booking.ride.organization.policy
    if now < booking.pickup_at - timedelta(seconds=policy.ride_free_before_s):
        return False
    booked_at = booking.transitions.earliest("id").at
    return now >= booked_at + timedelta(seconds=policy.ride_grace_s)


def note_cancelling(
    booking: Booking, *, by: Member | None, reason: str, code: str, now: datetime
) -> None:
    """Write into a locked booking that it is cancelled, and whether late; the caller saves it.

    Two cancellations of one rider wait for each other here, so that both are not the first.
    """
    booking.cancelled_at, booking.cancelled_by, booking.cancel_reason = now, by, reason
    booking.cancel_code, booking.next_check_at = code, None
    if by is not None and by.pk == booking.rider_id:
        Member.objects.select_for_update(no_key=True).get(pk=by.pk)
    found = look_at_lateness(booking, by=by, now=now)
    booking.is_late = found.is_late
    if found.is_waived:
        booking.waived_month, booking.waived_nth = found.month, found.waived_before + 1


def check_code(code: str) -> str:
    """Return a reason that people may choose, none for any other."""
    return code if code in CancelCode.values and code != CancelCode.RIDE_CHANGED else ""
