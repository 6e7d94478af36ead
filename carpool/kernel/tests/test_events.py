"""Events survive the way through JSON."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpool.kernel.events import Event
from carpool.kernel.tests.events import Everything, Happened

moments = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3)), timezone(timedelta(hours=9))])
)
everything = st.builds(
    Everything,
    text=st.text(),
    number=st.integers(),
    flag=st.booleans(),
    key=st.uuids(),
    at=moments,
    maybe_key=st.none() | st.uuids(),
    maybe_at=st.none() | moments,
)


@given(event=everything)
def test_an_event_comes_back_from_json_as_it_was(event):
    payload = json.loads(json.dumps(event.to_payload()))
    assert Event.from_payload(event.name(), payload) == event


def test_an_event_is_named_after_its_app_and_itself():
    assert Happened.name() == "carpool.Happened"


def test_an_event_cannot_be_changed():
    event = Happened("now")
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.what = "later"


def test_a_field_that_newer_code_wrote_is_ignored_by_older_code():
    payload = {"what": "now", "added_later": 1}
    assert Event.from_payload("carpool.Happened", payload) == Happened("now")


def test_an_event_of_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        Event.from_payload("gone.Forgotten", {})


def test_a_moment_keeps_its_microseconds():
    at = datetime(2026, 3, 1, 7, 30, 0, 123456, tzinfo=UTC)
    event = Everything("", 0, False, UUID(int=7), at, None, at)
    back = Event.from_payload(event.name(), event.to_payload())
    assert back.at == back.maybe_at == at
