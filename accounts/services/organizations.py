"""Founding organizations, their mail domains and their sites."""

from django.db import transaction

from accounts.errors import EmailDomainTaken
from accounts.models import EmailDomain, Organization, Site
from carpool.kernel.geo import LonLat, to_point


@transaction.atomic
def found_organization(
    *, name: str, slug: str, time_zone: str, currency: str, domain: str
) -> Organization:
    """Return the organization of that slug, founded if there is none.

    Raises:
        EmailDomainTaken: the domain belongs to another organization.
    """
    organization, _created = Organization.objects.get_or_create(
        slug=slug, defaults={"name": name, "time_zone": time_zone, "currency": currency}
    )
    claim_email_domain(organization=organization, domain=domain)
    return organization


@transaction.atomic
def claim_email_domain(*, organization: Organization, domain: str) -> EmailDomain:
    """Give an e-mail domain to an organization.

    Raises:
        EmailDomainTaken: another organization has it.
    """
    row, _created = EmailDomain.objects.get_or_create(
        domain=domain.strip().lower(), defaults={"organization": organization}
    )
    if row.organization_id != organization.pk:
        raise EmailDomainTaken(field="domain")
    return row


def add_site(*, organization: Organization, name: str, address: str, location: LonLat) -> Site:
    """Add a site, or move the one of that name."""
    site, _created = Site.objects.update_or_create(
        organization=organization,
        name=name,
        defaults={"address": address, "location": to_point(location)},
    )
    return site
