"""Which communities anybody may join."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.errors import CommunityNotFound
from accounts.models import Organization, OrganizationKind


def list_communities() -> QuerySet[Organization]:
    """List the communities that are open to everybody; everybody may know them."""
    return Organization.objects.filter(kind=OrganizationKind.COMMUNITY, is_open=True)


def get_community(community_id: UUID, *, lock: bool = False) -> Organization:
    """Return an open community.

    Raises:
        CommunityNotFound: there is none of that id.
    """
    listed = list_communities()
    if lock:
        listed = listed.select_for_update(of=("self",), no_key=True)
    found = listed.filter(pk=community_id).first()
    if found is None:
        raise CommunityNotFound
    return found
