"""Celery tasks of chat."""

from celery import shared_task

from carpool.kernel import clock
from chat.services import deliveries, flag_messages, live, message_news, notifications


@shared_task(name=notifications.SEND_TASK, ignore_result=True)
def send_deliveries() -> int:
    """Send the mails, pushes and text messages that are due; woken by each commit."""
    return deliveries.send_due(read_clock=clock.now)


@shared_task(name="chat.forget_live", ignore_result=True)
def forget_live() -> int:
    """Delete old events of open pages; sent by beat."""
    return live.forget(now=clock.now())


@shared_task(name="chat.forget_notifications", ignore_result=True)
def forget_notifications() -> int:
    """Delete old news; sent by beat."""
    return notifications.forget_notifications(now=clock.now())


@shared_task(name="chat.tell_of_messages", ignore_result=True)
def tell_of_messages() -> int:
    """Tell members of messages that they do not read; sent by beat."""
    return message_news.tell_of_messages(now=clock.now())


@shared_task(name="chat.flag_messages", ignore_result=True)
def flag_new_messages() -> int:
    """Consult the word lists about what was said; sent by beat."""
    return flag_messages()
