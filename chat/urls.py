"""Addresses of the pages."""

from django.urls import path

from chat.views import conversations, notifications

app_name = "chat"
urlpatterns = [
    path("messages/", conversations.conversations, name="conversations"),
    path("messages/settings/", conversations.change_settings, name="talk-settings"),
    path("messages/<uuid:conversation_id>/", conversations.conversation, name="conversation"),
    path("messages/<uuid:conversation_id>/leave/", conversations.leave, name="leave"),
    path("messages/<uuid:conversation_id>/mute/", conversations.mute, name="mute"),
    path(
        "messages/<uuid:conversation_id>/photos/<uuid:photo_id>/", conversations.photo, name="photo"
    ),
    path("rooms/<uuid:room_id>/messages/", conversations.open_room_conversation, name="open-room"),
    path("rides/<uuid:ride_id>/messages/", conversations.open_conversation, name="open"),
    path("notifications/", notifications.centre, name="notifications"),
    path("notifications/read/", notifications.read_all, name="notifications-read"),
    path("notifications/settings/", notifications.choose, name="notification-settings"),
    path("notifications/calendar/", notifications.renew_calendar, name="calendar-renew"),
    path(
        "notifications/devices/<uuid:device_id>/remove/",
        notifications.remove_device,
        name="device-remove",
    ),
    path("notifications/unsubscribe/<str:token>/", notifications.unsubscribe, name="unsubscribe"),
    path("notifications/<uuid:notification_id>/", notifications.follow, name="notification"),
    path("calendar/<str:token>.ics", notifications.calendar, name="calendar"),
]
