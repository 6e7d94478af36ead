"""How an organization looks: legible, drawn anew, changed by its managers only."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, ImageFile, PngImagePlugin

from accounts.errors import ManagersOnly
from accounts.models import Logo, Organization
from accounts.services import change_logo
from carpool.kernel.colour import DARK_GROUND, LEGIBLE, LIGHT_GROUND, contrast

URL = "/organization/branding/"
BACKEND = "django.contrib.auth.backends.ModelBackend"

pytestmark = pytest.mark.django_db


def picture(format_="PNG", size=(600, 300), mode="RGBA", **options):
    out = io.BytesIO()
    Image.new(mode, size, "#c04010").save(out, format_, **options)
    return out.getvalue()


@pytest.fixture
def manager(client, cast):
    client.force_login(cast.manager.user, backend=BACKEND)
    return client


def send(client, content=None, **changes):
    form = {"name": "Copper", "colour": "#0f766e"} | changes
    if content is not None:
        form["logo"] = SimpleUploadedFile("logo.png", content)
    return client.post(URL, form)


def test_a_colour_that_nobody_could_read_is_shown_in_shades_that_everybody_can(manager, cast):
    assert send(manager, colour="#FFFF00", name="Kupfer").status_code == 302
    organization = Organization.objects.get(pk=cast.organization.pk)
    assert (organization.name, organization.colour) == ("Kupfer", "#ffff00")
    assert contrast(organization.colour_on_light, LIGHT_GROUND) >= LEGIBLE
    assert contrast(organization.colour_on_dark, DARK_GROUND) >= LEGIBLE
    page = manager.get("/").content.decode()
    assert "/brand/ffff00.css" in page
    style = Client().get("/brand/ffff00.css")
    assert organization.colour_on_light in style.content.decode()
    assert "immutable" in style["Cache-Control"]


@pytest.mark.parametrize("colour", ["red", "#12345", "#1234567", "url(x)", "#0f766e;}"])
def test_what_is_no_colour_is_refused(manager, cast, colour):
    assert list(send(manager, colour=colour).context["form"].errors) == ["colour"]
    assert Client().get(f"/brand/{colour.lstrip('#')}.css").status_code == 404


def test_a_logo_is_drawn_anew_and_everybody_sees_it(manager, cast):
    said = PngImagePlugin.PngInfo()
    said.add_text("Comment", "where the photographer lives")
    assert send(manager, picture(pnginfo=said) + b"<script>alert(1)</script>").status_code == 302
    organization = Organization.objects.get(pk=cast.organization.pk)
    address = f"/brand/{organization.pk}/{organization.logo_version}.png"
    assert address in manager.get("/").content.decode()
    shown = Client().get(address)
    assert shown["Content-Type"] == "image/png"
    drawn = Image.open(io.BytesIO(shown.content))
    assert drawn.size == (256, 128)
    assert b"photographer" not in shown.content
    assert b"script" not in shown.content
    assert Client().get(f"/brand/{organization.pk}/0123456789ab.png").status_code == 404
    send(manager, remove_logo="on")
    assert not Logo.objects.exists()
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + b"\x00" * 40,
        picture()[:200],
        b"<html>",
        picture("BMP", mode="RGB"),
        b"\xff" * (5 * 1024 * 1024 + 1),
    ],
    ids=["svg", "gif", "cut", "html", "bmp", "large"],
)
def test_hostile_pictures_are_refused(manager, cast, content):
    answer = send(manager, content)
    assert list(answer.context["form"].errors) == ["logo"]
    assert not Logo.objects.exists()


def test_half_a_picture_is_none_also_where_pdfs_are_drawn(manager, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint does
    assert list(send(manager, picture()[:200]).context["form"].errors) == ["logo"]


def test_nobody_else_changes_it(client, cast):
    client.force_login(cast.rider.user, backend=BACKEND)
    assert client.get(URL).status_code == send(client).status_code == 403
    with pytest.raises(ManagersOnly):
        change_logo(by=cast.rider, content=picture())
