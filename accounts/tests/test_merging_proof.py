"""Joining two accounts takes proof of both, once, whoever tries what at the same time."""

import threading
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.db import IntegrityError, connection
from django.test import Client

from accounts import services
from accounts.errors import (
    MergeNotFound,
    MergeOver,
    PasskeyGuards,
    SecondStepNeeded,
)
from accounts.models import (
    AccountMerge,
    Member,
    MembershipAct,
    MembershipChange,
)
from accounts.services.merging import code_of
from accounts.tests.factories import HOME_NORTH, HOME_SOUTH, MemberFactory, UserFactory
from accounts.tests.test_mfa import totp_code
from accounts.tests.test_sign_in import ask_for_code, code_in
from carpool.kernel import clock, outbox
from carpool.kernel.errors import DomainError, InvalidInput
from carpool.kernel.models import OutboxEvent
from rides.models import RideRequest
from rides.tests.api import Api

pytestmark = pytest.mark.usefixtures("city")
BACKEND = "django.contrib.auth.backends.ModelBackend"


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


class TestProof:
    """Only who reads the other mailbox, and has its second step, joins it."""

    def test_the_code_goes_to_the_other_mailbox_alone(self, cast, second, now):
        merge = ask(cast.rider.user, second.user.email.upper(), now)
        outbox.relay(now=clock.now() + timedelta(seconds=1))
        assert [message.to for message in mail.outbox] == [[second.user.email]]
        assert code_in(mail.outbox[0]) == code_of(merge.pk)
        assert cast.rider.user.email in mail.outbox[0].body

    def test_an_unknown_address_looks_the_same_and_gets_no_mail(self, client, cast, second):
        client.force_login(cast.rider.user, backend=BACKEND)
        pages = []
        for email in (second.user.email, "nobody@copper.example"):
            answer = client.post("/profile/merge/", {"email": email})
            assert answer.status_code == 302
            page = client.post(answer["Location"], {"code": "BBBB-BBBB"}).content.decode()
            pages.append(page.split("<main")[1].split("csrfmiddlewaretoken")[0])
            assert "This code is not right." in page
        assert pages[0] == pages[1]
        outbox.relay(now=clock.now() + timedelta(seconds=1))
        assert len(mail.outbox) == 1

    def test_no_code_of_an_unknown_address_is_right(self, cast, now):
        merge = ask(cast.rider.user, "nobody@copper.example", now)
        with pytest.raises(InvalidInput):
            services.merge_accounts(
                user=cast.rider.user, merge_id=merge.pk, code=code_of(merge.pk), now=now
            )

    def test_the_right_code_in_another_session_is_worth_nothing(self, cast, second, now):
        merge = ask(cast.rider.user, second.user.email, now)
        for thief in (cast.colleague, second, cast.outsider):
            with pytest.raises(MergeNotFound):
                services.merge_accounts(
                    user=thief.user, merge_id=merge.pk, code=code_of(merge.pk), now=now
                )

    def test_the_code_of_one_request_does_not_open_another(self, cast, second, now):
        own = ask(cast.colleague.user, cast.rider.user.email, now)
        merge = ask(cast.colleague.user, second.user.email, now)
        with pytest.raises(InvalidInput):
            services.merge_accounts(
                user=cast.colleague.user, merge_id=merge.pk, code=code_of(own.pk), now=now
            )

    def test_five_tries_and_it_is_over_even_with_the_right_code(self, cast, second, now):
        merge = ask(cast.rider.user, second.user.email, now)
        terms = {"user": cast.rider.user, "merge_id": merge.pk, "now": now}
        for guess in ("BBBB-BBBB", "", "CCCCCCCC", "2" * 8, "x"):
            with pytest.raises(InvalidInput):
                services.merge_accounts(code=guess, **terms)
        with pytest.raises(MergeOver):
            services.merge_accounts(code=code_of(merge.pk), **terms)
        assert Member.objects.filter(pk=second.pk).exists()

    def test_an_old_code_is_worth_nothing_and_is_forgotten(self, cast, second, now):
        merge = ask(cast.rider.user, second.user.email, now)
        late = now + timedelta(minutes=16)
        with pytest.raises(MergeOver):
            services.merge_accounts(
                user=cast.rider.user, merge_id=merge.pk, code=code_of(merge.pk), now=late
            )
        services.keep_terms(now=late)
        assert not AccountMerge.objects.exists()

    def test_by_which_address_it_was_is_forgotten_in_a_week_or_with_the_person(
        self, cast, second, now
    ):
        join(cast.rider, second, now)
        services.keep_terms(now=now + timedelta(days=6))
        assert AccountMerge.objects.count() == 1
        services.erase_accounts(cast.rider.pk, now)
        assert not AccountMerge.objects.exists()
        join(cast.colleague, MemberFactory(organization=cast.organization), now)
        services.keep_terms(now=now + timedelta(days=7))
        assert not AccountMerge.objects.exists()

    def test_sending_it_again_changes_nothing(self, cast, second, now):
        merge = join(cast.rider, second, now)
        again = services.merge_accounts(
            user=cast.rider.user, merge_id=merge.pk, code=code_of(merge.pk), now=clock.now()
        )
        assert again.done_at == now
        assert MembershipChange.objects.count() == 1

    def test_a_mailbox_alone_does_not_beat_a_second_step(self, cast, second, now):
        secret = generate_totp_secret()
        TOTP.activate(second.user, secret)
        with pytest.raises(SecondStepNeeded):
            join(cast.rider, second, now)
        with pytest.raises(InvalidInput):
            join(cast.rider, second, now, second_code="000000")
        with time_machine.travel(now, tick=False):
            join(cast.rider, second, now, second_code=totp_code(secret))
        assert Authenticator.objects.get().user == cast.rider.user

    def test_a_passkey_guards_from_this_side_only(self, cast, second, now):
        Authenticator.objects.create(user=second.user, type="webauthn", data={})
        with pytest.raises(PasskeyGuards):
            join(cast.rider, second, now)
        join(second, cast.rider, now)
        assert not Member.objects.filter(pk=cast.rider.pk).exists()

    def test_asking_is_limited_by_the_address_asked_for(self, cast, second):
        api = Api(cast.rider)
        answers = [
            api.post("me/merges", {"email": second.user.email}).status_code for _ in range(6)
        ]
        assert answers == [202] * 5 + [429]

    def test_a_code_to_sign_in_does_not_join(self, cast, second, now):
        ask_for_code(Client(), second.user.email)
        merge = ask(cast.rider.user, second.user.email, now)
        with pytest.raises(InvalidInput):
            services.merge_accounts(
                user=cast.rider.user, merge_id=merge.pk, code=code_in(mail.outbox[-1]), now=now
            )

    def test_all_addresses_hear_of_it(self, cast, second, now):
        emails = {cast.rider.user.email, second.user.email}
        join(cast.rider, second, now)
        outbox.relay(now=clock.now() + timedelta(seconds=1))
        told = [m.to[0] for m in mail.outbox if "are one now" in m.subject]
        assert set(told) == emails


def test_the_pages_lead_through_it(client, cast, second):
    client.force_login(cast.rider.user, backend=BACKEND)
    assert "/profile/merge/" in client.get("/profile/").content.decode()
    own = client.post("/profile/merge/", {"email": cast.rider.user.email}).content.decode()
    assert "This is your own address" in own
    page = client.post("/profile/merge/", {"email": second.user.email})["Location"]
    assert "Look into the other mailbox" in client.get(page).content.decode()
    outbox.relay(now=clock.now() + timedelta(seconds=1))
    done = client.post(page, {"code": code_in(mail.outbox[0]).lower()}, follow=True)
    assert "The two accounts are one now." in done.content.decode()


def test_a_newcomer_finds_the_page(client, db):
    client.force_login(UserFactory(), backend=BACKEND)
    assert "/profile/merge/" in client.get("/join/").content.decode()
    assert client.get("/profile/merge/").status_code == 200


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_code_twice_at_once_joins_once(cast, second, now):
    merge = ask(cast.rider.user, second.user.email, now)
    barrier, failed = threading.Barrier(4), []

    def confirm():
        barrier.wait()
        try:
            services.merge_accounts(
                user=cast.rider.user, merge_id=merge.pk, code=code_of(merge.pk), now=now
            )
        except DomainError as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert MembershipChange.objects.filter(act=MembershipAct.MERGED).count() == 1
    assert OutboxEvent.objects.filter(name__endswith="AccountsMerged").count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_request_left_meanwhile_is_either_kept_or_refused(cast, second, now):
    """What is added to the one who goes, uncommitted while they go, is never lost in silence."""
    row = offer_request_row(second, now)
    reached, go_on, outcome = threading.Event(), threading.Event(), []

    def add():
        from django.db import transaction

        try:
            with transaction.atomic():
                row.save(force_insert=True)
                reached.set()
                go_on.wait(10)
            outcome.append("kept")
        except IntegrityError:
            outcome.append("refused")
        finally:
            connection.close()

    adding = threading.Thread(target=add)
    adding.start()
    assert reached.wait(10)
    join(cast.rider, second, now)
    go_on.set()
    adding.join()
    assert outcome == ["refused"]
    assert not RideRequest.objects.exists()


def offer_request_row(member, now):
    from carpool.kernel.geo import to_point
    from maps.models import Region

    return RideRequest(
        rider=member,
        region=Region.objects.first(),
        origin=to_point(HOME_NORTH),
        origin_label="Home",
        destination=to_point(HOME_SOUTH),
        destination_label="There",
        earliest_departure_at=now + timedelta(hours=5),
        latest_arrival_at=now + timedelta(hours=6),
        walk_m=500,
    )
