"""A manager imports people from a table: looked at first, done once, harmless when repeated."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import services
from accounts.errors import ManagersOnly
from accounts.events import MemberWithdrawn
from accounts.models import Member, MemberRole, User
from accounts.tests.test_sign_in import is_signed_in, sign_in
from carpool.kernel.errors import InvalidInput
from carpool.kernel.models import OutboxEvent

URL = "/organization/people/import/"
BACKEND = "django.contrib.auth.backends.ModelBackend"
HEAD = "email,name,role,active\n"
TABLE = f"{HEAD}new@copper.example,New Person,,\nboss@copper.example,Boss,manager,yes\n"

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client, cast):
    cast.manager.role = MemberRole.OWNER
    cast.manager.save(update_fields=["role"])
    client.force_login(cast.manager.user, backend=BACKEND)
    return cast.manager


def outcomes(by, text):
    return [line.outcome for line in services.read_people(by=by, text=text)]


class TestThePage:
    """Look, then do."""

    def test_a_preview_changes_nothing_and_the_confirmation_does(self, client, manager):
        page = client.post(URL, {"text": TABLE})
        assert "Import 2 people" in page.content.decode()
        assert not User.objects.filter(email="new@copper.example").exists()
        client.post(URL, {"text": page.context["text"], "confirm": "1"})
        new, boss = (
            Member.objects.get(user__email=f"{name}@copper.example") for name in ("new", "boss")
        )
        assert (new.display_name, new.role) == ("New Person", MemberRole.MEMBER)
        assert boss.role == MemberRole.MANAGER
        assert {new.organization, boss.organization} == {manager.organization}

    def test_whoever_was_imported_signs_in_by_code(self, client, manager):
        client.post(URL, {"text": TABLE, "confirm": "1"})
        client.logout()
        sign_in(client, "new@copper.example")
        assert is_signed_in(client)

    def test_a_file_is_taken_too(self, client, manager):
        upload = SimpleUploadedFile("people.csv", b"\xef\xbb\xbf" + TABLE.encode())
        assert "Import 2 people" in client.post(URL, {"file": upload}).content.decode()

    @pytest.mark.parametrize(
        "upload", [b"\xff\xfe\x00", b"", b"x" * 1_000_001, b"GIF89a", b"name\nAna\n"]
    )
    def test_what_is_no_table_is_told(self, client, manager, upload):
        page = client.post(URL, {"file": SimpleUploadedFile("a.csv", upload)})
        assert page.status_code == 200
        assert page.context["form"].errors
        assert "Import " not in page.content.decode().partition("<main")[2].replace(
            "Import people", ""
        )

    def test_errors_are_told_line_by_line_and_escaped(self, client, manager):
        text = "email,name\n<b>@x,<script>alert(1)</script>\nnew@copper.example,Fine\n"
        page = client.post(URL, {"text": text}).content.decode()
        assert "Line 2" in page
        assert "1 line has a mistake" in page
        assert "<script>alert" not in page

    def test_only_managers_come_here(self, client, cast):
        client.force_login(cast.rider.user, backend=BACKEND)
        assert client.get(URL).status_code == 403
        assert client.post(URL, {"text": TABLE, "confirm": "1"}).status_code == 403
        assert not User.objects.filter(email="new@copper.example").exists()


class TestLines:
    """What each line does."""

    def test_repeating_a_table_does_nothing(self, manager, now):
        assert services.import_people(by=manager, text=TABLE, now=now)["enter"] == 2
        assert services.import_people(by=manager, text=TABLE, now=now) == {"nothing": 2}

    def test_a_known_person_is_changed_and_keeps_what_is_not_said(self, manager, cast, now):
        email = cast.rider.user.email
        services.import_people(by=manager, text=f"email;name\n{email.upper()};Rita R.\n", now=now)
        cast.rider.refresh_from_db()
        assert (cast.rider.display_name, cast.rider.role) == ("Rita R.", MemberRole.MEMBER)

    def test_somebody_is_taken_out_and_comes_back(self, manager, cast, now):
        email = cast.rider.user.email
        services.import_people(by=manager, text=f"email,active\n{email},no\n", now=now)
        cast.rider.refresh_from_db()
        assert cast.rider.left_at == now
        assert OutboxEvent.objects.filter(name__contains=MemberWithdrawn.__name__).exists()
        services.import_people(by=manager, text=f"email,active\n{email},yes\n", now=now)
        cast.rider.refresh_from_db()
        assert cast.rider.left_at is None

    def test_foreign_addresses_are_not_entered(self, manager, cast, now):
        text = f"email\nsomeone@gmail.com\n{cast.outsider.user.email}\n"
        assert outcomes(manager, text) == ["error", "error"]
        services.import_people(by=manager, text=text, now=now)
        assert Member.objects.filter(user=cast.outsider.user).count() == 1

    @pytest.mark.parametrize(
        "line",
        [
            "nobody,Name,,",
            ",Name,,",
            "a@copper.example,Name,owner,",
            "a@copper.example,Name,,maybe",
            f"a@copper.example,{'x' * 81},,",
            "a@b@copper.example,Name,,",
        ],
    )
    def test_a_mistake_is_an_error_of_its_line_only(self, manager, line):
        text = f"email,name,role,active\n{line}\nok@copper.example,Fine,,\n"
        assert outcomes(manager, text) == ["error", "enter"]

    def test_a_person_stands_once(self, manager):
        text = "email\nsame@copper.example\nSAME@copper.example\n"
        assert outcomes(manager, text) == ["error", "error"]

    def test_managers_do_not_take_out_themselves_or_owners(self, manager, cast):
        cast.colleague.role = MemberRole.OWNER
        cast.colleague.save()
        for member, words in ((manager, ",no"), (manager, "member,"), (cast.colleague, ",no")):
            text = f"email,role,active\n{member.user.email},{words}\n"
            assert outcomes(manager, text) == ["error"]

    def test_only_managers_read_and_import(self, cast, now):
        with pytest.raises(ManagersOnly):
            services.read_people(by=cast.rider, text=TABLE)
        with pytest.raises(ManagersOnly):
            services.import_people(by=cast.rider, text=TABLE, now=now)

    def test_five_thousand_people_are_read_in_a_few_queries(
        self, manager, django_assert_max_num_queries
    ):
        text = "email\n" + "".join(f"p{n}@copper.example\n" for n in range(5000))
        with django_assert_max_num_queries(3):
            assert len(services.read_people(by=manager, text=text)) == 5000
        with pytest.raises(InvalidInput):
            services.read_people(by=manager, text=text + "one@copper.example\n")
