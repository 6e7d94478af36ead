"""Books in memory around the engine's own rules: what the tables do, without the tables."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from payments.engine import ledger
from payments.engine.chart import Journal

NOW = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)


class KeyReused(Exception):
    pass


@dataclass
class Books:
    """Everything that was posted, in order."""

    balances: dict = field(default_factory=dict)
    entries: list = field(default_factory=list)
    journals: dict = field(default_factory=dict)

    def post(self, journal: Journal) -> bool:
        """Post; return whether anything changed."""
        known = self.journals.get(journal.op_key)
        if known is not None:
            if known.fingerprint() != journal.fingerprint():
                raise KeyReused(journal.op_key)
            return False
        posted = ledger.post(self.balances, journal, at=NOW)
        self.journals[journal.op_key] = journal
        self.balances.update(posted.balances)
        self.entries += [(entry, journal) for entry in posted.entries]
        return True

    def hold(self, from_, to, amount):
        self.balances.update(ledger.hold(self.balances, from_, to, amount))

    def release(self, from_, to, amount):
        self.balances.update(ledger.release(self.balances, from_, to, amount))

    def capture(self, journal, held):
        posted = ledger.capture(self.balances, journal, held=held, at=NOW)
        self.journals[journal.op_key] = journal
        self.balances.update(posted.balances)
        self.entries += [(entry, journal) for entry in posted.entries]

    def balance(self, account) -> int:
        return self.balances.get(account, ledger.EMPTY).posted

    def available(self, account) -> int:
        return self.balances.get(account, ledger.EMPTY).available

    def recorded(self, account):
        """Read an account's entries back, as an audit would."""
        return [
            ledger.Recorded(
                entry.sequence, entry.amount, entry.balance_after, entry.hash,
                ledger.Stamp.of(journal, NOW),
            )
            for entry, journal in self.entries
            if entry.account == account
        ]  # fmt: skip

    def broken(self) -> dict:
        """Return where the accounts' chains break."""
        found = {
            account: ledger.broken_at(account, self.recorded(account), balance)
            for account, balance in self.balances.items()
        }
        return {account: at for account, at in found.items() if at is not None}
