"""Rules of proof as data: a new version counts from now on; the old ones stay."""

from typing import Any

from django.utils.translation import gettext as _

from carpool.kernel.errors import InvalidInput
from tracking.models import ProofRules
from tracking.selectors.cases import known_thresholds


def current_rules() -> ProofRules:
    """Return the version of the rules that counts; the first one is the strategy's defaults."""
    latest = ProofRules.objects.order_by("-pk").first()
    return latest or ProofRules.objects.create(note="The defaults")


def publish_rules(*, strategy: str, thresholds: dict[str, Any], note: str) -> ProofRules:
    """Publish a version of the rules.

    Raises:
        InvalidInput: a threshold has no such name, or is no such value.
    """
    check_thresholds(strategy, thresholds)
    return ProofRules.objects.create(strategy=strategy, thresholds=thresholds, note=note)


def check_thresholds(strategy: str, thresholds: Any) -> None:
    """Refuse thresholds that the strategy does not have, or of another type.

    Raises:
        InvalidInput: names ``thresholds``.
    """
    known = known_thresholds(strategy)
    if not isinstance(thresholds, dict):
        raise InvalidInput(_("Write names and values."), field="thresholds")
    for name, value in thresholds.items():
        if name not in known or not _fits(known[name], value):
            raise InvalidInput(
                _("There is no threshold %(name)s, or not with this value.") % {"name": name},
                field="thresholds",
            )


def _fits(default: object, value: object) -> bool:
    if isinstance(default, tuple):
        return (
            isinstance(value, list) and len(value) == len(default) and all(map(_is_number, value))
        )
    if isinstance(default, bool | str):
        return type(value) is type(default)
    return _is_number(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
