"""What an answer is worth, when to ask again, and which notices are a provider's."""

from datetime import UTC, datetime, timedelta

import pytest

from payments.engine import signatures
from payments.engine.providers import (
    GIVE_UP_AFTER_S,
    Answer,
    Judgement,
    Order,
    Purpose,
    Verdict,
    judge,
    next_check,
)

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ORDER = Order(Purpose.AUTHORISE, "op:1", "pay-1", 6_600, "KRW")


def done(**changes):
    told = {"reference": "pay-1", "amount": 6_600, "currency": "KRW"} | changes
    return Answer(Verdict.DONE, **told)


@pytest.mark.parametrize(
    ("answer", "judgement"),
    [(done(), Judgement.CONFIRMED), (done(amount=6_601), Judgement.MISMATCH),
     (done(amount=6_599), Judgement.MISMATCH), (done(currency="USD"), Judgement.MISMATCH),
     (done(reference="pay-2"), Judgement.MISMATCH),
     (Answer(Verdict.DECLINED, code="no"), Judgement.DECLINED),
     (Answer(Verdict.UNKNOWN), Judgement.UNKNOWN), (Answer(Verdict.ABSENT), Judgement.ABSENT)],
)  # fmt: skip
def test_an_answer_is_compared_with_what_was_asked_even_when_it_says_done(answer, judgement):
    assert judge(ORDER, answer) is judgement


def test_an_open_operation_is_asked_after_later_and_later_for_seven_days():
    waits, now, asked = [], NOW, 0
    while (after := next_check(asked + 1, first_at=NOW, now=now)) is not None:
        waits.append(int((after - now).total_seconds()))
        now, asked = after, asked + 1
    assert waits[:6] == [5, 15, 60, 300, 3_600, 3_600]
    assert GIVE_UP_AFTER_S - 3_600 < (now - NOW).total_seconds() <= GIVE_UP_AFTER_S


SECRET, BODY = b"secret", b'{"id": "1"}'
SIGNED = signatures.sign(SECRET, BODY, at=NOW)


def is_signed(header=SIGNED, body=BODY, secrets=(SECRET,), now=NOW):
    return signatures.is_signed(header, body, secrets=secrets, now=now)


def test_a_notice_is_the_providers_for_five_minutes():
    assert is_signed()
    assert is_signed(secrets=(b"new", SECRET)), "while the secret is being changed"
    assert is_signed(now=NOW + timedelta(seconds=300))
    assert not is_signed(now=NOW + timedelta(seconds=301))
    assert not is_signed(now=NOW - timedelta(seconds=301))


@pytest.mark.parametrize(
    "header",
    ["", "t=,v1=", "t=1", SIGNED.replace("v1=", "v0="), SIGNED[:-1] + "x", SIGNED + ",t=1",
     SIGNED.replace("t=", "t=-"), "t=²,v1=é", SIGNED.split(",", maxsplit=1)[1], "v1=" * 9_999],
)  # fmt: skip
def test_a_forged_notice_is_not(header):
    assert not is_signed(header)


def test_another_body_or_anothers_secret_is_forged():
    assert not is_signed(body=BODY + b" ")
    assert not is_signed(secrets=(b"theirs",))
    assert not is_signed(secrets=())
    two = SIGNED + ",v1=" + "0" * 64
    assert is_signed(two), "one of several has to fit"
