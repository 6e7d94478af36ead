"""What open pages heard, kept for a while, so that one who was away hears what they missed.

Each topic counts its own events, 1, 2, 3, … under its row's lock. A conversation needs no rows
here: its messages are its events.
"""

from django.db import models


class LiveTopic(models.Model):
    """A thing that pages follow, and the number of its latest event."""

    name = models.CharField(max_length=80, primary_key=True)
    last = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} …{self.last}"


class LiveEvent(models.Model):
    """One event of a topic: identifiers and the name of a fact, never content."""

    topic = models.ForeignKey(LiveTopic, on_delete=models.CASCADE, related_name="events")
    number = models.PositiveBigIntegerField()
    event = models.CharField(max_length=60)
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["topic", "number"]
        constraints = [
            models.UniqueConstraint(fields=["topic", "number"], name="one_event_per_number")
        ]
        indexes = [models.Index(fields=["at"], name="live_events_by_age")]

    def __str__(self) -> str:
        return f"{self.topic_id} #{self.number} {self.event}"
