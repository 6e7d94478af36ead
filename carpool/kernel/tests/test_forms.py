"""Form parts that several apps need."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers

from carpool.kernel.api import MomentField
from carpool.kernel.errors import Conflict, InvalidInput
from carpool.kernel.forms import JourneyForm, LonLatField, local_moment
from carpool.kernel.geo import LonLat
from carpool.kernel.web import add_error, write_place

SANTIAGO = ZoneInfo("America/Santiago")


@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90))
def test_a_place_is_read_as_it_was_written_to_a_decimetre(lon, lat):
    place = LonLatField().clean(write_place(LonLat(lon, lat)))
    assert place == pytest.approx((lon, lat), abs=1e-6)


def test_a_field_shows_a_place_as_scripts_read_it():
    field = LonLatField()
    assert field.prepare_value(LonLat(-71.25, -29.9)) == "-71.250000,-29.900000"
    assert field.prepare_value("as typed") == "as typed"
    assert field.clean("") is None
    assert field.clean(LonLat(1, 2)) == LonLat(1, 2)


@pytest.mark.parametrize(
    "text", ["1", "1,2,3", "a,b", "nan,0", "0,inf", "181,0", "0,-91", ",", "1e999,0", "1;2"]
)
def test_what_is_no_place_on_earth_is_refused(text):
    with pytest.raises(forms.ValidationError, match="not a point"):
        LonLatField().clean(text)


class Journey(JourneyForm):
    """A journey whose address search knows one street, and one that fails."""

    def find_place(self, text):
        if text == "broken":
            raise InvalidInput("Address search does not answer.")
        return LonLat(-71.25, -29.9) if text == "Balmaceda" else None


def journey(**changes):
    plain = {
        "origin_label": "Home",
        "origin": "-71.25,-29.90",
        "destination_label": "Work",
        "destination": "-71.33,-29.95",
    }
    return Journey(plain | changes)


def test_a_chosen_place_is_not_looked_up():
    form = journey()
    assert form.is_valid()
    assert form.cleaned_data["origin"] == LonLat(-71.25, -29.9)


def test_a_place_in_words_is_looked_up():
    form = journey(origin_label="Balmaceda", origin="")
    assert form.is_valid()
    assert form.cleaned_data["origin"] == LonLat(-71.25, -29.9)


@pytest.mark.parametrize(
    ("label", "sentence"), [("Nowhere", "no such address"), ("broken", "does not answer")]
)
def test_words_that_are_not_found_are_told_at_their_field(label, sentence):
    form = journey(destination_label=label, destination="")
    assert not form.is_valid()
    assert list(form.errors) == ["destination_label"]
    assert sentence in form.errors["destination_label"][0]


def test_a_point_that_cannot_be_read_is_not_replaced_by_a_guess():
    form = journey(origin_label="Balmaceda", origin="here")
    assert list(form.errors) == ["origin"]


class WhenForm(forms.Form):
    when_time = forms.CharField(required=False)
    seats = forms.IntegerField(required=False)


def bound():
    form = WhenForm({})
    form.is_valid()
    return form


def test_a_local_day_and_time_become_a_moment():
    moment = local_moment(bound(), date(2026, 11, 23), time(7, 40), SANTIAGO, field="when_time")
    assert moment == datetime(2026, 11, 23, 10, 40, tzinfo=UTC)


@pytest.mark.parametrize(("day", "wall"), [(None, time(7)), (date(2026, 1, 1), None)])
def test_half_a_moment_is_none(day, wall):
    assert local_moment(bound(), day, wall, SANTIAGO, field="when_time") is None


def test_a_time_that_the_clocks_skip_is_told_at_its_field():
    form = bound()
    moment = local_moment(form, date(2026, 9, 6), time(0, 30), SANTIAGO, field="when_time")
    assert moment is None
    assert "01:00" in form.errors["when_time"][0]


@pytest.mark.parametrize(
    ("error", "names", "fields"),
    [
        (InvalidInput("No.", field="seats"), {}, ["seats"]),
        (InvalidInput("No.", field="departure_at"), {"departure_at": "when_time"}, ["when_time"]),
        (InvalidInput("No.", field="elsewhere"), {}, ["__all__"]),
        (Conflict("Too late."), {}, ["__all__"]),
        (InvalidInput(fields={"seats": ["No."], "x": ["Nor this."]}), {}, ["seats", "__all__"]),
    ],
)
def test_a_broken_rule_is_shown_at_the_field_it_concerns_or_above_the_form(error, names, fields):
    form = bound()
    add_error(form, error, names)
    assert list(form.errors) == fields


class TestMomentField:
    """Moments that come through the API."""

    @pytest.fixture(autouse=True)
    def _in_santiago(self):
        with timezone.override(SANTIAGO):
            yield

    @pytest.mark.parametrize(
        "text",
        [
            "2026-11-23T10:40:00Z",
            "2026-11-23T07:40:00-03:00",
            "2026-11-23T07:40",
            "2026-11-23 07:40",
        ],
    )
    def test_a_moment_without_an_offset_is_local(self, text):
        assert MomentField().run_validation(text) == datetime(2026, 11, 23, 10, 40, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        ["2026-09-06T00:30:00", "9999-12-31T23:59:59", "2026-02-30T00:00:00Z", "07:40", "", 7],
    )
    def test_a_moment_that_there_is_not_is_refused(self, text):
        with pytest.raises(serializers.ValidationError):
            MomentField().run_validation(text)

    def test_in_a_gap_the_offset_decides(self):
        assert MomentField().run_validation("2026-09-06T00:30:00-04:00") == datetime(
            2026, 9, 6, 4, 30, tzinfo=UTC
        )
