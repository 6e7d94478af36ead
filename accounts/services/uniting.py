"""What accounts holds of two memberships, or two sign-ins, of one person, made one's."""

from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from accounts.models import (
    AvoidedPlace,
    Block,
    Car,
    Consent,
    DataExport,
    Erasure,
    Invitation,
    MembershipChange,
    Partnership,
    Place,
    PlaceKind,
    PolicyChange,
    PositionRead,
    Report,
    User,
)


def unite_accounts(kept_id: UUID, gone_id: UUID, now: datetime) -> None:
    """Give the one who stays whatever accounts holds of the one who goes.

    Of what there is one each, such as a home, the kept one's stays what it is; the other home
    becomes a further place, and the same car is listed once.
    """
    own = Place.objects.filter(member=kept_id).values("kind")
    theirs = Place.objects.filter(member=gone_id)
    theirs.filter(kind__in=own).update(kind=PlaceKind.OTHER)
    theirs.update(member=kept_id)
    plates = Car.objects.filter(member=kept_id, removed_at=None).values("plate")
    cars = Car.objects.filter(member=gone_id)
    cars.filter(plate__in=plates, removed_at=None).update(removed_at=now)
    cars.update(member=kept_id)
    agreed = Consent.objects.filter(member=kept_id, withdrawn_at=None).values("purpose")
    consents = Consent.objects.filter(member=gone_id)
    consents.filter(purpose__in=agreed, withdrawn_at=None).update(withdrawn_at=now)
    consents.update(member=kept_id)
    _unite_blocks(kept_id, gone_id)
    Erasure.objects.filter(member=gone_id).delete()  # one that was carried out: nothing waits
    for kind in (AvoidedPlace, DataExport, PositionRead, MembershipChange):
        kind.objects.filter(member=gone_id).update(member=kept_id)
    PositionRead.objects.filter(reader=gone_id).update(reader=kept_id)
    Report.objects.filter(reporter=gone_id).update(reporter=kept_id)
    Report.objects.filter(reported=gone_id).update(reported=kept_id)
    Invitation.objects.filter(created_by=gone_id).update(created_by=kept_id)


def _unite_blocks(kept_id: UUID, gone_id: UUID) -> None:
    """Whom either blocked stays blocked, and who blocked either; nobody blocks themselves."""
    both = {"blocker__in": [kept_id, gone_id], "blocked__in": [kept_id, gone_id]}
    Block.objects.filter(**both).delete()
    for mine, other in (("blocker", "blocked"), ("blocked", "blocker")):
        known = Block.objects.filter(**{mine: kept_id}).values(other)
        Block.objects.filter(**{mine: gone_id, f"{other}__in": known}).delete()
        Block.objects.filter(**{mine: gone_id}).update(**{mine: kept_id})


def move_sign_ins(keeper: User, other: User) -> None:
    """Let every proven way into the other account lead into the one that stays.

    A second step moves along where there is none of its kind, so nothing becomes easier to open.
    """
    addresses = EmailAddress.objects.filter(user=other)
    addresses.filter(verified=False).delete()
    proven = list(addresses.values_list("email", flat=True))
    EmailAddress.objects.filter(user=keeper, verified=False, email__in=proven).delete()
    addresses.update(user=keeper, primary=False)
    SocialAccount.objects.filter(user=other).update(user=keeper)
    single = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    has = Authenticator.objects.filter(user=keeper, type__in=single).values("type")
    Authenticator.objects.filter(user=other, type__in=has).delete()
    Authenticator.objects.filter(user=other).update(user=keeper)


def move_traces(keeper: User, other: User) -> None:
    """Let the history of decisions name the account that stays."""
    PolicyChange.objects.filter(by=other).update(by=keeper)
    MembershipChange.objects.filter(by=other).update(by=keeper)
    for who in ("invited_by", "accepted_by", "ended_by"):
        Partnership.objects.filter(**{who: other}).update(**{who: keeper})
