"""The sites of an organization, as those who steer it change them."""

from uuid import UUID

from accounts.errors import SiteNotKnown
from accounts.models import Member, Site
from accounts.permissions import Act
from accounts.selectors.belongings import list_sites
from accounts.selectors.people import require


def get_site_for(member: Member, site_id: UUID) -> Site:
    """Return a site of a manager's organization.

    Raises:
        ManagersOnly: the member does not steer the organization.
        SiteNotKnown: the organization has no such site.
    """
    require(member, Act.CHANGE_SITES)
    site = list_sites(member).filter(pk=site_id).first()
    if site is None:
        raise SiteNotKnown
    return site
