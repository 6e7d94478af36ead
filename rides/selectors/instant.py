"""Reads about drivers who wait at the kerb; each begins with the member who asks."""

import re
from datetime import datetime

from accounts.models import Member
from rides.errors import InstantNotFound
from rides.models import InstantCode, Ride
from rides.selectors.seeing import lock_rows

# What people write between the letters, or a scanner around them.
_NO_LETTERS = re.compile(r"[\s\-.·]+")


def read_code(text: str) -> str:
    """Return a code as it is stored, however it was written."""
    return _NO_LETTERS.sub("", text).upper()


def get_instant_for(member: Member, code: str, *, now: datetime, lock: bool = False) -> InstantCode:
    """Return the code of a driver who waits, or with whom the member travels already.

    Who may not see the ride (another organization, somebody kept apart) is answered as if there
    were no such code. ``lock`` locks the ride.

    Raises:
        InstantNotFound: nobody whom this member may meet waits with this code.
    """
    codes = InstantCode.objects.filter(code=read_code(code))
    visible = Ride.objects.visible_to(member).filter(instant_code__in=codes)
    visible = visible.select_related("organization", "driver", "car")
    ride = (lock_rows(visible) if lock else visible).first()
    # Who got in while one waited for the lock may be somebody to keep apart from.
    if ride is None or (lock and not Ride.objects.visible_to(member).filter(pk=ride.pk).exists()):
        raise InstantNotFound
    found = InstantCode.objects.get(ride=ride)
    found.ride = ride
    travels = member.pk == ride.driver_id or _is_aboard(member, ride)
    if not (travels or found.is_valid_at(now)):
        raise InstantNotFound
    return found


def _is_aboard(member: Member, ride: Ride) -> bool:
    return ride.bookings.filter(rider=member).exclude(state="cancelled").exists()
