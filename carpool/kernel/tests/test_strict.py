"""A value of another JSON type is an error at its field."""

import pytest
from django.http import QueryDict
from rest_framework import serializers

from carpool.kernel.strict import StrictSerializer


class Sample(StrictSerializer):
    name = serializers.CharField(required=False, allow_null=True)
    seats = serializers.IntegerField(required=False)
    share = serializers.FloatField(required=False)
    fine = serializers.BooleanField(required=False)
    key = serializers.UUIDField(required=False)


@pytest.mark.parametrize(
    "body",
    [{"name": 0}, {"name": True}, {"seats": "3"}, {"seats": True}, {"share": "1"}, {"fine": 1},
     {"fine": "true"}, {"key": 7}],
)  # fmt: skip
def test_another_type_is_refused_at_its_field(body):
    form = Sample(data=body)
    assert not form.is_valid()
    [(field, [error])] = form.errors.items()
    assert field in body
    assert error.code == "invalid"


def test_the_right_types_pass():
    body = {"name": None, "seats": 3.0, "share": 1, "fine": False, "key": "f" * 32}
    form = Sample(data=body)
    assert form.is_valid(), form.errors
    assert form.validated_data["seats"] == 3


def test_forms_hold_text_only_so_it_is_read():
    form = Sample(data=QueryDict("seats=3&fine=true"))
    assert form.is_valid(), form.errors
    assert form.validated_data == {"seats": 3, "fine": True}
