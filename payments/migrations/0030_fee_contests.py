import uuid

import django.db.models.deletion
from django.db import migrations, models

from carpool.kernel.tenancy import wall

WALL = wall("payments_feecontest")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0019_reports_of_ratings"),
        ("payments", "0025_waived_seats"),
    ]

    operations = [
        migrations.CreateModel(
            name="FeeContest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.TextField(max_length=1000, verbose_name="reason")),
                (
                    "amount",
                    models.BigIntegerField(
                        help_text="Held on what the driver is to get", verbose_name="amount"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Being looked at"),
                            ("won", "For the rider"),
                            ("lost", "For the driver"),
                        ],
                        default="open",
                        max_length=4,
                        verbose_name="state",
                    ),
                ),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                ("decide_by", models.DateTimeField(verbose_name="decide by")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided"),
                ),
                (
                    "decided_by_id",
                    models.UUIDField(
                        blank=True,
                        help_text="A member; nobody where silence decided",
                        null=True,
                    ),
                ),
                ("why", models.TextField(blank=True, max_length=1000, verbose_name="why")),
                (
                    "fare",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contest",
                        to="payments.ridefare",
                        verbose_name="price of a seat",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                        verbose_name="organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "objection to a fee",
                "verbose_name_plural": "objections to fees",
                "ordering": ["-opened_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["decide_by"],
                        name="fee_contest_decide_by",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_fee_contest_is_decided_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)),
                        name="a_fee_contest_is_about_something",
                    ),
                ],
            },
        ),
        migrations.RunSQL(*WALL),
    ]
