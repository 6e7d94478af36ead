"""Enter the tariffs that were known when tariffs became rows; operators keep them from here on."""

from django.db import migrations

from payments.engine.tariff_book import TARIFFS


def enter(apps, _schema_editor):
    rows = apps.get_model("payments", "TaxiTariff").objects
    for tariff in TARIFFS:
        columns = {name: getattr(tariff, name) for name in tariff.__dataclass_fields__}
        columns["bands"] = [
            {"start": f"{one.start:%H:%M}", "end": f"{one.end:%H:%M}", "percent": one.percent}
            for one in tariff.bands
        ]
        rows.get_or_create(
            region=columns.pop("region"),
            vehicle=columns.pop("vehicle"),
            valid_from=columns.pop("valid_from"),
            defaults=columns,
        )


def leave(apps, _schema_editor):
    apps.get_model("payments", "TaxiTariff").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0008_tariffs"),
    ]

    operations = [migrations.RunPython(enter, leave)]
