"""Answers of the REST API as bytes."""

from typing import Any

import orjson
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
_plain = JSONEncoder().default


class FastJSONRenderer(JSONRenderer):
    """Write JSON with orjson; NumPy arrays of numbers are taken as they are."""

    def render(self, data: Any, *_context: Any, **_named: Any) -> bytes:
        """Return the bytes; none for no data."""
        if data is None:
            return b""
        return orjson.dumps(data, default=_plain, option=_OPTIONS)
