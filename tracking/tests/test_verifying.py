"""Verdicts: judged when the car has arrived, told in words, settled, and objected to."""

from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import numpy as np
import pytest
import time_machine
from django.apps import apps
from django.test import Client

from accounts.models import ConsentPurpose
from accounts.services import withdraw_consent
from carpool.kernel import outbox
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import offset_m
from carpool.kernel.models import OutboxEvent
from rides.models import BookingOutcome, BookingState, ProofClass
from rides.services import (
    answer_validation,
    cancel_booking,
    finish_ride,
    start_ride,
    state_proof,
    watch,
)
from rides.tests.factories import book, offer
from tracking import services
from tracking.errors import AlreadyAppealed, NothingToAppeal, VerificationNotFound
from tracking.models import Appeal, Position, ProofRules, Trace, Verification
from tracking.selectors import tell_reasons, tell_verdict
from tracking.selectors.cases import strategy_of
from tracking.services.forgetting import erase_positions, keep_terms
from tracking.services.partitions import list_partitions
from tracking.services.rules import current_rules
from tracking.services.uniting import unite_positions
from tracking.tests.factories import fixes_along, send, share

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture
def ride(cast, now):
    return offer(cast.driver, now=now, hours=24)


@pytest.fixture
def booking(cast, ride, now):
    booking = book(cast.rider, ride, now=now)
    ride.refresh_from_db()
    return booking


def noisy(fixes, seed):
    """What another phone in the same car says: its error wanders."""
    rng = np.random.default_rng(seed)
    error, wandering = np.zeros(2), []
    for fix in fixes:
        error = 0.95 * error + rng.normal(0, 1.5, 2)
        place = offset_m(fix.place, east_m=error[0], north_m=error[1])
        wandering.append(replace(fix, place=place, accuracy_m=4.0 + float(rng.uniform(0, 4))))
    return wandering


def travel(cast, ride, booking, *, rider=True, copy=False):
    """Drive, both with their phones; return when everybody is asked."""
    share(cast.driver, ride, now=ride.departing_at)
    start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
    fixes = noisy(fixes_along(ride), 1)
    send(cast.driver, ride, fixes, now=ride.arrival_at - timedelta(seconds=1), device="a")
    if rider:
        share(cast.rider, ride, now=ride.departing_at)
        pickup, dropoff = ride.stops.get(kind="pickup"), ride.stops.get(kind="dropoff")
        own = fixes if copy else noisy(fixes_along(ride), 2)
        own = [f for f in own if pickup.visited_at <= f.recorded_at <= dropoff.visited_at]
        send(cast.rider, ride, own, now=ride.arrival_at, device="b")
    finish_ride(ride_id=ride.pk, by=cast.driver, now=ride.arrival_at)
    return ride.arrival_at + timedelta(minutes=16)


def judge(now):
    """Let workers and clocks run: facts are heard, due trips judged, and facts heard again."""
    watch(now=now)
    while outbox.relay(now=now + timedelta(days=30)):
        pass
    services.verify_due(now=now + timedelta(hours=1))
    while outbox.relay(now=now + timedelta(days=30)):
        pass


def test_a_trip_that_both_phones_show_settles_at_once(cast, ride, booking):
    judge(travel(cast, ride, booking))
    verification = Verification.objects.get()
    assert (verification.proof_class, verification.accepted, verification.held) == (
        "C",
        True,
        False,
    )
    assert verification.strategy == f"ours-{ProofRules.objects.get().pk}"
    booking.refresh_from_db()
    assert booking.state == BookingState.VALIDATED
    assert booking.outcome == BookingOutcome.PAY
    assert booking.proof_class == "C"
    proven = OutboxEvent.objects.get(name="rides.TripProven")
    assert proven.payload["booking_id"] == str(booking.pk)


def test_without_positions_nothing_is_judged_and_both_are_asked(cast, ride, booking):
    judge(ride.arrival_at + timedelta(minutes=16))
    assert not Verification.objects.exists()
    booking.refresh_from_db()
    assert booking.state == BookingState.COMPLETED_PENDING_VALIDATION


def test_one_phone_alone_proves_less_and_settles_nothing_without_a_code(cast, ride, booking):
    judge(travel(cast, ride, booking, rider=False))
    verification = Verification.objects.get()
    assert (verification.proof_class, verification.accepted) == ("B", False)
    booking.refresh_from_db()
    assert booking.state == BookingState.COMPLETED_PENDING_VALIDATION


def test_a_copied_trace_is_refused_and_no_fare_is_taken_for_it(cast, ride, booking):
    judge(travel(cast, ride, booking, copy=True))
    verification = Verification.objects.get()
    assert (verification.accepted, verification.held) == (False, True)
    assert "copy" in {told.code for told in tell_reasons(verification)}
    booking.refresh_from_db()
    assert booking.outcome == BookingOutcome.UNDECIDED


def test_who_does_not_agree_to_proof_is_not_judged_by_their_trace(cast, ride, booking):
    asked_at = travel(cast, ride, booking)
    withdraw_consent(member=cast.rider, purpose=ConsentPurpose.TRIP_PROOF, now=asked_at)
    judge(asked_at)
    assert Verification.objects.get().proof_class == "B"


def test_a_proof_overrules_nobody_who_says_no(cast, ride, booking):
    asked_at = ride.arrival_at + timedelta(minutes=16)
    watch(now=asked_at)
    answer_validation(booking_id=booking.pk, by=cast.rider, took_place=False, now=asked_at)
    answer_validation(booking_id=booking.pk, by=cast.driver, took_place=True, now=asked_at)
    proven = state_proof(booking_id=booking.pk, proof_class=ProofClass.BOTH_TRIPS, now=asked_at)
    assert proven.outcome == BookingOutcome.DISPUTE
    assert proven.state == BookingState.COMPLETED_PENDING_VALIDATION


def test_a_proof_is_stated_once_and_only_ever_raised(cast, ride, booking):
    asked_at = ride.arrival_at + timedelta(minutes=16)
    for proof in (ProofClass.ONE_TRIP, ProofClass.ONE_TRIP, ProofClass.BOTH_TRIPS, "B"):
        state_proof(booking_id=booking.pk, proof_class=ProofClass(proof), now=asked_at)
    booking.refresh_from_db()
    assert booking.proof_class == "C"
    assert OutboxEvent.objects.filter(name="rides.TripProven").count() == 2


def test_what_was_cancelled_is_not_brought_back_by_positions(cast, ride, booking, now):
    cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    state_proof(booking_id=booking.pk, proof_class=ProofClass.BOTH_TRIPS, now=now)
    booking.refresh_from_db()
    assert (booking.state, booking.proof_class) == (BookingState.CANCELLED, "")


def test_a_buffer_that_comes_late_is_judged_again(cast, ride, booking):
    asked_at = travel(cast, ride, booking, rider=False)
    judge(asked_at)
    share(cast.rider, ride, now=asked_at)
    pickup, dropoff = ride.stops.get(kind="pickup"), ride.stops.get(kind="dropoff")
    own = noisy(fixes_along(ride), 2)
    own = [f for f in own if pickup.visited_at <= f.recorded_at <= dropoff.visited_at]
    send(cast.rider, ride, own, now=asked_at + timedelta(hours=2))
    services.verify_due(now=asked_at + timedelta(hours=3))
    assert Verification.objects.get().proof_class == "C"


def test_a_dead_workers_trip_is_judged_by_the_next(cast, ride, booking):
    asked_at = travel(cast, ride, booking)
    services.plan_verdicts(ride_id=ride.pk, now=asked_at, is_final=True)
    [claimed] = services.claim_due(now=asked_at)
    assert services.claim_due(now=asked_at) == []
    assert services.claim_due(now=asked_at + timedelta(minutes=6)) == [claimed]
    assert services.verify_trip(verification_id=claimed, now=asked_at) is not None
    assert services.verify_trip(verification_id=claimed, now=asked_at) is None


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_reason_is_told_in_words_and_numbers(cast, ride, booking, language, settings):
    from django.utils import translation

    judge(travel(cast, ride, booking))
    verification = Verification.objects.get()
    with translation.override(language):
        told = tell_reasons(verification)
        assert len(told) == len(verification.reasons) > 3
        assert all(one.text and one.meaning for one in told)
        share_of_time = next(one for one in told if one.code == "share_of_time")
        assert share_of_time.measured.endswith("%")
        assert "80 %" in share_of_time.limit
        assert tell_verdict(verification)


def test_a_person_decides_an_objection_and_is_written_down(cast, ride, booking):
    asked_at = travel(cast, ride, booking, rider=False)
    judge(asked_at)
    verification = Verification.objects.get()
    for stranger in (cast.colleague, cast.manager):
        with pytest.raises(VerificationNotFound):
            services.appeal(verification_id=verification.pk, by=stranger, reason="x", now=asked_at)
    objection = services.appeal(
        verification_id=verification.pk, by=cast.rider, reason="No battery", now=asked_at
    )
    with pytest.raises(AlreadyAppealed):
        services.appeal(verification_id=verification.pk, by=cast.driver, reason="x", now=asked_at)
    client = Client()
    client.force_login(cast.operator.user, backend="django.contrib.auth.backends.ModelBackend")
    act = {"action": "grant", "_selected_action": str(objection.pk)}
    with time_machine.travel(asked_at, tick=False):
        client.post("/admin/tracking/appeal/", act)
    objection.refresh_from_db()
    assert (objection.state, objection.decided_by) == ("granted", cast.operator.user)
    booking.refresh_from_db()
    assert (booking.state, booking.proof_class) == (BookingState.VALIDATED, "B")
    with pytest.raises(AlreadyAppealed):
        services.decide_appeal(
            appeal_id=objection.pk, granted=False, by=cast.operator.user, now=asked_at
        )
    assert "counts" in tell_verdict(Verification.objects.get())


def test_there_is_nothing_to_object_to_in_a_proven_trip(cast, ride, booking):
    asked_at = travel(cast, ride, booking)
    judge(asked_at)
    Verification.objects.update(eligible=True)
    with pytest.raises(NothingToAppeal):
        services.appeal(
            verification_id=Verification.objects.get().pk, by=cast.rider, reason="x", now=asked_at
        )


def test_rules_are_versions_that_count_from_now_on(cast, ride, booking):
    with pytest.raises(InvalidInput):
        services.publish_rules(strategy="ours", thresholds={"least_sharing": 1}, note="x")
    with pytest.raises(InvalidInput):
        services.publish_rules(strategy="ours", thresholds={"least_share": "all"}, note="x")
    rules = services.publish_rules(strategy="ours", thresholds={"least_share": 1.01}, note="x")
    judge(travel(cast, ride, booking))
    verification = Verification.objects.get()
    assert verification.rules == rules
    assert verification.accepted is False


def test_versions_from_before_the_code_was_asked_for_keep_what_they_meant(cast, now):
    module = import_module("tracking.migrations.0004_rewards_need_the_code")
    old = ProofRules.objects.create(thresholds={"least_share": 0.7}, note="before")
    module.begin_to_ask(apps, None)
    old.refresh_from_db()
    assert strategy_of(old).thresholds.rewards_need_code is False
    latest = current_rules()
    assert latest.pk > old.pk
    thresholds = strategy_of(latest).thresholds
    assert (thresholds.rewards_need_code, thresholds.least_share) == (True, 0.7)
    module.forget(apps, None)
    assert not ProofRules.objects.filter(thresholds__has_key="rewards_need_code").exists()


def test_a_proven_trip_without_its_code_says_why_it_earns_nothing(client, cast, ride, booking):
    type(booking).objects.filter(pk=booking.pk).update(boarding_code="4711")
    asked_at = travel(cast, ride, booking)
    judge(asked_at)
    verification = Verification.objects.get()
    assert (verification.proof_class, verification.accepted) == ("C", True)
    assert verification.eligible is False
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    with time_machine.travel(asked_at, tick=False):
        page = client.get(f"/rides/{ride.pk}/").content.decode()
    assert "Rewards and the register do not take it" in page
    assert "Boarding code entered: no" in page
    assert "Ask a person to look" in page


def test_what_a_browser_kept_is_taken_when_the_ride_is_over_unless_it_was_stopped(
    client, cast, ride, booking
):
    asked_at = travel(cast, ride, booking)
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")

    def takes(at):
        with time_machine.travel(at, tick=False):
            return "data-kept=" in client.get(f"/rides/{ride.pk}/").content.decode()

    assert takes(asked_at)
    assert not takes(asked_at + timedelta(hours=24))
    services.stop_sharing_position(ride_id=ride.pk, by=cast.rider, now=asked_at)
    assert not takes(asked_at)


def test_the_seeds_rule_may_judge_instead(cast, ride, booking):
    services.publish_rules(strategy="seed", thresholds={"least_buckets": 5}, note="to compare")
    judge(travel(cast, ride, booking))
    assert Verification.objects.get().strategy == "seed"


def settled(now):
    """Retention runs, whatever is still open."""
    return keep_terms(now=now)


def test_positions_go_seven_days_after_settlement_and_a_line_stays(cast, ride, booking):
    asked_at = travel(cast, ride, booking)
    judge(asked_at)
    watch(now=asked_at + timedelta(hours=1))
    assert settled(asked_at + timedelta(days=6)) == 0
    before = Position.objects.count()
    assert before > 50
    assert settled(asked_at + timedelta(days=8)) == 2
    assert Position.objects.count() == 0
    trace = Trace.objects.get(member=cast.driver)
    assert trace.location is None
    assert 2 <= len(trace.line.coords) < before
    assert trace.line_error_m == 10.0
    assert trace.day not in list_partitions()


def test_after_an_objection_they_are_kept_thirty_days_longer(cast, ride, booking):
    asked_at = travel(cast, ride, booking, rider=False)
    judge(asked_at)
    verification = Verification.objects.get()
    services.appeal(verification_id=verification.pk, by=cast.rider, reason="x", now=asked_at)
    services.decide_appeal(
        appeal_id=Appeal.objects.get().pk, granted=True, by=cast.operator.user, now=asked_at
    )
    watch(now=asked_at + timedelta(hours=1))
    assert settled(asked_at + timedelta(days=36)) == 0
    assert settled(asked_at + timedelta(days=38)) == 1


def test_who_is_forgotten_leaves_no_position(cast, ride, booking, now):
    asked_at = travel(cast, ride, booking)
    erase_positions(cast.rider.pk, asked_at)
    assert set(Trace.objects.values_list("member", flat=True)) == {cast.driver.pk}
    assert set(Position.objects.values_list("trace__member", flat=True)) == {cast.driver.pk}


def test_the_traces_of_two_accounts_become_one_persons(cast, ride, booking, now):
    travel(cast, ride, booking)
    unite_positions(cast.colleague.pk, cast.rider.pk, now)
    assert Trace.objects.filter(member=cast.colleague).count() == 1


def test_the_export_holds_every_position_and_verdict(cast, ride, booking):
    from tracking.selectors.personal import export_positions

    judge(travel(cast, ride, booking))
    held = export_positions(cast.rider.pk)
    count = Position.objects.filter(trace__member=cast.rider).count()
    assert len(held["positions"]) == count > 10
    assert [one["class"] for one in held["verdicts"]] == ["C"]
    assert len(held["traces"]) == 1


def test_the_page_tells_the_verdict_and_takes_an_objection(client, cast, ride, booking):
    asked_at = travel(cast, ride, booking, rider=False)
    judge(asked_at)
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    with time_machine.travel(asked_at, tick=False):
        page = client.get(f"/rides/{ride.pk}/").content.decode()
        assert "Not proven" in page
        verification = Verification.objects.get()
        client.post(f"/verdicts/{verification.pk}/appeal/", {"reason": "No battery"})
        assert Appeal.objects.get().reason == "No battery"
        assert "A person looks at it" in client.get(f"/rides/{ride.pk}/").content.decode()
