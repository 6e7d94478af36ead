"""What Toss Payments has of a span: its transactions, added up by payment."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from payments.engine.providers import Stated
from payments.services.providers.line import NoAnswer

SEOUL = ZoneInfo("Asia/Seoul")
PAGE = 100
MOST_PAGES = 10_000
CAME = {"DONE"}
WENT = {"CANCELED", "PARTIAL_CANCELED"}


def list_stated(
    get: Callable[[str, dict[str, str]], Any], *, since: datetime, until: datetime
) -> Iterator[Stated]:
    """Yield each payment that the transactions of a span are about.

    Raises:
        NoAnswer: a page is unreadable.
    """
    sums: dict[str, list[Any]] = {}
    for one in _transactions(get, since, until):
        key, amount, state = one.get("paymentKey"), one.get("amount"), one.get("status")
        if not isinstance(key, str) or not isinstance(amount, int):
            raise NoAnswer
        row = sums.setdefault(key, [str(one.get("orderId", "")), str(one.get("currency")), 0, 0])
        if state in CAME:
            row[2] += amount
        elif state in WENT:
            row[3] += abs(amount)
    for key, (reference, currency, taken, returned) in sums.items():
        yield Stated(reference, key, taken, returned, currency)


def _transactions(
    get: Callable[[str, dict[str, str]], Any], since: datetime, until: datetime
) -> Iterator[dict[str, Any]]:
    """Turn the pages of their list."""
    query = {
        "startDate": since.astimezone(SEOUL).strftime("%Y-%m-%dT%H:%M:%S"),
        "endDate": until.astimezone(SEOUL).strftime("%Y-%m-%dT%H:%M:%S"),
        "limit": str(PAGE),
    }
    for _page in range(MOST_PAGES):
        told = get("/transactions", query)
        if not isinstance(told, list):
            raise NoAnswer
        yield from told
        if len(told) < PAGE:
            return
        query["startingAfter"] = str(told[-1].get("transactionKey", ""))
