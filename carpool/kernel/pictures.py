"""Pictures from strangers' devices: bounded, decoded to their end, without what they carry along.

What is kept is drawn anew by us: no metadata (a phone writes where it was), no trailing bytes, no
format that a browser might read as a page. SVG is a program, so it is no picture here.
"""

import io
import warnings

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP")


class PictureTooLarge(ValueError):
    """More than 5 MiB, or more than 40 million pixels."""


class NoPicture(ValueError):
    """No JPEG, PNG or WebP that can be decoded to its end."""


def decode(content: bytes, *, longest_side: int, keep_clear: bool = False) -> Image.Image:
    """Return a picture upright on a fresh canvas, at most so many pixels long.

    With ``keep_clear``, what one can see through stays so; else it becomes white.

    Raises:
        PictureTooLarge, NoPicture: it is not taken.
    """
    if len(content) > MOST_BYTES:
        raise PictureTooLarge
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint lets the whole process take halves
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                # The size stands in the header: a bomb is refused before it is unpacked.
                is_small = image.width * image.height <= MOST_PIXELS
                drawn = _fresh(image, longest_side, keep_clear=keep_clear) if is_small else None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooLarge from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise NoPicture from error
    if drawn is None:
        raise PictureTooLarge
    return drawn


def _fresh(image: Image.Image, longest_side: int, *, keep_clear: bool) -> Image.Image:
    # A JPEG can be decoded at a half, a quarter, … of its size, which is all that is needed.
    image.draft("RGB", (longest_side, longest_side))
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((longest_side, longest_side))
    mode = "RGB"
    if upright.mode in {"RGBA", "LA", "P", "PA"}:
        see_through = upright.convert("RGBA")
        if keep_clear:
            plain, mode = see_through, "RGBA"
        else:
            plain = Image.new("RGB", see_through.size, "white")
            plain.paste(see_through, mask=see_through.getchannel("A"))
    else:
        plain = upright.convert("RGB")
    # A fresh canvas carries nothing along: no EXIF, no colour profile, no comment.
    fresh = Image.new(mode, plain.size)
    fresh.paste(plain)
    return fresh
