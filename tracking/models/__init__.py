"""Traces, positions, verifications, and the rules they are judged by."""

from tracking.models.positions import Position, Trace

__all__ = ["Position", "Trace"]
