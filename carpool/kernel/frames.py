"""What else may be said over the live socket: frames that other apps than its own understand.

The socket belongs to one app, and apps beside it may not be imported there. So they register what
they listen to when they start, as subscribers of events do; the socket hands a frame on to whoever
registered the name that stands in it, and sends back what they answer.
"""

from collections.abc import Callable
from typing import Any

Frame = dict[str, Any]
Listener = Callable[[Any, Frame], Frame]
"""(member, frame) to the answer. Runs in a thread, so it may ask the database."""

_listeners: dict[str, Listener] = {}


def listen(name: str, listener: Listener) -> None:
    """Let somebody hear frames that hold a name; called from ``AppConfig.ready()`` only."""
    _listeners[name] = listener


def listener_of(frame: Frame) -> Listener | None:
    """Return who listens to a frame."""
    return next((_listeners[name] for name in frame if name in _listeners), None)
