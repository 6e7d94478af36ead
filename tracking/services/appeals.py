"""Objecting to a verdict: a person decides, and that is written down."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Member, User
from rides.models import ProofClass
from rides.services import state_proof, withdraw_proof
from tracking.errors import AlreadyAppealed, NothingToAppeal, NothingToOverturn
from tracking.models import Appeal, AppealState, Trace, Verification
from tracking.selectors.verdicts import get_verification_for
from tracking.services.telling import tell_judged


@transaction.atomic
def appeal(*, verification_id: UUID, by: Member, reason: str, now: datetime) -> Appeal:
    """Put an objection into the operators' queue; positions are kept longer for it.

    Raises:
        VerificationNotFound: the trip is not theirs.
        NothingToAppeal: it is proven, or not judged yet.
        AlreadyAppealed: somebody objected before.
    """
    verification = get_verification_for(by, verification_id, lock=True)
    if verification.judged_at is None or (verification.accepted and verification.eligible):
        raise NothingToAppeal
    if Appeal.objects.filter(verification=verification).exists():
        raise AlreadyAppealed
    keep_longer(ride_id=verification.ride_id)
    return Appeal.objects.create(verification=verification, by=by, reason=reason, asked_at=now)


def keep_longer(*, ride_id: UUID) -> None:
    """Keep the positions of a ride about which people disagree for longer."""
    Trace.objects.filter(ride=ride_id, purged_at=None).update(is_disputed=True, purge_at=None)


@transaction.atomic
def decide_appeal(*, appeal_id: UUID, granted: bool, by: User, now: datetime) -> Appeal:
    """Decide an objection as a person does.

    When it is granted the trip counts with the class that was judged, at least as one person's
    trip; the booking settles, unless one of the two says that it did not take place.

    Raises:
        AlreadyAppealed: it is decided.
    """
    objection = Appeal.objects.select_for_update().get(pk=appeal_id)
    if objection.state != AppealState.OPEN:
        raise AlreadyAppealed
    objection.state = AppealState.GRANTED if granted else AppealState.REFUSED
    objection.decided_at, objection.decided_by = now, by
    objection.save(update_fields=["state", "decided_at", "decided_by"])
    if granted:
        _overrule(objection.verification_id, now)
    if objection.by_id is not None:
        what = "appeal_granted" if granted else "appeal_refused"
        tell_judged(objection.verification, [objection.by_id], what, now)
    return objection


def _overrule(verification_id: UUID, now: datetime) -> None:
    verification = Verification.objects.select_for_update(of=("self",)).get(pk=verification_id)
    proven = max(verification.proof_class, ProofClass.ONE_TRIP)
    verification.proof_class, verification.overruled_at = proven, now
    verification.accepted = verification.eligible = True
    verification.held, verification.judge_at = False, None
    verification.save()
    state_proof(
        booking_id=verification.booking_id, proof_class=ProofClass(proven), counts=True, now=now
    )


@transaction.atomic
def overturn_verdict(*, verification_id: UUID, now: datetime) -> Verification:
    """Decide as a person does that a proven trip did not take place so; nothing judges it again.

    What was given for it is taken back; its fare is another question. Whoever was aboard may object
    as to any verdict.

    Raises:
        NothingToOverturn: it proves nothing.
    """
    rows = Verification.objects.select_for_update(of=("self",))
    verification = rows.get(pk=verification_id)
    if not verification.accepted:
        raise NothingToOverturn
    verification.accepted = verification.eligible = False
    verification.held, verification.judge_at = True, None
    verification.overruled_at, verification.proof_class = now, ""
    verification.save(
        update_fields=[*("accepted", "eligible", "held", "judge_at", "overruled_at", "proof_class")]
    )
    withdraw_proof(booking_id=verification.booking_id, now=now)
    return verification
