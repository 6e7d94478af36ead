"""Behind the wall: requests of one organization see no row of another; ``carpool.kernel.tenancy``."""

from django.db import migrations

from carpool.kernel.tenancy import wall

WALLS = [
    wall("accounts_member"),
    wall("accounts_site"),
    wall("accounts_report"),
    wall("accounts_policychange"),
    wall("accounts_partnership", by="inviter_id", also="invited_id"),
    wall("accounts_membershipchange", by="member_id", of="accounts_member"),
    wall("accounts_car", by="member_id", of="accounts_member"),
    wall("accounts_place", by="member_id", of="accounts_member"),
    wall("accounts_avoidedplace", by="member_id", of="accounts_member"),
    wall("accounts_consent", by="member_id", of="accounts_member"),
    wall("accounts_dataexport", by="member_id", of="accounts_member"),
    wall("accounts_erasure", by="member_id", of="accounts_member"),
    wall("accounts_positionread", by="member_id", of="accounts_member"),
    wall("accounts_block", by="blocker_id", of="accounts_member"),
    wall("accounts_moderationact", by="report_id", of="accounts_report"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0004_wall_role"),
        ("accounts", "0013_partnerships"),
    ]

    operations = [migrations.RunSQL(there, back) for there, back in WALLS]
