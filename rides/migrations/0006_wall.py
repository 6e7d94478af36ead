"""Behind the wall: requests of one organization see no row of another; ``carpool.kernel.tenancy``."""

from django.db import migrations

from carpool.kernel.tenancy import wall

WALLS = [
    wall("rides_ride"),
    wall("rides_stop", by="ride_id", of="rides_ride"),
    wall("rides_ridetransition", by="ride_id", of="rides_ride"),
    wall("rides_booking", by="ride_id", of="rides_ride"),
    wall("rides_bookingtransition", by="booking_id", of="rides_booking"),
    wall("rides_riderequest", by="rider_id", of="accounts_member"),
    wall("rides_threshold", by="member_id", of="accounts_member"),
    wall("rides_rideshare", by="ride_id", of="rides_ride"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_wall"),
        ("rides", "0005_thresholds"),
    ]

    operations = [migrations.RunSQL(there, back) for there, back in WALLS]
