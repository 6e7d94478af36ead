"""Addresses below /api/v1/."""

from django.urls import path

from chat.api import conversations, notifications

app_name = "chat-api"
urlpatterns = [
    path("conversations", conversations.ConversationsView.as_view(), name="conversations"),
    path("conversations/settings", conversations.TalkSettingsView.as_view(), name="talk-settings"),
    path(
        "conversations/<uuid:conversation_id>",
        conversations.ConversationView.as_view(),
        name="conversation",
    ),
    path(
        "conversations/<uuid:conversation_id>/leave",
        conversations.LeaveView.as_view(),
        name="leave",
    ),
    path(
        "conversations/<uuid:conversation_id>/messages",
        conversations.MessagesView.as_view(),
        name="messages",
    ),
    path(
        "conversations/<uuid:conversation_id>/muted",
        conversations.MutedView.as_view(),
        name="muted",
    ),
    path(
        "conversations/<uuid:conversation_id>/marks",
        conversations.MarksView.as_view(),
        name="marks",
    ),
    path(
        "conversations/<uuid:conversation_id>/photos",
        conversations.PhotosView.as_view(),
        name="photos",
    ),
    path(
        "conversations/<uuid:conversation_id>/photos/<uuid:photo_id>",
        conversations.PhotoView.as_view(),
        name="photo",
    ),
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
