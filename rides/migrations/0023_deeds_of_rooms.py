import django.db.models.deletion
from django.db import migrations, models

ROLES = [("driver", "Driver"), ("rider", "Rider"), ("host", "Host of a shared taxi")]


class Migration(migrations.Migration):
    dependencies = [
        ("rides", "0022_kept_days"),
    ]

    operations = [
        migrations.AlterField(
            model_name="deed",
            name="booking",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deeds",
                to="rides.booking",
                verbose_name="booking",
            ),
        ),
        migrations.AddField(
            model_name="deed",
            name="seat",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deeds",
                to="rides.roomseat",
                verbose_name="seat in a room",
            ),
        ),
        migrations.AlterField(
            model_name="deed",
            name="role",
            field=models.CharField(choices=ROLES, max_length=6, verbose_name="as"),
        ),
        migrations.AddConstraint(
            model_name="deed",
            constraint=models.UniqueConstraint(fields=("seat",), name="one_deed_per_seat"),
        ),
        migrations.AddConstraint(
            model_name="deed",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("booking", None), ("seat__isnull", False)),
                    models.Q(("booking__isnull", False), ("seat", None)),
                    _connector="OR",
                ),
                name="a_deed_is_of_a_booking_or_a_seat",
            ),
        ),
    ]
