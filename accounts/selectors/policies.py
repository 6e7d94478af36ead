"""Reads of what an organization decided in numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from accounts.models import RULES, Member, Organization, PolicyChange, PolicyGroup, Rule
from accounts.selectors.issuers import require_manager

CHANGES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class DecidedRule:
    """A rule with what holds in one organization."""

    rule: Rule
    value: Any

    @property
    def is_default(self) -> bool:
        """Tell whether the organization left it as it is."""
        return bool(self.value == self.rule.default)


def list_policies(organization: Organization) -> Iterator[DecidedRule]:
    """List all rules with the organization's values. Asks nothing."""
    policy = organization.policy
    return (DecidedRule(rule, getattr(policy, rule.name)) for rule in RULES.values())


def group_policies(organization: Organization) -> list[tuple[PolicyGroup, list[DecidedRule]]]:
    """List the rules under their headings, in the table's order."""
    decided = list(list_policies(organization))
    groups = [(group, [one for one in decided if one.rule.group == group]) for group in PolicyGroup]
    return [(group, rules) for group, rules in groups if rules]


def list_policy_changes(member: Member) -> QuerySet[PolicyChange]:
    """List who changed what in a manager's organization, newest first.

    Raises:
        ManagersOnly: the member does not steer the organization.
    """
    require_manager(member)
    changes = PolicyChange.objects.filter(organization=member.organization_id)
    return changes.select_related("by")[:CHANGES_SHOWN]
