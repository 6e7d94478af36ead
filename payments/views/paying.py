"""Where people go to pay, and where they come back to."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from carpool.kernel import clock
from carpool.kernel.tenancy import as_system
from carpool.kernel.web import MemberRequest, member_required
from payments import selectors, services
from payments.errors import PaymentNotFound
from payments.selectors import PaymentStanding


@never_cache
@member_required
@require_safe
def pay(request: MemberRequest, payment_id: UUID) -> HttpResponse:
    """Show a payment to its payer: where to approve it, or how it stands."""
    payment = selectors.get_payment(request.member, payment_id)
    standing = selectors.standing_of(payment)
    context = {"standing": standing, "trip": _trip(standing)}
    return render(request, "payments/pay.html", context)


@never_cache
@require_safe
def back(request: HttpRequest, payment_id: UUID, key: str, end: str) -> HttpResponse:
    """Take what the payer brings back, and lead on to the trip, never anywhere else.

    Whoever comes may be in another browser than the one they are signed in with: the key in the
    address is the proof, and says nothing about anybody but how this payment went.
    """
    if end not in set(services.End):
        raise PaymentNotFound
    with as_system():  # nobody is known yet: the key is of one payment of one organization
        payment = services.payer_returned(
            payment_id=payment_id, key=key, end=services.End(end), told=request.GET.dict(),
            now=clock.now(),
        )  # fmt: skip
        standing = selectors.standing_of(payment)
    member = getattr(request, "member", None)
    if member is not None and member.pk == payment.payer_id:
        return redirect(
            _trip(standing) if standing.is_paid else reverse("payments:pay", args=[payment.pk])
        )
    return render(request, "payments/back.html", {"standing": standing})


def _trip(standing: PaymentStanding) -> str:
    """Return where the trip is that was paid for."""
    if standing.is_for_room:
        return reverse("payments:room", args=[standing.payment.trip_id])
    if standing.ride_id is not None:
        return reverse("rides:ride", args=[standing.ride_id])
    return reverse("rides:today")
