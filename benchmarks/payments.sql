-- The floor of script/bench payments: the rows of one journal with two entries, and no rules.
\set giver random(1, :people / 2)
\set taker random(:people / 2 + 1, :people)
BEGIN;
INSERT INTO floor_journal (kind, op_key, fingerprint, created_at)
    VALUES ('bench', md5(random()::text), md5('') || md5(''), now()) RETURNING id \gset
INSERT INTO floor_entry (journal_id, account_id, sequence, amount, currency, balance_after, hash)
    VALUES (:id, :giver, 1, 1, 'KRW', 1, '\x0000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO floor_entry (journal_id, account_id, sequence, amount, currency, balance_after, hash)
    VALUES (:id, :taker, 1, -1, 'KRW', 1, '\x0000000000000000000000000000000000000000000000000000000000000000');
UPDATE floor_balance SET posted = posted - 1, version = version + 1 WHERE account_id = :giver;
UPDATE floor_balance SET posted = posted + 1, version = version + 1 WHERE account_id = :taker;
COMMIT;
