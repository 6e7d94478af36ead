"""What happens before a view or a consumer is reached: who is asking, and by which door."""

from accounts.middleware.doors import DoorsMiddleware
from accounts.middleware.members import CurrentMemberMiddleware
from accounts.middleware.sockets import TokenDoor

__all__ = ["CurrentMemberMiddleware", "DoorsMiddleware", "TokenDoor"]
