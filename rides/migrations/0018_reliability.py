import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from carpool.kernel.tenancy import wall

KINDS = [
    ("on_time", "Came on time"),
    ("came", "Came"),
    ("late", "Came late"),
    ("cancelled_early", "Cancelled in time"),
    ("cancelled_waived", "Cancelled late, for the first time in a month"),
    ("cancelled_late", "Cancelled late"),
    ("no_show", "Did not come"),
]
ROLES = [("driver", "Driver"), ("rider", "Rider")]
STATES = [
    ("open", "Being looked at"),
    ("granted", "Taken out of the score"),
    ("refused", "Stays in the score"),
]


def stars(name):
    return models.Q(
        (name, None), models.Q((f"{name}__gte", 1), (f"{name}__lte", 5)), _connector="OR"
    )


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("accounts", "0018_site_outlines"),
        ("rides", "0017_requests_instead_of_a_seat"),
    ]

    operations = [
        migrations.CreateModel(
            name="Deed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("role", models.CharField(choices=ROLES, max_length=6, verbose_name="as")),
                ("kind", models.CharField(choices=KINDS, max_length=16, verbose_name="what")),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deeds",
                        to="rides.booking",
                        verbose_name="booking",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deeds",
                        to="accounts.member",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "deed",
                "verbose_name_plural": "deeds",
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["member", "-at"], name="deed_newest_first")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("booking", "member"), name="one_deed_per_person_and_booking"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DeedObjection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=500, verbose_name="what is wrong")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "state",
                    models.CharField(
                        choices=STATES, default="open", max_length=7, verbose_name="state"
                    ),
                ),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "deed",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="objection",
                        to="rides.deed",
                        verbose_name="deed",
                    ),
                ),
            ],
            options={
                "verbose_name": "objection to a deed",
                "verbose_name_plural": "objections to deeds",
                "ordering": ["-made_at", "-id"],
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
                        name="a_decided_objection_has_its_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "subject_role",
                    models.CharField(choices=ROLES, max_length=6, verbose_name="about them as"),
                ),
                ("overall", models.PositiveSmallIntegerField(verbose_name="stars")),
                (
                    "punctuality",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="punctuality"
                    ),
                ),
                (
                    "friendliness",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="friendliness"
                    ),
                ),
                (
                    "driving",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="driving and car"
                    ),
                ),
                ("comment", models.CharField(blank=True, max_length=500, verbose_name="comment")),
                (
                    "flagged_for",
                    models.CharField(blank=True, max_length=12, verbose_name="flagged for"),
                ),
                (
                    "reviewed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="looked at"),
                ),
                (
                    "hidden_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="comment hidden at"),
                ),
                ("written_at", models.DateTimeField(verbose_name="written at")),
                ("opens_at", models.DateTimeField(verbose_name="opens at")),
                (
                    "announced_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="told at"),
                ),
                (
                    "voided_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="The trip did not take place",
                        null=True,
                        verbose_name="void since",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="created at",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviews_written",
                        to="accounts.member",
                        verbose_name="by",
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviews",
                        to="rides.booking",
                        verbose_name="booking",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviews_received",
                        to="accounts.member",
                        verbose_name="about",
                    ),
                ),
            ],
            options={
                "verbose_name": "review",
                "verbose_name_plural": "reviews",
                "ordering": ["-opens_at", "-id"],
                "indexes": [
                    models.Index(fields=["subject", "-opens_at"], name="review_newest_first"),
                    models.Index(
                        condition=models.Q(("announced_at", None)),
                        fields=["opens_at"],
                        name="review_to_announce",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("booking", "author"), name="one_review_per_person_and_booking"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("author", models.F("subject")), _negated=True),
                        name="nobody_rates_themselves",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("overall__gte", 1),
                            ("overall__lte", 5),
                            stars("punctuality"),
                            stars("friendliness"),
                            stars("driving"),
                        ),
                        name="review_has_1_to_5_stars",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("driving", None), ("subject_role", "driver"), _connector="OR"
                        ),
                        name="only_drivers_are_rated_for_driving",
                    ),
                ],
            },
        ),
        migrations.RunSQL(*wall("rides_deed", by="member_id", of="accounts_member")),
        migrations.RunSQL(*wall("rides_deedobjection", by="deed_id", of="rides_deed")),
        migrations.RunSQL(*wall("rides_review", by="subject_id", of="accounts_member")),
    ]
