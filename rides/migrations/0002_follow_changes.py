from django.db import migrations, models

import carpool.kernel.changes
from carpool.kernel.changes import follow


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0003_follow_changes"),
        ("accounts", "0001_initial"),
        ("maps", "0001_initial"),
        ("rides", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="ride",
            name="changed_in",
            field=models.BigIntegerField(
                db_default=carpool.kernel.changes.ThisTransaction(),
                editable=False,
                help_text="The transaction that touched the row last; a trigger keeps it",
            ),
        ),
        migrations.AddField(
            model_name="ride",
            name="number",
            field=models.BigIntegerField(
                db_default=carpool.kernel.changes.NextNumber("followed_number"),
                editable=False,
                help_text="Short name of the row in arrays",
                unique=True,
            ),
        ),
        migrations.AddField(
            model_name="riderequest",
            name="changed_in",
            field=models.BigIntegerField(
                db_default=carpool.kernel.changes.ThisTransaction(),
                editable=False,
                help_text="The transaction that touched the row last; a trigger keeps it",
            ),
        ),
        migrations.AddField(
            model_name="riderequest",
            name="number",
            field=models.BigIntegerField(
                db_default=carpool.kernel.changes.NextNumber("followed_number"),
                editable=False,
                help_text="Short name of the row in arrays",
                unique=True,
            ),
        ),
        migrations.AddIndex(
            model_name="ride",
            index=models.Index(fields=["region", "changed_in"], name="ride_latest_change"),
        ),
        migrations.AddIndex(
            model_name="riderequest",
            index=models.Index(fields=["region", "changed_in"], name="request_latest_change"),
        ),
        *(migrations.RunSQL(*follow(table)) for table in ("rides_ride", "rides_riderequest")),
    ]
