"""What members agreed to."""

from django.db.models import Exists, OuterRef

from accounts.models import CONSENT_VERSIONS, Consent, ConsentPurpose, Member
from accounts.selectors import given_consents


def agreed_purposes(member: Member) -> set[str]:
    """Return for what a member's positions may be used."""
    return set(given_consents(member))


def agrees(to: ConsentPurpose, *, who: str) -> Exists:
    """Return the condition that the member in a column agrees to a purpose as it is worded today.

    Args:
        to: the purpose.
        who: the column.
    """
    alive = Consent.objects.filter(member=OuterRef(who), withdrawn_at=None)
    return Exists(alive.filter(purpose=to, version=CONSENT_VERSIONS[to]))
