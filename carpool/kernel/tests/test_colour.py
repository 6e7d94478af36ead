"""Any colour becomes one that can be read, in both schemes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpool.kernel.colour import DARK_GROUND, LEGIBLE, LIGHT_GROUND, contrast, legible

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_what_wcag_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(COLOURS, st.sampled_from([LIGHT_GROUND, DARK_GROUND]))
def test_every_colour_has_a_legible_shade(colour, ground):
    shade = legible(colour, ground)
    assert contrast(shade, ground) >= LEGIBLE
    assert (shade == colour) is (contrast(colour, ground) >= LEGIBLE)
