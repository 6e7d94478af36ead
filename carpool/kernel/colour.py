"""Colours that people can read: contrast as WCAG 2.2 measures it, and the nearest legible shade."""

import colorsys

# WCAG 2.2, 1.4.3 (AA): text of ordinary size.
LEGIBLE = 4.5
# The lightest and darkest grounds of our pages, as static/design/tokens*.css have them.
LIGHT_GROUND, DARK_GROUND = "#faf6ef", "#18211f"
STEPS = 100

Rgb = tuple[float, float, float]


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(rgb: Rgb) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in rgb)


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb``, 0 to 1. Source: WCAG 2.2, its definition."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return how much two colours differ, 1 to 21. Source: WCAG 2.2, contrast ratio."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def legible(colour: str, ground: str) -> str:
    """Return a colour's nearest shade that can be read on a ground: darker, or lighter.

    Hue and saturation stay; a colour that can be read already stays as it is.
    """
    if contrast(colour, ground) >= LEGIBLE:
        return colour
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    goal = 0.0 if luminance(ground) > 0.18 else 1.0
    for step in range(1, STEPS + 1):
        moved = lightness + (goal - lightness) * step / STEPS
        shade = _hex(colorsys.hls_to_rgb(hue, moved, saturation))
        if contrast(shade, ground) >= LEGIBLE:
            break
    return shade
