import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import payments.models.incentives
from carpool.kernel.tenancy import wall

STATES = [
    ("draft", "Being written"),
    ("simulated", "Tried on past trips"),
    ("on", "On"),
    ("paused", "Paused"),
    ("ended", "Ended"),
]
CLASSES = [
    ("A", "Matched"),
    ("B", "One person's trip is proven"),
    ("C", "Both people's trips are proven"),
]
UNITS = "Smallest units of the currency"
OWN_ID = models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)
WALLS = [
    wall("payments_incentive"),
    wall("payments_incentivestep", by="incentive_id", of="payments_incentive"),
    wall("payments_reward", by="incentive_id", of="payments_incentive"),
    wall("payments_countedtrip"),
]


def amount(name: str, *, is_cap: bool = False) -> models.Field:
    if is_cap:
        return models.PositiveBigIntegerField(
            blank=True, help_text=UNITS, null=True, verbose_name=name
        )
    return models.PositiveBigIntegerField(default=0, help_text=UNITS, verbose_name=name)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_site_outlines"),
        ("payments", "0021_additions_balance"),
    ]

    operations = [
        migrations.CreateModel(
            name="Incentive",
            fields=[
                ("id", OWN_ID),
                ("series", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("version", models.PositiveSmallIntegerField(default=1, verbose_name="version")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "given_to",
                    models.CharField(
                        choices=[("driver", "Driver"), ("rider", "Rider"), ("both", "Both")],
                        default="both",
                        max_length=6,
                        verbose_name="who gets it",
                    ),
                ),
                ("per_trip", amount("for a trip")),
                ("per_km", amount("for a kilometre")),
                ("per_passenger", amount("to the driver for a passenger")),
                (
                    "least_class",
                    models.CharField(
                        choices=CLASSES,
                        default="C",
                        max_length=1,
                        verbose_name="class of proof at least",
                    ),
                ),
                (
                    "at_sites",
                    models.BooleanField(
                        default=False, verbose_name="only trips from or to your sites"
                    ),
                ),
                (
                    "zone_m",
                    models.PositiveIntegerField(
                        default=100,
                        validators=[
                            django.core.validators.MinValueValidator(25),
                            django.core.validators.MaxValueValidator(2000),
                        ],
                        verbose_name="how near to a site, m",
                    ),
                ),
                (
                    "weekdays",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=payments.models.incentives.every_day,
                        help_text="As date.weekday() numbers them: 0 is Monday",
                        size=None,
                        verbose_name="weekdays",
                    ),
                ),
                ("from_time", models.TimeField(blank=True, null=True, verbose_name="from")),
                ("until_time", models.TimeField(blank=True, null=True, verbose_name="until")),
                ("first_day", models.DateField(verbose_name="first day")),
                ("last_day", models.DateField(blank=True, null=True, verbose_name="last day")),
                ("most_a_day", amount("at most for a person in a day", is_cap=True)),
                ("most_a_month", amount("at most for a person in a month", is_cap=True)),
                ("most_a_year", amount("at most for a person in a year", is_cap=True)),
                (
                    "most_trips",
                    models.PositiveSmallIntegerField(
                        default=4,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                        verbose_name="trips of a person in a day at most",
                    ),
                ),
                ("total", amount("at most in all", is_cap=True)),
                (
                    "state",
                    models.CharField(
                        choices=STATES, default="draft", max_length=9, verbose_name="state"
                    ),
                ),
                (
                    "simulated_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="tried on past trips at"
                    ),
                ),
                (
                    "simulation",
                    models.JSONField(
                        blank=True, default=dict, verbose_name="what it would have given"
                    ),
                ),
                (
                    "told_percent",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Of the total: how far managers know that it is used"
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                (
                    "budget",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incentives",
                        to="payments.sponsorbudget",
                        verbose_name="payer",
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
                "verbose_name": "incentive",
                "verbose_name_plural": "incentives",
                "ordering": ["organization", "name", "-version"],
            },
        ),
        migrations.CreateModel(
            name="IncentiveStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "before",
                    models.CharField(
                        blank=True, choices=STATES, max_length=9, verbose_name="before"
                    ),
                ),
                ("after", models.CharField(choices=STATES, max_length=9, verbose_name="after")),
                (
                    "by_id",
                    models.UUIDField(
                        help_text="A member; nobody where it ended by itself", null=True
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "incentive",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="payments.incentive",
                        verbose_name="incentive",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of an incentive",
                "verbose_name_plural": "steps of an incentive",
                "ordering": ["at", "id"],
            },
        ),
        migrations.CreateModel(
            name="CountedTrip",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("booking_id", models.UUIDField(unique=True)),
                ("counted_at", models.DateTimeField()),
                (
                    "organization",
                    models.ForeignKey(
                        help_text="The ride's",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "trip that counts",
                "verbose_name_plural": "trips that count",
                "indexes": [
                    models.Index(fields=["organization", "counted_at"], name="counted_trips_late")
                ],
            },
        ),
        migrations.CreateModel(
            name="Reward",
            fields=[
                ("id", OWN_ID),
                ("series", models.UUIDField()),
                (
                    "booking_id",
                    models.UUIDField(db_index=True, help_text="The trip in the books"),
                ),
                ("ride_id", models.UUIDField()),
                ("member_id", models.UUIDField(help_text="A member")),
                (
                    "role",
                    models.CharField(
                        choices=[("driver", "Driver"), ("rider", "Rider")],
                        max_length=6,
                        verbose_name="as",
                    ),
                ),
                (
                    "day",
                    models.DateField(
                        help_text="Of the trip, on the organization's clock", verbose_name="day"
                    ),
                ),
                (
                    "way",
                    models.CharField(blank=True, help_text="To or from which site", max_length=48),
                ),
                (
                    "proof_class",
                    models.CharField(choices=CLASSES, max_length=1, verbose_name="class of proof"),
                ),
                ("distance_m", models.PositiveIntegerField(verbose_name="way aboard, m")),
                (
                    "worth",
                    models.PositiveBigIntegerField(
                        help_text="Before the caps", verbose_name="worth"
                    ),
                ),
                ("amount", models.PositiveBigIntegerField(verbose_name="amount")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "limit",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("same_way", "This way was rewarded on that day already"),
                            ("trips", "No more trips count on that day"),
                            ("day", "The day's most is reached"),
                            ("month", "The month's most is reached"),
                            ("year", "The year's most is reached"),
                            ("total", "The incentive is used up"),
                            ("money", "No money was left in the budget"),
                        ],
                        max_length=8,
                        verbose_name="what kept it lower",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="given at")),
                ("back", models.PositiveBigIntegerField(default=0, verbose_name="taken back")),
                (
                    "back_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="taken back at"),
                ),
                (
                    "back_for",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("manager", "The organization decided so"),
                            ("verdict", "The trip's proof was withdrawn"),
                        ],
                        max_length=7,
                        verbose_name="cause",
                    ),
                ),
                (
                    "back_by_id",
                    models.UUIDField(
                        blank=True, help_text="A member, where one decided", null=True
                    ),
                ),
                ("back_why", models.CharField(blank=True, max_length=280, verbose_name="why")),
                (
                    "incentive",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rewards",
                        to="payments.incentive",
                        verbose_name="incentive",
                    ),
                ),
            ],
            options={
                "verbose_name": "reward",
                "verbose_name_plural": "rewards",
                "ordering": ["-at", "-id"],
                "indexes": [
                    models.Index(fields=["member_id", "-at"], name="rewards_of_a_member"),
                    models.Index(fields=["series", "member_id", "day"], name="rewards_by_cap"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("series", "booking_id", "member_id"),
                        name="a_trip_is_rewarded_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__lte", models.F("worth")), ("back__lte", models.F("amount"))
                        ),
                        name="a_reward_is_no_more_than_its_worth",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount", models.F("worth")), ("limit", "")),
                            models.Q(
                                ("amount__lt", models.F("worth")),
                                models.Q(("limit", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_lower_reward_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("back", 0), ("back_at", None), ("back_for", "")),
                            models.Q(
                                ("back_at__isnull", False),
                                models.Q(("back_for", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_reward_is_taken_back_for_a_cause",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="incentive",
            constraint=models.UniqueConstraint(
                fields=("series", "version"), name="one_row_per_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="incentive",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("on", "paused"))),
                fields=("series",),
                name="one_version_of_an_incentive_stands",
            ),
        ),
        migrations.AddConstraint(
            model_name="incentive",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("draft", "simulated"))),
                fields=("series",),
                name="one_version_of_an_incentive_is_written",
            ),
        ),
        migrations.AddConstraint(
            model_name="incentive",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("per_trip__gt", 0),
                    ("per_km__gt", 0),
                    models.Q(
                        ("per_passenger__gt", 0), models.Q(("given_to", "rider"), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="an_incentive_gives_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="incentive",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("last_day", None),
                    ("last_day__gte", models.F("first_day")),
                    _connector="OR",
                ),
                name="an_incentive_ends_after_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="incentive",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("from_time", None), ("until_time", None)),
                    models.Q(("from_time__isnull", False), ("until_time__isnull", False)),
                    _connector="OR",
                ),
                name="incentive_hours_have_two_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="incentive",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("weekdays__contained_by", [0, 1, 2, 3, 4, 5, 6]),
                    ("weekdays__len__gte", 1),
                ),
                name="incentive_on_days_of_the_week",
            ),
        ),
        migrations.AddConstraint(
            model_name="incentive",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["simulated", "on", "paused"]), _negated=True),
                    ("simulated_at__isnull", False),
                    _connector="OR",
                ),
                name="an_incentive_is_tried_before_it_pays",
            ),
        ),
        migrations.AddConstraint(
            model_name="incentive",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("most_trips__gte", 1), ("zone_m__gte", 25), ("zone_m__lte", 2000)
                ),
                name="incentive_bounds",
            ),
        ),
        *(migrations.RunSQL(there, back) for there, back in WALLS),
    ]
