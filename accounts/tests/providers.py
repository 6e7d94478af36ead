"""Walking through an identity provider of another process, as a browser does."""

import re
from urllib.parse import urlsplit

import requests

from accounts.services import discover_issuer, save_issuer
from carpool.kernel import clock

CLIENT_ID = "carpool"
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def set_up_issuer(organization, address, secret, **changes):
    """Trust a running provider, as the organization's manager would."""
    wanted = {
        "organization": organization,
        "discovery": discover_issuer(address),
        "client_id": CLIENT_ID,
        "client_secret": secret,
        "domains": [],
        "is_on": True,
        "is_listed": True,
        "now": clock.now(),
    }
    return save_issuer(**{**wanted, **changes})


def walk(client, start, person, **form):
    """Begin at our button, be that person there, and return our answer to the way back."""
    leave = client.post(start, form)
    assert leave.status_code == 302, leave.content.decode()[:500]
    return client.get(way_back(leave["Location"], person))


def way_back(authorize_url, person):
    """Sign in at the provider; return the path and query that it sends the browser back with."""
    with requests.Session() as browser:
        page = browser.get(authorize_url)
        token = CSRF.search(page.text)
        assert token, page.text[:500]
        answer = browser.post(
            page.url,
            {"person": person, "csrfmiddlewaretoken": token.group(1)},
            headers={"Referer": page.url},
            allow_redirects=False,
        )
        while "callback" not in urlsplit(answer.headers["Location"]).path:
            answer = browser.get(
                requests.compat.urljoin(answer.url, answer.headers["Location"]),
                allow_redirects=False,
            )
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def foreign_way_back(authorize_url, person):
    """Sign in at a provider that others wrote; return the path and query of the way back."""
    answer = requests.post(authorize_url, {"sub": person}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text[:500]
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"
