"""Who hears of a ride that its driver has changed, and of what riders say to that."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from chat.models import Kind
from chat.services.notifications import News, tell
from chat.services.telling import WITH_PEOPLE, news_of
from rides.models import Booking, BookingState, ChangeQuestion, QuestionState


def tell_of_change(*, ride_id: UUID, at: datetime, now: datetime) -> None:
    """Tell those who stay aboard that something is new; whoever is asked hears that instead."""
    bookings = Booking.objects.filter(ride=ride_id, state=BookingState.CONFIRMED)
    asked = ChangeQuestion.objects.filter(booking__ride=ride_id, asked_at=at)
    kept = bookings.exclude(pk__in=asked.values("booking"))
    tell(
        [
            news_of(one, one.rider, Kind.RIDE_CHANGED, f"changed:{at.isoformat()}")
            for one in kept.select_related(*WITH_PEOPLE)
        ],
        now=now,
    )


def tell_of_question(*, question_id: UUID, state: str, now: datetime) -> None:
    """Ask a rider; tell the driver that they agree. A no is told with the booking that ends."""
    people = [f"booking__{name}" for name in WITH_PEOPLE]
    question = ChangeQuestion.objects.select_related(*people).filter(pk=question_id).first()
    if question is not None and question.state == state:  # else it has been answered since
        tell(_news_of(question), now=now)


def tell_of_verdict(*, booking_id: UUID, member_id: UUID, what: str, now: datetime) -> None:
    """Tell somebody what their positions prove, or what became of their objection; once each."""
    booking = Booking.objects.select_related(*WITH_PEOPLE).filter(pk=booking_id).first()
    if booking is None:
        return
    people = {one.pk: one for one in (booking.rider, booking.ride.driver)}
    if member_id in people:
        step = f"judged:{what}"
        news = news_of(booking, people[member_id], Kind.TRIP_JUDGED, step, what=what)
        tell([news], now=now)


def _news_of(question: ChangeQuestion) -> Iterator[News]:
    booking = question.booking
    if question.state == QuestionState.ASKED:
        yield news_of(
            booking,
            booking.rider,
            Kind.CHANGE_ASKED,
            f"question:{question.pk}",
            before=question.was_pickup_at.isoformat(),
            by=question.answer_by.isoformat(),
        )
    elif question.state == QuestionState.AGREED:
        driver = booking.ride.driver
        yield news_of(booking, driver, Kind.CHANGE_AGREED, f"question:{question.pk}")
