"""Endpoints of notifications, preferences and devices."""

from typing import Any
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from chat.api.notification_serializers import (
    CalendarSerializer,
    DeviceSerializer,
    DeviceTermsSerializer,
    NotificationSerializer,
    PreferencesSerializer,
    PushKeySerializer,
    ReadUntilSerializer,
    UnreadSerializer,
)
from chat.models import Channel, Digest, Kind, Transport
from chat.selectors.links import absolute, calendar_path
from chat.selectors.notifications import count_unread_notifications, list_notifications
from chat.selectors.preferences import get_matrix, get_notification_settings, list_devices
from chat.selectors.push_keys import public_push_key
from chat.services import notifications, preferences

TAGS = ["notifications"]


def _said(serializer: type[Any], request: Request) -> dict[str, Any]:
    form = serializer(data=request.data)
    form.is_valid(raise_exception=True)
    said: dict[str, Any] = form.validated_data
    return said


class NotificationsView(generics.ListAPIView[Any]):
    """What one was told."""

    serializer_class = NotificationSerializer

    def get_queryset(self) -> Any:
        """List one's own news."""
        return list_notifications(member_of(self.request))

    @extend_schema(
        responses={200: NotificationSerializer(many=True), **READ_PROBLEMS},
        tags=TAGS,
        summary="List your notifications",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List what the caller was told, newest first."""
        return self.list(request, *args, **kwargs)


class UnreadView(APIView):
    """The number in the header."""

    @extend_schema(
        responses={200: UnreadSerializer, **READ_PROBLEMS},
        tags=TAGS,
        summary="Count what you have not read",
    )
    def get(self, request: Request) -> Response:
        """Count what the caller has not read."""
        return Response({"unread": count_unread_notifications(member_of(request))})


class ReadView(APIView):
    """Taking note."""

    @extend_schema(
        request=ReadUntilSerializer,
        responses={200: UnreadSerializer, **PROBLEMS},
        tags=TAGS,
        operation_id="notifications_read_all",
        summary="Mark all notifications as read",
    )
    def post(self, request: Request) -> Response:
        """Take note of everything up to a moment; return how much is still unread."""
        now, member = clock.now(), member_of(request)
        until = _said(ReadUntilSerializer, request).get("until", now)
        notifications.mark_all_read(member=member, until=until, now=now)
        return Response({"unread": count_unread_notifications(member)})


class ReadOneView(APIView):
    """Taking note of one."""

    @extend_schema(
        request=None,
        responses={200: NotificationSerializer, **PROBLEMS},
        tags=TAGS,
        summary="Mark a notification as read",
    )
    def post(self, request: Request, notification_id: UUID) -> Response:
        """Take note of one notification."""
        notification = notifications.mark_read(
            member=member_of(request), notification_id=notification_id, now=clock.now()
        )
        return Response(NotificationSerializer(notification).data)


class PreferencesView(APIView):
    """How one wants to be told."""

    @extend_schema(
        responses={200: PreferencesSerializer, **READ_PROBLEMS},
        tags=TAGS,
        summary="Show how you want to be told",
    )
    def get(self, request: Request) -> Response:
        """Show matrix, quiet hours and daily mail."""
        return _preferences(request)

    @extend_schema(
        request=PreferencesSerializer,
        responses={200: PreferencesSerializer, **PROBLEMS},
        tags=TAGS,
        summary="Choose how you want to be told",
    )
    def put(self, request: Request) -> Response:
        """Save all of it; kinds that the matrix does not name stay as they are."""
        said, member = _said(PreferencesSerializer, request), member_of(request)
        rows = {Kind(row["kind"]): set(row["channels"]) for row in said.pop("matrix")}
        said["digest"] = Digest(said["digest"])
        preferences.save_times(member=member, times=preferences.Times(**said))
        cells = {(kind, c): c in wanted for kind, wanted in rows.items() for c in Channel}
        preferences.save_matrix(member=member, wanted=cells)
        return _preferences(request)


def _preferences(request: Request) -> Response:
    member = member_of(request)
    own, matrix = get_notification_settings(member), get_matrix(member)
    rows = [
        {"kind": kind, "channels": [channel for channel in Channel if channel in wanted]}
        for kind, wanted in matrix.items()
    ]
    said = {name: getattr(own, name) for name in preferences.Times.__dataclass_fields__}
    return Response(PreferencesSerializer({"matrix": rows, **said}).data)


class CalendarView(APIView):
    """The secret address of one's calendar."""

    @extend_schema(
        responses={200: CalendarSerializer, **READ_PROBLEMS},
        tags=TAGS,
        summary="Show your calendar's secret address",
    )
    def get(self, request: Request) -> Response:
        """Show where a calendar program finds the caller's trips."""
        own = get_notification_settings(member_of(request))
        return Response({"url": absolute(calendar_path(own))})

    @extend_schema(
        request=None,
        responses={200: CalendarSerializer, **PROBLEMS},
        tags=TAGS,
        summary="Give your calendar a new secret address",
    )
    def post(self, request: Request) -> Response:
        """Make a new address; the old one shows nothing any more."""
        own = preferences.renew_calendar(member=member_of(request))
        return Response({"url": absolute(calendar_path(own))})


class PushKeyView(APIView):
    """What a browser needs to subscribe."""

    @extend_schema(
        responses={200: PushKeySerializer, **READ_PROBLEMS},
        tags=TAGS,
        summary="Show the key with which browsers subscribe to pushes",
    )
    def get(self, request: Request) -> Response:
        """Show the application server key (RFC 8292)."""
        return Response({"key": public_push_key()})


class DevicesView(APIView):
    """Devices that take one's pushes: at most ten."""

    @extend_schema(
        responses={200: DeviceSerializer(many=True), **READ_PROBLEMS},
        tags=TAGS,
        summary="List your devices",
    )
    def get(self, request: Request) -> Response:
        """List the devices that take the caller's pushes."""
        return Response(DeviceSerializer(list_devices(member_of(request)), many=True).data)

    @extend_schema(
        request=DeviceTermsSerializer,
        responses={201: DeviceSerializer, **PROBLEMS},
        tags=TAGS,
        summary="Let a device take your pushes",
    )
    def post(self, request: Request) -> Response:
        """Register a device; the same one again is only brought up to date."""
        said = _said(DeviceTermsSerializer, request)
        said["transport"] = Transport(said["transport"])
        session = getattr(request._request, "session", None)
        device = preferences.register_device(
            member=member_of(request),
            terms=preferences.DeviceTerms(**said),
            session_key=(session.session_key or "") if session is not None else "",
            loopback=settings.DEMO,
        )
        return Response(DeviceSerializer(device).data, status=status.HTTP_201_CREATED)


class DeviceView(APIView):
    """One device."""

    @extend_schema(
        responses={204: None, **PROBLEMS}, tags=TAGS, summary="Send no more pushes to a device"
    )
    def delete(self, request: Request, device_id: UUID) -> Response:
        """Forget a device."""
        preferences.forget_device(member=member_of(request), device_id=device_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
