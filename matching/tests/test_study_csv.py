"""The table of a study, however somebody's program wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine.study_csv import (
    COLUMNS,
    Problem,
    TableUnreadable,
    decode,
    read_table,
)

HEADER = "home_latitude,home_longitude,arrive"


def table(*lines: str):
    return "\n".join([HEADER, *lines]).encode()


def only_row(content):
    read = read_table(content)
    assert read.problems == []
    [row] = read.rows
    return row


def test_a_plain_table_is_read():
    row = only_row(
        b"home_latitude,home_longitude,site,arrive,depart,car,seats\n"
        b"-29.91,-71.25,Head office,08:00,17:30,yes,3\n"
    )
    assert row.home == (-71.25, -29.91)
    assert row.site == "Head office"
    assert (row.arrive_s, row.depart_s) == (8 * 3600, 17 * 3600 + 1800)
    assert (row.car, row.seats, row.line) == (True, 3, 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_korean_is_read_in_every_usual_encoding(encoding):
    text = "위도,경도,근무지,출근,자가용\n37.5,127.0,서울 본사,오전 9:00,네\n"
    row = only_row(text.encode(encoding))
    assert (row.site, row.arrive_s, row.car) == ("서울 본사", 9 * 3600, True)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_spanish_is_not_taken_for_korean(encoding):
    text = "lat,lon,sede,llegada\n-29.9,-71.2,Peñuelas MUÑÓZ,8.30\n"
    row = only_row(text.encode(encoding))
    assert (row.site, row.arrive_s) == ("Peñuelas MUÑÓZ", 8 * 3600 + 1800)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_usual_separator_is_recognised(separator):
    text = HEADER.replace(",", separator) + "\n" + separator.join(["-29.9", "-71.2", "8:00"])
    assert only_row(text.encode()).home == (-71.2, -29.9)


def test_decimal_commas_are_read_between_semicolons_and_in_quotes():
    semicolons = HEADER.replace(",", ";") + "\n-29,9;-71,2;8:00"
    assert only_row(semicolons.encode()).home == (-71.2, -29.9)
    assert only_row(table('"-29,9","-71,2",8:00')).home == (-71.2, -29.9)


def test_excels_own_first_line_and_old_line_ends_do_not_move_the_line_numbers():
    content = b"sep=;\r" + HEADER.replace(",", ";").encode() + b"\r-29,9;-71,2;8:00\rx;-71,2;8:00"
    read = read_table(content)
    assert [row.line for row in read.rows] == [3]
    assert read.problems == [Problem(4, "home_lat", "not_a_number")]


def test_a_line_break_in_quotes_and_empty_lines_keep_the_line_numbers():
    content = b'address,arrive\n"Calle 1\nLa Serena",8:00\n\n,8:00\n'
    read = read_table(content)
    assert [(row.line, row.home_address) for row in read.rows] == [(2, "Calle 1\nLa Serena")]
    assert read.problems == [Problem(5, "home_lat", "missing")]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7:05", 25500), ("07:05", 25500), ("7.05", 25500), ("7h05", 25500), ("0705", 25500),
        ("07:05:30", 25500), ("7:05 AM", 25500), ("7:05 pm", 68700), ("12:00 AM", 0),
        ("오전 7:05", 25500), ("오후 12:10", 43800), ("8", 28800), ("0.3125", 27000),
        ("0,3125", 27000), ("23:59", 86340),
    ],
)  # fmt: skip
def test_times_of_day_are_read(text, seconds):
    assert only_row(table(f'-29.9,-71.2,"{text}"')).arrive_s == seconds


@pytest.mark.parametrize(
    "text", ["24:00", "7:60", "13:00 PM", "0:30 am", "7:5", "soon", "\u0667:\u0663\u0660", "-1"]
)
def test_what_is_no_time_of_day_is_told(text):
    assert read_table(table(f"-29.9,-71.2,{text}")).problems == [Problem(2, "arrive", "not_a_time")]


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("abc,-71.2,8:00", "home_lat", "not_a_number"),
        ("nan,-71.2,8:00", "home_lat", "not_a_number"),
        ("1e999,-71.2,8:00", "home_lat", "not_a_number"),
        ("-29_9,-71.2,8:00", "home_lat", "not_a_number"),
        ("=1+1,-71.2,8:00", "home_lat", "not_a_number"),
        ("-91,-71.2,8:00", "home_lat", "latitude_range"),
        ("-29.9,-181,8:00", "home_lon", "longitude_range"),
        ("-29.9,,8:00", "home_lat", "missing"),
        (",,8:00", "home_lat", "missing"),
        ("-29.9,-71.2", "arrive", "missing"),
        ("-29.9,-71.2,", "arrive", "missing"),
    ],
)
def test_a_bad_cell_is_told_with_line_and_column_and_the_next_line_is_read(line, column, code):
    read = read_table(table(line, "-29.9,-71.2,8:00"))
    assert read.problems == [Problem(2, column, code)]
    assert [row.line for row in read.rows] == [3]
    assert read.lines == 2


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("car", "maybe", "not_yes_or_no"),
        ("seats", "9", "seats_range"),
        ("seats", "1.5", "seats_range"),
    ],
)
def test_cars_and_seats_are_checked(column, cell, code):
    content = f"{HEADER},{column}\n-29.9,-71.2,8:00,{cell}".encode()
    assert read_table(content).problems == [Problem(2, column, code)]


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "empty", 0),
        (b"\n\n ; \n", "empty", 0),
        (HEADER.encode(), "empty", 0),
        (b"name,arrive\nx,8:00", "no_home", 1),
        (b"\nlatitude,arrive\n1,8:00", "no_home", 2),
        (b"lat,lon\n1,2", "no_arrival", 1),
        (b"lat,latitude,lon,arrive\n1,1,2,8:00", "column_twice", 1),
        (b"PK\x03\x04rest of a workbook", "not_a_table", 0),
        (b"\x89PNG\0\0", "not_a_table", 0),
        (HEADER.encode() + b'\n"' + b"x" * 140_000, "broken_quotes", 2),
    ],
)
def test_a_table_that_can_not_be_used_says_why(content, code, line):
    with pytest.raises(TableUnreadable) as raised:
        read_table(content)
    assert (raised.value.code, raised.value.line) == (code, line)


def test_more_rows_than_allowed_are_refused():
    with pytest.raises(TableUnreadable) as raised:
        read_table(table(*["-29.9,-71.2,8:00"] * 11), most_rows=10)
    assert (raised.value.code, raised.value.line) == ("too_many_rows", 12)


def test_every_column_has_one_meaning():
    names = [name for names in COLUMNS.values() for name in names]
    assert len(names) == len(set(names))


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(content):
    decode_or_refuse(content)
    for begin in (b"", HEADER.encode() + b"\n"):
        try:
            read = read_table(begin + content)
        except TableUnreadable:
            continue
        assert len(read.rows) + len(read.problems) == read.lines


def decode_or_refuse(content):
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"))
    if not marked and (b"\0" in content or content.startswith(b"PK\x03\x04")):
        with pytest.raises(TableUnreadable):
            decode(content)
    else:
        assert isinstance(decode(content), str)
