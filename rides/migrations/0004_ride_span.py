from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex, OpClass
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rides", "0003_shared_links")]

    operations = [
        migrations.AddIndex(
            model_name="ride",
            index=GistIndex(
                OpClass(
                    models.Func(
                        "departure_at",
                        "arrive_latest_at",
                        function="tstzrange",
                        output_field=DateTimeRangeField(),
                    ),
                    "range_ops",
                ),
                OpClass("reach", "gist_geometry_ops_2d"),
                condition=models.Q(cancelled_at=None),
                name="ride_span_reach",
            ),
        ),
        migrations.RemoveIndex(model_name="ride", name="ride_departure_reach"),
    ]
