"""Changing what an organization decides in numbers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.events import PoliciesChanged
from accounts.models import RULES, Member, Organization, PolicyChange, Rule, User, read_policies
from accounts.models.policies import IN_ORDER
from accounts.selectors import require_manager
from carpool.kernel import outbox
from carpool.kernel.errors import InvalidInput

LONGEST_REASON = 280


def change_own_policies(
    *, by: Member, values: Mapping[str, Any], reason: str = "", now: datetime
) -> Organization:
    """Change rules of a manager's own organization; as :func:`change_policies`.

    Raises:
        ManagersOnly: the member does not steer the organization.
        InvalidInput: names each rule that is unknown or out of bounds.
    """
    require_manager(by)
    return change_policies(
        organization=by.organization, values=values, by=by.user, reason=reason, now=now
    )


@transaction.atomic
def change_policies(
    *,
    organization: Organization,
    values: Mapping[str, Any],
    by: User | None,
    reason: str = "",
    now: datetime,
) -> Organization:
    """Set some rules and note what changed. None gives a rule its default back.

    Raises:
        InvalidInput: names each rule that is unknown, out of bounds or contradicts another.
    """
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(_("At most 280 characters."), field="reason")
    wanted = _parse(values)
    locked = Organization.objects.select_for_update(of=("self",), no_key=True).get(
        pk=organization.pk
    )
    before = dict(locked.own_policies)
    for name, value in wanted.items():
        if value is None or value == RULES[name].default:
            locked.own_policies.pop(name, None)
        else:
            locked.own_policies[name] = RULES[name].write(value)
    _check_order(locked)
    changed = [name for name in wanted if before.get(name) != locked.own_policies.get(name)]
    if changed:
        locked.save(update_fields=["own_policies"])
        _note(locked, before, changed, by=by, reason=reason, now=now)
        outbox.publish(PoliciesChanged(organization_id=locked.pk), now=now)
    organization.own_policies = locked.own_policies
    return locked


def _parse(values: Mapping[str, Any]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name, value in values.items():
        rule = RULES.get(name)
        if rule is None:
            wrong[name] = [_("There is no such rule.")]
            continue
        try:
            wanted[name] = None if value is None else rule.parse(value)
        except ValueError:
            wrong[name] = [bounds_text(rule)]
    if wrong:
        raise InvalidInput(fields=wrong)
    return wanted


def bounds_text(rule: Rule) -> str:
    """Say what a rule takes, in the unit in which people enter it."""
    scale = rule.unit.seconds
    least, most = (f"{bound / scale:g}" for bound in (rule.least, rule.most))
    return _("Between %(least)s and %(most)s.") % {"least": least, "most": most}


def _check_order(organization: Organization) -> None:
    policy = read_policies(organization.own_policies)
    wrong = {
        lower: [text]
        for lower, upper, text in IN_ORDER
        if getattr(policy, lower) > getattr(policy, upper)
    }
    if wrong:
        raise InvalidInput(fields=wrong)


def _note(
    organization: Organization,
    before: Mapping[str, Any],
    changed: list[str],
    *,
    by: User | None,
    reason: str,
    now: datetime,
) -> None:
    PolicyChange.objects.bulk_create(
        PolicyChange(
            organization=organization,
            at=now,
            by=by,
            name=name,
            before=str(before.get(name, "")),
            after=str(organization.own_policies.get(name, "")),
            reason=reason.strip(),
        )
        for name in changed
    )
