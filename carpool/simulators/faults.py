"""How a simulated provider misbehaves: by shares of the requests, drawn from a seeded die."""

import random
import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Faults:
    """What goes wrong, each as a share of the requests that move money.

    Attributes:
        lost: it does as asked and answers too late (after ``late_s``).
        error_after: it does as asked and answers 500.
        reset: it breaks the line, having done as asked half of the time.
        malformed: it does as asked and answers with what is no JSON.
        wrong_amount: it does as asked and says another amount.
        late_s: how long an answer that is lost is held back.
        notices: how often each webhook is sent.
        delay_s: up to how much later each is sent.
        dropped: the share of webhooks that are not sent.
    """

    seed: int = 1
    lost: float = 0.0
    error_after: float = 0.0
    reset: float = 0.0
    malformed: float = 0.0
    wrong_amount: float = 0.0
    late_s: float = 30.0
    notices: int = 1
    delay_s: float = 0.0
    dropped: float = 0.0
    counted: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 – a die, not a key
        self._lock = threading.Lock()

    def draw(self) -> str:
        """Return what goes wrong with the next request; empty: nothing."""
        with self._lock:
            rest = self._dice.random()
            for name in ("lost", "error_after", "reset", "malformed", "wrong_amount"):
                rest -= getattr(self, name)
                if rest < 0:
                    self.count(name)
                    return name
            return ""

    def count(self, name: str) -> None:
        """Count something that happened."""
        self.counted[name] = self.counted.get(name, 0) + 1

    def is_heads(self, share: float = 0.5) -> bool:
        """Draw something of which this share is so."""
        with self._lock:
            return self._dice.random() < share

    def between(self, least: float, most: float) -> float:
        """Draw a number."""
        with self._lock:
            return self._dice.uniform(least, most)

    @classmethod
    def read(cls, told: dict[str, Any]) -> "Faults":
        """Make faults of what a test or a person asks for; unknown names are an error."""
        return cls(**{name: told[name] for name in told if name != "counted"})
