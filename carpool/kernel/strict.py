"""Serializers that take a value only as the type that the API's description names.

Django REST framework reads ``0`` as the text "0" and as False, and "3" as the number 3, as forms
need it. In JSON that hides a client's mistake: here a name is a string or an error.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model
from django.http import QueryDict
from rest_framework import serializers

Row = TypeVar("Row", bound=Model)

# A field accepts these of JSON's types; bool is an int in Python, and is none here.
TYPES: dict[type[Any], tuple[type[Any], ...]] = {
    serializers.BooleanField: (bool,),
    serializers.CharField: (str,),
    serializers.UUIDField: (str,),
    serializers.IntegerField: (int, float),
    serializers.FloatField: (int, float),
}


class Strict:
    """Refuses values of another type, each at its field, before the fields look at them."""

    def to_internal_value(self, data: Any) -> Any:
        """Return what was sent, as the fields read it."""
        if isinstance(data, Mapping) and not isinstance(data, QueryDict):
            wrong = {
                field.field_name: [field.error_messages["invalid"]]
                for field in self._writable_fields  # type: ignore[attr-defined]
                if not _fits(field, data.get(field.field_name))
            }
            if wrong:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)  # type: ignore[misc]


class StrictSerializer(Strict, serializers.Serializer[Any]):
    """What a request holds."""


class StrictModelSerializer(Strict, serializers.ModelSerializer[Row]):
    """What a request may change of a row."""


def _fits(field: Any, value: Any) -> bool:
    if value is None:
        return True  # the field knows whether there may be nothing
    types = next((TYPES[kind] for kind in TYPES if isinstance(field, kind)), None)
    if types is None:
        return True
    return isinstance(value, types) and (isinstance(value, bool) is (bool in types))
