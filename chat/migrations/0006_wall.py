"""Behind the wall: requests of one organization see no row of another; ``carpool.kernel.tenancy``."""

from django.db import migrations

from carpool.kernel.tenancy import wall

WALLS = [
    wall("chat_conversation"),
    wall("chat_participant", by="conversation_id", of="chat_conversation"),
    wall("chat_message", by="conversation_id", of="chat_conversation"),
    wall("chat_messagereview", by="message_id", of="chat_message"),
    wall("chat_photo", by="message_id", of="chat_message"),
    wall("chat_talksettings", by="member_id", of="accounts_member"),
    wall("chat_notification", by="member_id", of="accounts_member"),
    wall("chat_pushdevice", by="member_id", of="accounts_member"),
    wall("chat_notificationsettings", by="member_id", of="accounts_member"),
    wall("chat_notificationpreference", by="member_id", of="accounts_member"),
    wall("chat_delivery", by="notification_id", of="chat_notification"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("rides", "0006_wall"),
        ("chat", "0005_check_aside"),
    ]

    operations = [migrations.RunSQL(there, back) for there, back in WALLS]
