"""The control of the race test: the same server, with the ride's lock taken out."""

from carpool.asgi import application
from rides.selectors import instant, seeing

instant.lock_rows = seeing.lock_rows = lambda rides: rides  # type: ignore[assignment]

__all__ = ["application"]
