"""The ways out: one sender for each channel, all with the same face.

A sender takes a parcel, talks to the outside without any transaction open, and says what became of
it. It never raises for what the outside does.
"""

from collections.abc import Callable

from chat.models import Channel
from chat.services.channels.mail import send_mail
from chat.services.channels.parcel import Outcome, Parcel, Result
from chat.services.channels.push import send_push
from chat.services.channels.sms import send_sms

SENDERS: dict[Channel, Callable[[Parcel], Outcome]] = {
    Channel.EMAIL: send_mail,
    Channel.PUSH: send_push,
    Channel.SMS: send_sms,
}

__all__ = ["SENDERS", "Outcome", "Parcel", "Result"]
