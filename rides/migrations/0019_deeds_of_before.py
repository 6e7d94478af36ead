"""What was settled before deeds were written down; the same rules as ``rides.services.deeds``.

The score starts from what is known, as the ranking did. Waivers are not worked out backwards: what
was cancelled late before counts as cancelled in time, for nobody was told that it would count.
"""

from django.db import migrations

FILL = """
INSERT INTO rides_deed (booking_id, member_id, role, kind, at)
SELECT booking.id, ride.driver_id, 'driver',
    CASE
        WHEN booking.outcome = 'release' THEN 'no_show'
        WHEN ride.is_instant OR stop.visited_at IS NULL OR stop.visited_at = ride.finished_at
            THEN 'came'
        WHEN stop.visited_at <= stop.latest_at THEN 'on_time'
        ELSE 'late'
    END, booking.pickup_at
FROM rides_booking booking
JOIN rides_ride ride ON ride.id = booking.ride_id
LEFT JOIN rides_stop stop ON stop.booking_id = booking.id AND stop.kind = 'pickup'
WHERE booking.state = 'validated' AND (booking.outcome = 'pay' OR booking.outcome = 'release'
    AND booking.rider_answer = false AND booking.driver_answer IS DISTINCT FROM false)
UNION ALL
SELECT booking.id, booking.rider_id, 'rider',
    CASE WHEN booking.missed_at IS NULL THEN 'came' ELSE 'no_show' END, booking.pickup_at
FROM rides_booking booking
WHERE booking.state = 'validated' AND booking.outcome = 'pay'
    AND (booking.missed_at IS NULL OR booking.rider_answer IS DISTINCT FROM true)
UNION ALL
SELECT booking.id, booking.cancelled_by_id,
    CASE booking.cancelled_by_id WHEN ride.driver_id THEN 'driver' ELSE 'rider' END,
    'cancelled_early', booking.cancelled_at
FROM rides_booking booking
JOIN rides_ride ride ON ride.id = booking.ride_id
WHERE booking.state = 'cancelled' AND booking.cancelled_by_id IN (ride.driver_id, booking.rider_id)
    AND EXISTS (SELECT FROM rides_bookingtransition step
        WHERE step.booking_id = booking.id AND step.after = 'confirmed')
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("rides", "0018_reliability"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
