"""Tables whose rows are only ever added: the database refuses to change or delete one.

Two guards. The role of web requests has no right to (:func:`revokes`, after every migration), and a
trigger refuses everybody else, the owner included. Whoever switches the trigger off can still do
it; that is what hash chains are for. Emptying a whole table stays the owner's right: tests need it.
"""

TRIGGER = "append_only"

REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are only ever added.', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""
"""For the first migration that needs it. It stays when that one is undone: others may need it."""


def revokes(role: str) -> str:
    """Return the SQL that takes a role's right to change such rows, whatever it was granted."""
    return f"""
DO $$ DECLARE one regclass; BEGIN
    FOR one IN SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = '{TRIGGER}' LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM {role}', one);
    END LOOP;
END $$;
"""  # noqa: S608 – both names are constants of the code


def append_only(table: str) -> tuple[str, str]:
    """Return the SQL that makes a table append-only, and its undoing."""
    there = f"""
        CREATE TRIGGER {TRIGGER} BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION refuse_change();
    """
    return there, f"DROP TRIGGER {TRIGGER} ON {table};"
