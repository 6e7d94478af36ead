"""The role that web requests work as, and what policies ask; see ``carpool.kernel.tenancy``."""

from django.db import migrations

from carpool.kernel.tenancy import CREATE_ROLE, DROP_ROLE


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0003_follow_changes"),
    ]

    operations = [
        migrations.RunSQL(CREATE_ROLE, DROP_ROLE),
    ]
