"""Signing in with Kakao: who one is, but never what one belongs to."""

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.socialaccount.providers.kakao.views import KakaoOAuth2Adapter
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Member
from accounts.tests.kakao import CLIENT, SECRET, running_kakao
from accounts.tests.test_sign_in import code_in, is_signed_in

START = "/accounts/kakao/login/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def kakao(settings, monkeypatch):
    settings.LOOPBACK_PROVIDERS = True
    settings.SOCIALACCOUNT_PROVIDERS = {
        **settings.SOCIALACCOUNT_PROVIDERS,
        "kakao": {"APPS": [{"client_id": CLIENT, "secret": SECRET}]},
    }
    with running_kakao(f"http://testserver{START}callback/") as server:
        server.person = person("jimin@nowhere.example")
        for name, path in (("access_token_url", "oauth/token"), ("profile_url", "v2/user/me")):
            monkeypatch.setattr(KakaoOAuth2Adapter, name, f"{server.address}/{path}")
        yield server


def person(email):
    account = {"profile": {"nickname": "Jimin"}}
    if email:
        account |= {"email": email, "is_email_valid": True, "is_email_verified": True}
    return {"id": 123456789, "kakao_account": account}


def come_back(client, kakao, *, code="good", known=True, process="login"):
    """Go to Kakao and come back with a code, which Kakao knows or does not."""
    leave = client.post(f"{START}?process={process}")
    state = leave["Location"].rpartition("state=")[2].partition("&")[0]
    if known:
        kakao.codes.append(code)
    return client.get(f"{START}callback/?code={code}&state={state}")


def test_it_is_offered_only_when_it_is_configured(client, settings, kakao):
    page = client.get("/accounts/login/code/")
    assert "Sign in with Kakao" in page.content.decode()
    assert "https://kauth.kakao.com" in page["Content-Security-Policy"]
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {}}
    assert "Kakao" not in client.get("/accounts/login/code/").content.decode()


def test_its_word_about_a_company_address_makes_no_member(client, cast, kakao):
    kakao.person = person("spy@copper.example")
    answer = come_back(client, kakao)
    assert answer["Location"] == reverse("account_email_verification_sent")
    assert not is_signed_in(client)
    assert not Member.objects.filter(user__email="spy@copper.example").exists()
    assert not EmailAddress.objects.get(email="spy@copper.example").verified
    client.post(answer["Location"], {"code": code_in(mail.outbox[-1])})
    assert Member.objects.filter(user__email="spy@copper.example").exists()


def test_it_never_opens_an_account_that_has_the_same_address(client, cast, kakao):
    kakao.person = person(cast.rider.user.email)
    come_back(client, kakao)
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


def test_once_linked_it_opens_the_account(client, cast, kakao):
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    cast.rider.user.set_unusable_password()
    cast.rider.user.save()
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    come_back(client, kakao, process="connect")
    assert SocialAccount.objects.get().user == cast.rider.user
    other = Client()
    come_back(other, kakao, code="second")
    assert other.session["_auth_user_id"] == str(cast.rider.user_id)


def test_without_an_address_one_is_asked_for_it(client, kakao):
    kakao.person = person(None)
    assert come_back(client, kakao)["Location"] == reverse("socialaccount_signup")
    assert (
        "told us no e-mail address" in client.get(reverse("socialaccount_signup")).content.decode()
    )


@pytest.mark.parametrize("failure", ["KOE320", "KOE010", "KOE303", "-401"])
def test_its_errors_are_told_in_words(client, kakao, settings, failure, monkeypatch):
    if failure == "KOE010":
        settings.SOCIALACCOUNT_PROVIDERS["kakao"]["APPS"][0]["secret"] = "wrong"
    if failure == "KOE303":
        kakao.callback = "https://elsewhere.example/"
    if failure == "-401":
        monkeypatch.setattr(KakaoOAuth2Adapter, "parse_token", stale_token)
    answer = come_back(client, kakao, known=failure != "KOE320")
    assert "did not work" in answer.content.decode()
    assert not is_signed_in(client)


def stale_token(_adapter, _data):
    return SocialToken(token="stale")
