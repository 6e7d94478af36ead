"""Addresses below /api/v1/."""

from django.urls import path

from chat.api import notifications

app_name = "chat-api"
urlpatterns = [
    path("notifications", notifications.NotificationsView.as_view(), name="notifications"),
    path("notifications/unread", notifications.UnreadView.as_view(), name="unread"),
    path("notifications/read", notifications.ReadView.as_view(), name="read"),
    path("notifications/preferences", notifications.PreferencesView.as_view(), name="preferences"),
    path("notifications/calendar", notifications.CalendarView.as_view(), name="calendar"),
    path("notifications/push-key", notifications.PushKeyView.as_view(), name="push-key"),
    path(
        "notifications/<uuid:notification_id>/read",
        notifications.ReadOneView.as_view(),
        name="read-one",
    ),
    path("me/devices", notifications.DevicesView.as_view(), name="devices"),
    path("me/devices/<uuid:device_id>", notifications.DeviceView.as_view(), name="device"),
]
