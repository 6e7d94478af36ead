"""Reports reach moderators, who act and leave a trail; the reported never learns from whom."""

import pytest
from django.core import mail
from django.urls import reverse

from accounts import services
from accounts.errors import NotAMessage, OnlyOthers, ReportDecided, TooManyReports
from accounts.models import (
    REPORT_TRANSITIONS,
    Member,
    ModerationAct,
    ModerationStep,
    Report,
    ReportState,
)
from accounts.selectors import get_member
from accounts.services.reports import MOST_REPORTS_A_DAY
from carpool.kernel import clock, outbox
from carpool.kernel.errors import InvalidInput
from carpool.kernel.models import OutboxEvent
from rides.models import Booking, Ride
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")
BACKEND = "django.contrib.auth.backends.ModelBackend"


def complain(cast, now, **changes):
    terms = {"subject": "member", "subject_id": "", "reason": "driving", "text": "Too fast."}
    return services.report_member(by=cast.rider, reported=cast.driver, now=now, **(terms | changes))


def press(client, person, action, *reports):
    client.force_login(person.user, backend=BACKEND)
    return client.post(
        reverse("admin:accounts_report_changelist"),
        {"action": action, "_selected_action": [str(report.pk) for report in reports]},
        follow=True,
    )


def test_nobody_reports_themselves_nor_without_a_reason(cast, now):
    with pytest.raises(OnlyOthers):
        services.report_member(
            by=cast.rider, reported=cast.rider, subject="member", subject_id="",
            reason="other", text="", now=now,
        )  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        complain(cast, now, reason="because")
    assert "reason" in refused.value.fields


def test_one_person_does_not_flood_the_queue(cast, now):
    for _ in range(MOST_REPORTS_A_DAY):
        complain(cast, now)
    with pytest.raises(TooManyReports):
        complain(cast, clock.now())


def test_a_moderator_warns_and_the_letter_does_not_say_who_complained(client, cast, now):
    report = complain(cast, now, text="Rita Rider was afraid.")
    page = press(client, cast.operator, "warn", report)
    assert page.status_code == 200
    outbox.relay(now=clock.now())
    [letter] = mail.outbox
    assert letter.to == [cast.driver.user.email]
    assert "Unsafe driving" in letter.body
    for secret in ("Rita", cast.rider.user.email, str(cast.rider.pk), "afraid"):
        assert secret not in letter.body + letter.subject
    payloads = str(list(OutboxEvent.objects.values_list("payload", flat=True)))
    assert str(cast.rider.pk) not in payloads


def test_the_letter_is_in_the_members_language(cast, now):
    cast.driver.language = "ko"
    cast.driver.save(update_fields=["language"])
    services.send_warning(member_id=cast.driver.pk, reason="driving")
    assert "Hello" not in mail.outbox[0].body


def test_each_step_is_written_down_with_who_took_it(client, cast, now):
    report = complain(cast, now)
    press(client, cast.operator, "warn", report)
    press(client, cast.operator, "suspend", report)
    acts = ModerationAct.objects.filter(report=report).values_list("step", "moderator")
    assert list(acts) == [("warn", cast.operator.user.pk), ("suspend", cast.operator.user.pk)]


def test_a_suspended_member_is_shut_out_and_nobody_waits_for_them(client, cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.colleague, ride, now=now)
    report = complain(cast, now)
    press(client, cast.operator, "suspend", report)
    outbox.relay(now=clock.now())
    assert get_member(cast.driver.user) is None
    assert Ride.objects.get(pk=ride.pk).cancelled_at is not None
    assert Booking.objects.get(pk=booking.pk).state == "cancelled"
    client.force_login(cast.driver.user, backend=BACKEND)
    page = client.get("/", follow=True).content.decode()
    assert "suspended" in page
    services.readmit_member(member=cast.driver)
    assert get_member(cast.driver.user) == cast.driver


def test_a_member_who_is_suspended_while_driving_ends_the_ride(cast, now):
    ride = offer(cast.driver, now=now)
    Ride.objects.filter(pk=ride.pk).update(started_at=now, state="in_transit")
    services.suspend_member(member=cast.driver, now=now)
    outbox.relay(now=clock.now())
    assert Ride.objects.get(pk=ride.pk).cancelled_at is None


def test_only_a_message_is_hidden(cast, now):
    with pytest.raises(NotAMessage):
        services.moderate(
            report_id=complain(cast, now).pk, step="hide_message", by=cast.operator.user, now=now
        )
    message = complain(cast, now, subject="message", subject_id="7", excerpt="You …")
    services.moderate(report_id=message.pk, step="hide_message", by=cast.operator.user, now=now)
    [event] = OutboxEvent.objects.filter(name="accounts.MessageHidden")
    assert event.payload == {"message_id": "7"}


@pytest.mark.parametrize("before", ReportState)
@pytest.mark.parametrize("step", [ModerationStep.DISMISS, ModerationStep.WARN])
def test_every_pair_of_states_is_as_the_table_says(cast, now, before, step):
    report = complain(cast, now)
    Report.objects.filter(pk=report.pk).update(state=before)
    after = ReportState.DISMISSED if step == ModerationStep.DISMISS else ReportState.ACTED

    def decide():
        return services.moderate(report_id=report.pk, step=step, by=cast.operator.user, now=now)

    if after in REPORT_TRANSITIONS[before]:
        assert decide().state == after
    else:
        with pytest.raises(ReportDecided):
            decide()


def test_the_queue_is_for_moderators(client, cast, now):
    report = complain(cast, now)
    address = reverse("admin:accounts_report_changelist")
    for person in (cast.driver, cast.rider, cast.manager):
        client.force_login(person.user, backend=BACKEND)
        assert client.get(address).status_code == 302
    client.force_login(cast.operator.user, backend=BACKEND)
    assert "Dora Driver" in client.get(address).content.decode()
    page = client.get(reverse("admin:accounts_report_change", args=[report.pk]))
    assert page.status_code == 200
    assert b'name="_save"' not in page.content


def test_what_somebody_states_as_their_gender_is_not_in_the_admin(client, cast, now):
    services.choose_company(member=cast.rider, gender="woman", same_gender_only=True, now=now)
    client.force_login(cast.operator.user, backend=BACKEND)
    page = client.get(reverse("admin:accounts_member_change", args=[cast.rider.pk]))
    assert page.status_code == 200
    assert b"gender" not in page.content


def test_the_reporters_name_goes_when_they_do(cast, now):
    report = complain(cast, now)
    Member.objects.filter(pk=cast.rider.pk).delete()
    report.refresh_from_db()
    assert report.reporter is None
