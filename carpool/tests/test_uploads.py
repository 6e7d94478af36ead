"""Hostile files at every door that takes one: none is stored as it was sent, none takes us down.

Source: OWASP ASVS 5.0, chapter 5; OWASP File Upload Cheat Sheet.
"""

import io
import resource
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import Logo, Organization
from carpool.tests.hostile_files import DRAWN_ANEW, HOSTILE, MARK, REFUSED
from chat.models import Photo
from chat.tests.factories import shared_ride, talk_of
from matching.models import Study

pytestmark = pytest.mark.usefixtures("city")
MOST_GROWTH_KIB = 200 * 1024


class Doors:
    """Every door through which files come; each call answers with the response."""

    def __init__(self, cast, now):
        self.talk = talk_of(shared_ride(cast, now=now))
        self.rider, self.manager = Client(), Client()
        self.rider.force_login(cast.rider.user)
        self.manager.force_login(cast.manager.user)
        self.organization = cast.organization

    def photo_of_the_api(self, file):
        said = {"client_id": str(uuid.uuid4()), "photo": file}
        return self.rider.post(f"/api/v1/conversations/{self.talk.pk}/photos", said)

    def photo_of_the_page(self, file):
        said = {"client_id": str(uuid.uuid4()), "photo": file}
        return self.rider.post(f"/messages/{self.talk.pk}/", said)

    def logo(self, file):
        said = {"name": "Copper", "colour": "#0f766e", "logo": file}
        return self.manager.post("/organization/branding/", said)

    def study_of_the_api(self, file):
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return self.manager.post("/api/v1/studies", {"name": "S", "file": file}, headers=key)

    def study_of_the_page(self, file):
        return self.manager.post("/studies/", {"name": "S", "file": file, "workdays": 220})

    def people(self, file):
        return self.manager.post("/organization/people/import/", {"file": file})

    def kept(self, folder):
        """Everything that is stored of pictures."""
        files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
        return files + [bytes(one.png) for one in Logo.objects.all()]


PICTURES = ("photo_of_the_api", "photo_of_the_page", "logo")
TABLES = ("study_of_the_api", "study_of_the_page", "people")


@pytest.fixture
def doors(cast, now, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return Doors(cast, now)


def file_called(name):
    file_name, make = HOSTILE[name]
    return SimpleUploadedFile(file_name, make(), content_type="image/jpeg")


def test_there_are_thirty_and_more():
    assert len(HOSTILE) >= 30


@pytest.mark.parametrize("door", PICTURES)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_is_stored_nowhere(doors, tmp_path, door, name):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = getattr(doors, door)(file_called(name))
    assert answer.status_code < 500
    assert doors.kept(tmp_path) == []
    assert not Photo.objects.exists()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH_KIB


@pytest.mark.parametrize("door", PICTURES)
@pytest.mark.parametrize("name", DRAWN_ANEW)
def test_what_is_kept_is_a_picture_of_our_own(doors, tmp_path, door, name):
    sent = file_called(name)
    answer = getattr(doors, door)(sent)
    assert answer.status_code < 500
    for kept in doors.kept(tmp_path):
        assert MARK not in kept
        assert b"script" not in kept
        assert kept != sent.open().read()
        with Image.open(io.BytesIO(kept)) as drawn:
            assert drawn.format == ("PNG" if door == "logo" else "JPEG")
            assert getattr(drawn, "n_frames", 1) == 1
            assert not drawn.getexif()
            assert set(drawn.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for path in tmp_path.rglob("*"):
        assert path.suffix in {"", ".jpg"}, "the name is ours, too"


def test_control_a_good_picture_comes_in_by_every_door(doors, tmp_path):
    for n, door in enumerate(PICTURES, start=1):
        getattr(doors, door)(file_called("a jpeg that knows where it was taken"))
        assert len(doors.kept(tmp_path)) == n, door


@pytest.mark.parametrize("door", TABLES)
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_table_is_refused_with_a_word(doors, tmp_path, door, name):
    people = doors.organization.members.count()
    answer = getattr(doors, door)(file_called(name))
    assert answer.status_code in {200, 400, 413, 422}
    assert doors.kept(tmp_path) == []
    assert not Study.objects.exists()
    assert doors.organization.members.count() == people
    assert Organization.objects.get(pk=doors.organization.pk).logo_version == ""
