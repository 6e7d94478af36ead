"""The sequence and the trigger function behind ``Followed``."""

from django.db import migrations

from carpool.kernel.changes import CREATE_SEQUENCE, DROP_SEQUENCE


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0002_outbox"),
    ]

    operations = [
        migrations.RunSQL(CREATE_SEQUENCE, DROP_SEQUENCE),
    ]
