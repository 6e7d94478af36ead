"""Questions about changes: what was promised before, and how a question ends."""

from datetime import datetime

from carpool.kernel import outbox
from rides.errors import WrongState
from rides.events import ChangeQuestionMoved
from rides.models import QUESTION_TRANSITIONS, Booking, ChangeQuestion, QuestionState


def find_question(booking: Booking) -> ChangeQuestion | None:
    """Return what a locked booking's rider is being asked."""
    return (
        ChangeQuestion.objects.select_for_update(no_key=True)
        .asked()
        .filter(booking=booking)
        .first()
    )


def end_question(question: ChangeQuestion, after: QuestionState, *, now: datetime) -> None:
    """End a locked question.

    Raises:
        WrongState: it has ended.
    """
    if after not in QUESTION_TRANSITIONS[QuestionState(question.state)]:
        raise WrongState
    question.state, question.ended_at = after, now
    question.save(update_fields=["state", "ended_at"])
    publish_question(question, now=now)


def drop_question(booking: Booking, after: QuestionState, *, now: datetime) -> None:
    """End what the rider of a booking is asked that was cancelled just now.

    The booking tells what they had booked again, for whoever looks for the like.
    """
    question = find_question(booking)
    if question is None:
        return
    end_question(question, after, now=now)
    booking.pickup_at, booking.dropoff_at = question.was_pickup_at, question.was_dropoff_at
    booking.latest_arrival_at = question.was_latest_arrival_at
    booking.save(update_fields=["pickup_at", "dropoff_at", "latest_arrival_at"])


def publish_question(question: ChangeQuestion, *, now: datetime) -> None:
    """Publish that a rider is asked, or how that ended."""
    event = ChangeQuestionMoved(
        question_id=question.pk,
        booking_id=question.booking_id,
        ride_id=question.booking.ride_id,
        state=question.state,
        at=now,
    )
    outbox.publish(event, now=now)
