"""Rows of a region in this process's memory, and how they stay as fresh as the database.

Filled once from the database; from then on every search first reads the rows that were touched
since the last one (:mod:`carpool.kernel.changes`), usually none, in one indexed query. So what is
committed before a search is found by it, in every process, without any message that could be lost.

The index proposes, it does not decide: who asks reads what is proposed from the database again.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from carpool.kernel import clock, tenancy
from carpool.kernel.bulk import INT, Records, read_records
from maps.models import Region
from matching.engine.demand import DemandIndex
from matching.engine.supply import SupplyIndex

# A row is forgotten so long after it was over: by then it is, for every clock and time zone.
KEPT_FOR = timedelta(days=1)


class LiveRows(ABC):
    """The rows of one region. One thread at a time reads or searches; the rest wait."""

    columns: ClassVar[Mapping[str, str]]
    """What ``select`` returns; ``number``, ``organization``, ``is_open``, ``horizon`` among it, and
    ``changed_in``, by which a row differs though only what hangs on it has changed.
    """
    select: ClassVar[str]
    """SQL with places for ``region`` and ``which`` rows."""
    touched: ClassVar[str]
    """The column that tells which transaction touched a row last."""
    _index: SupplyIndex | DemandIndex

    def __init__(self, region: Region) -> None:
        self._region_id = region.pk
        self._organizations: dict[bytes, int] = {}
        self._horizon: int | None = None
        self._last_read = b""
        self._lock = Lock()

    @abstractmethod
    def _open_at(self, now: datetime) -> str:
        """Return the condition that a row is open and its time not over."""

    @abstractmethod
    def _put(self, rows: Records) -> None:
        """Put open rows into the index."""

    def fill(self, now: datetime) -> bool:
        """Read all open rows, unless that was done; False while another thread is at it."""
        if self._horizon is not None:
            return True
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if self._horizon is None:
                horizon = _current_horizon()
                self._take(self._read(self._open_at(now - KEPT_FOR)))
                self._index.settle()
                self._horizon = horizon
        finally:
            self._lock.release()
        return True

    def _catch_up(self) -> None:
        """Read what was touched since the last time."""
        rows = self._read(f"{self.touched} >= {self._horizon}")
        if not len(rows):
            return
        self._horizon = int(rows["horizon"].max())
        still = rows.copy()
        still["horizon"] = 0  # it moves although nothing is new
        read = still.tobytes()
        if read != self._last_read:  # the same again, as long as an older transaction runs
            self._take(rows)
        self._last_read = read

    @tenancy.as_system()  # the memory holds all organizations; what it proposes is read again
    def _read(self, which: str) -> Records:
        return read_records(self.select.format(region=self._region_id, which=which), self.columns)

    def _take(self, rows: Records) -> None:
        """Put the rows that are open, drop those that are not."""
        is_open = rows["is_open"] > 0
        self._index.remove(np.unique(rows["number"][~is_open]).astype(np.int64))
        if is_open.any():
            self._put(rows[is_open])
        self._tidy()

    def _tidy(self) -> None:
        """Keep the index fast after changes: forget what is long over."""
        self._index.forget_before(int((clock.now() - KEPT_FOR).timestamp() * 1000))

    def _owners(self, organizations: npt.NDArray[np.bytes_]) -> npt.NDArray[np.int32]:
        """Return a small number for each organization, the same for the life of the process."""
        distinct, which = np.unique(organizations, return_inverse=True)
        numbers = [
            self._organizations.setdefault(bytes(one).ljust(16, b"\0"), len(self._organizations))
            for one in distinct
        ]
        return np.array(numbers, np.int32)[which]


def _current_horizon() -> int:
    rows = read_records("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint", {"at": INT})
    return int(rows["at"][0])
