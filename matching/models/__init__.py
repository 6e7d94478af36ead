"""What matching remembers."""

from matching.models.matches import Match

__all__ = ["Match"]
