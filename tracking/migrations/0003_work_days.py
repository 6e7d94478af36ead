import django.db.models.deletion
from django.db import migrations, models

from carpool.kernel.tenancy import wall

WALL = wall("tracking_workday", by="member_id", of="accounts_member")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_site_outlines"),
        ("tracking", "0002_verifications"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "date",
                    models.DateField(help_text="On the organization's clock", verbose_name="day"),
                ),
                (
                    "arrived_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="proven arrival"),
                ),
                (
                    "booking_id",
                    models.UUIDField(blank=True, help_text="The proven trip", null=True),
                ),
                (
                    "said",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("on_site", "At work"),
                            ("telework", "Working elsewhere"),
                            ("away", "Not working"),
                        ],
                        max_length=8,
                        verbose_name="own entry",
                    ),
                ),
                (
                    "said_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="entered at"),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.member",
                        verbose_name="member",
                    ),
                ),
                (
                    "said_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.member",
                        verbose_name="entered by",
                    ),
                ),
            ],
            options={
                "verbose_name": "working day",
                "verbose_name_plural": "working days",
                "ordering": ["member", "date"],
                "indexes": [models.Index(fields=["date"], name="work_days_by_date")],
                "constraints": [
                    models.UniqueConstraint(fields=("member", "date"), name="one_work_day_a_date"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("arrived_at__isnull", False),
                            models.Q(("said", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_work_day_is_proven_or_said",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("said", ""), ("said_at", None)),
                            models.Q(
                                models.Q(("said", ""), _negated=True), ("said_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="a_work_day_is_said_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("arrived_at", None), ("booking_id", None)),
                            models.Q(("arrived_at__isnull", False), ("booking_id__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_proven_work_day_names_its_trip",
                    ),
                ],
            },
        ),
        migrations.RunSQL(*WALL),
    ]
