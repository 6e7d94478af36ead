"""Rules that are on, and trips that are driven, settled and proven."""

from datetime import timedelta

from carpool.kernel import clock, outbox
from carpool.kernel.models import OutboxDelivery, OutboxEvent
from payments.models import Incentive, IncentiveState, SponsorBudget
from payments.tests.budgets import fund
from rides import services as rides
from rides.tests.factories import book, offer

MONEY = 100_000
HOUR = timedelta(hours=1)


def payer(organization, now, *, money=MONEY, name="Thanks"):
    row = SponsorBudget.objects.create(
        organization=organization, name=name, percent=50,
        first_day=(now - timedelta(days=2)).date(),
    )  # fmt: skip
    if money:
        fund(row, money, now=now, reference=f"for {name}")
    return row


def rule(organization, now, *, budget=None, state=IncentiveState.ON, **terms):
    """Write a rule as if it had been tried and switched on."""
    plain = {"name": "Together", "per_trip": 600, "first_day": (now - timedelta(days=400)).date()}
    return Incentive.objects.create(
        organization=organization, budget=budget or payer(organization, now), state=state,
        simulated_at=now, created_at=now, **plain | terms,
    )  # fmt: skip


def drive(driver, *riders, now, hours=24.0):
    """Drive them from end to end and ask everybody; return the bookings and the moment."""
    ride = offer(driver, now=now, hours=hours)
    bookings = [book(rider, ride, now=now) for rider in riders]
    ride.refresh_from_db()
    rides.start_ride(ride_id=ride.pk, by=driver, now=ride.departure_at)
    rides.finish_ride(ride_id=ride.pk, by=driver, now=ride.arrival_at)
    at = ride.arrival_at + HOUR
    rides.watch(now=at)
    return bookings, at


def prove(booking, at, *, proof="C", counts=True):
    """State the proof, as tracking does."""
    rides.state_proof(booking_id=booking.pk, proof_class=proof, counts=counts, now=at)


def hear(at=None):
    """Let every subscriber hear what happened."""
    while outbox.relay(now=max(clock.now(), at or clock.now()) + timedelta(days=3)):
        pass


def tell_again(at):
    """Let everybody hear everything once more, as if nobody had noted that they did."""
    OutboxDelivery.objects.all().delete()
    OutboxEvent.objects.update(delivered_at=None)
    hear(at)


def proven(driver, rider, *, now, hours=24.0, **said):
    """Drive and prove one trip, and let everybody hear of it."""
    (booking,), at = drive(driver, rider, now=now, hours=hours)
    prove(booking, at, **said)
    hear(at)
    return booking, at
