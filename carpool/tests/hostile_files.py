"""Files that nobody means well with, made here: none lies in the repository as it is."""

import gzip
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

from PIL import Image

MARK = b"HOSTILE-29.91850,-71.25750"
SCRIPT = b"<script>alert('HOSTILE')</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><!--' + MARK + b"--></svg>"
SMALL = (48, 36)


def picture(kind: str = "JPEG", size: tuple[int, int] = SMALL, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(options.pop("mode", "RGB"), size, "#c04010").save(out, kind, **options)
    return out.getvalue()


def png_chunk(name: bytes, data: bytes) -> bytes:
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(width: int, height: int, pixels: bytes, *chunks: bytes) -> bytes:
    """A PNG whose header says what it likes."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = png_chunk(b"IDAT", zlib.compress(pixels))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + body + png_chunk(b"IEND", b"")


def honest_png(*chunks: bytes) -> bytes:
    return png(*SMALL, (b"\x00" + b"\xc0\x40\x10" * SMALL[0]) * SMALL[1], *chunks)


def with_segment(marker: int, content: bytes) -> bytes:
    """A JPEG with a segment of one's own after its beginning."""
    plain = picture()
    segment = b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content
    return plain[:2] + segment + plain[2:]


def with_position() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = MARK.decode()
    exif.get_ifd(0x8825)[1] = "S"
    exif.get_ifd(0x8825)[2] = (29.0, 55.0, 6.6)
    return picture(exif=exif)


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", SMALL, colour) for colour in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=40)
    return out.getvalue()


def text_bomb() -> bytes:
    """A compressed comment of 64 MiB in a PNG."""
    return honest_png(png_chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(b"x" * 64 * 2**20, 9)))


def profile_bomb() -> bytes:
    """A compressed colour profile of 64 MiB in a PNG."""
    return honest_png(png_chunk(b"iCCP", b"sRGB\x00\x00" + zlib.compress(b"\x00" * 64 * 2**20, 9)))


# name: (file name, content); what may be taken is drawn anew, the others are refused.
Hostile = tuple[str, Callable[[], bytes]]
REFUSED: dict[str, Hostile] = {
    "nothing": ("a.jpg", lambda: b""),
    "one byte": ("a.jpg", lambda: b"\xff"),
    "an svg with a script": ("a.svg", lambda: SVG),
    "an svg called jpg": ("a.jpg", lambda: SVG),
    "an svg with entities": (
        "a.png",
        lambda: b'<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>' + MARK,
    ),
    "a compressed svg": ("a.svgz", lambda: gzip.compress(SVG)),
    "a page": ("a.html", lambda: b"<html>" + SCRIPT + MARK),
    "a page with a jpeg's beginning": ("a.jpg", lambda: b"\xff\xd8\xff\xe0" + SCRIPT + MARK),
    "a program": ("a.php", lambda: b"\xff\xd8\xff\xe1<?php system($_GET[0]); ?>" + MARK),
    "a gif that is a script": ("a.gif", lambda: b"GIF89a/*" + b"\x00" * 20 + b"*/=alert(1)" + MARK),
    "a moving gif": ("a.gif", lambda: animated("GIF")),
    "a tiff called jpg": ("a.jpg", lambda: picture("TIFF")),
    "a photoshop file called jpg": ("a.jpg", lambda: b"8BPS\x00\x01" + b"\x00" * 20 + MARK),
    "an icon": ("a.ico", lambda: picture("ICO", size=(32, 32))),
    "a bitmap": ("a.bmp", lambda: picture("BMP")),
    "a pdf": ("a.pdf", lambda: b"%PDF-1.7\n1 0 obj<</JS(app.alert(1))>>endobj" + MARK),
    "postscript": ("a.jpg", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(id) run"),
    "an archive": ("a.jpg", lambda: b"PK\x03\x04" + b"\x00" * 40 + MARK),
    "a cut jpeg": ("a.jpg", lambda: with_position()[:300]),
    "a cut png": ("a.png", lambda: honest_png()[:60]),
    "a png with too few pixels": ("a.png", lambda: png(300, 300, b"\x00" * 999)),
    "a png of 3.6 billion pixels": ("a.png", lambda: png(60_000, 60_000, b"\x00" * 999)),
    "a png of one endless line": ("a.png", lambda: png(2**31 - 1, 1, b"\x00" * 999)),
    "a png without width": ("a.png", lambda: png(0, 10, b"")),
    "41 million pixels": ("a.png", lambda: picture("PNG", (6_500, 6_310), mode="1")),
    "a comment that unpacks to 64 MiB": ("a.png", text_bomb),
    "more than 5 MiB": ("a.jpg", lambda: picture() + b"\x00" * (5 * 2**20)),
}
DRAWN_ANEW: dict[str, Hostile] = {
    "a jpeg that knows where it was taken": ("a.jpg", with_position),
    "a jpeg with a page behind it": ("a.jpg", lambda: picture() + b"<html>" + SCRIPT + MARK),
    "a jpeg with an archive behind it": ("a.jpg", lambda: picture() + b"PK\x03\x04" + MARK),
    "a jpeg with a script in a comment": ("a.jpg", lambda: with_segment(0xFE, SCRIPT + MARK)),
    "a jpeg with an unknown segment": ("a.jpg", lambda: with_segment(0xEA, MARK * 200)),
    "a png with a chunk of its own": ("a.png", lambda: honest_png(png_chunk(b"heLo", MARK))),
    "a png with a text": ("a.png", lambda: honest_png(png_chunk(b"tEXt", b"Comment\x00" + MARK))),
    "a moving png": ("a.png", lambda: animated("PNG") + MARK),
    "a moving webp": ("a.webp", lambda: animated("WEBP") + MARK),
    "a picture called page": ("../../a.html", lambda: picture() + MARK),
    "a name with a zero": ("a\x00.php.jpg", lambda: picture() + MARK),
    "a colour profile that unpacks to 64 MiB": ("a.png", profile_bomb),
}
HOSTILE = REFUSED | DRAWN_ANEW
