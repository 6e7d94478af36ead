"""Who kept to shared taxis that were settled before; the same rules as ``rides.services.deeds``.

What was not kept is not worked out backwards, for nobody was told that it would count.
"""

from django.db import migrations

FILL = """
INSERT INTO rides_deed (seat_id, member_id, role, kind, at)
SELECT seat.id, seat.rider_id,
    CASE seat.rider_id WHEN room.host_id THEN 'host' ELSE 'rider' END, 'came', room.departure_at
FROM rides_roomseat seat
JOIN rides_room room ON room.id = seat.room_id
WHERE room.state = 'settled' AND seat.state IN ('taken', 'aboard')
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("rides", "0023_deeds_of_rooms"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
