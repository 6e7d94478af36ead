"""What the database itself refuses: journals that do not come to nothing, balances that their
entries do not say, money in the escrow of a closed trip, and any change of what was booked."""

from django.db import migrations

from carpool.kernel.append_only import REFUSE_CHANGE, append_only

# As their owner: whoever posts sees only their own organization's rows, perhaps fewer by then.
FUNCTION = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp"

BALANCED = f"""
CREATE FUNCTION payments_check_journal() RETURNS trigger {FUNCTION} AS $$
DECLARE
    checked bigint;
    legs bigint;
    is_right boolean;
BEGIN
    IF TG_TABLE_NAME = 'payments_journal' THEN
        checked := NEW.id;
    ELSE
        checked := NEW.journal_id;
    END IF;
    SELECT coalesce(sum(n), 0), coalesce(bool_and(total = 0 AND fits), false) INTO legs, is_right
    FROM (
        SELECT count(*) AS n, sum(entry.amount) AS total,
            bool_and(account.currency = entry.currency
                     AND account.organization_id = journal.organization_id) AS fits
        FROM payments_journalentry entry
        JOIN payments_journal journal ON journal.id = entry.journal_id
        JOIN payments_ledgeraccount account ON account.id = entry.account_id
        WHERE entry.journal_id = checked
        GROUP BY entry.currency
    ) AS currencies;
    IF legs < 2 OR NOT is_right THEN
        RAISE EXCEPTION 'Journal % does not balance.', checked USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER journal_balances AFTER INSERT ON payments_journal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_check_journal();
CREATE CONSTRAINT TRIGGER journal_balances AFTER INSERT ON payments_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_check_journal();
"""  # noqa: S608 – no value comes from outside
BALANCED_BACK = """
DROP TRIGGER journal_balances ON payments_journalentry;
DROP TRIGGER journal_balances ON payments_journal;
DROP FUNCTION payments_check_journal();
"""

BALANCES = f"""
CREATE FUNCTION payments_check_balance() RETURNS trigger {FUNCTION} AS $$
DECLARE
    balance payments_ledgerbalance;
    account payments_ledgeraccount;
    entry payments_journalentry;
BEGIN
    SELECT * INTO balance FROM payments_ledgerbalance WHERE account_id = NEW.account_id;
    SELECT * INTO account FROM payments_ledgeraccount WHERE id = NEW.account_id;
    SELECT * INTO entry FROM payments_journalentry WHERE account_id = NEW.account_id
    ORDER BY sequence DESC LIMIT 1;
    IF balance.version <> coalesce(entry.sequence, 0)
        OR balance.posted <> coalesce(entry.balance_after, 0)
        OR (entry.id IS NOT NULL AND balance.head <> entry.hash)
        OR balance.no_overdraft <> account.no_overdraft
    THEN
        RAISE EXCEPTION 'The balance of account % is not what its entries say.', NEW.account_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF account.trip_id IS NOT NULL AND balance.posted <> 0
        AND EXISTS (SELECT FROM payments_tripclosing WHERE trip_id = account.trip_id)
    THEN
        RAISE EXCEPTION 'Trip % is closed.', account.trip_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER balance_is_its_entries
    AFTER INSERT OR UPDATE ON payments_ledgerbalance
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_check_balance();
"""  # noqa: S608 – no value comes from outside
BALANCES_BACK = """
DROP TRIGGER balance_is_its_entries ON payments_ledgerbalance;
DROP FUNCTION payments_check_balance();
"""

TABLES = (
    "payments_ledgeraccount", "payments_journal", "payments_journalentry", "payments_tripclosing",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(BALANCED, BALANCED_BACK),
        migrations.RunSQL(BALANCES, BALANCES_BACK),
        migrations.RunSQL(REFUSE_CHANGE, migrations.RunSQL.noop),
        *(migrations.RunSQL(*append_only(table)) for table in TABLES),
    ]
