"""Signing in by a one-time code, through allauth's real flow."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Member, User
from accounts.services import claim_email_domain
from accounts.tests.factories import UserFactory
from carpool.kernel.tests.problems import assert_problem

ASK = "/accounts/login/code/"
CODE = re.compile(r"^\s*([A-Z0-9]{4,}(?:-[A-Z0-9]+)*)\s*$", re.MULTILINE)

pytestmark = pytest.mark.django_db


def code_in(message):
    """The code that a mail carries on a line of its own, or None."""
    found = CODE.search(message.body)
    return found and found.group(1)


def ask_for_code(client, email):
    """Ask for a code, and return the page to enter it on."""
    answer = client.post(ASK, {"email": email})
    assert answer.status_code == 302
    return answer["Location"]


def sign_in(client, email):
    page = ask_for_code(client, email)
    return client.post(page, {"code": code_in(mail.outbox[-1])}, follow=True)


def sign_up(client, email):
    """Sign up; return the page that asks for the code."""
    answer = client.post(reverse("account_signup"), {"email": email}, follow=True)
    return answer.redirect_chain[-1][0]


def is_signed_in(client):
    return "_auth_user_id" in client.session


class TestSigningUp:
    """A proven address makes a member."""

    def test_a_company_address_in_any_spelling_joins_the_company(self, client, cast):
        page = sign_up(client, "Ana.Rojas@Copper.Example")
        assert mail.outbox[0].to == ["ana.rojas@copper.example"]
        answer = client.post(page, {"code": code_in(mail.outbox[0])}, follow=True)
        assert answer.redirect_chain[-1][0] == reverse("rides:today")
        member = Member.objects.get(user__email="ana.rojas@copper.example")
        assert (member.organization, member.display_name) == (cast.organization, "Ana Rojas")
        assert client.get("/api/v1/me").json()["organization"]["name"] == "Copper"

    def test_before_the_code_is_entered_nobody_joins(self, client, cast):
        sign_up(client, "boss@copper.example")
        assert not is_signed_in(client)
        assert not Member.objects.filter(user__email="boss@copper.example").exists()
        assert_problem(client.get("/api/v1/me"), 401, "not_authenticated")

    def test_a_wrong_code_proves_nothing(self, client, cast):
        page = sign_up(client, "boss@copper.example")
        client.post(page, {"code": "WRONG1"})
        assert not is_signed_in(client)
        assert not Member.objects.filter(user__email="boss@copper.example").exists()

    def test_an_address_of_nobodys_domain_leads_to_the_page_about_joining(self, client, cast):
        page = sign_up(client, "free@nowhere.example")
        answer = client.post(page, {"code": code_in(mail.outbox[0])}, follow=True)
        assert answer.redirect_chain[-1][0] == reverse("accounts:join")
        assert "free@nowhere.example" in answer.content.decode()
        assert_problem(client.get("/api/v1/me"), 403, "no_membership")

    def test_who_came_before_the_company_joins_at_the_next_sign_in(self, client, cast):
        page = sign_up(client, "early@mine.example")
        client.post(page, {"code": code_in(mail.outbox[0])})
        client.logout()
        claim_email_domain(organization=cast.organization, domain="mine.example")
        answer = sign_in(client, "early@mine.example")
        assert answer.redirect_chain[-1][0] == reverse("rides:today")
        assert Member.objects.get(user__email="early@mine.example").display_name == "Early"

    def test_an_address_that_is_taken_makes_no_second_account_and_tells_nobody(self, client, cast):
        email = cast.rider.user.email
        taken = client.post(reverse("account_signup"), {"email": email.upper()})
        fresh = client.post(reverse("account_signup"), {"email": "fresh@copper.example"})
        assert (taken.status_code, taken["Location"]) == (fresh.status_code, fresh["Location"])
        assert User.objects.filter(email__iexact=email).count() == 1
        assert mail.outbox[0].to == [email]
        assert code_in(mail.outbox[0]) is None

    @pytest.mark.parametrize(
        "email", ["", "nobody", "a@b", "a b@copper.example", "@copper.example"]
    )
    def test_what_is_no_address_is_told_at_its_field(self, client, cast, email):
        answer = client.post(reverse("account_signup"), {"email": email})
        assert answer.status_code == 200
        assert list(answer.context["form"].errors) == ["email"]
        assert not mail.outbox


class TestSigningIn:
    """A code from the mailbox, for a few minutes, once, in the browser that asked."""

    def test_a_member_signs_in_and_is_themselves(self, client, cast):
        answer = sign_in(client, cast.rider.user.email)
        assert answer.redirect_chain[-1][0] == reverse("rides:today")
        assert client.get("/api/v1/me").json()["display_name"] == "Rita Rider"

    def test_one_comes_to_the_page_that_one_wanted(self, client, cast):
        wanted = reverse("accounts:profile")
        answer = client.post(ASK, {"email": cast.rider.user.email, "next": wanted})
        answer = client.post(
            answer["Location"], {"code": code_in(mail.outbox[0]), "next": wanted}, follow=True
        )
        assert answer.redirect_chain[-1][0] == wanted

    def test_one_is_never_sent_to_somebody_elses_site(self, client, cast):
        evil = "https://evil.example/"
        answer = client.post(ASK, {"email": cast.rider.user.email, "next": evil})
        answer = client.post(answer["Location"], {"code": code_in(mail.outbox[0]), "next": evil})
        assert is_signed_in(client)
        assert answer["Location"] == reverse("rides:today")

    def test_an_unknown_address_looks_the_same_and_gets_no_code(self, client, cast):
        known = ask_for_code(client, cast.rider.user.email)
        unknown = ask_for_code(Client(), "stranger@copper.example")
        assert known == unknown
        assert mail.outbox[1].to == ["stranger@copper.example"]
        assert code_in(mail.outbox[1]) is None
        assert not User.objects.filter(email="stranger@copper.example").exists()

    def test_a_wrong_code_may_be_corrected(self, client, cast):
        page = ask_for_code(client, cast.rider.user.email)
        wrong = client.post(page, {"code": "WRONG1"})
        assert wrong.status_code == 200
        assert not is_signed_in(client)
        client.post(page, {"code": code_in(mail.outbox[0])})
        assert is_signed_in(client)

    def test_after_five_wrong_codes_the_right_one_is_worth_nothing(self, client, cast):
        page = ask_for_code(client, cast.rider.user.email)
        for _attempt in range(5):
            client.post(page, {"code": "WRONG1"})
        client.post(page, {"code": code_in(mail.outbox[0])})
        assert not is_signed_in(client)

    def test_a_code_works_once(self, client, cast):
        page = ask_for_code(client, cast.rider.user.email)
        code = code_in(mail.outbox[0])
        client.post(page, {"code": code})
        client.post(reverse("account_logout"))
        assert not is_signed_in(client)
        client.post(page, {"code": code})
        assert not is_signed_in(client)

    def test_a_code_works_in_the_browser_that_asked_for_it(self, client, cast):
        page = ask_for_code(client, cast.rider.user.email)
        other = Client()
        ask_for_code(other, cast.colleague.user.email)
        other.post(page, {"code": code_in(mail.outbox[0])})
        assert not is_signed_in(other)

    def test_a_code_is_worth_nothing_after_ten_minutes(self, client, cast, now):
        with time_machine.travel(now, tick=False) as clock:
            page = ask_for_code(client, cast.rider.user.email)
            clock.shift(timedelta(minutes=10, seconds=1))
            client.post(page, {"code": code_in(mail.outbox[0])})
            assert not is_signed_in(client)

    def test_a_code_is_still_good_shortly_before(self, client, cast, now):
        with time_machine.travel(now, tick=False) as clock:
            page = ask_for_code(client, cast.rider.user.email)
            clock.shift(timedelta(minutes=9, seconds=50))
            client.post(page, {"code": code_in(mail.outbox[0])})
            assert is_signed_in(client)

    def test_who_may_not_sign_in_gets_nowhere(self, client, cast):
        cast.rider.user.is_active = False
        cast.rider.user.save()
        page = ask_for_code(client, cast.rider.user.email)
        code = code_in(mail.outbox[0])
        client.post(page, {"code": code or "NONE12"})
        assert not is_signed_in(client)

    def test_who_left_reads_how_to_join_and_is_not_let_in_by_their_address(self, client, cast, now):
        cast.rider.left_at = now
        cast.rider.save()
        answer = sign_in(client, cast.rider.user.email)
        assert answer.redirect_chain[-1][0] == reverse("accounts:join")

    def test_a_mailbox_is_not_flooded(self, client, cast):
        answers = [Client().post(ASK, {"email": cast.rider.user.email}) for _ in range(7)]
        assert [answer.status_code for answer in answers] == [302] * 5 + [429] * 2
        assert int(answers[-1]["Retry-After"]) > 0
        assert len(mail.outbox) == 5


def test_signing_out_takes_a_click_and_not_a_link(client, cast):
    sign_in(client, cast.rider.user.email)
    assert client.get(reverse("account_logout")).status_code == 200
    assert is_signed_in(client)
    client.post(reverse("account_logout"))
    assert not is_signed_in(client)


def test_members_have_no_password_to_guess(client, cast):
    for password in ("", "password", cast.rider.user.password):
        client.post(
            reverse("account_login"), {"login": cast.rider.user.email, "password": password}
        )
        assert not is_signed_in(client)


def test_an_address_added_later_joins_only_once_it_is_proven(client, cast):
    user = UserFactory(email="two@nowhere.example")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    user.emailaddress_set.create(email="two@copper.example", verified=False)
    client.logout()
    sign_in(client, "two@nowhere.example")
    assert not Member.objects.filter(user=user).exists()
