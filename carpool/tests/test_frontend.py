"""What the front end promises: vendored files are what they claim, texts are translated."""

import hashlib
import json
import re
import shutil
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

STATIC = settings.BASE_DIR / "static"
TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
# A mail has no policy, and mail programs read no style sheets.
PAGES = [path for path in TEMPLATES if path.parent.name != "mail"]
KOREAN = settings.BASE_DIR / "locale" / "ko" / "LC_MESSAGES" / "django.po"


def test_vendored_files_are_those_of_the_manifest():
    manifest = json.loads((STATIC / "vendor" / "MANIFEST.json").read_text())
    assert manifest
    for entry in manifest:
        content = (STATIC / "vendor" / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], entry["file"]
        assert (STATIC / "vendor" / entry["licence_file"]).read_text().strip()


def test_every_icon_that_is_drawn_is_in_the_sprite():
    known = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "vendor" / "icons.svg").read_text()))
    drawn = {
        name for path in TEMPLATES for name in re.findall(r'{% icon "([^"]+)"', path.read_text())
    }
    assert drawn <= known


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_template_needs_an_unsafe_policy(path):
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*src=)", text)
    assert not re.search(r"<style|\sstyle=|\son(click|load|submit|change)=", text)
    assert not re.search(r'(src|href)="(https?:)?//', text)


@pytest.mark.skipif(shutil.which("msgattrib") is None, reason="needs gettext")
@pytest.mark.parametrize("flaw", ["--untranslated", "--only-fuzzy"])
def test_korean_is_complete(flaw):
    command = ["msgattrib", flaw, "--no-obsolete", str(KOREAN)]
    left = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.findall(r'^msgid "(.+)"$', left, re.MULTILINE) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("came_from", "goes_to"),
    [
        ("http://testserver/notifications/settings/?a=1", "/notifications/settings/?a=1"),
        ("https://elsewhere.example/notifications/", "/"),
        ("http://testserver//elsewhere.example/", "/"),
        ("", "/"),
    ],
)
def test_whose_sign_in_ended_meanwhile_comes_back_to_the_page_they_were_on(
    client, came_from, goes_to
):
    answer = client.post("/notifications/read/", headers={"referer": came_from})
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [goes_to]
