"""Exact amounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpool.kernel.money import Money

amounts = st.integers(min_value=-(10**15), max_value=10**15)
weights = st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=12).filter(any)


@given(minor=amounts, weights=weights)
def test_the_parts_of_a_split_add_up_exactly(minor, weights):
    parts = Money(minor, "EUR").split(weights)
    assert sum(part.minor for part in parts) == minor
    assert {part.currency for part in parts} == {"EUR"}


@given(minor=amounts, weights=weights)
def test_no_part_is_a_whole_unit_away_from_its_fair_share(minor, weights):
    total = sum(weights)
    for part, weight in zip(Money(minor, "EUR").split(weights), weights, strict=True):
        assert abs(part.minor * total - minor * weight) < total


@given(minor=amounts, weights=weights)
def test_who_has_no_weight_gets_nothing_and_a_debt_is_split_like_a_credit(minor, weights):
    parts = Money(minor, "EUR").split(weights)
    assert all(part.minor == 0 for part, w in zip(parts, weights, strict=True) if w == 0)
    assert Money(-minor, "EUR").split(weights) == [-part for part in parts]


@given(minor=amounts, count=st.integers(min_value=1, max_value=12))
def test_equal_weights_leave_the_remainder_with_the_earlier_parts(minor, count):
    parts = [abs(part.minor) for part in Money(minor, "EUR").split([1] * count)]
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1


def test_a_split_comes_out_the_same_every_time():
    ten = Money(1000, "EUR")
    assert [part.minor for part in ten.split([1, 1, 1])] == [334, 333, 333]
    assert [part.minor for part in ten.split([1, 2, 3])] == [167, 333, 500]
    assert [part.minor for part in Money(1, "KRW").split([1, 1])] == [1, 0]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [3, -1]])
def test_weights_that_mean_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="Weights"):
        Money(100, "EUR").split(weights)


@pytest.mark.parametrize("minor", [12.5, 12.0, "12", None, True])
def test_only_whole_minor_units_are_money(minor):
    with pytest.raises(TypeError, match="never a float"):
        Money(minor, "EUR")


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "E12", "ÄÖÜ"])
def test_a_currency_is_an_iso_code(currency):
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(1, currency)


def test_currencies_do_not_mix():
    with pytest.raises(ValueError, match="Cannot mix"):
        Money(1, "EUR") + Money(1, "KRW")
    with pytest.raises(ValueError, match="Cannot mix"):
        Money(1, "EUR") - Money(1, "KRW")


def test_money_adds_and_subtracts():
    assert Money(5, "EUR") + Money(7, "EUR") == Money(12, "EUR")
    assert Money(5, "EUR") - Money(7, "EUR") == Money(-2, "EUR") == -Money(2, "EUR")


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(1250, "EUR"), "12.50 EUR"),
        (Money(-5, "EUR"), "-0.05 EUR"),
        (Money(1250, "KRW"), "1250 KRW"),
        (Money(-1250, "CLP"), "-1250 CLP"),
        (Money(1250, "KWD"), "1.250 KWD"),
    ],
)
def test_money_is_written_with_its_currencys_digits(money, text):
    assert str(money) == text


def test_weights_are_whole_numbers_too():
    with pytest.raises(TypeError, match="never by floats"):
        Money(100, "EUR").split([0.5, 0.5])
