"""How an organization looks: its name, colour and sign."""

import hashlib
import io

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Logo, Member, Organization
from accounts.permissions import Act
from accounts.selectors import require
from carpool.kernel.errors import InvalidInput
from carpool.kernel.pictures import NoPicture, PictureTooLarge, decode

LOGO_SIDE = 256
OTHER_FIELDS = {field.name for field in Organization._meta.fields} - {"name", "colour"}


def change_branding(*, by: Member, name: str, colour: str) -> Organization:
    """Change the name and colour of a manager's organization.

    Pages show the colour's nearest shade that can be read, so every colour is welcome.

    Raises:
        ManagersOnly: the member does not steer the organization.
        InvalidInput: a value does not fit (names it).
    """
    require(by, Act.CHANGE_BRANDING)
    organization = by.organization
    organization.name, organization.colour = name.strip(), colour.lower()
    try:
        organization.clean_fields(exclude=OTHER_FIELDS)
    except ValidationError as error:
        raise InvalidInput(fields=error.message_dict) from error
    organization.save(update_fields=["name", "colour"])
    return organization


@transaction.atomic
def change_logo(*, by: Member, content: bytes) -> Organization:
    """Draw a sign anew and show it from now on.

    Raises:
        ManagersOnly: the member does not steer the organization.
        InvalidInput: it is no picture that we take, or too large (names ``logo``).
    """
    require(by, Act.CHANGE_BRANDING)
    try:
        drawn = decode(content, longest_side=LOGO_SIDE, keep_clear=True)
    except PictureTooLarge as error:
        raise InvalidInput(_("The picture is too large: at most 5 MB."), field="logo") from error
    except NoPicture as error:
        raise InvalidInput(_("A PNG, JPEG or WebP, please."), field="logo") from error
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    png = out.getvalue()
    organization = by.organization
    Logo.objects.update_or_create(organization=organization, defaults={"png": png})
    organization.logo_version = hashlib.sha256(png).hexdigest()[:12]
    organization.save(update_fields=["logo_version"])
    return organization


@transaction.atomic
def remove_logo(*, by: Member) -> Organization:
    """Show no sign any more.

    Raises:
        ManagersOnly: the member does not steer the organization.
    """
    require(by, Act.CHANGE_BRANDING)
    organization = by.organization
    Logo.objects.filter(organization=organization).delete()
    organization.logo_version = ""
    organization.save(update_fields=["logo_version"])
    return organization
