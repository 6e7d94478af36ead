"""The admin: every page opens for the operator, for nobody else, and tells no home."""

import itertools
import re
import uuid

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, User
from accounts.services import change_policies, report_member, save_place
from accounts.tests.factories import MemberFactory, UserFactory
from carpool.kernel import clock, outbox
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from carpool.kernel.models import IdempotentRequest, OutboxEvent
from carpool.kernel.tests.events import Happened
from carpool.tests.belongings import DRIVERS_DOOR, MADE_WHEN_ASKED, RIDERS_DOOR
from carpool.tests.world import world_at
from chat.models import Message
from chat.services import flag_messages, open_conversation
from chat.tests.factories import say
from matching.services import match_request
from payments.models import (
    Chargeback,
    Dispute,
    Fare,
    FareShare,
    FeeContest,
    Incentive,
    LegalTerms,
    ManualJournal,
    Payment,
    Payout,
    Reward,
    RideFare,
    SponsorBudget,
    SponsorDeposit,
    StatementBreak,
    StatementRun,
)
from payments.services import enter_deposit, propose_journal
from payments.tests.evening import settled_evening
from payments.tests.ledger_scene import check_deferred
from rides.models import Deed, DeedObjection, Review
from rides.tests.api import Api, offer_body
from rides.tests.factories import stand_at_kerb
from tracking.models import Appeal, ProofRules, Trace, Verification

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
NUMBER = re.compile(r"-?\d{1,3}\.\d{4,}")
BACKEND = "django.contrib.auth.backends.ModelBackend"


def signed_in(user):
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def world(cast, gazetteer, now):
    """Something of everything that the admin can show."""
    Group.objects.create(name="Helpers")
    with world_at("booked", cast, now) as world:
        for member, door in ((cast.driver, DRIVERS_DOOR), (cast.rider, RIDERS_DOOR)):
            save_place(member=member, kind="home", label=door.label, location=door.location)
        body = offer_body(cast.driver, now=now, hours=48)
        body["origin"] = {
            "location": DRIVERS_DOOR.location._asdict(),
            "label": DRIVERS_DOOR.label,
        }
        assert Api(cast.driver).post("rides", body).status_code == 201
        match_request(request_id=world.request.pk, now=now)
        MADE_WHEN_ASKED["<uuid:recurring_id>"](world)
        change_policies(
            organization=cast.organization, values={"walking": 3}, by=cast.operator.user, now=now
        )
        report_member(
            by=cast.rider, reported=cast.driver, subject="ride", subject_id=str(world.ride.pk),
            reason="driving", text="", now=now,
        )  # fmt: skip
        talk = open_conversation(ride_id=world.ride.pk, by=cast.driver, now=now)
        say(talk, cast.rider, "fucking traffic", now=now)
        flag_messages()
        StatementRun.objects.create(provider="toss", since=now, until=now, at=now)
        StatementBreak.objects.create(
            provider="toss", kind="amount", reference="x", ours=1, theirs=2, currency="KRW",
            found_at=now, last_seen_at=now,
        )  # fmt: skip
        LegalTerms.objects.create(organization=cast.organization)
        stand_at_kerb(MemberFactory(organization=cast.organization, car=True), now=now)
        propose_journal(
            proposal=ManualJournal(
                organization=cast.organization, debit_kind="bank", credit_kind="suspense",
                amount=5, currency="CLP", why="Found",
            ),
            by=cast.operator.user,
            now=now,
        )  # fmt: skip
        objection_and_transfer(cast, now)
        check_deferred()  # booking a seat made them speak at once, as at its commit
        settled_evening(cast, now)
        budget = SponsorBudget.objects.create(
            organization=cast.organization, name="B", percent=50, first_day=now.date()
        )
        enter_deposit(
            row=SponsorDeposit(budget=budget, amount=5, reference="1"),
            by=cast.operator.user,
            now=now,
        )
        incentive = Incentive.objects.create(
            organization=cast.organization, budget=budget, name="Together", per_trip=600,
            first_day=now.date(), created_at=now,
        )  # fmt: skip
        Reward.objects.create(
            incentive=incentive, series=incentive.series, booking_id=world.booking.pk,
            ride_id=world.ride.pk, member_id=cast.rider.pk, role="rider", day=now.date(),
            proof_class="C", distance_m=9_000, worth=600, amount=0, limit="total", currency="CLP",
            at=now,
        )  # fmt: skip
        Chargeback.objects.create(
            organization=cast.organization, payment=Payment.objects.first(), name="dp_1", amount=1,
            taken_at=now,
        )  # fmt: skip
        tracked(world)
        rated(world)
        yield world


def rated(world):
    """What is written down about the driver, their objection to it, and a flagged rating."""
    cast, now, booking = world.cast, world.now, world.booking
    deed = Deed.objects.create(
        member=cast.driver, booking=booking, role="driver", kind="late", at=now
    )
    DeedObjection.objects.create(deed=deed, text="I was there", made_at=now)
    Review.objects.create(
        booking=booking, author=cast.rider, subject=cast.driver, subject_role="driver", overall=1,
        comment="x", flagged_for="profanity", written_at=now, opens_at=now,
    )  # fmt: skip


def tracked(world):
    """Positions of the ride, a verdict on the trip, an objection to it, and the rules."""
    ride, now = world.ride, world.now
    Trace.objects.create(ride=ride, member=world.cast.driver, day=now.date())
    rules = ProofRules.objects.create(note="The defaults")
    verdict = Verification.objects.create(
        ride=ride, booking=world.booking, rules=rules, judged_at=now, proof_class="A",
    )  # fmt: skip
    Appeal.objects.create(verification=verdict, by=world.cast.rider, reason="x", asked_at=now)


def objection_and_transfer(cast, now):
    """A rider objects to a no-show's part; a host is sent what the others paid."""
    own = {"organization": cast.organization, "currency": "CLP"}
    fare = Fare.objects.create(
        **own, room_id=uuid.uuid4(), host_id=cast.driver.pk, amount=9_000, photo="receipts/x.jpg",
        state="settled", entered_at=now, settled_at=now,
    )  # fmt: skip
    share = FareShare.objects.create(
        fare=fare, person_id=cast.rider.pk, presence="no_show", funded=4_000, share=3_000,
        fare_part=3_000, penalty=1_000,
    )  # fmt: skip
    Dispute.objects.create(
        organization=cast.organization, share=share, reason="I was there.", amount=3_000,
        penalty=1_000, opened_at=now, decide_by=now,
    )  # fmt: skip
    price = RideFare.objects.create(
        **own, booking_id=uuid.uuid4(), ride_id=uuid.uuid4(), rider_id=cast.rider.pk,
        driver_id=cast.driver.pk, amount=3_000, state="split", asked_at=now, pay_by=now,
        paid_at=now, end="late_seat", to_driver=1_500, back=1_500, ended_at=now,
    )  # fmt: skip
    FeeContest.objects.create(
        organization=cast.organization, fare=price, reason="My train was late.", amount=1_500,
        opened_at=now, decide_by=now,
    )  # fmt: skip
    Payout.objects.create(
        **own, payee_id=cast.driver.pk, amount=3_000, batch=now.date(), created_at=now
    )


@pytest.fixture
def clerk(db):
    """Somebody on the staff who was given no permission at all."""
    return UserFactory(email="clerk@copper.example", is_staff=True)


# Where the admin shows some rows only.
ROWS = {
    "chat.Message": lambda: Message.objects.exclude(flagged_for=""),
    "rides.Review": lambda: Review.objects.exclude(flagged_for=""),
}


def pages_of(model):
    """Every page that the admin has for a model, with a row of it to open."""
    meta = model._meta
    prefix = f"admin:{meta.app_label}_{meta.model_name}"
    pages = {"changelist": reverse(f"{prefix}_changelist"), "add": reverse(f"{prefix}_add")}
    row = ROWS.get(model._meta.label, model._default_manager.all)().first()
    if row is not None:
        for page in ("change", "history", "delete"):
            pages[page] = reverse(f"{prefix}_{page}", args=[row.pk])
    return pages


def expected(model, page, request):
    """What the model's admin says of itself: 403 for what nobody may do."""
    site = admin.site._registry[model]
    if page == "add":
        return 200 if site.has_add_permission(request) else 403
    if page == "delete":
        return 200 if site.has_delete_permission(request) else 403
    return 200


# What an operator may enter by hand; everything else is made by services only.
ENTERED = {
    "account.EmailAddress",
    "accounts.Car",
    "accounts.Member",
    "accounts.Organization",
    "accounts.PolicyChange",
    "accounts.Site",
    "accounts.User",
    "auth.Group",
    "maps.Region",
    "payments.LegalTerms",
    "payments.ManualJournal",
    "payments.SponsorBudget",
    "payments.SponsorDeposit",
    "tracking.ProofRules",
    "payments.TaxiTariff",
}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_the_operator_opens_every_page(world, cast, rf, model):
    client = signed_in(cast.operator.user)
    request = rf.get("/")
    request.user = cast.operator.user
    pages = pages_of(model)
    if model._meta.label in NOTHING_YET:
        assert set(pages) == {"changelist", "add"}
    else:
        assert set(pages) == {"changelist", "add", "change", "history", "delete"}, "no row to open"
    for page, address in pages.items():
        answer = client.get(address)
        assert answer.status_code == expected(model, page, request), (page, address)
    may_add = client.get(pages["add"]).status_code == 200
    assert may_add is (model._meta.label in ENTERED | NOTHING_YET)


# Made when somebody links an account; nobody of the world here has.
NOTHING_YET = {"socialaccount.SocialAccount"}


@pytest.mark.parametrize("who", ["driver", "rider", "manager", "outsider", None])
def test_nobody_else_gets_in(world, cast, who):
    client = signed_in(getattr(cast, who).user) if who else Client()
    for model in MODELS:
        for address in pages_of(model).values():
            answer = client.get(address)
            assert answer.status_code == 302, address
            assert answer["Location"].startswith(reverse("admin:login"))


LABEL = re.compile(
    r"<(?:label|h1|h2|caption)\b[^>]*>(.*?)</"
    r"|<th\b[^>]*scope=.col.[^>]*>(.*?)</th>"
    r"|<th class=.column[^>]*>(.*?)</th>"
    r"|<div class=.help.[^>]*>(.*?)</div>"
    r"|<option value=.[a-z_]+.>(.*?)</option>",
    re.DOTALL,
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_an_operator_reads_korean(world, cast, model):
    client = signed_in(cast.operator.user)
    client.cookies["django_language"] = "ko"
    page = pages_of(model)
    foreign = set()
    for name in {"changelist", "change", "add"} & set(page):
        text = client.get(page[name]).content.decode()
        for found in LABEL.findall(text):
            label = " ".join(re.sub("<[^>]+>", " ", "".join(found)).split())
            if re.search("[a-zA-Z]{3}", label) and not re.search("[가-힣]", label):
                foreign.add(label)
    data = {str(row) for row in model._default_manager.all()}
    data |= {"Carpool", "User:"}  # allauth's linked accounts give their field no name
    assert foreign <= data, sorted(foreign - data)


def test_staff_without_permissions_sees_nothing(world, clerk):
    client = signed_in(clerk)
    for model in MODELS:
        for address in pages_of(model).values():
            assert client.get(address).status_code == 403, address


def test_no_page_tells_the_operator_where_anybody_lives(world, cast):
    client = signed_in(cast.operator.user)
    kerb = from_point(world.ride.stops.get(kind="origin").location)
    doors = (DRIVERS_DOOR.location, RIDERS_DOOR.location, kerb)
    for model in MODELS:
        for row in model._default_manager.all()[:5]:
            meta = model._meta
            address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
            listing = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
            for page in (client.get(address), client.get(listing)):
                text = page.content.decode()
                for door in (DRIVERS_DOOR, RIDERS_DOOR):
                    assert door.label not in text, (address, door.label)
                if meta.app_label != "maps":
                    numbers = [float(number) for number in NUMBER.findall(text)]
                    for secret in doors:
                        near = [
                            pair
                            for pair in itertools.pairwise(numbers)
                            if crow_fly_m(LonLat(*pair), secret) < 25
                        ]
                        assert not near, (address, near)


def test_the_front_page_and_searches_open(world, cast):
    client = signed_in(cast.operator.user)
    assert client.get(reverse("admin:index")).status_code == 200
    for model, site in admin.site._registry.items():
        if site.search_fields:
            meta = model._meta
            address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
            assert client.get(address, {"q": "dora"}).status_code == 200, address


def test_the_operator_enters_a_user_by_address(cast):
    client = signed_in(cast.operator.user)
    form = {
        "email": "Neo@Copper.example",
        "usable_password": "false",
        "password1": "",
        "password2": "",
    }
    answer = client.post(reverse("admin:accounts_user_add"), form)
    assert answer.status_code == 302, answer.context["errors"]
    user = User.objects.get(email__iexact="neo@copper.example")
    assert not user.has_usable_password()


def test_an_organization_is_entered_with_its_domain(cast):
    client = signed_in(cast.operator.user)
    form = {
        "name": "Vineyard",
        "slug": "vineyard",
        "kind": "company",
        "colour": "#0f766e",
        "time_zone": "America/Santiago",
        "currency": "CLP",
        "language": "en",
        "week_start": "1",
        "email_domains-TOTAL_FORMS": "1",
        "email_domains-INITIAL_FORMS": "0",
        "email_domains-0-domain": "vineyard.example",
        "sites-TOTAL_FORMS": "0",
        "sites-INITIAL_FORMS": "0",
    }
    address = reverse("admin:accounts_organization_add")
    wrong = client.post(address, form | {"time_zone": "Mars/Olympus", "colour": "red"})
    assert set(wrong.context["adminform"].form.errors) == {"time_zone", "colour"}
    assert client.post(address, form).status_code == 302
    organization = Organization.objects.get(slug="vineyard")
    assert [row.domain for row in organization.email_domains.all()] == ["vineyard.example"]


def test_a_member_is_entered_with_a_car(cast):
    user = UserFactory(email="neo@copper.example")
    form = {
        "user": user.pk,
        "organization": cast.organization.pk,
        "display_name": "Neo",
        "role": "member",
        "cars-TOTAL_FORMS": "1",
        "cars-INITIAL_FORMS": "0",
        "cars-0-make": "Kia",
        "cars-0-model": "Rio",
        "cars-0-colour": "Red",
        "cars-0-plate": "KX-RT-42",
        "cars-0-seats": "4",
    }
    address = reverse("admin:accounts_member_add")
    answer = signed_in(cast.operator.user).post(address, form)
    assert answer.status_code == 302, answer.context["errors"]
    assert user.memberships.get().cars.get().plate == "KX-RT-42"


@pytest.mark.parametrize("page", ["change", "delete"])
def test_facts_are_not_changed_by_hand(world, cast, page):
    client = signed_in(cast.operator.user)
    for row in (world.ride, world.booking, world.request):
        meta = row._meta
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=[row.pk])
        assert client.post(address, {"post": "yes", "state": "cancelled"}).status_code == 403
        row.refresh_from_db()
        assert row.state != "cancelled"


def test_a_failed_event_is_tried_again_at_once(cast, now):
    with transaction.atomic():
        outbox.publish(Happened("late"), now=now)
    row = OutboxEvent.objects.get()
    later = clock.now().replace(year=now.year + 1)
    OutboxEvent.objects.update(next_attempt_at=later, attempts=9, last_error="broken")
    form = {"action": "retry_now", "_selected_action": [row.pk]}
    signed_in(cast.operator.user).post(reverse("admin:kernel_outboxevent_changelist"), form)
    row.refresh_from_db()
    assert row.next_attempt_at <= clock.now()


def test_a_kept_answer_shows_its_key_and_not_its_body(world, cast):
    row = IdempotentRequest.objects.get()
    assert DRIVERS_DOOR.label in str(row.body), "the driver's own answer, kept for a day"
    address = reverse("admin:kernel_idempotentrequest_change", args=[row.pk])
    text = signed_in(cast.operator.user).get(address).content.decode()
    assert row.key in text
    assert DRIVERS_DOOR.label not in text
