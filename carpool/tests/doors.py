"""Finds hidden homes in whatever is read, however they are written: one or many at once."""

import itertools
import re
import struct
from collections.abc import Iterable, Iterator, Mapping

from carpool.kernel.geo import LonLat

BASE32 = "0123456789bcdefghjkmnpqrstuvwxyz"
NUMBER = re.compile(r"-?\d{1,3}\.\d{5,}")
# A point in well-known binary, with SRID or without; and bytes of a line are in steps of two.
HEX = re.compile(r"[0-9A-Fa-f]{32,}")
WORD = re.compile(r"[0-9b-hjkmnp-z]{7,}")
ENCODED = re.compile(r"[?-~]{8,}")
PER_DEGREE = 100_000
GEOHASH_LENGTH = 7


def geohash(lon: float, lat: float, length: int) -> str:
    """The public-domain geohash of a place. Source: G. Niemeyer (2008)."""
    west, east, south, north = -180.0, 180.0, -90.0, 90.0
    bits, text = [], ""
    for step in range(5 * length):
        if step % 2 == 0:
            middle = (west + east) / 2
            bits.append(lon >= middle)
            west, east = (middle, east) if lon >= middle else (west, middle)
        else:
            middle = (south + north) / 2
            bits.append(lat >= middle)
            south, north = (middle, north) if lat >= middle else (south, middle)
    for start in range(0, len(bits), 5):
        text += BASE32[sum(bit << (4 - n) for n, bit in enumerate(bits[start : start + 5]))]
    return text


def polyline(*places: LonLat) -> str:
    """Encode places as a polyline of precision 5. Source: Google, Encoded Polyline Algorithm."""
    written, before = "", (0, 0)
    for place in places:
        here = (round(place.lat * PER_DEGREE), round(place.lon * PER_DEGREE))
        for value, last in zip(here, before, strict=True):
            number = (value - last) << 1
            number = ~number if number < 0 else number
            while number >= 0x20:
                written += chr((0x20 | (number & 0x1F)) + 63)
                number >>= 5
            written += chr(number + 63)
        before = here
    return written


def polyline_points(text: str) -> Iterator[tuple[int, int]]:
    """Decode a polyline into longitudes and latitudes in 1e-5 degrees, as far as it is one."""
    values: list[int] = []
    number = shift = 0
    for character in text:
        piece = ord(character) - 63
        number |= (piece & 0x1F) << shift
        shift += 5
        if piece < 0x20:
            values.append(~(number >> 1) if number & 1 else number >> 1)
            number = shift = 0
    lat = lon = 0
    for north, east in zip(values[::2], values[1::2], strict=False):
        lat, lon = lat + north, lon + east
        yield lon, lat


class Doors:
    """Homes by owner, each with a label that nothing else carries."""

    def __init__(self, homes: Mapping[str, tuple[str, LonLat]]) -> None:
        """Take ``{owner: (label, place)}``."""
        self._labels = {label: owner for owner, (label, _place) in homes.items()}
        self._label = re.compile("|".join(map(re.escape, self._labels)) or r"(?!)")
        self._places: dict[tuple[int, int], str] = {}
        self._hashes: dict[str, str] = {}
        for owner, (_label, place) in homes.items():
            for east, north in itertools.product((-1, 0, 1), repeat=2):
                lon, lat = int(place.lon * PER_DEGREE), int(place.lat * PER_DEGREE)
                self._places[lon + east, lat + north] = owner
            self._hashes[geohash(*place, GEOHASH_LENGTH)] = owner

    def found_in(self, text: str, *, but: str = "") -> set[tuple[str, str]]:
        """Return whose doors a text tells, and how; ``but`` is an owner who may read their own."""
        ways = {
            "label": self._by_label,
            "numbers": self._by_numbers,
            "binary": self._by_binary,
            "geohash": self._by_geohash,
            "polyline": self._by_polyline,
        }
        return {(owner, way) for way, find in ways.items() for owner in find(text) if owner != but}

    def _by_label(self, text: str) -> Iterable[str]:
        return (self._labels[found] for found in self._label.findall(text))

    def _by_numbers(self, text: str) -> Iterable[str]:
        """Two numbers after one another, in either order, to 5 decimals or more."""
        numbers = [int(float(found) * PER_DEGREE) for found in NUMBER.findall(text)]
        for a, b in itertools.pairwise(numbers):
            owner = self._places.get((a, b)) or self._places.get((b, a))
            if owner:
                yield owner

    def _by_binary(self, text: str) -> Iterable[str]:
        for found in HEX.findall(text):
            content = bytes.fromhex(found[: len(found) // 2 * 2])
            for start in range(len(content) - 15):
                lon, lat = struct.unpack_from("<dd", content, start)
                if abs(lon) <= 180 and abs(lat) <= 90:  # also refuses what is no number
                    owner = self._places.get((int(lon * PER_DEGREE), int(lat * PER_DEGREE)))
                    if owner:
                        yield owner

    def _by_geohash(self, text: str) -> Iterable[str]:
        for word in WORD.findall(text):
            owner = self._hashes.get(word[:GEOHASH_LENGTH])
            if owner:
                yield owner

    def _by_polyline(self, text: str) -> Iterable[str]:
        for found in ENCODED.findall(text):
            for place in polyline_points(found):
                if place in self._places:
                    yield self._places[place]
