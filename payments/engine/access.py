"""Where providers are reached, with which keys, and whether money moves there.

Keys come from the environment. They are in no message, no log line and no ``repr``.
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Vendor:
    """What is known of a provider before anybody has an account there.

    Attributes
    ----------
    hosts : tuple of str
        Domains of the pages that a payer is sent to, also their subdomains.
    test_prefixes : tuple of str
        How keys begin with which no money moves.
    currencies : frozenset of str
        Which it takes; empty: whatever the account there is set up for.
    """

    url: str
    hosts: tuple[str, ...]
    test_prefixes: tuple[str, ...]
    currencies: frozenset[str] = frozenset()


# Source: the vendors' own pages, as of their API references in 2025.
VENDORS = {
    "kakaopay": Vendor(
        "https://open-api.kakaopay.com/online/v1/payment", ("kakaopay.com", "kakao.com"),
        ("DEV",), frozenset({"KRW"}),
    ),
    "toss": Vendor(
        "https://api.tosspayments.com/v1", ("tosspayments.com", "toss.im"),
        ("test_",), frozenset({"KRW"}),
    ),
    "stripe": Vendor("https://api.stripe.com", ("stripe.com",), ("sk_test_", "rk_test_")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Access:
    """One installation's account with a provider.

    Attributes
    ----------
    account : str
        The merchant's number, where the provider wants it beside the key.
    webhook_secrets : tuple of str
        What its notices are signed with; several while one is being changed.
    """

    provider: str
    url: str
    key: str = field(repr=False)
    account: str = ""
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def vendor(self) -> Vendor:
        """Return what is known of the provider."""
        return VENDORS[self.provider]

    @property
    def is_real_vendor(self) -> bool:
        """Tell whether it is the vendor itself that is asked, not a simulator."""
        return self.url.rstrip("/") == self.vendor.url

    @property
    def is_play_money(self) -> bool:
        """Tell whether no money moves: a simulator, or keys for trying out."""
        return not self.is_real_vendor or self.key.startswith(self.vendor.test_prefixes)

    @property
    def pages(self) -> list[str]:
        """Return the origins of the provider's own pages, as a security policy writes them."""
        if self.is_real_vendor:
            return [f"https://{name}{host}" for host in self.vendor.hosts for name in ("", "*.")]
        parts = urlsplit(self.url)
        return [f"{parts.scheme}://{parts.netloc}"]

    def is_its_page(self, address: str) -> bool:
        """Tell whether a payer may be sent to an address: it is the provider's own."""
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if parts.username or parts.password or "\\" in address:
            return False
        if not self.is_real_vendor:
            return f"{parts.scheme}://{parts.netloc}" in self.pages
        is_theirs = any(host == own or host.endswith(f".{own}") for own in self.vendor.hosts)
        return parts.scheme == "https" and port in {None, 443} and is_theirs
