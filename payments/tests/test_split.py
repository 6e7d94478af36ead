"""R1: a fare is split to the last unit."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpool.kernel.money import MINOR_DIGITS, Money
from payments.engine.split import ceil_div, percent_of, round_up, split_fare


def shares(total, weights, currency="KRW"):
    names = "HBCDEFG"
    return list(split_fare(total, dict(zip(names, weights, strict=False)), currency).values())


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [
        (22_300, [1] * 4, [5_575] * 4),
        (18_700, [1] * 3, [6_234, 6_233, 6_233]),
        (100, [1] * 7, [15, 15, 14, 14, 14, 14, 14]),
        (1, [1] * 4, [1, 0, 0, 0]),
        (0, [1] * 4, [0, 0, 0, 0]),
        (1_000, [1] * 3, [334, 333, 333]),
        (2_345, [124, 71, 55], [1_163, 666, 516]),
    ],
)
def test_the_worked_examples_e6_and_e7_come_out_to_the_unit(total, weights, expected):
    assert shares(total, weights) == expected


def test_a_hundred_thousand_random_splits_are_exact_fair_and_nearly_order_independent():
    dice = random.Random(7)
    for _ in range(100_000):
        total = dice.randrange(10 ** dice.randrange(1, 10))
        weights = [dice.randrange(1, 10**5) for _ in range(dice.randrange(1, 5))]
        parts, whole = shares(total, weights), sum(weights)
        assert sum(parts) == total
        assert all(
            abs(part * whole - total * weight) < whole
            for part, weight in zip(parts, weights, strict=True)
        )
        turned = shares(total, weights[::-1])[::-1]
        assert all(
            mine == other or total * weight % whole in _ties(total, weights)
            for mine, other, weight in zip(parts, turned, weights, strict=True)
        )


def _ties(total, weights):
    """Remainders that occur more than once: only among these the order decides."""
    rest = [total * weight % sum(weights) for weight in weights]
    return {one for one in rest if rest.count(one) > 1}


@given(total=st.integers(0, 10**12), count=st.integers(1, 8))
def test_an_odd_unit_is_carried_by_the_host_first(total, count):
    parts = shares(total, [1] * min(count, 7))
    assert parts == sorted(parts, reverse=True)


def test_a_fare_is_not_negative_and_weights_are_whole():
    with pytest.raises(ValueError, match="not negative"):
        split_fare(-1, {"H": 1}, "KRW")
    with pytest.raises(TypeError):
        split_fare(1, {"H": 0.5}, "KRW")


@given(amount=st.integers(0, 10**12), step=st.integers(1, 10**4))
def test_rounding_goes_up_for_what_is_held_and_down_for_what_is_taken(amount, step):
    assert 0 <= round_up(amount, step) - amount < step
    assert ceil_div(amount, step) * step >= amount
    assert percent_of(amount, 50) * 2 <= amount


@pytest.mark.parametrize(
    ("currency", "text"),
    [("KRW", "1234 KRW"), ("CLP", "1234 CLP"), ("EUR", "12.34 EUR"), ("KWD", "1.234 KWD"),
     ("PYG", "1234 PYG"), ("CLF", "0.1234 CLF")],
)  # fmt: skip
def test_currencies_have_their_own_exponent(currency, text):
    assert str(Money(1234, currency)) == text


def test_the_exponents_are_those_of_iso_4217():
    assert len(MINOR_DIGITS) == 26
    assert {MINOR_DIGITS[code] for code in ("KRW", "JPY", "CLP")} == {0}
