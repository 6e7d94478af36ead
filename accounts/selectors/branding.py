"""An organization's sign, as everybody may see it."""

from uuid import UUID

from accounts.models import Logo


def find_logo(organization_id: UUID, version: str) -> bytes | None:
    """Return the PNG of that version, None where there is another or none."""
    found = Logo.objects.filter(
        organization=organization_id, organization__logo_version=version
    ).first()
    return bytes(found.png) if found else None
