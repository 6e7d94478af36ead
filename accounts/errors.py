"""What can go wrong with people and what they own."""

from django.utils.translation import gettext_lazy as _

from carpool.kernel.errors import Conflict, Forbidden, NotFound


class NoMembership(Forbidden):
    """The person is signed in, but belongs to no organization."""

    code = "no_membership"
    title = _("You do not belong to an organization yet")


class CarNotFound(NotFound):
    """No such car among one's own."""

    code = "car_not_found"
    title = _("You have no such car")


class PlaceNotFound(NotFound):
    """No such place among one's own."""

    code = "place_not_found"
    title = _("You have no such place")


class CarPlateTaken(Conflict):
    """A member lists each car once."""

    code = "car_plate_taken"
    title = _("You already have a car with this plate")


class EmailDomainTaken(Conflict):
    """Each e-mail domain stands for one organization."""

    code = "email_domain_taken"
    title = _("This e-mail domain belongs to another organization")
