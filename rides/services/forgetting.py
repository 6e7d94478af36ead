"""Forgetting where people went: of a past ride stay the streets, the times and the money's basis.

An end that is a site of the organization stays as it is. Of any other stays what others always saw:
the middle of its threshold's 500 m cell, and the way from there.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.gis.geos import LineString, Point
from django.db.models import Q, QuerySet

from carpool.kernel.geo import SRID, coarse_cell, from_point, reach_ellipse, to_point
from maps.selectors import describe_place
from rides.models import (
    Booking,
    Deed,
    InstantCode,
    RecurringRide,
    Review,
    Ride,
    RideRequest,
    RideShare,
    Room,
    RoomSeat,
    Stop,
    StopKind,
    Threshold,
)
from rides.selectors.reliability import remembered_since
from rides.selectors.seeing import between_thresholds, drawn_route

# Marks an end that is known by its street only.
ABOUT = "≈ "


def erase_rides(member_id: UUID, _now: datetime) -> None:
    """Forget where a member drove from and to, and where they got in from; what they asked for."""
    RideRequest.objects.filter(rider=member_id).delete()
    RecurringRide.objects.filter(driver=member_id).delete()
    RideShare.objects.filter(member=member_id).delete()
    Threshold.objects.filter(member=member_id).delete()
    coarsen_rides(Ride.objects.filter(driver=member_id))
    Ride.objects.filter(driver=member_id).update(note="", cancel_reason="")
    coarsen_bookings(Booking.objects.filter(rider=member_id))
    Booking.objects.filter(rider=member_id).update(cancel_reason="")
    Room.objects.filter(host=member_id).update(note="", taxi_plate="", taxi_driver="")
    coarsen_seats(RoomSeat.objects.filter(rider=member_id))
    # What others gave them goes with them. The stars that they gave stay the others', unsigned:
    # whose score they are would otherwise change because somebody else has left.
    Deed.objects.filter(member=member_id).delete()
    Review.objects.filter(subject=member_id).delete()
    Review.objects.filter(author=member_id).update(comment="", flagged_for="")


def keep_terms(*, now: datetime, limit: int = 1_000) -> int:
    """Coarsen what lies long enough back, and drop links that show nothing; return how many."""
    before = now - timedelta(days=settings.RETENTION_DAYS["exact_places"])
    exact = Q(origin_public=False) & ~Q(origin_label__startswith=ABOUT) | (
        Q(destination_public=False) & ~Q(destination_label__startswith=ABOUT)
    )
    rides = Ride.objects.filter(exact, arrival_at__lt=before).order_by("pk")[:limit]
    bookings = Booking.objects.filter(dropoff_at__lt=before).exclude(origin_label__startswith=ABOUT)
    InstantCode.objects.filter(expires_at__lt=before).delete()
    links, _kinds = RideShare.objects.filter(ride__arrival_at__lt=before).delete()
    requests, _kinds = RideRequest.objects.filter(latest_arrival_at__lt=before).delete()
    over = Q(ended_at__lt=before) | Q(last_date__lt=before.date())
    RecurringRide.objects.filter(over).delete()
    seats = RoomSeat.objects.filter(aboard_until__lt=before).exclude(
        dropoff_label__startswith=ABOUT
    )
    since = remembered_since(now)
    Deed.objects.filter(at__lt=since).delete()
    Review.objects.filter(opens_at__lt=since).delete()
    coarse = coarsen_rides(rides) + coarsen_bookings(bookings.order_by("pk")[:limit])
    return links + requests + coarse + coarsen_seats(seats.order_by("pk")[:limit])


def coarsen_rides(rides: QuerySet[Ride]) -> int:
    """Forget the doors of rides: only the thresholds stay; return how many rides there were."""
    done = 0
    for ride in rides.prefetch_related("stops"):
        route = drawn_route(ride)
        changed: dict[str, Any] = {"route": route}
        shown = between_thresholds(ride)
        for name, threshold in (("origin", shown[0]), ("destination", shown[-1])):
            if not getattr(ride, f"{name}_public"):
                changed[name] = threshold.location
                changed[f"{name}_label"] = f"{ABOUT}{threshold.label}"
                stops = Stop.objects.filter(ride=ride, kind__in={StopKind.DOOR, threshold.kind})
                stops.filter(_side(threshold)).update(location=threshold.location)
        ends = [changed.get("origin", ride.origin), changed.get("destination", ride.destination)]
        if route is None:
            changed["route"] = LineString(*ends, srid=SRID)
        # Nobody searches among past rides: the ellipse only has to be one.
        changed["reach"] = reach_ellipse(from_point(ends[0]), from_point(ends[1]), major_axis_m=0)
        Ride.objects.filter(pk=ride.pk).update(**changed)
        done += 1
    return done


def _side(threshold: Stop) -> Q:
    """Return the condition that a stop is a threshold or the door beyond it."""
    position = threshold.position
    if threshold.kind == StopKind.ORIGIN:
        return Q(position__lte=position)
    return Q(position__gte=position)


def coarsen_bookings(bookings: QuerySet[Booking]) -> int:
    """Forget where riders came from and went to; return how many bookings there were."""
    done = 0
    for booking in bookings.select_related("ride__region"):
        changed: dict[str, Any] = {}
        for name in ("origin", "destination"):
            middle = _middle(getattr(booking, name))
            street = describe_place(booking.ride.region, from_point(middle))
            changed |= {name: middle, f"{name}_label": f"{ABOUT}{street}"}
        Booking.objects.filter(pk=booking.pk).update(**changed)
        done += 1
    return done


def coarsen_seats(seats: QuerySet[RoomSeat]) -> int:
    """Forget where people got out of shared taxis; return how many seats there were."""
    done = 0
    for seat in seats.select_related("room__region"):
        middle = _middle(seat.dropoff)
        street = describe_place(seat.room.region, from_point(middle))
        RoomSeat.objects.filter(pk=seat.pk).update(dropoff=middle, dropoff_label=f"{ABOUT}{street}")
        done += 1
    return done


def _middle(place: Point) -> Point:
    return to_point(coarse_cell(from_point(place)))
