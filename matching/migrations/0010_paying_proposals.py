"""With a yes to a proposal a rider says how they pay."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("matching", "0009_partner_runs")]

    operations = [
        migrations.AddField(
            model_name="proposalseat",
            name="price_minor",
            field=models.PositiveBigIntegerField(
                blank=True, help_text="What it costs, as it was shown with the yes", null=True
            ),
        ),
        migrations.AddField(
            model_name="proposalseat",
            name="pay_provider",
            field=models.CharField(
                blank=True,
                default="",
                help_text="By whom the rider pays it; empty: asked for later",
                max_length=20,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="proposalseat",
            name="pay_method",
            field=models.CharField(blank=True, default="", max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="proposalseat",
            name="pay_sponsored",
            field=models.PositiveBigIntegerField(
                default=0, help_text="What of it their organization pays, as it was shown"
            ),
        ),
    ]
