"""Pictures from strangers' devices: decoded, bounded, and drawn anew.

What is stored is a JPEG that we wrote: no metadata (a phone writes where it was), no trailing
bytes, no format that a browser might read as a page.
"""

import io
import warnings
from dataclasses import dataclass

from django.core.files import File
from PIL import Image, ImageOps, UnidentifiedImageError

from chat.errors import PhotoRefused, PhotoTooLarge

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 1600
FORMATS = ("JPEG", "PNG", "WEBP")
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
    if len(content) > MOST_BYTES:
        raise PhotoTooLarge(field="photo")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                # The size stands in the header: a bomb is refused before it is unpacked.
                if image.width * image.height > MOST_PIXELS:
                    raise PhotoTooLarge(field="photo")
                return _draw(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoTooLarge(field="photo") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise PhotoRefused(field="photo") from error


def _draw(image: Image.Image) -> DrawnPhoto:
    # A JPEG can be decoded at a half, a quarter, … of its size, which is all that is needed.
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if upright.mode in {"RGBA", "LA", "P", "PA"}:
        see_through = upright.convert("RGBA")
        plain = Image.new("RGB", see_through.size, "white")
        plain.paste(see_through, mask=see_through.getchannel("A"))
    else:
        plain = upright.convert("RGB")
    # A fresh canvas carries nothing along: no EXIF, no colour profile, no comment.
    fresh = Image.new("RGB", plain.size)
    fresh.paste(plain)
    out = io.BytesIO()
    fresh.save(out, "JPEG", quality=QUALITY, optimize=True)
    return DrawnPhoto(jpeg=out.getvalue(), width=fresh.width, height=fresh.height)
