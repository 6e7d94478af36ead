"""Background work of maps."""

from celery import shared_task

from carpool.kernel import clock
from maps import services

HOUR_S = 3600


# Not acks_late: an import that outlives the broker's visibility timeout would run twice.
@shared_task(name="maps.import_map", acks_late=False, time_limit=4 * HOUR_S)
def import_map(source: str, name: str = "", slug: str = "") -> str:
    """Import a file or a place as a region and return the version in use."""
    result = services.import_map(source=source, name=name, slug=slug, now=clock.now())
    return result.region.network_version
