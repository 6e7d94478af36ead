"""Regions and what the imported map says about them."""

import uuid
from typing import ClassVar

from django.contrib.gis.db.models import GeometryField, MultiPolygonField, PointField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from carpool.kernel.geo import SRID


class RegionQuerySet(models.QuerySet["Region"]):
    """Filters of regions."""

    def usable(self) -> "RegionQuerySet":
        """Keep the regions that people can travel in: imported at least once."""
        return self.exclude(network_version="")


class Region(models.Model):
    """A piece of the world that was imported, with its compiled road network.

    A failed or running import of a region that already has a network leaves ``status`` at ready:
    the previous version stays in use, and ``error`` says what went wrong.
    """

    class Status(models.TextChoices):
        """How far the import is."""

        PENDING = "pending", _("waiting")
        IMPORTING = "importing", _("being imported")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    boundary = MultiPolygonField(_("boundary"), srid=SRID, null=True, blank=True)
    centre = PointField(_("centre"), srid=SRID, null=True, blank=True)
    network_version = models.CharField(_("network version"), max_length=64, blank=True)
    source = models.CharField(_("source"), max_length=500, blank=True)
    attribution = models.CharField(
        _("attribution"), max_length=200, default="© OpenStreetMap contributors"
    )
    status = models.CharField(
        _("status"), max_length=12, choices=Status.choices, default=Status.PENDING
    )
    progress = models.PositiveSmallIntegerField(
        _("progress, per cent"), default=0, validators=[MaxValueValidator(100)]
    )
    error = models.TextField(_("last error"), blank=True)
    imported_at = models.DateTimeField(_("imported at"), null=True, blank=True)

    objects: ClassVar[RegionQuerySet] = RegionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(status="ready")
                | (
                    ~models.Q(network_version="")
                    & models.Q(boundary__isnull=False)
                    & models.Q(centre__isnull=False)
                ),
                name="region_ready_has_network",
            ),
            models.CheckConstraint(condition=models.Q(progress__lte=100), name="region_progress"),
        ]

    def __str__(self) -> str:
        return self.name


class Address(models.Model):
    """Something that people search for by name: a street, a corner, a house, a stop, a place.

    ``search`` is the label in the form that queries are compared with (see ``engine.text``).
    ``rank`` orders equal matches: a town before a street before a house.
    """

    class Kind(models.TextChoices):
        """What was found."""

        SETTLEMENT = "settlement", _("town or district")
        STREET = "street", _("street")
        CORNER = "corner", _("corner")
        HOUSE = "house", _("house")
        PLACE = "place", _("place")
        STOP = "stop", _("stop")
        PARKING = "parking", _("parking")

    region = models.ForeignKey(
        Region, on_delete=models.CASCADE, related_name="addresses", verbose_name=_("region")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    label = models.CharField(_("label"), max_length=255)
    context = models.CharField(_("context"), max_length=255, blank=True)
    rank = models.PositiveSmallIntegerField(_("rank"), default=0)
    location = PointField(_("location"), srid=SRID)
    search = models.CharField(_("search text"), max_length=255)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        indexes: ClassVar = [
            GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="address_search_trigrams"),
        ]

    def __str__(self) -> str:
        return self.label


class MapFeature(models.Model):
    """Something drawn on the basemap.

    ``kind`` is the OSM ``highway`` value of a road and one of a few classes otherwise
    (``engine.osm_features``); ``min_zoom`` is the first zoom level that shows it; ``level`` is
    below 0 in tunnels and above 0 on bridges.
    """

    class Layer(models.TextChoices):
        """Layer of a vector tile."""

        AREAS = "areas", _("areas")
        WATERWAYS = "waterways", _("rivers and coasts")
        ROADS = "roads", _("roads and rails")
        LABELS = "labels", _("names of places")

    region = models.ForeignKey(
        Region, on_delete=models.CASCADE, related_name="features", verbose_name=_("region")
    )
    layer = models.CharField(_("layer"), max_length=10, choices=Layer.choices)
    kind = models.CharField(_("class"), max_length=24)
    name = models.CharField(_("name"), max_length=255, blank=True)
    one_way = models.BooleanField(_("one-way"), default=False)
    level = models.SmallIntegerField(_("level"), default=0)
    min_zoom = models.PositiveSmallIntegerField(_("first zoom level"), default=0)
    geometry = GeometryField(_("geometry"), srid=SRID)

    class Meta:
        verbose_name = _("map feature")
        verbose_name_plural = _("map features")

    def __str__(self) -> str:
        return self.name or f"{self.layer}/{self.kind}"
