"""Changing how an organization ranks rides."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Organization, User
from matching.models import RankingChange, RankingPolicy
from rides.services import touch_rides


@transaction.atomic
def change_ranking(
    *, organization: Organization, values: Mapping[str, Any], by: User | None, now: datetime
) -> RankingPolicy:
    """Set some fields of the policy and note what changed; the next search ranks by them.

    Raises:
        ValidationError: a value is out of range.
    """
    # The organization's row stands for a policy that may not exist yet.
    Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization.pk)
    stored = RankingPolicy.objects.filter(organization=organization).first()
    policy = stored or RankingPolicy(organization=organization)
    before = {name: getattr(policy, name) for name in values}
    for name, value in values.items():
        setattr(policy, name, value)
    policy.full_clean(validate_unique=False, validate_constraints=False)
    changed = [name for name in values if before[name] != getattr(policy, name)]
    if stored is None:
        policy.save(force_insert=True)
    else:
        policy.save(update_fields=changed)
    RankingChange.objects.bulk_create(
        RankingChange(
            policy=policy,
            at=now,
            by=by,
            field=name,
            before=_text(before[name]),
            after=_text(getattr(policy, name)),
        )
        for name in changed
    )
    touch_rides(organization=organization, now=now)
    return policy


def _text(value: Any) -> str:
    return "" if value is None else str(value)
