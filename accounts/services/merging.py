"""Joining two accounts of one person: asking, proving, and what becomes of the other one.

Whoever asks is signed in to the account that stays. That the other is theirs too is proven by a
code mailed to its proven address, and by its second step where it has one: joining must not be a
way around it. The code follows from the request's id and the installation's secret, so it is kept
nowhere; five tries and fifteen minutes are all there is.

In an organization that both are in, one membership stays. Each app moves what it holds
(:mod:`carpool.kernel.personal_data`), then the other membership's row is deleted without any
cascade: if something still points to it, PostgreSQL refuses, and nothing has happened.
"""

from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import connection, transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from accounts.errors import (
    MergeNotFound,
    MergeOver,
    NotJoinable,
    OperatorsApart,
    OtherOrganization,
    PasskeyGuards,
    SecondStepNeeded,
)
from accounts.events import AccountsMerged, CompanyChanged, MergeAsked
from accounts.models import AccountMerge, Erasure, Member, MemberRole, MembershipAct, User
from accounts.models.merges import MOST_TRIES
from accounts.services.people import end_sessions, lock_organization, note
from accounts.services.uniting import move_sign_ins, move_traces
from carpool.kernel import outbox, personal_data, tenancy
from carpool.kernel.errors import InvalidInput

VALID_FOR = timedelta(minutes=15)
# Neither vowels, which make words, nor what looks like something else.
LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"
CODE_LENGTH = 8
TYPED = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
RANK = [MemberRole.MEMBER, MemberRole.MANAGER, MemberRole.OWNER]


def code_of(merge_id: UUID) -> str:
    """Return the code that proves a joining of accounts."""
    digest = salted_hmac("accounts.merging", str(merge_id), algorithm="sha256").digest()
    number = int.from_bytes(digest, "big")
    letters = [LETTERS[number // len(LETTERS) ** i % len(LETTERS)] for i in range(CODE_LENGTH)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


@transaction.atomic
def ask_to_merge(*, user: User, email: str, now: datetime) -> AccountMerge:
    """Say that the account of an address is one's own, too; a code goes there if there is one.

    Raises:
        OperatorsApart: the user may use the admin.
        InvalidInput: it is the user's own address (names ``email``).
    """
    if user.is_staff:
        raise OperatorsApart
    email = email.strip().lower()
    proven = EmailAddress.objects.select_related("user").filter(email__iexact=email, verified=True)
    found = proven.first()
    if found is not None and found.user_id == user.pk:
        raise InvalidInput(_("This is your own address: you are signed in to it."), field="email")
    other = found.user if found is not None else None
    if other is not None and (other.is_staff or not other.is_active):
        other = None
    merge = AccountMerge.objects.create(
        keeper=user, other=other, address=email, asked_at=now, expires_at=now + VALID_FOR
    )
    if other is not None:
        outbox.publish(MergeAsked(merge_id=merge.pk), now=now)
    return merge


def merge_accounts(
    *, user: User, merge_id: UUID, code: str, second_code: str = "", now: datetime
) -> AccountMerge:
    """Make one account of two, once the code proves the other one. Again: nothing more happens.

    Raises:
        MergeNotFound: the user did not ask for it.
        MergeOver: the code is too old, or was tried too often.
        InvalidInput: a code is wrong (names it).
        SecondStepNeeded, PasskeyGuards: the code by mail does not suffice for the other account.
        OperatorsApart, OtherOrganization, NotJoinable: the accounts stay two.
        DomainError: what an app says that keeps the two from being one person.
    """
    merge = AccountMerge.objects.filter(pk=merge_id, keeper=user).first()
    if merge is None:
        raise MergeNotFound
    if merge.done_at is None:
        _count_try(merge, now)
    if not _is_right(merge, code):
        raise InvalidInput(_("This code is not right."), field="code")
    if merge.done_at is None and merge.other is not None:
        _take_second_step(merge.other, second_code)
    return _merge(merge_id, now)


def _count_try(merge: AccountMerge, now: datetime) -> None:
    """Use one try up, and keep that whatever comes of it: in a transaction of its own."""
    alive = AccountMerge.objects.filter(
        pk=merge.pk, done_at=None, expires_at__gt=now, tries__lt=MOST_TRIES
    )
    if not alive.update(tries=F("tries") + 1):
        merge.refresh_from_db()
        if merge.done_at is None:  # unless the same was sent twice, and the other was faster
            raise MergeOver


def _is_right(merge: AccountMerge, code: str) -> bool:
    typed = "".join(letter for letter in code.upper() if letter in LETTERS)
    right = code_of(merge.pk).replace("-", "")
    return constant_time_compare(typed, right) and merge.other_id is not None


def _take_second_step(other: User, second_code: str) -> None:
    guards = list(Authenticator.objects.filter(user=other))
    if not guards:
        return
    typed = [guard for guard in guards if guard.type in TYPED]
    if not typed:
        raise PasskeyGuards
    if not second_code.strip():
        raise SecondStepNeeded(field="second_code")
    if not any(guard.wrap().validate_code(second_code.strip()) for guard in typed):
        raise InvalidInput(_("This code is not right."), field="second_code")


@tenancy.as_system()  # the other account may be in an organization that this one is not in yet
@transaction.atomic
def _merge(merge_id: UUID, now: datetime) -> AccountMerge:
    merge = AccountMerge.objects.select_for_update().get(pk=merge_id)
    if merge.done_at is not None:
        return merge
    assert merge.other_id is not None
    ids = (merge.keeper_id, merge.other_id)
    users = User.objects.select_for_update().filter(pk__in=ids).order_by("pk").in_bulk(ids)
    keeper, other = users[merge.keeper_id], users[merge.other_id]
    if keeper.is_staff or other.is_staff:
        raise OperatorsApart
    if not (keeper.is_active and other.is_active):
        raise MergeOver
    _join_memberships(keeper, other, now)
    move_sign_ins(keeper, other)
    move_traces(keeper, other)
    end_sessions(other)
    _close(other)
    merge.done_at = now
    merge.save(update_fields=["done_at"])
    outbox.publish(AccountsMerged(merge_id=merge.pk), now=now)
    return merge


def _join_memberships(keeper: User, other: User, now: datetime) -> None:
    everybody = Member.objects.filter(user__in=[keeper, other])
    for organization_id in sorted(set(everybody.values_list("organization", flat=True))):
        lock_organization(organization_id)
    # Not merely against changes: what somebody adds to the one who goes must wait, and then fail.
    locked = list(everybody.select_for_update().order_by("pk"))
    if any(one.suspended_at for one in locked) or Erasure.objects.filter(
        member__in=locked, done_at=None
    ):
        raise NotJoinable
    if len({one.organization_id for one in locked if one.left_at is None}) > 1:
        raise OtherOrganization
    own = {one.organization_id: one for one in locked if one.user_id == keeper.pk}
    for gone in [one for one in locked if one.user_id == other.pk]:
        kept = own.get(gone.organization_id)
        if kept is None:
            gone.user = keeper
            gone.save(update_fields=["user"])
            note(gone, MembershipAct.MERGED, by=keeper, now=now)
        else:
            _unite(kept, gone, now)


def _unite(kept: Member, gone: Member, now: datetime) -> None:
    """Make one membership of two in the same organization."""
    before = kept.role
    for holder in personal_data.holders():
        holder.unite(kept.pk, gone.pk, now)
    kept.role = max(kept.role, gone.role, key=lambda role: RANK.index(MemberRole(role)))
    kept.joined_at = min(kept.joined_at, gone.joined_at)
    kept.phone, kept.language = kept.phone or gone.phone, kept.language or gone.language
    kept.gender = kept.gender or gone.gender
    kept.same_gender_only = kept.same_gender_only or gone.same_gender_only
    if kept.left_at is not None:
        kept.left_at, kept.shares_beyond = gone.left_at, gone.shares_beyond
    Member.objects.filter(pk=gone.pk)._raw_delete("default")
    kept.save()
    connection.check_constraints()  # now, not at the end: whatever was forgotten stops it here
    note(kept, MembershipAct.MERGED, by=kept.user, now=now, before=before, after=kept.role)
    outbox.publish(CompanyChanged(member_id=kept.pk), now=now)


def _close(other: User) -> None:
    """Leave a row that nobody can sign in to."""
    other.email = f"{other.pk}@merged.invalid"
    other.is_active = False
    other.set_unusable_password()
    other.save(update_fields=["email", "is_active", "password"])
