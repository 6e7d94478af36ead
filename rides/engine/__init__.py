"""Plain computations about people's rides: how surely somebody can be counted on. No Django."""

from rides.engine.reliability import (
    RULES,
    Deed,
    Kind,
    Rating,
    ScoreRules,
    Weighed,
    score,
    weigh,
)

__all__ = ["RULES", "Deed", "Kind", "Rating", "ScoreRules", "Weighed", "score", "weigh"]
