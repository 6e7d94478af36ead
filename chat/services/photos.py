"""Photos in conversations: drawn anew as a JPEG of our own (:mod:`carpool.kernel.pictures`)."""

import io
from dataclasses import dataclass

from django.core.files import File

from carpool.kernel.pictures import MOST_BYTES, NoPicture, PictureTooLarge, decode
from chat.errors import PhotoRefused, PhotoTooLarge

LONGEST_SIDE = 1600
QUALITY = 82


@dataclass(frozen=True, slots=True)
class DrawnPhoto:
    """A JPEG of our own making."""

    jpeg: bytes
    width: int
    height: int


def read_photo(upload: "File[bytes]") -> DrawnPhoto:
    """Read an upload, no further than a photo may be long, and draw it anew.

    Raises:
        PhotoTooLarge, PhotoRefused: as :func:`draw_anew`.
    """
    return draw_anew(upload.read(MOST_BYTES + 1))


def draw_anew(content: bytes) -> DrawnPhoto:
    """Decode a picture and write it again, at most 1,600 pixels long, upright, without metadata.

    Raises:
        PhotoTooLarge: more than 5 MiB, or more than 40 million pixels.
        PhotoRefused: no JPEG, PNG or WebP that can be decoded to its end.
    """
    try:
        drawn = decode(content, longest_side=LONGEST_SIDE)
    except PictureTooLarge as error:
        raise PhotoTooLarge(field="photo") from error
    except NoPicture as error:
        raise PhotoRefused(field="photo") from error
    out = io.BytesIO()
    drawn.save(out, "JPEG", quality=QUALITY, optimize=True)
    return DrawnPhoto(jpeg=out.getvalue(), width=drawn.width, height=drawn.height)
