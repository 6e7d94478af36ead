"""Organizations, their mail domains and their sites."""

from __future__ import annotations

import uuid
import zoneinfo
from zoneinfo import ZoneInfo

from django.contrib.gis.db.models import PointField, PolygonField
from django.contrib.gis.geos import Point
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.policies import Policies, read_policies
from carpool.kernel.colour import DARK_GROUND, LIGHT_GROUND, legible
from carpool.kernel.geo import LonLat, crow_fly_m, from_point, to_point

LEAST_FENCE_M, MOST_FENCE_M = 25, 2_000


def validate_time_zone(name: str) -> None:
    """Refuse a name that the IANA database does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not an IANA time zone."), params={"name": name})


class WeekStart(models.IntegerChoices):
    """First day of the week, numbered as in ISO 8601."""

    MONDAY = 1, _("Monday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class OrganizationKind(models.TextChoices):
    """Who belongs together."""

    COMPANY = "company", _("Company, campus or town")
    COMMUNITY = "community", _("Community of individuals")


class Organization(models.Model):
    """A company, campus or town whose people travel together, or individuals who want to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), unique=True)
    kind = models.CharField(
        _("kind"),
        max_length=9,
        choices=OrganizationKind.choices,
        default=OrganizationKind.COMPANY,
        db_default=OrganizationKind.COMPANY,
        help_text=_("Operators decide; only a community can be open to everybody."),
    )
    is_open = models.BooleanField(
        _("anybody with a proven address may join"),
        default=False,
        db_default=False,
        help_text=_("Its owners decide."),
    )
    colour = models.CharField(
        _("colour"),
        max_length=7,
        default="#0f766e",
        validators=[RegexValidator(r"^#[0-9a-f]{6}$", _("Six hexadecimal digits after #."))],
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    currency = models.CharField(
        _("currency"), max_length=3, default="EUR", validators=[RegexValidator(r"^[A-Z]{3}$")]
    )
    language = models.CharField(_("language"), max_length=8, default="en")
    week_start = models.PositiveSmallIntegerField(
        _("week starts on"), choices=WeekStart.choices, default=WeekStart.MONDAY
    )
    logo_version = models.CharField(
        max_length=12,
        blank=True,
        editable=False,
        help_text="Names the logo's content; empty: none",
    )
    partner_ids = ArrayField(
        models.UUIDField(), default=list, blank=True, editable=False,
        help_text="Organizations with which rides are shared now",
    )  # fmt: skip
    former_partner_ids = ArrayField(
        models.UUIDField(), default=list, blank=True, editable=False,
        help_text="With which they were: what was booked then is still seen",
    )  # fmt: skip
    own_policies = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="Rules that differ from the defaults, by name; read them as ``policy``",
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_open=False) | models.Q(kind=OrganizationKind.COMMUNITY),
                name="only_communities_are_open",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which this organization reads its clocks."""
        return ZoneInfo(self.time_zone)

    @property
    def colour_on_light(self) -> str:
        """The organization's colour, as dark as it must be to be read on a light page."""
        return legible(self.colour, LIGHT_GROUND)

    @property
    def colour_on_dark(self) -> str:
        """The organization's colour, as light as it must be to be read on a dark page."""
        return legible(self.colour, DARK_GROUND)

    @property
    def policy(self) -> Policies:
        """The rules in numbers: the organization's own where it has some, else the defaults."""
        return read_policies(self.own_policies)


class Logo(models.Model):
    """An organization's sign, a PNG that we drew anew. Apart, so that no list of rides loads it."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="logo"
    )
    png = models.BinaryField()

    def __str__(self) -> str:
        return str(self.organization_id)


class EmailDomain(models.Model):
    """Whoever proves an address in this domain belongs to the organization."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="email_domains"
    )
    domain = models.CharField(
        _("domain"),
        max_length=253,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", _("As in example.com."))],
    )

    class Meta:
        verbose_name = _("e-mail domain")
        verbose_name_plural = _("e-mail domains")

    def __str__(self) -> str:
        return self.domain


class Site(models.Model):
    """A place of the organization that everybody may know: an office, a plant, a campus gate."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="sites", verbose_name=_("organization")
    )
    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=255, blank=True)
    location = PointField(_("location"), srid=4326)
    radius_m = models.PositiveIntegerField(
        _("how far it reaches"),
        default=150,
        validators=[MinValueValidator(LEAST_FENCE_M), MaxValueValidator(MOST_FENCE_M)],
        help_text=_("Metres around its middle that belong to it."),
    )
    fence = PolygonField(
        _("outline"),
        srid=4326,
        null=True,
        blank=True,
        help_text=_("Drawn on the map instead of the circle; empty: the circle."),
    )
    entrance = PointField(
        _("where cars stop"),
        srid=4326,
        null=True,
        blank=True,
        help_text=_("A gate or a stop within reach; empty: its middle."),
    )

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="site_name_once"),
            models.CheckConstraint(
                condition=models.Q(radius_m__gte=LEAST_FENCE_M, radius_m__lte=MOST_FENCE_M),
                name="site_reaches_25_to_2000_m",
            ),
            models.CheckConstraint(
                condition=models.Q(fence=None) | models.Q(fence__isvalid=True),
                name="site_outline_is_a_polygon",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def meeting_point(self) -> Point:
        """Where cars stop: the entrance, if one is known."""
        return self.entrance or self.location

    def is_at(self, place: LonLat, *, within_m: float) -> bool:
        """Tell whether a place lies in the fence, and within so many metres of middle or gate."""
        middle_m = crow_fly_m(from_point(self.location), place)
        gate_m = crow_fly_m(from_point(self.meeting_point), place)
        return self.holds(place) and min(middle_m, gate_m) <= within_m

    def holds(self, place: LonLat) -> bool:
        """Tell whether a place lies in the fence: the drawn outline, or else the circle."""
        if self.fence is not None:
            return bool(self.fence.covers(to_point(place)))
        return crow_fly_m(from_point(self.location), place) <= self.radius_m
