"""Receipts and statements as PDF: read back by another program, their figures add up."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from carpool.kernel import pdf
from carpool.kernel.money import MINOR_DIGITS
from payments.tests.evening import MINUTE, settled_evening

pytestmark = pytest.mark.usefixtures("city")
AMOUNT = re.compile(r"([+-]?)(?:CLP\s|₩|€|EUR\s)([\d,]+(?:\.\d+)?)")


@pytest.fixture
def evening(cast, now):
    evening = settled_evening(cast, now - timedelta(hours=2))
    evening.refund(cast.rider, 1_000, now - 20 * MINUTE)
    return evening


def paper(member, path):
    client = Client()
    client.force_login(member.user)
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    return PdfReader(BytesIO(answer.content))


def text_of(reader):
    return "\n".join(page.extract_text() for page in reader.pages).replace("\xa0", " ")


def amounts(text, currency):
    """Every amount as minor units, in the order in which it is read."""
    scale = 10 ** MINOR_DIGITS.get(currency, 2)
    found = []
    for sign, digits in AMOUNT.findall(text):
        minor = round(float(digits.replace(",", "")) * scale)
        found.append(-minor if sign == "-" else minor)
    return found


def rows_of(text, start, end):
    """The amounts between two headings."""
    return text.split(start, 1)[1].split(end, 1)[0]


def test_a_receipt_adds_up_when_it_is_read_back(cast, evening):
    text = text_of(paper(cast.rider, reverse("payments:receipt", args=[evening.room.pk])))
    currency = evening.room.organization.currency
    *parts, left = amounts(rows_of(text, "In sums", "Payments"), currency)
    assert parts == [6_600, -5_575, -1_000]
    assert sum(parts) == left == 25
    moves = amounts(text.split("Every movement", 1)[1].split("Play money", 1)[0], currency)
    changes, balances = moves[::2], moves[1::2]
    assert changes == [6_600, -5_575, 1_025, -1_000]  # 1,025 in brackets: it stayed theirs
    assert balances == [6_600, 1_025, 1_025, 25]
    assert str(evening.payments[cast.rider.pk].pk) in text.replace("\n", "")
    assert "Play money" in text


def test_a_statement_adds_up_when_it_is_read_back(cast, evening, now):
    month = evening.now.astimezone(cast.organization.zone).strftime("%Y-%m")
    text = text_of(paper(cast.rider, reverse("payments:month-paper", args=[month])))
    currency = cast.organization.currency
    opening, *sums, closing = amounts(
        rows_of(text, "The month in sums", "Every movement"), currency
    )
    assert (opening, closing) == (0, 25)
    assert opening + sum(sums) == closing


def test_hangul_is_drawn_and_can_be_read_back(cast, evening):
    cast.rider.language = "ko"
    cast.rider.display_name = "김민지"
    cast.rider.save(update_fields=["language", "display_name"])
    reader = paper(cast.rider, reverse("payments:receipt", args=[evening.room.pk]))
    text = text_of(reader)
    assert "김민지" in text
    assert "영수증" in text
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert any("CJK" in name or "KR" in name or "Nanum" in name for name in fonts), fonts
    assert all("+" in name for name in fonts), "each is embedded, as the part that is used"


def test_a_paper_can_be_read_aloud(cast, evening):
    reader = paper(cast.rider, reverse("payments:receipt", args=[evening.room.pk]))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert "Receipt" in reader.metadata.title


def test_a_paper_asks_for_nothing():
    with pytest.raises(ValueError, match="asks for nothing"):
        pdf._refuse("http://169.254.169.254/")


def test_a_paper_shows_what_somebody_wrote_as_text(cast, evening):
    cast.rider.display_name = "<img src=file:///etc/passwd>"
    cast.rider.save(update_fields=["display_name"])
    text = text_of(paper(cast.rider, reverse("payments:receipt", args=[evening.room.pk])))
    assert "<img src=file" in text


def test_nobody_elses_receipt_is_given(cast, evening):
    client = Client()
    client.force_login(cast.manager.user)
    assert client.get(reverse("payments:receipt", args=[evening.room.pk])).status_code == 404
