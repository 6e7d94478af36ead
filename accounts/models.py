"""People and what they belong to."""

from __future__ import annotations

import uuid
import zoneinfo
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.gis.db.models import PointField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Creates users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user; without a password they sign in by code only."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password) if password else user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an operator, who may use the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A sign-in identity. What a person is inside an organization is their Member."""

    email = models.EmailField(_("e-mail address"), unique=True)
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    date_joined = models.DateTimeField(_("joined"), db_default=Now())

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_ignores_case")]

    def __str__(self) -> str:
        return self.email


def validate_time_zone(name: str) -> None:
    """Refuse a name that the IANA database does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not an IANA time zone."), params={"name": name})


class WeekStart(models.IntegerChoices):
    """First day of the week, numbered as in ISO 8601."""

    MONDAY = 1, _("Monday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class Organization(models.Model):
    """A company, campus or town whose people travel together. Policies are columns here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(unique=True)
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
    default_detour_s = models.PositiveIntegerField(
        _("detour suggested to drivers, seconds"), default=600
    )
    default_walk_m = models.PositiveIntegerField(_("walk suggested to riders, metres"), default=800)
    boarding_s = models.PositiveIntegerField(
        _("time to get in or out, seconds"), default=60, validators=[MaxValueValidator(600)]
    )
    stop_leeway_s = models.PositiveIntegerField(
        _("how much later than planned a pick-up or drop-off may become, seconds"), default=300
    )
    confirm_within_s = models.PositiveIntegerField(
        _("time a driver has to confirm a booking, seconds"), default=12 * 3600
    )
    booking_horizon_days = models.PositiveSmallIntegerField(
        _("days ahead that rides can be offered"), default=60
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which this organization reads its clocks."""
        return ZoneInfo(self.time_zone)


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
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="sites")
    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=255, blank=True)
    location = PointField(_("location"), srid=4326)

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="site_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class MemberRole(models.TextChoices):
    """What a person may do inside their organization."""

    MEMBER = "member", _("Member")
    MANAGER = "manager", _("Mobility manager")
    OWNER = "owner", _("Owner")


class MemberQuerySet(models.QuerySet["Member"]):
    """Filters over members."""

    def active(self) -> MemberQuerySet:
        """Those who have not left and may sign in."""
        return self.filter(left_at=None, user__is_active=True)


class Member(models.Model):
    """A person inside an organization: the one who drives, rides and is seen by colleagues."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="members")
    display_name = models.CharField(_("name"), max_length=80)
    role = models.CharField(max_length=8, choices=MemberRole.choices, default=MemberRole.MEMBER)
    phone = models.CharField(
        _("phone"),
        max_length=32,
        blank=True,
        validators=[RegexValidator(r"^\+?[0-9 ()-]{5,}$", _("Digits, as in +56 9 1234 5678."))],
        help_text=_("Shown only to the people you share a confirmed ride with."),
    )
    language = models.CharField(_("language"), max_length=8, blank=True)
    joined_at = models.DateTimeField(db_default=Now())
    left_at = models.DateTimeField(null=True, blank=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ["display_name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="one_membership_each"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def first_name(self) -> str:
        """What colleagues see before a booking is confirmed."""
        return self.display_name.split()[0] if self.display_name else ""


class Car(models.Model):
    """A car that a member drives; its look and plate help riders to find it at the kerb."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="cars")
    make = models.CharField(_("make"), max_length=40)
    model = models.CharField(_("model"), max_length=40)
    colour = models.CharField(_("colour"), max_length=30)
    plate = models.CharField(_("plate"), max_length=16)
    seats = models.PositiveSmallIntegerField(
        _("seats for riders"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(8)],
        help_text=_("Without the driver's."),
    )
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("car")
        verbose_name_plural = _("cars")
        ordering = ["make", "model", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(seats__gte=1, seats__lte=8), name="car_has_1_to_8_seats"
            ),
            models.UniqueConstraint(
                fields=["member", "plate"],
                condition=models.Q(removed_at=None),
                name="car_plate_once_per_member",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.colour} {self.make} {self.model}"


class PlaceKind(models.TextChoices):
    """What a saved place means to its owner."""

    HOME = "home", _("Home")
    WORK = "work", _("Work")
    OTHER = "other", _("Other")


class Place(models.Model):
    """A place a member saved. Private: nobody but its owner ever sees the exact point."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="places")
    kind = models.CharField(max_length=5, choices=PlaceKind.choices)
    label = models.CharField(_("address"), max_length=255)
    location = PointField(_("location"), srid=4326)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ["kind", "label"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "kind"],
                condition=~models.Q(kind=PlaceKind.OTHER),
                name="one_home_one_work",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()  # no address: the admin writes this into its titles
