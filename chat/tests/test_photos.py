"""Photos: drawn anew, without what the phone wrote into them; hostile ones are refused."""

import io
import struct
import uuid
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from chat import services
from chat.errors import PhotoRefused, PhotoTooLarge
from chat.services.photos import MOST_BYTES, draw_anew
from chat.tests.factories import draft, shared_ride, talk_of

SECRET = b"SECRET-29.91850,-71.25750"


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


def picture(kind="JPEG", size=(640, 480), **options) -> bytes:
    out = io.BytesIO()
    mode = options.pop("mode", "RGB")
    Image.new(mode, size, options.pop("colour", None) or 0).save(out, kind, **options)
    return out.getvalue()


def with_exif(orientation=6) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[1] = "S"
    exif.get_ifd(0x8825)[2] = (29.0, 55.0, 6.6)
    return picture(exif=exif, comment=SECRET)


def png_of_size(width, height) -> bytes:
    """A PNG whose header promises so many pixels."""

    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_a_photo_forgets_where_it_was_taken_and_stands_upright():
    content = with_exif()
    assert SECRET in content
    drawn = draw_anew(content)
    assert SECRET not in drawn.jpeg
    with Image.open(io.BytesIO(drawn.jpeg)) as again:
        assert not again.getexif()
        assert (again.format, again.size) == ("JPEG", (480, 640))
        assert set(again.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_what_hangs_behind_a_photo_is_cut_off():
    drawn = draw_anew(picture() + b"<script>alert(1)</script>PK\x03\x04" + SECRET)
    assert b"script" not in drawn.jpeg
    assert SECRET not in drawn.jpeg


def test_a_large_photo_becomes_as_small_as_a_phone_shows():
    drawn = draw_anew(picture(size=(6000, 4000)))
    assert (drawn.width, drawn.height) == (1600, 1067)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("WEBP", "RGB"), ("JPEG", "CMYK")],
)
def test_other_kinds_become_jpeg(kind, mode):
    assert draw_anew(picture(kind, mode=mode)).jpeg.startswith(b"\xff\xd8\xff")


HOSTILE = {
    "empty": b"",
    "text": b"hello",
    "html": b"<html><script>alert(1)</script></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "svg with xml head": b'<?xml version="1.0"?><!DOCTYPE svg><svg/>',
    "html with a jpeg head": b"\xff\xd8\xff\xe0<html><script>alert(1)</script>",
    "gif": picture("GIF"),
    "gif polyglot": b"GIF89a/*" + b"\x00" * 20 + b"*/=alert(1)",
    "bmp": picture("BMP"),
    "tiff": picture("TIFF"),
    "ico": picture("ICO", size=(32, 32)),
    "pdf": b"%PDF-1.7\n1 0 obj<<>>endobj",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(id) run",
    "zip": b"PK\x03\x04" + b"\x00" * 40,
    "cut jpeg": with_exif()[:300],
    "cut png": picture("PNG")[:60],
    "png of lies": png_of_size(300, 300),
    "jpeg of zeros": b"\xff\xd8" + b"\x00" * 5000,
    "png of zeros": b"\x89PNG\r\n\x1a\n" + b"\x00" * 5000,
    "webp of zeros": b"RIFF\x00\x10\x00\x00WEBP" + b"\x00" * 4096,
    "shell": b"#!/bin/sh\nid\n",
    "php": b"\xff\xd8\xff\xe1<?php system($_GET[0]); ?>",
}
GIANTS = {
    "many bytes": b"\xff\xd8\xff" + b"\x00" * MOST_BYTES,
    "many pixels": png_of_size(8000, 8000),
    "a bomb": png_of_size(60000, 60000),
    "a long line": png_of_size(2**31 - 1, 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_photo_is_refused(name):
    with pytest.raises(PhotoRefused):
        draw_anew(HOSTILE[name])


@pytest.mark.parametrize("name", GIANTS)
def test_giants_are_refused_before_they_are_unpacked(name):
    with pytest.raises(PhotoTooLarge):
        draw_anew(GIANTS[name])


def upload(client, talk, content, name="../../evil.html", **said):
    file = SimpleUploadedFile(name, content, content_type="text/html")
    return client.post(
        f"/api/v1/conversations/{talk.pk}/photos",
        {"client_id": str(uuid.uuid4()), "photo": file, **said},
    )


def test_a_photo_is_shown_to_the_car_and_to_nobody_else(cast, now, client, tmp_path):
    talk = talk_of(shared_ride(cast, now=now))
    client.force_login(cast.rider.user)
    answer = upload(client, talk, with_exif())
    assert answer.status_code == 201, answer.content
    photo = answer.json()["photo"]
    [stored] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert stored.name == f"{photo['id'].replace('-', '')}.jpg"
    assert SECRET not in stored.read_bytes()
    for path in ("/api/v1/conversations/{}/photos/{}", "/messages/{}/photos/{}/"):
        address = path.format(talk.pk, photo["id"])
        statuses = {}
        for who in ("driver", "rider", "colleague", "manager", "outsider"):
            client.force_login(getattr(cast, who).user)
            shown = client.get(address)
            statuses[who] = shown.status_code
            if shown.status_code == 200:
                assert shown["Content-Type"] == "image/jpeg"
                assert b"".join(shown.streaming_content).startswith(b"\xff\xd8\xff")
        assert statuses == {
            "driver": 200,
            "rider": 200,
            "colleague": 404,
            "manager": 404,
            "outsider": 404,
        }
    stored.unlink()
    client.force_login(cast.rider.user)
    assert client.get(address).status_code == 404, "lost from the disk is gone, and no fault"


def test_strangers_and_hostile_files_leave_nothing_behind(cast, now, client, tmp_path):
    talk = talk_of(shared_ride(cast, now=now))
    client.force_login(cast.outsider.user)
    assert upload(client, talk, picture()).status_code == 404
    client.force_login(cast.rider.user)
    assert upload(client, talk, HOSTILE["svg"]).status_code == 422
    assert upload(client, talk, GIANTS["a bomb"]).status_code == 413
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert talk.messages.count() == 1


def test_a_photo_sent_twice_is_one(cast, now):
    talk = talk_of(shared_ride(cast, now=now))
    one = draft(talk, cast.rider, "", kind="photo", photo=draw_anew(picture()))
    first, again = (services.post_message(draft=one, by=cast.rider, now=now) for _ in range(2))
    assert first.pk == again.pk
    assert talk.messages.count() == 2
