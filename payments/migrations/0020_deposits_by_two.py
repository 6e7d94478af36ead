"""Deposits of sponsors are entered by one person and posted by another; what is there is posted."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FILL = "UPDATE payments_sponsordeposit SET entered_at = at, state = 'posted'"
STATES = [("proposed", "Proposed"), ("posted", "Posted"), ("refused", "Refused")]


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("payments", "0019_budget_rules"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="sponsordeposit",
            options={
                "ordering": ["-entered_at"],
                "verbose_name": "sponsor's deposit",
                "verbose_name_plural": "sponsors' deposits",
            },
        ),
        migrations.RemoveConstraint(model_name="sponsordeposit", name="a_deposit_counts_once"),
        migrations.AddField(
            model_name="sponsordeposit",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="decided by",
            ),
        ),
        migrations.AddField(
            model_name="sponsordeposit",
            name="entered_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="entered by",
            ),
        ),
        migrations.AddField(
            model_name="sponsordeposit",
            name="state",
            field=models.CharField(
                choices=STATES, default="proposed", max_length=8, verbose_name="state"
            ),
        ),
        migrations.AddField(
            model_name="sponsordeposit",
            name="entered_at",
            field=models.DateTimeField(null=True, verbose_name="entered at"),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="sponsordeposit",
            name="entered_at",
            field=models.DateTimeField(verbose_name="entered at"),
        ),
        migrations.AlterField(
            model_name="sponsordeposit",
            name="at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
        ),
        migrations.AddConstraint(
            model_name="sponsordeposit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "refused"), _negated=True),
                fields=("budget", "reference"),
                name="a_deposit_counts_once",
                violation_error_message="This deposit is in the books already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="sponsordeposit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("entered_by", models.F("decided_by")), _negated=True),
                    ("state", "refused"),
                    _connector="OR",
                ),
                name="a_deposit_takes_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="sponsordeposit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("at", None), ("state", "proposed")),
                    models.Q(models.Q(("state", "proposed"), _negated=True), ("at__isnull", False)),
                    _connector="OR",
                ),
                name="a_decided_deposit_says_when",
            ),
        ),
    ]
