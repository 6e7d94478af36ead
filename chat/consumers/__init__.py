"""The live socket, and what stands in for it where sockets are blocked."""

from chat.consumers.live import LiveConsumer
from chat.consumers.poll import PollConsumer

__all__ = ["LiveConsumer", "PollConsumer"]
