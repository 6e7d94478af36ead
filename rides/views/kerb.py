"""What the page of an instant ride shows beyond that of any other."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import qrcode
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from qrcode.image.svg import SvgPathImage

from rides import permissions
from rides.models import Booking, BookingState, InstantCode
from rides.selectors import RideView


@dataclass(frozen=True, slots=True)
class Kerb:
    """An instant ride's code, who is missing, and what the viewer can do about it."""

    code: InstantCode | None
    link: str
    picture: SafeString
    missing: list[Booking]
    can_let_in: bool
    can_alight: bool


def kerb_of(request: HttpRequest, view: RideView, now: datetime) -> Kerb:
    """Return what to show; the code is the driver's to show, while they wait."""
    ride, mine = view.ride, view.my_booking
    code = ride.instant_code if view.is_driver and ride.instant_code.is_valid_at(now) else None
    link = ""
    if code is not None:
        link = request.build_absolute_uri(reverse("rides:instant-join", args=[code.code]))
    return Kerb(
        code=code,
        link=link,
        picture=draw_code(link) if link else mark_safe(""),
        missing=[
            booking
            for booking in view.bookings
            if booking.state == BookingState.CONFIRMED and booking.boarded_at is None
        ],
        can_let_in=permissions.can_let_in(view.viewer, ride),
        can_alight=mine is not None and permissions.can_alight(view.viewer, mine, now),
    )


def draw_code(link: str) -> SafeString:
    """Draw a link as a QR code, an SVG of one path; it holds nothing that somebody entered."""
    picture = qrcode.make(
        link, image_factory=SvgPathImage, error_correction=qrcode.ERROR_CORRECT_M, border=2
    )
    out = BytesIO()
    picture.save(out)
    return mark_safe(out.getvalue().decode().partition("?>")[2].strip())  # noqa: S308 – drawn from our own address and a code of letters
