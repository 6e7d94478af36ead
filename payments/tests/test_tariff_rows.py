"""Tariffs are rows that operators keep; estimates follow them, and nothing is guessed."""

from datetime import date, datetime, time, timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from payments.engine.legal import PaymentRefusal
from payments.engine.tariff_book import TARIFFS
from payments.errors import NoTariff
from payments.models import LegalTerms, TaxiTariff
from payments.selectors import list_tariffs, quote_room, why_unpaid
from payments.services.tariffs import as_row, save_tariff
from rides.tests.factories import open_room

pytestmark = pytest.mark.usefixtures("city")
DEMO = "la-serena-coquimbo"


@pytest.fixture
def room(cast, now):
    return open_room(cast.driver, now=now)


def quote(room):
    return quote_room(room, list(room.seats.occupying()))


def save(region=DEMO, **changes):
    """As an operator does it, committed."""
    row = TaxiTariff.objects.get(region=region)
    for name, value in changes.items():
        setattr(row, name, value)
    save_tariff(tariff=row)
    cache.clear()  # on commit, which a test's transaction never reaches
    return row


def test_the_rows_are_what_the_book_says():
    rows = {row.as_engine.region: row.as_engine for row in TaxiTariff.objects.all()}
    assert rows == {one.region: one for one in TARIFFS}


def test_an_estimate_follows_the_row(room):
    before = quote(room)
    save(base=1_500)
    assert quote(room).likely - before.likely in {1_000, 1_200}  # by day, by night


@pytest.mark.django_db(transaction=True)
def test_what_is_saved_holds_at_once_for_everybody(room):
    assert quote(room).likely
    row = TaxiTariff.objects.get(region=DEMO)
    row.base += 1_000
    before = quote(room).likely
    save_tariff(tariff=row)
    assert quote(room).likely > before


def test_an_unknown_region_is_refused(room):
    save(region=DEMO, valid_to=room.departure_at)
    with pytest.raises(NoTariff):
        quote(room)


def test_many_estimates_ask_the_database_once(room):
    seats = list(room.seats.occupying())
    with CaptureQueriesContext(connection) as caught:
        for _ in range(20):
            quote_room(room, seats)
    assert len([one for one in caught if "payments_taxitariff" in one["sql"]]) <= 1


def test_without_the_cache_estimates_are_the_same(room, monkeypatch):
    known = quote(room)
    monkeypatch.setattr(cache, "get", lambda *_: None)
    assert quote(room) == known
    assert len(list_tariffs()) == len(TARIFFS)


def test_two_tariffs_never_hold_at_the_same_time():
    later = as_row(TARIFFS[0])
    later.valid_from += timedelta(days=900)
    with pytest.raises(IntegrityError), transaction.atomic():
        later.save()
    TaxiTariff.objects.filter(region=later.region).update(valid_to=later.valid_from)
    later.save()


@pytest.mark.parametrize(
    "bands",
    [
        5, ["22:00"], [{"start": "22:00"}], [{"start": "x", "end": "04:00", "percent": 20}],
        [{"start": "22:00", "end": "04:00", "percent": 20.5}],
        [{"start": "22:00", "end": "04:00", "percent": -1}],
    ],
)  # fmt: skip
def test_what_are_no_bands_is_refused(bands):
    row = as_row(TARIFFS[0])
    row.region, row.bands = "elsewhere", bands
    with pytest.raises(ValidationError) as caught:
        row.full_clean()
    assert "bands" in caught.value.message_dict


class TestTheAdmin:
    """Operators see what a tariff comes to before they save it."""

    @pytest.fixture
    def client(self, cast):
        client = Client()
        client.force_login(cast.operator.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def form_of(self, client, row, **changes):
        page = client.get(reverse("admin:payments_taxitariff_change", args=[row.pk]))
        form = page.context["adminform"].form
        sent = {
            name: form[name].value() if form[name].value() is not None else ""
            for name in form.fields
        }
        for name in ("valid_from", "valid_to", "sample_at"):
            moment = sent.pop(name)
            text = f"{moment:%Y-%m-%d %H:%M:%S}" if isinstance(moment, datetime) else ""
            sent |= dict(zip((f"{name}_0", f"{name}_1"), text.split() or ("", ""), strict=True))
        sent["bands"] = form["bands"].value()
        return {key: value for key, value in sent.items() if value is not False} | changes

    def test_a_preview_shows_the_estimate_and_saves_nothing(self, client):
        row = TaxiTariff.objects.get(region="seoul")
        sent = self.form_of(
            client, row, base="5000", sample_km="7", sample_minutes="27", sample_slow="10",
            sample_at_0="2026-11-23", sample_at_1="14:00", _preview="1",
        )  # fmt: skip
        page = client.post(reverse("admin:payments_taxitariff_change", args=[row.pk]), sent)
        # A7's anchor of 11,000, and 200 more of base fare.
        assert "₩11,200" in page.content.decode()
        row.refresh_from_db()
        assert row.base == 4_800

    def test_saving_saves(self, client):
        row = TaxiTariff.objects.get(region="seoul")
        sent = self.form_of(client, row, base="5000", checked_on="2026-11-22")
        answer = client.post(reverse("admin:payments_taxitariff_change", args=[row.pk]), sent)
        assert answer.status_code == 302, answer.context["errors"]
        row.refresh_from_db()
        assert (row.base, row.checked_on) == (5_000, date(2026, 11, 22))

    def test_a_tariff_that_overlaps_is_refused_in_words(self, client):
        row = TaxiTariff.objects.get(region="seoul")
        sent = self.form_of(client, row)
        page = client.post(reverse("admin:payments_taxitariff_add"), sent)
        assert "Another tariff of this region holds at that time" in page.content.decode()


class TestTheLaw:
    """Whether a driver may be paid."""

    def test_costs_are_shared_at_any_time_unless_another_law_holds(self, cast, now):
        assert why_unpaid(cast.organization, now) is None

    def test_in_korea_drivers_are_paid_in_commuting_hours_only(self, cast):
        LegalTerms.objects.create(
            organization=cast.organization, profile="korea", holidays=[date(2026, 11, 24)]
        )
        zone = cast.organization.zone

        def why(day, hour):
            moment = datetime.combine(date(2026, 11, day), time(hour), zone)
            return why_unpaid(cast.organization, moment)

        assert why(23, 8) is None
        assert why(23, 12) is PaymentRefusal.OUTSIDE_HOURS
        assert why(24, 8) is PaymentRefusal.HOLIDAY
