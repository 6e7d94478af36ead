from django.db import migrations

# The threshold is new, and its default asks for the code. Versions that verdicts refer to did not
# ask for it and say so from now on; a new version, otherwise like the latest, begins to ask.
NAME = "rewards_need_code"
NOTE = "Rewards ask for the boarding code, where the rider was given one"


def begin_to_ask(apps, _editor):
    rules = apps.get_model("tracking", "ProofRules")
    latest = rules.objects.order_by("-pk").first()
    if latest is None:
        return
    begins = dict(latest.thresholds)
    for one in rules.objects.filter(strategy="ours"):
        one.thresholds = {NAME: False, **one.thresholds}
        one.save(update_fields=["thresholds"])
    if latest.strategy == "ours":
        rules.objects.create(strategy="ours", thresholds=begins, note=NOTE)


def forget(apps, _editor):
    """Leave out what the older program does not know; versions stay, as verdicts refer to them."""
    for one in apps.get_model("tracking", "ProofRules").objects.filter(strategy="ours"):
        one.thresholds.pop(NAME, None)
        one.save(update_fields=["thresholds"])


class Migration(migrations.Migration):
    dependencies = [("tracking", "0003_work_days")]

    operations = [migrations.RunPython(begin_to_ask, forget)]
