"""The second wall between organizations: PostgreSQL's row-level security, and who is inside.

The first wall is the code: every query starts from the viewer. The second catches the query that
forgets it. A web request or a socket works as the role ``carpool_web``, which owns nothing, and
PostgreSQL shows this role only rows of the organizations in the setting ``carpool.organizations``.
Where nobody is known yet, none are in it and there is nothing to see.

Workers, commands and migrations work as the tables' owner, whom the policies do not concern; so do
the few things in a request that are about all organizations, inside :func:`as_system`. The wall
stops forgotten filters, not somebody who can run SQL of their own: that one could change the role.

Who is inside is a context variable, so it follows a request through threads and tasks. The
database connection is told late, before the first statement that needs it
(:mod:`carpool.kernel.database.base`): one statement for each request that touches the database.

Source: PostgreSQL manual, *Row Security Policies*.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from carpool.kernel.append_only import revokes

if TYPE_CHECKING:
    from contextlib import _GeneratorContextManager

ROLE = "carpool_web"
TELL = "SELECT set_config('role', %s, false), set_config('carpool.organizations', %s, false)"
"""Says to PostgreSQL who is inside, until it is said anew."""

Scope = frozenset[UUID] | None
"""The organizations whose rows one sees; None: the system, which sees all."""

NOBODY: frozenset[UUID] = frozenset()
_scope: ContextVar[Scope] = ContextVar("organizations inside the wall", default=None)


def current_scope() -> Scope:
    """Return who is inside now."""
    return _scope.get()


def enter(organization_ids: Iterable[UUID]) -> None:
    """See the rows of these organizations from now on, until the request or socket ends."""
    _scope.set(frozenset(organization_ids))


@contextmanager
def inside(scope: Scope) -> Iterator[None]:
    """See the rows of these organizations, or as the system, for a while."""
    before = _scope.get()
    _scope.set(scope)
    try:
        yield
    finally:
        _scope.set(before)  # not reset(): the end may come in another thread's copy of the context


def as_system() -> "_GeneratorContextManager[None]":
    """Work across organizations for a while. Also a decorator. Say why at each place."""
    return inside(None)


def keys_of(rows: "QuerySet[Any]") -> list[Any]:
    """Return the keys of rows that are found by place, span or text, to read them behind the wall.

    Where a policy stands, PostgreSQL asks it about every row before it compares what is not proof
    against leaks: it leaves the indexes of such columns aside. So this looks as the system. The
    rows start from their viewer, as all queries do.
    """
    with as_system():
        return list(rows.values_list("pk", flat=True))


def leave_to_system() -> None:
    """Work as the system until the request ends: for operators, whose work is every organization's.

    The caller has made sure that it is one.
    """
    _scope.set(None)


class WallMiddleware:
    """Begin each request as nobody, and leave nothing for the next one. The outermost of ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Hand on."""
        with inside(NOBODY):
            return self.get_response(request)


class Walled:
    """The same for what does not go through Django's middleware: sockets and polls."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand on."""
        with inside(NOBODY):
            await self.application(scope, receive, send)


def clean(connection: Any) -> None:
    """Make a connection that comes back to the pool the system's again."""
    connection.execute(TELL, ["none", ""])
    connection.commit()


# --- For migrations ------------------------------------------------------------------------------
CREATE_ROLE = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
        CREATE ROLE {ROLE} NOLOGIN;
    END IF;
    IF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER') THEN
        GRANT {ROLE} TO CURRENT_USER;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL; -- another database's migration was faster
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'The database user % may not create the role {ROLE}.', current_user
        USING HINT = format('Ask who administers the server to run once: '
            'CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO %I;', current_user);
END $$;
CREATE FUNCTION visible_organizations() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT string_to_array(nullif(current_setting('carpool.organizations', true), ''), ',')::uuid[]
$$;
"""
# The role stays: other databases of the cluster may use it.
DROP_ROLE = "DROP FUNCTION visible_organizations();"
# After every migration, for whatever tables there are now.
GRANTS = f"""
GRANT USAGE ON SCHEMA public TO {ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {ROLE};
{revokes(ROLE)}
"""


def grant(using: str = "default", **_kwargs: Any) -> None:
    """Let the web's role use whatever tables there are now; after each ``migrate``."""
    with connections[using].cursor() as cursor:
        cursor.execute(GRANTS)


def wall(
    table: str, *, by: str = "organization_id", of: str = "", also: str = ""
) -> tuple[str, str]:
    """Return the SQL that puts a table behind the wall, and its undoing.

    Args:
        table: the table.
        by: its column that names the organization, or a row of another table.
        of: that other table, which stands behind the wall itself; empty for an organization.
        also: a second column that names an organization whose members may see the row.
    """
    inside = " OR ".join(
        f"{table}.{column} = ANY ((SELECT visible_organizations())::uuid[])"
        for column in (by, also)
        if column
    )
    if of:
        inside = f"EXISTS (SELECT FROM {of} whose WHERE whose.id = {table}.{by})"
    there = f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY same_organization ON {table} TO {ROLE} USING ({inside});
    """
    back = f"""
        DROP POLICY same_organization ON {table};
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
    """
    return there, back
