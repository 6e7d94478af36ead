"""Behind the wall: requests of one organization see no row of another; ``carpool.kernel.tenancy``."""

from django.db import migrations

from carpool.kernel.tenancy import wall

WALLS = [
    wall("matching_match", by="ride_id", of="rides_ride"),
    wall("matching_commuteplan", by="member_id", of="accounts_member"),
    wall("matching_commutetrip", by="plan_id", of="matching_commuteplan"),
    wall("matching_assignmentrun"),
    wall("matching_runcommuter", by="run_id", of="matching_assignmentrun"),
    wall("matching_runpart", by="run_id", of="matching_assignmentrun"),
    wall("matching_carpoolproposal", by="run_id", of="matching_assignmentrun"),
    wall("matching_proposalseat", by="proposal_id", of="matching_carpoolproposal"),
    wall("matching_study"),
    wall("matching_studyupload", by="study_id", of="matching_study"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("rides", "0006_wall"),
        ("matching", "0006_ranking_is_in_policies"),
    ]

    operations = [migrations.RunSQL(there, back) for there, back in WALLS]
