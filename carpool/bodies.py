"""Let Daphne hand on what it is sent, unread.

Twisted reads forms by itself before Daphne sees them: a second copy of each upload in memory, which
nobody asks for, and a bare 400 without a word for a form that has no parts. Django reads them too,
within its own limits, and the API answers with a problem that says what is wrong.
"""

from daphne.http_protocol import WebRequest
from twisted.web.http import Request


def hand_on_unread() -> None:
    """Teach Daphne's requests, those of this process."""
    WebRequest.requestReceived = _request_received


def _request_received(request: WebRequest, command: bytes, path: bytes, version: bytes) -> None:
    request._parsePOSTFormSubmission = False
    Request.requestReceived(request, command, path, version)  # type: ignore[no-untyped-call]
