"""Second steps, sessions, linked accounts, and the operators' door."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.test_sign_in import ask_for_code, code_in, is_signed_in, sign_in

pytestmark = pytest.mark.django_db


def totp_code(secret):
    counter = next(iter(yield_hotp_counters_from_time()))
    return f"{hotp_value(secret, counter):06d}"


@pytest.fixture
def secret(cast):
    """The rider has an authenticator app."""
    secret = generate_totp_secret()
    TOTP.activate(cast.rider.user, secret)
    return secret


class TestSecondStep:
    """Who set up an authenticator app is asked for it, whichever way they came."""

    def first_step(self, client, cast):
        page = ask_for_code(client, cast.rider.user.email)
        return client.post(page, {"code": code_in(mail.outbox[-1])})

    def test_the_code_by_mail_alone_does_not_do(self, client, cast, secret):
        answer = self.first_step(client, cast)
        assert answer["Location"] == reverse("mfa_authenticate")
        assert not is_signed_in(client)
        assert client.get("/api/v1/me").status_code == 401

    def test_the_apps_code_completes_it(self, client, cast, secret):
        self.first_step(client, cast)
        client.post(reverse("mfa_authenticate"), {"code": totp_code(secret)})
        assert is_signed_in(client)

    def test_a_used_code_is_worth_nothing(self, client, cast, secret):
        code = totp_code(secret)
        self.first_step(client, cast)
        client.post(reverse("mfa_authenticate"), {"code": code})
        other = Client()
        self.first_step(other, cast)
        other.post(reverse("mfa_authenticate"), {"code": code})
        assert not is_signed_in(other)

    def test_guessing_is_stopped(self, client, cast, secret):
        self.first_step(client, cast)
        for guess in range(12):
            client.post(reverse("mfa_authenticate"), {"code": f"{guess:06d}"})
        client.post(reverse("mfa_authenticate"), {"code": totp_code(secret)})
        assert not is_signed_in(client)

    def test_the_app_is_asked_too(self, cast, secret):
        phone = Client()
        app = "/_allauth/app/v1/auth"
        asked = phone.post(
            f"{app}/code/request",
            {"email": cast.rider.user.email},
            content_type="application/json",
        )
        token = {"X-Session-Token": asked.json()["meta"]["session_token"]}
        answer = phone.post(
            f"{app}/code/confirm",
            {"code": code_in(mail.outbox[-1])},
            content_type="application/json",
            headers=token,
        )
        assert answer.status_code == 401
        assert "access_token" not in answer.json()["meta"]


class TestSettingUp:
    """In the browser: app, recovery codes, sessions."""

    @pytest.fixture
    def rider(self, client, cast):
        cast.rider.user.set_unusable_password()
        cast.rider.user.save()
        sign_in(client, cast.rider.user.email)
        return cast.rider

    @pytest.mark.django_db(transaction=True)
    def test_an_authenticator_app_and_recovery_codes(self, client, rider):
        page = client.get(reverse("mfa_activate_totp"))
        secret = page.context["form"].secret
        assert secret in page.content.decode()
        answer = client.post(reverse("mfa_activate_totp"), {"code": totp_code(secret)}, follow=True)
        codes = re.findall(r"\b\d{8}\b", answer.content.decode())
        assert len(codes) == 10
        assert {a.type for a in Authenticator.objects.filter(user=rider.user)} == {
            "totp",
            "recovery_codes",
        }
        other = Client()
        page = ask_for_code(other, rider.user.email)
        other.post(page, {"code": code_in(mail.outbox[-1])})
        other.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert is_signed_in(other)
        third = Client()
        page = ask_for_code(third, rider.user.email)
        third.post(page, {"code": code_in(mail.outbox[-1])})
        third.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert not is_signed_in(third)

    def test_sessions_are_listed_and_the_others_ended(self, client, rider):
        other = Client(HTTP_USER_AGENT="Forgotten phone")
        sign_in(other, rider.user.email)
        page = client.get(reverse("usersessions_list")).content.decode()
        assert "Forgotten phone" in page
        client.post(reverse("usersessions_list"))
        assert client.get("/api/v1/me").status_code == 200
        assert other.get("/api/v1/me").status_code == 401
        assert Session.objects.count() == 1

    def test_a_linked_account_is_unlinked(self, client, rider):
        account = SocialAccount.objects.create(user=rider.user, provider="kakao", uid="1")
        assert "Kakao" in client.get(reverse("socialaccount_connections")).content.decode()
        client.post(reverse("accounts:unlink", args=[account.pk]))
        assert not SocialAccount.objects.exists()

    @pytest.mark.parametrize("page", ["login", "login/callback"])
    def test_a_provider_that_is_not_offered_has_no_address(self, client, page):
        for provider in ("kakao", "google", "oidc/nobody"):
            assert client.get(f"/accounts/{provider}/{page}/").status_code == 404

    def test_somebody_elses_is_not(self, client, rider, cast):
        account = SocialAccount.objects.create(user=cast.manager.user, provider="kakao", uid="1")
        assert client.post(reverse("accounts:unlink", args=[account.pk])).status_code == 404
        assert SocialAccount.objects.exists()

    @pytest.mark.parametrize(
        "name",
        [
            "mfa_index",
            "mfa_activate_totp",
            "mfa_list_webauthn",
            "mfa_add_webauthn",
            "usersessions_list",
            "socialaccount_connections",
            "account_email",
        ],
    )
    @pytest.mark.parametrize("language", ["en", "ko"])
    def test_every_page_opens(self, client, rider, name, language):
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        assert client.get(reverse(name)).status_code == 200


class TestTheOperatorsDoor:
    """The admin has no sign-in of its own."""

    def test_it_leads_to_the_one_sign_in(self, client):
        answer = client.get("/admin/login/?next=/admin/")
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_request_login_code"))

    def test_a_password_posted_to_it_opens_nothing(self, client):
        user = User.objects.create_superuser("op@copper.example", "a-long-password-2931")
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        client.post("/admin/login/", {"username": user.email, "password": "a-long-password-2931"})
        assert not is_signed_in(client)

    def test_members_get_no_further(self, client, cast):
        sign_in(client, cast.rider.user.email)
        assert client.get("/admin/login/").status_code == 403
