"""Let Daphne say why it closes a socket, by the codes that browsers and apps understand.

Daphne hands a code on to Autobahn's method for applications, which takes 1000 and 3000 to 4999 only
and raises an exception for others; and a frame that is too large drops the connection without a
word. A server may say 1008 (policy), 1009 (too big) and 1013 (try again later), and has to, so that
the other side can tell whether coming back makes sense.
Source: RFC 6455, section 7.4.1; IANA, WebSocket Close Code Number Registry.
"""

from daphne.ws_protocol import WebSocketProtocol

OF_SERVERS = {1008, 1009, 1011, 1012, 1013}


def close_with_reasons() -> None:
    """Teach Daphne's sockets, those of this process."""
    WebSocketProtocol.failByDrop = False
    WebSocketProtocol.serverClose = _server_close


def _server_close(protocol: WebSocketProtocol, code: int | None = None) -> None:
    if code in OF_SERVERS:
        protocol.sendCloseFrame(code=code, isReply=False)
    else:
        protocol.sendClose(code=1000 if code is None else code)
