"""Entries balance as they are added; the journal is looked at once, when its transaction ends.

Each statement that adds entries is refused unless what it adds to a journal comes to nothing. So a
journal that was right stays right, and one look at a new journal is enough instead of one for each
of its entries.
"""

from django.db import migrations

ADDITIONS = """
CREATE FUNCTION payments_check_additions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT entry.journal_id INTO wrong
    FROM added entry
    JOIN payments_journal journal ON journal.id = entry.journal_id
    JOIN payments_ledgeraccount account ON account.id = entry.account_id
    GROUP BY entry.journal_id, entry.currency
    HAVING sum(entry.amount) <> 0
        OR NOT bool_and(account.currency = entry.currency
                        AND account.organization_id = journal.organization_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Journal % does not balance.', wrong USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER journal_balances ON payments_journalentry;
CREATE TRIGGER additions_balance AFTER INSERT ON payments_journalentry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION payments_check_additions();
"""
ADDITIONS_BACK = """
DROP TRIGGER additions_balance ON payments_journalentry;
DROP FUNCTION payments_check_additions();
CREATE CONSTRAINT TRIGGER journal_balances AFTER INSERT ON payments_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_check_journal();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0018_ride_fares"),
    ]

    operations = [migrations.RunSQL(ADDITIONS, ADDITIONS_BACK)]
