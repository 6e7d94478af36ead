"""Ask addresses that people gave us, without being led to our own network.

Whoever may name an address (an identity provider, a push service, a picture) could name the
database's, a neighbour's or the cloud's metadata. So a guarded session speaks https only, resolves
the name itself, refuses when *any* of its addresses is not public, connects to exactly the address
that it looked at (a name that changes its mind in between gains nothing), follows no redirect, and
waits and reads within limits.

Source: OWASP Server-Side Request Forgery Prevention Cheat Sheet.
"""

import ipaddress
import socket
import time
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import connection, connectionpool
from urllib3.util.connection import create_connection

TIMEOUT_S = 5.0
ANSWER_WITHIN_S = 10.0
MAX_ANSWER_BYTES = 256 * 1024
CHUNK_BYTES = 16 * 1024
# IPv6 addresses that a gateway turns into IPv4 ones (RFC 6052).
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(requests.exceptions.ConnectionError):
    """The address is none that we ask."""


class _Refused(Exception):
    """Says so from inside the connection, where any OSError would be taken for a broken line."""


def guarded_session(*, loopback: bool = False, timeout_s: float = TIMEOUT_S) -> requests.Session:
    """Return a session for addresses that people gave us.

    Args:
        loopback: also speak plain http, to this machine itself; for the demo and development only.
        timeout_s: how long to wait for a connection, and for each part of an answer.
    """
    return _GuardedSession(loopback=loopback, timeout_s=timeout_s)


def check_address(url: str, *, loopback: bool = False) -> None:
    """Refuse what can be refused by looking at the address alone.

    Raises:
        AddressRefused: it is not https, names a user, or a port that is no port.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefused("This is no address.") from error
    if not host or "@" in parts.netloc or "\\" in url:
        raise AddressRefused("This is no address.")
    if parts.scheme == "https" or (loopback and parts.scheme == "http" and _is_here(host)):
        return
    raise AddressRefused("The address must begin with https://.")


def _is_here(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "::1"}


def _resolve(host: str, port: int, *, loopback: bool) -> str:
    """Return the address to connect to, once all that the name stands for may be asked."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _Refused("There is no such host.") from error
    addresses = [str(row[4][0]) for row in found]
    if not addresses or not all(_may_be_asked(text, loopback=loopback) for text in addresses):
        raise _Refused("The address is not a public one.")
    return addresses[0]


def _may_be_asked(text: str, *, loopback: bool) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        # Several ways to write an IPv4 address in IPv6: what counts is where it leads.
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            address = inner
    if loopback and address.is_loopback:
        return True
    return address.is_global and not address.is_multicast and address not in NAT64


class _GuardedSession(requests.Session):
    def __init__(self, *, loopback: bool, timeout_s: float) -> None:
        super().__init__()
        self._loopback, self._timeout_s = loopback, timeout_s
        self.trust_env = False  # a proxy would do the resolving, out of our sight
        self.mount("https://", _PinningAdapter(loopback=loopback))
        self.mount("http://", _PinningAdapter(loopback=loopback))

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Send one request, within the limits whatever the caller says."""
        check_address(url, loopback=self._loopback)
        kwargs |= {"timeout": self._timeout_s, "allow_redirects": False, "stream": True}
        try:
            answer = super().request(method, url, *args, **kwargs)
        except _Refused as error:
            raise AddressRefused(str(error)) from error
        if answer.is_redirect:
            answer.close()
            raise AddressRefused("The address leads elsewhere.")
        _read_within_limits(answer)
        return answer


def _read_within_limits(answer: requests.Response) -> None:
    """Read the body; give up on one that is too long or drips too slowly."""
    begun, body = time.monotonic(), bytearray()
    for chunk in answer.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES or time.monotonic() - begun > ANSWER_WITHIN_S:
            answer.close()
            raise AddressRefused("The answer is too long.")
    answer._content = bytes(body)


class _PinningAdapter(HTTPAdapter):
    """Connects to the address that was looked at."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make pools whose connections resolve and check by themselves."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(loopback=self._loopback)


def _pools(*, loopback: bool) -> dict[str, type[connectionpool.HTTPConnectionPool]]:
    class Pinned:
        """Shared by both schemes: the name stays for TLS and the Host header."""

        host: str
        port: int
        timeout: Any
        source_address: tuple[str, int] | None
        socket_options: Collection[Any] | None

        def _new_conn(self) -> socket.socket:
            address = _resolve(self.host, self.port, loopback=loopback)
            return create_connection(
                (address, self.port),
                self.timeout,
                source_address=self.source_address,
                socket_options=self.socket_options,  # type: ignore[arg-type]
            )

    class PlainConnection(Pinned, connection.HTTPConnection):  # type: ignore[misc]
        pass

    class SecureConnection(Pinned, connection.HTTPSConnection):  # type: ignore[misc]
        pass

    class PlainPool(connectionpool.HTTPConnectionPool):
        ConnectionCls = PlainConnection  # type: ignore[assignment]

    class SecurePool(connectionpool.HTTPSConnectionPool):
        ConnectionCls = SecureConnection  # type: ignore[assignment]

    return {"http": PlainPool, "https": SecurePool}
