"""What a limit is, for settings to say how often what may be done: ``carpool.kernel.limits``."""

from dataclasses import dataclass

SECONDS = {"s": 1, "min": 60, "h": 3600}


@dataclass(frozen=True)
class Limit:
    """So often, by whom, to which views.

    Args:
        name: of what is counted.
        rate: as in ``20/h`` or ``10/15min``.
        per: ``ip``, ``person`` (who is signed in) or ``account`` (whose address is in the request).
        views: names of the views that count.
        closed: refuse when nothing can be counted.
        is_growing: after three tries also wait between them, twice as long each time.
        looks: a mere look counts, too: the address itself holds what could be guessed.
    """

    name: str
    rate: str
    per: str
    views: frozenset[str]
    closed: bool = False
    is_growing: bool = False
    looks: bool = False

    @property
    def amount(self) -> int:
        """How often."""
        return int(self.rate.partition("/")[0])

    @property
    def period_s(self) -> float:
        """In how long."""
        text = self.rate.partition("/")[2]
        unit = text.lstrip("0123456789")
        return int(text.removesuffix(unit) or "1") * SECONDS[unit]
