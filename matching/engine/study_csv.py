"""Read a table of commutes as people's programs write it: any separator, encoding, number style.

In words. The bytes are decoded (a byte-order mark decides; else UTF-8 if it is valid, CP949 if that
yields mostly Hangul, Latin-1 otherwise). The separator is whichever of comma, semicolon and tab the
header holds most of. Headers are recognised by their usual names, in any case, in English, Spanish
and Korean. Each row is then read cell by cell; what can't be read is a problem with its line and
column, and never stops the other rows.
"""

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

MOST_ROWS = 50_000
MOST_CELL = 250
MOST_SEATS = 8
SEPARATORS = ",;\t"
HANGUL = re.compile("[\uac00-\ud7a3]")
_CLOCK = re.compile(r"^(?P<h>\d{1,2})(?:[:.h](?P<m>\d{2}))?(?::(?P<s>\d{2}))?$")
_TELEX = re.compile(r"^(?P<h>\d{2})(?P<m>\d{2})$")
_HALVES = {"am": 0, "a.m.": 0, "오전": 0, "pm": 12, "p.m.": 12, "오후": 12}
_YES = frozenset("yes y true 1 x si sí oui ja 예 네 유 있음".split())
_NO = frozenset("no n false 0 - non nein 아니오 아니요 무 없음".split())

COLUMNS: Mapping[str, tuple[str, ...]] = {
    column: tuple(names.split())
    for column, names in {
        "home_lat": "home_latitude home_lat latitude lat 집_위도 위도",
        "home_lon": "home_longitude home_lon home_lng longitude lon lng 집_경도 경도",
        "home_address": "home_address address home direccion dirección 집_주소 주소",
        "work_lat": "work_latitude work_lat 직장_위도",
        "work_lon": "work_longitude work_lon work_lng 직장_경도",
        "site": "site work_site work sede 사업장 근무지",
        "arrive": "arrive arrival arrival_time start llegada 출근 출근_시각",
        "depart": "depart departure departure_time end salida 퇴근 퇴근_시각",
        "car": "car has_car coche auto 차량 자가용",
        "seats": "seats free_seats asientos 좌석",
    }.items()
}
_KNOWN = {name: column for column, names in COLUMNS.items() for name in names}


class TableUnreadable(Exception):
    """The table as a whole can't be used; ``code`` says why, ``line`` where, if known."""

    def __init__(self, code: str, line: int = 0, value: str = "") -> None:
        self.code, self.line, self.value = code, line, value
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell of one line; ``code`` is a key of the sentences for people."""

    line: int
    column: str
    code: str


@dataclass(frozen=True, slots=True)
class Row:
    """One commute as it was written; times in seconds of the day; None where nothing stands.

    ``home`` and ``work`` are (lon, lat).
    """

    line: int
    home: tuple[float, float] | None
    home_address: str
    work: tuple[float, float] | None
    site: str
    arrive_s: int
    depart_s: int | None
    car: bool | None
    seats: int | None


@dataclass(slots=True)
class Table:
    """Rows that can be read, and the problems of those that can't, by line."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lines: int = 0
    """How many lines hold a commute, good or bad."""


class _BadCell(Exception):
    """A cell that can't be read; its text is the problem's code."""


def decode(content: bytes) -> str:
    """Return the text of a file whose encoding nobody told.

    Raises
    ------
    TableUnreadable
        ``not_a_table``: it holds zero bytes, as workbooks and pictures do.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    if b"\0" in content or content.startswith(b"PK\x03\x04"):
        raise TableUnreadable("not_a_table")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("cp949")
    except UnicodeDecodeError:
        return content.decode("latin-1")
    foreign = [letter for letter in text if not letter.isascii()]
    korean = sum(1 for letter in foreign if HANGUL.match(letter))
    return text if korean * 2 >= len(foreign) else content.decode("latin-1")


def read_table(content: bytes, *, most_rows: int = MOST_ROWS) -> Table:
    """Read a file of commutes.

    Parameters
    ----------
    content : bytes
    most_rows : int

    Returns
    -------
    Table

    Raises
    ------
    TableUnreadable
        ``empty``, ``not_a_table``, ``no_home``, ``no_arrival``, ``column_twice``,
        ``too_many_rows``, ``broken_quotes``.

    Notes
    -----
    O(bytes).
    """
    lines = _lines(decode(content))
    try:
        header_line, names = next(lines)
    except StopIteration:
        raise TableUnreadable("empty") from None
    columns = _recognise(names, header_line)
    table = Table()
    for number, cells in lines:
        table.lines += 1
        if table.lines > most_rows:
            raise TableUnreadable("too_many_rows", number)
        _read_row(table, number, {name: cells[i] for name, i in columns.items() if i < len(cells)})
    if not table.lines:
        raise TableUnreadable("empty")
    return table


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of every line that holds something."""
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    skipped = 0
    if text[:4].lower() == "sep=":  # Excel's own first line
        text, skipped = text.partition("\n")[2], 1
    first = next((line for line in text.split("\n") if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=False)
    while True:
        begins = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TableUnreadable("broken_quotes", begins) from error
        if any(cell.strip() for cell in cells):
            yield begins, [cell.strip() for cell in cells]


def _recognise(names: Sequence[str], line: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for i, name in enumerate(names):
        column = _KNOWN.get(re.sub(r"[\s\-_]+", "_", name.strip().lower()).strip("_"))
        if column in found:
            raise TableUnreadable("column_twice", line, name[:40])
        if column:
            found[column] = i
    if not ({"home_lat", "home_lon"} <= found.keys() or "home_address" in found):
        raise TableUnreadable("no_home", line)
    if "arrive" not in found:
        raise TableUnreadable("no_arrival", line)
    return found


def _read_row(table: Table, line: int, cells: Mapping[str, str]) -> None:
    problems = []

    def read(column: str, parse, default=None):  # type: ignore[no-untyped-def]
        text = cells.get(column, "")
        try:
            return parse(text[:MOST_CELL]) if text else default
        except _BadCell as bad:
            problems.append(Problem(line, column, str(bad)))
            return default

    home = _pair(read("home_lon", _longitude), read("home_lat", _latitude))
    work = _pair(read("work_lon", _longitude), read("work_lat", _latitude))
    address = cells.get("home_address", "")[:MOST_CELL]
    arrive_s = read("arrive", _clock)
    row = Row(
        line=line,
        home=home,
        home_address=address,
        work=work,
        site=cells.get("site", "")[:MOST_CELL],
        arrive_s=arrive_s if arrive_s is not None else 0,
        depart_s=read("depart", _clock),
        car=read("car", _yes_or_no),
        seats=read("seats", _seats),
    )
    if not problems and home is None and not address:
        problems.append(Problem(line, "home_lat", "missing"))
    if not problems and arrive_s is None:
        problems.append(Problem(line, "arrive", "missing"))
    if problems:
        table.problems += problems[:1]  # one is enough to leave the line out
    else:
        table.rows.append(row)


def _pair(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    return None if lon is None or lat is None else (lon, lat)


def _number(text: str) -> float:
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if "_" in text or not text.isascii():
        raise _BadCell("not_a_number")
    try:
        value = float(text.replace(" ", ""))
    except ValueError:
        raise _BadCell("not_a_number") from None
    if not math.isfinite(value):
        raise _BadCell("not_a_number")
    return value


def _latitude(text: str) -> float:
    value = _number(text)
    if abs(value) > 90:
        raise _BadCell("latitude_range")
    return value


def _longitude(text: str) -> float:
    value = _number(text)
    if abs(value) > 180:
        raise _BadCell("longitude_range")
    return value


def _clock(text: str) -> int:
    """Read a time of day: 7:30, 07.30, 0730, 7:30 PM, 오후 6:10, or a workbook's day fraction."""
    words, add = text.lower().split(), None
    for word in (words[0], words[-1]):
        add = _HALVES.get(word, add)
    plain = "".join(word for word in words if word not in _HALVES)
    if add is None and re.fullmatch(r"0[.,]\d{3,}", plain):
        return round(float(plain.replace(",", ".")) * 1440) % 1440 * 60
    match = _CLOCK.match(plain) or _TELEX.match(plain)
    if match is None or not plain.isascii():
        raise _BadCell("not_a_time")
    parts = match.groupdict()
    hours, minutes = int(parts["h"]), int(parts["m"] or 0)
    if add is not None:
        if not 1 <= hours <= 12:
            raise _BadCell("not_a_time")
        hours = hours % 12 + add
    if hours > 23 or minutes > 59:
        raise _BadCell("not_a_time")
    return hours * 3600 + minutes * 60


def _yes_or_no(text: str) -> bool:
    word = text.lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise _BadCell("not_yes_or_no")


def _seats(text: str) -> int:
    value = _number(text)
    if value != int(value) or not 0 <= value <= MOST_SEATS:
        raise _BadCell("seats_range")
    return int(value)
