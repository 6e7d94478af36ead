"""What can go wrong when people talk."""

from django.utils.translation import gettext_lazy as _

from carpool.kernel.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound


class ConversationNotFound(NotFound):
    """It does not exist, or one is not (or no longer) in it."""

    code = "conversation_not_found"
    title = _("There is no such conversation")


class ConversationClosed(Conflict):
    """The ride is long over."""

    code = "conversation_closed"
    title = _("This conversation is closed")


class QuestionsNotTaken(Forbidden):
    """The driver does not want to be asked before somebody books."""

    code = "questions_not_taken"
    title = _("This driver answers after you have booked")


class MessageEmpty(InvalidInput):
    """Nothing is left of the text once control characters and blanks are gone."""

    code = "message_empty"
    title = _("Write something first")


class MessageTooLong(InvalidInput):
    """More than a message may hold."""

    code = "message_too_long"
    title = _("This message is too long")


class TooManyMessages(DomainError):
    """More messages in ten seconds than a person writes."""

    code = "too_many_messages"
    status = 429
    title = _("You are writing very fast. Please wait a moment.")


class PhotoRefused(InvalidInput):
    """It is no picture that we can read, or one that only pretends to be."""

    code = "photo_refused"
    title = _("This is not a photo that we can read")


class PhotoTooLarge(DomainError):
    """More bytes, or more pixels, than we take."""

    code = "photo_too_large"
    status = 413
    title = _("This photo is too large")


class TopicNotFound(NotFound):
    """Nothing of that name can be followed."""

    code = "topic_not_found"
    title = _("There is nothing of that name to follow")


class MessageNotFlagged(NotFound):
    """Moderators look at what was flagged, and at nothing else that people say."""

    code = "message_not_flagged"
    title = _("This message was not flagged")


class NotificationNotFound(NotFound):
    """It does not exist, or was told to somebody else."""

    code = "notification_not_found"
    title = _("There is no such notification")


class DeviceNotFound(NotFound):
    """It takes no pushes, or is somebody else's."""

    code = "device_not_found"
    title = _("There is no such device")


class TooManyDevices(Conflict):
    """More devices than one person carries."""

    code = "too_many_devices"
    title = _("You have ten devices already. Remove one first.")


class LinkInvalid(NotFound):
    """A signed link that we did not make, or that was replaced by a new one."""

    code = "link_invalid"
    title = _("This link is not valid any more")
