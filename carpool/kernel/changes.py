"""Rows whose changes a process can follow: a memory of them is kept fresh by one cheap query.

PostgreSQL itself writes down which transaction touched a row last (``changed_in``): a default when
the row is made, a trigger whenever it is updated, so no code path can forget it. A reader
remembers the oldest transaction that was still running when it last looked; everything touched by
that one or a younger one may be new to it, and everything else was in that last look already.

The numbers of transactions belong to one database cluster. After a dump is restored into another,
touch the rows once (``UPDATE rides_ride SET number = number``), or readers read too much.

Source: the horizon ``xmin`` of a snapshot, PostgreSQL manual, *System Information Functions*.
"""

from typing import Any

from django.db import models


class NextNumber(models.Func):
    """The next value of the sequence that all followed rows share."""

    function = "nextval"
    arity = 1

    def __init__(self, sequence: str, **extra: Any) -> None:
        self.sequence = sequence
        super().__init__(models.Value(sequence), output_field=models.BigIntegerField(), **extra)

    def deconstruct(self) -> tuple[str, list[str], dict[str, str]]:
        """Let migrations write the sequence's name only."""
        return f"{__name__}.NextNumber", [self.sequence], {}


class ThisTransaction(models.Func):
    """The number of the transaction that writes."""

    template = "(pg_current_xact_id()::text::bigint)"
    arity = 0
    output_field = models.BigIntegerField()


class Followed(models.Model):
    """A row with a number for arrays and the transaction that touched it last."""

    number = models.BigIntegerField(
        unique=True,
        editable=False,
        db_default=NextNumber("followed_number"),
        help_text="Short name of the row in arrays",
    )
    changed_in = models.BigIntegerField(
        editable=False,
        db_default=ThisTransaction(),
        help_text="The transaction that touched the row last; a trigger keeps it",
    )

    class Meta:
        abstract = True


CREATE_SEQUENCE = """
CREATE SEQUENCE followed_number;
CREATE FUNCTION note_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
"""
DROP_SEQUENCE = "DROP FUNCTION note_transaction(); DROP SEQUENCE followed_number;"


def follow(table: str) -> tuple[str, str]:
    """Return the SQL that makes a table's updates noted, and its undoing."""
    when = f"BEFORE UPDATE ON {table} FOR EACH ROW"
    return (
        f"CREATE TRIGGER note_transaction {when} EXECUTE FUNCTION note_transaction()",
        f"DROP TRIGGER note_transaction ON {table}",
    )
