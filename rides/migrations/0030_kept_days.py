import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rides", "0021_late_cancellations"),
    ]

    operations = [
        migrations.AddField(
            model_name="recurringday",
            name="kept",
            field=models.ForeignKey(
                blank=True,
                help_text="It no longer follows what repeats",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="rides.ride",
                verbose_name="booked ride that stays",
            ),
        ),
        migrations.AlterField(
            model_name="recurringday",
            name="state",
            field=models.CharField(
                choices=[
                    ("offered", "Offered"),
                    ("skipped", "Left out"),
                    ("busy", "You drive elsewhere then"),
                    ("booked", "A booked ride on its own terms"),
                ],
                max_length=7,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="recurringday",
            constraint=models.CheckConstraint(
                condition=models.Q(("kept", None), ("state", "booked"), _connector="OR"),
                name="only_a_booked_day_keeps_a_ride",
            ),
        ),
    ]
