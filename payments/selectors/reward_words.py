"""Why a reward came or went, in a sentence: by which rule, for what, and what kept it lower."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext as _

from carpool.kernel.templatetags.ui import distance, money
from payments.models import Journal, Reward

GIVEN, TAKEN_BACK = "reward", "reward_back"


def explain_rewards(journals: Iterable[Journal]) -> dict[int, str]:
    """Return the sentence of each journal that is about a reward; one query, or none."""
    about = {one.pk: one for one in journals if one.kind in {GIVEN, TAKEN_BACK}}
    if not about:
        return {}
    numbers = {pk: UUID(one.op_key.partition(":")[2]) for pk, one in about.items()}
    rows = Reward.objects.select_related("incentive__organization").in_bulk(numbers.values())
    return {
        pk: explain(rows[number], is_back=about[pk].kind == TAKEN_BACK)
        for pk, number in numbers.items()
        if number in rows
    }


def explain(reward: Reward, *, is_back: bool = False) -> str:
    """Return why a reward was given, or taken back, in the language that is active."""
    names = {
        "organization": reward.incentive.organization.name,
        "rule": reward.incentive.name,
        "class": reward.proof_class,
        "distance": distance(reward.distance_m),
    }
    if is_back:
        text = _("%(organization)s took back a reward by the rule %(rule)s: %(why)s.")
        why = reward.back_why or str(reward.get_back_for_display())
        return text % (names | {"why": why.rstrip(".")})
    text = _(
        "%(organization)s rewards a proven trip: rule %(rule)s, class %(class)s, %(distance)s."
    )
    sentence = text % names
    if reward.limit:
        worth = money(reward.worth, reward.currency)
        lower = _("It was worth %(worth)s: %(limit)s.")
        limit = str(reward.get_limit_display())
        sentence += " " + lower % {"worth": worth, "limit": limit[:1].lower() + limit[1:]}
    return sentence
