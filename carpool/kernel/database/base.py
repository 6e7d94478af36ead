"""A connection that works as whoever is inside the wall; see :mod:`carpool.kernel.tenancy`.

Before a statement the connection compares what it told PostgreSQL last with who is inside now, and
tells it when that differs. A rollback may have taken back what was told; then it is told again.
A pool's connections are given back as they came (``clean``), outside of any request's time.
"""

from typing import Any

from django.contrib.gis.db.backends.postgis import base as postgis
from psycopg.pq import TransactionStatus

from carpool.kernel.tenancy import ROLE, TELL, Scope, current_scope

_UNKNOWN: Any = object()


class DatabaseWrapper(postgis.DatabaseWrapper):
    """One thread's connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._told: Scope = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, or take a connection from the pool: it works as who logged in, the system."""
        self._told = None
        return super().get_new_connection(conn_params)

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor that sees what may be seen now."""
        scope = current_scope()
        if scope != self._told and not self._is_broken():
            self._tell(scope)
        return super().create_cursor(name)

    def _is_broken(self) -> bool:
        """Tell whether a statement failed: until the rollback nothing but that is taken."""
        return bool(self.connection.info.transaction_status == TransactionStatus.INERROR)

    def _tell(self, scope: Scope) -> None:
        role = "none" if scope is None else ROLE
        organizations = ",".join(sorted(map(str, scope or ())))
        self._told = _UNKNOWN
        with self.connection.cursor() as cursor:
            cursor.execute(TELL, [role, organizations])
        self._told = scope

    def _rollback(self) -> None:
        super()._rollback()  # type: ignore[misc]
        self._told = _UNKNOWN

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._told = _UNKNOWN
