import uuid
from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

from carpool.kernel.tenancy import wall


def look_at_disputes(apps: Any, _schema: Any) -> None:
    """Disputes about rides that cost nothing have a term now: let the watcher look at them."""
    bookings = apps.get_model("rides", "Booking").objects
    waiting = bookings.filter(state="completed_pending_validation", outcome="dispute")
    waiting.filter(held_until=None, next_check_at=None).update(next_check_at=Now())


class Migration(migrations.Migration):
    dependencies = [
        ("rides", "0019_deeds_of_before"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangeQuestion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Waits for the rider"),
                            ("agreed", "Still comes along"),
                            ("refused", "Does not come along"),
                            ("lapsed", "Not answered in time"),
                            ("overtaken", "Not asked any more"),
                        ],
                        default="asked",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("answer_by", models.DateTimeField(verbose_name="answer by")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "pickup_at",
                    models.DateTimeField(help_text="As it would be now", verbose_name="pick-up"),
                ),
                (
                    "dropoff_at",
                    models.DateTimeField(help_text="As it would be now", verbose_name="drop-off"),
                ),
                ("was_pickup_at", models.DateTimeField(verbose_name="pick-up before")),
                ("was_dropoff_at", models.DateTimeField(verbose_name="drop-off before")),
                (
                    "was_earliest_at",
                    models.DateTimeField(help_text="The pick-up was not before", null=True),
                ),
                ("was_pickup_latest_at", models.DateTimeField(help_text="Nor after")),
                (
                    "was_dropoff_latest_at",
                    models.DateTimeField(help_text="Promised for the drop-off"),
                ),
                (
                    "was_latest_arrival_at",
                    models.DateTimeField(help_text="At the rider's own destination"),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questions",
                        to="rides.booking",
                        verbose_name="booking",
                    ),
                ),
            ],
            options={
                "verbose_name": "question about a change",
                "verbose_name_plural": "questions about changes",
                "ordering": ["asked_at", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "asked")),
                        fields=["answer_by"],
                        name="question_answer_by",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asked")),
                        fields=("booking",),
                        name="one_question_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "asked"), ("ended_at__isnull", False), _connector="XOR"
                        ),
                        name="a_question_ends_at_a_time",
                    ),
                ],
            },
        ),
        migrations.RunSQL(*wall("rides_changequestion", by="booking_id", of="rides_booking")),
        migrations.RunPython(look_at_disputes, migrations.RunPython.noop),
    ]
