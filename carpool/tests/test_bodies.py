"""A form that no program would send is answered by us, with a problem, through a real server."""

import http.client
import json

import pytest

from carpool.tests.servers import running_servers, session_of

END = b"--frontier--\r\n"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("body", [END, b"", b"\x00" * 64, b"--frontier\r\n"])
def test_a_form_without_parts_is_answered_with_a_problem(cast, body):
    with running_servers(1) as [server]:
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        headers = {
            "Content-Type": "multipart/form-data; boundary=frontier",
            "Cookie": f"sessionid={session_of(cast.manager)}; csrftoken={'c' * 32}",
            "X-CSRFToken": "c" * 32,
            "Idempotency-Key": "one",
        }
        link.request("POST", "/api/v1/studies", body, headers)
        answer = link.getresponse()
        assert answer.status == 400
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert json.loads(answer.read())["status"] == 400
        link.close()
