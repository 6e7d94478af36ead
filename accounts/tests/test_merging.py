"""Two accounts of one person become one; nobody gets somebody else's that way."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError

from accounts import services
from accounts.errors import (
    NotJoinable,
    OperatorsApart,
    OtherOrganization,
)
from accounts.models import (
    Block,
    Car,
    Member,
    MemberRole,
    MembershipAct,
    MembershipChange,
    Place,
)
from accounts.services.merging import code_of
from accounts.tests.factories import HOME_NORTH, HOME_SOUTH, MemberFactory, UserFactory
from accounts.tests.test_membership import busy  # noqa: F401 – a fixture
from accounts.tests.test_sign_in import sign_in
from carpool.kernel import clock, outbox, personal_data
from carpool.kernel.models import OutboxEvent
from chat.models import Message, Notification, Participant
from chat.services import open_conversation
from matching.models import CommutePlan
from rides.errors import RidesOverlap, TravelledTogether
from rides.models import Booking, Ride
from rides.tests.api import Api
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")

# Whatever points to a member. A new one belongs here once its app's ``unite`` moves it.
MOVED = set(
    """
    accounts.AvoidedPlace.member accounts.Block.blocked accounts.Block.blocker accounts.Car.member
    accounts.Consent.member accounts.DataExport.member accounts.Erasure.member
    accounts.Invitation.created_by accounts.MembershipChange.member accounts.Place.member
    accounts.PositionRead.member accounts.PositionRead.reader accounts.Report.reported
    accounts.Report.reporter chat.Conversation.asker chat.Notification.actor
    chat.Notification.member chat.NotificationPreference.member chat.NotificationSettings.member
    chat.Participant.member chat.PushDevice.member chat.TalkSettings.member
    matching.AssignmentRun.requested_by matching.CarpoolProposal.driver matching.CommutePlan.member
    matching.ProposalSeat.rider matching.RunCommuter.member matching.Study.created_by
    payments.PayoutAccount.member payments.SponsorBudget.people
    payments.SponsorBudget_people.member rides.RecurringRide.driver tracking.Appeal.by
    rides.Deed.member rides.Review.author rides.Review.subject tracking.Trace.member
    tracking.WorkDay.member tracking.WorkDay.said_by
    rides.Booking.cancelled_by rides.Booking.rider rides.BookingTransition.actor rides.Ride.driver
    rides.RideRequest.rider rides.RideShare.member rides.RideTransition.actor
    rides.Room.host rides.Room.next_host rides.RoomSeat.rider rides.RoomTransition.actor
    rides.SeatTransition.actor rides.Threshold.member
    """.split()
)


@pytest.fixture
def second(cast):
    """The rider's second membership of the same organization."""
    return MemberFactory(organization=cast.organization, display_name="Rita Again")


def ask(user, email, now):
    return services.ask_to_merge(user=user, email=email, now=now)


def join(keeper, other, now, **extra):
    merge = ask(keeper.user, other.user.email, now)
    code = code_of(merge.pk)
    return services.merge_accounts(user=keeper.user, merge_id=merge.pk, code=code, now=now, **extra)


def test_whatever_points_to_a_member_is_known_to_joining():
    ways = Member._meta.get_fields(include_hidden=True)
    pointing = {
        f"{one.related_model._meta.app_label}.{one.related_model.__name__}.{one.field.name}"
        for one in ways
        if one.auto_created and not one.concrete
    }
    assert pointing == MOVED


class TestWhatBecomesOfIt:
    """One account has everything; the other one is closed."""

    def test_all_that_lies_ahead_goes_on_under_the_account_that_stays(self, cast, now, busy):  # noqa: F811
        ride, booking, seat, request, client = busy
        kept = MemberFactory(organization=cast.organization)
        gone, car = cast.driver, ride.car
        merge = join(kept, gone, now)
        assert merge.done_at == now
        assert not Member.objects.filter(pk=gone.pk).exists()
        for row in (ride, booking, seat, request, car):
            row.refresh_from_db()
        assert (ride.driver, seat.rider, request.rider, car.member) == (kept,) * 4
        assert (ride.state, booking.state, seat.state) == ("scheduled", "confirmed", "confirmed")
        plan = CommutePlan.objects.get()
        assert (plan.member, plan.is_active) == (kept, True)
        assert Participant.objects.filter(member=kept, left_at=None).exists()
        assert client.get("/").status_code == 302, "the other account is signed out"
        assert Api(kept).get(f"rides/{ride.pk}").json()["is_driver"] is True
        act = MembershipChange.objects.get()
        assert (act.member, act.act, act.by) == (kept, MembershipAct.MERGED, kept.user)

    def test_events_under_way_find_nobody_and_disturb_nobody(self, cast, now, busy):  # noqa: F811
        kept = MemberFactory(organization=cast.organization)
        join(kept, cast.driver, now)
        outbox.relay(now=clock.now() + timedelta(seconds=1))
        waiting = OutboxEvent.objects.filter(delivered_at=None).values_list("name", "last_error")
        assert list(waiting) == []
        assert Ride.objects.exclude(state="cancelled").filter(driver=kept).count() == 1

    def test_every_proven_way_in_leads_to_the_account_that_stays(self, client, cast, second, now):
        gone = second.user
        SocialAccount.objects.create(user=gone, provider="kakao", uid="77")
        EmailAddress.objects.create(user=gone, email="unproven@x.example", verified=False)
        old = gone.email
        join(cast.rider, second, now)
        gone.refresh_from_db()
        assert (gone.is_active, gone.email) == (False, f"{gone.pk}@merged.invalid")
        assert SocialAccount.objects.get(uid="77").user == cast.rider.user
        sign_in(client, old)
        assert client.get("/api/v1/me").json()["id"] == str(cast.rider.pk)
        proven = EmailAddress.objects.filter(user=cast.rider.user)
        assert set(proven.values_list("email", "primary", "verified")) == {
            (cast.rider.user.email, True, True),
            (old, False, True),
        }

    def test_what_there_is_one_of_is_kept_once(self, cast, second, now):
        for member, place in ((cast.rider, HOME_NORTH), (second, HOME_SOUTH)):
            services.save_place(member=member, kind="home", label="Home", location=place)
            Car.objects.create(member=member, make="Kia", model="Rio", colour="Red", plate="ONE")
            services.give_consent(member=member, purpose="trip_proof", now=now)
            services.block_member(by=member, other=cast.colleague, now=now)
        services.block_member(by=second, other=cast.rider, now=now)
        join(cast.rider, second, now)
        kinds = Place.objects.filter(member=cast.rider).values_list("kind", flat=True)
        assert sorted(kinds) == ["home", "other"]
        assert Car.objects.filter(member=cast.rider, removed_at=None).count() == 1
        assert cast.rider.consents.filter(withdrawn_at=None).count() == 1
        assert Block.objects.values_list("blocker", "blocked").get() == (
            cast.rider.pk,
            cast.colleague.pk,
        )

    def test_both_asked_about_one_ride_and_all_that_was_said_is_there(self, cast, second, now):
        ride = offer(cast.driver, now=now)
        for member in (cast.rider, second):
            talk = open_conversation(by=member, ride_id=ride.pk, now=now)
            answer = Api(member).post(
                f"conversations/{talk.pk}/messages",
                {"client_id": str(member.pk), "text": f"I am {member.display_name}"},
            )
            assert answer.status_code == 201, answer.content
        join(cast.rider, second, now)
        talk = open_conversation(by=cast.rider, ride_id=ride.pk, now=now)
        said = Message.objects.filter(conversation=talk, kind="text").order_by("sequence")
        assert [(m.text, m.sender.member) for m in said] == [
            ("I am Rita Rider", cast.rider),
            ("I am Rita Again", cast.rider),
        ]
        talk.refresh_from_db()
        assert talk.last_sequence == Message.objects.filter(conversation=talk).count()

    def test_a_newcomer_gets_into_the_organization_of_the_other_account(self, cast, now):
        newcomer, email = UserFactory(), cast.rider.user.email
        merge = ask(newcomer, email, now)
        services.merge_accounts(user=newcomer, merge_id=merge.pk, code=code_of(merge.pk), now=now)
        cast.rider.refresh_from_db()
        assert cast.rider.user == newcomer
        assert MembershipChange.objects.get().act == MembershipAct.MERGED

    def test_an_organization_keeps_its_owner(self, cast, second, now):
        Member.objects.filter(pk=second.pk).update(role=MemberRole.OWNER)
        join(cast.rider, second, now)
        cast.rider.refresh_from_db()
        assert cast.rider.role == MemberRole.OWNER
        act = MembershipChange.objects.get()
        assert (act.before, act.after) == ("member", "owner")

    def test_news_of_the_same_occasion_stands_once(self, cast, second, now):
        for member in (cast.rider, second):
            Notification.objects.create(member=member, kind="proposal_made", occasion="same")
        Notification.objects.create(member=second, kind="proposal_made", occasion="other")
        join(cast.rider, second, now)
        told = Notification.objects.filter(member=cast.rider).values_list("occasion", flat=True)
        assert sorted(told) == ["other", "same"]


class TestTwoPeople:
    """What shows that it is not one person, or must not be, stops it; nothing has changed then."""

    @pytest.fixture(autouse=True)
    def unchanged(self, cast, second):
        yield
        assert Member.objects.filter(pk=second.pk, user__is_active=True).exists()
        assert not MembershipChange.objects.filter(act=MembershipAct.MERGED).exists()

    def test_who_sat_in_the_same_car(self, cast, second, now):
        ride = offer(cast.driver, now=now)
        book(cast.rider, ride, now=now)
        book(second, ride, now=now)
        with pytest.raises(TravelledTogether):
            join(cast.rider, second, now)
        with pytest.raises(TravelledTogether):
            join(cast.driver, second, now)

    def test_who_sits_in_two_cars_at_once(self, cast, second, now):
        another = MemberFactory(organization=cast.organization, car=True)
        book(cast.rider, offer(cast.driver, now=now), now=now)
        booking = book(second, offer(another, now=now), now=now)
        with pytest.raises(RidesOverlap):
            join(cast.rider, second, now)
        assert Booking.objects.get(pk=booking.pk).rider == second

    def test_who_is_in_another_organization(self, cast, second, now):
        with pytest.raises(OtherOrganization):
            join(cast.rider, cast.outsider, now)
        assert Member.objects.get(pk=cast.outsider.pk).user == cast.outsider.user

    def test_who_is_suspended_does_not_come_back_this_way(self, cast, second, now):
        Member.objects.filter(pk=second.pk).update(suspended_at=now)
        for keeper, other in ((cast.rider, second), (second, cast.rider)):
            with pytest.raises(NotJoinable):
                join(keeper, other, now)

    def test_who_waits_to_be_forgotten(self, cast, second, now):
        services.ask_for_erasure(member=second, now=now)
        with pytest.raises(NotJoinable):
            join(cast.rider, second, now)

    def test_operators_neither_swallow_nor_are_swallowed(self, cast, second, now):
        with pytest.raises(OperatorsApart):
            ask(cast.operator.user, second.user.email, now)
        assert ask(second.user, cast.operator.user.email, now).other is None

    def test_a_table_that_joining_forgot_stops_it(self, cast, second, now, monkeypatch):
        services.save_place(member=second, kind="home", label="Home", location=HOME_NORTH)
        forgetful = [one for one in personal_data.holders() if one.name != "accounts"]
        monkeypatch.setattr(personal_data, "holders", lambda: forgetful)
        with pytest.raises(IntegrityError):
            join(cast.rider, second, now)
        assert Place.objects.get().member == second
