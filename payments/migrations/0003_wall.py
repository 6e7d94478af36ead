"""Behind the wall: requests of one organization see no row of another; ``carpool.kernel.tenancy``."""

from django.db import migrations

from carpool.kernel.tenancy import wall

WALLS = [
    wall("payments_ledgeraccount"),
    wall("payments_ledgerbalance", by="account_id", of="payments_ledgeraccount"),
    wall("payments_journal"),
    wall("payments_journalentry", by="journal_id", of="payments_journal"),
    wall("payments_hold"),
    wall("payments_tripclosing"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_wall"),
        ("payments", "0002_guards"),
    ]

    operations = [migrations.RunSQL(there, back) for there, back in WALLS]
