from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_site_outlines"),
    ]

    operations = [
        migrations.AlterField(
            model_name="moderationact",
            name="step",
            field=models.CharField(
                choices=[
                    ("dismiss", "Dismiss"),
                    ("warn", "Warn the person"),
                    ("suspend", "Suspend the person"),
                    ("hide_message", "Hide the message, or what a rating says"),
                ],
                max_length=12,
                verbose_name="step",
            ),
        ),
        migrations.AlterField(
            model_name="report",
            name="subject",
            field=models.CharField(
                choices=[
                    ("member", "A person"),
                    ("ride", "A ride"),
                    ("message", "A message"),
                    ("review", "A rating"),
                ],
                max_length=7,
                verbose_name="about",
            ),
        ),
    ]
