"""What can be wrong with a place or a map, as people and programs hear of it."""

from django.utils.translation import gettext_lazy as _

from carpool.kernel.errors import DomainError, InvalidInput, NotFound, ServiceUnavailable


class OutsideMap(InvalidInput):
    """No imported map contains the point."""

    code = "outside_map"
    title = _("This place is outside our map.")


class OffNetwork(InvalidInput):
    """The point is on the map, but no road is near: in the sea, in a wood, on a mountain."""

    code = "off_network"
    title = _("There is no road near this place. Choose a point nearer to a street.")


class NoWalk(InvalidInput):
    """Two places are not joined by a walk of reasonable length."""

    code = "no_walk"
    title = _("One cannot walk from the one place to the other.")


class MapNotReady(ServiceUnavailable):
    """The compiled network of a region cannot be opened here."""

    code = "map_not_ready"
    title = _("The map is not ready. Please try again in a few minutes.")


class GeocoderDown(ServiceUnavailable):
    """The address server that this installation uses does not answer."""

    code = "geocoder_down"
    title = _("Address search does not answer. Set the point on the map instead.")


class RegionNotFound(NotFound):
    """No map has this name."""

    code = "region_not_found"
    title = _("There is no such map.")


class MapImportFailed(DomainError):
    """A map could not be imported; the previous one, if any, stays in use."""

    code = "map_import_failed"
    status = 422
    title = _("The map could not be imported.")
