from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_carry_policies")]

    operations = [
        migrations.RemoveField(
            model_name="organization",
            name="boarding_s",
        ),
        migrations.RemoveField(
            model_name="organization",
            name="booking_horizon_days",
        ),
        migrations.RemoveField(
            model_name="organization",
            name="confirm_within_s",
        ),
        migrations.RemoveField(
            model_name="organization",
            name="default_detour_s",
        ),
        migrations.RemoveField(
            model_name="organization",
            name="default_walk_m",
        ),
        migrations.RemoveField(
            model_name="organization",
            name="stop_leeway_s",
        ),
    ]
