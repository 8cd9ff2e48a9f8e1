"""Events in the database: columns to filter by, and the event itself as JSON."""

from __future__ import annotations

from django.db import models

__all__ = ["Event", "LastOpen"]


class Event(models.Model):
    """One event, as it was recorded."""

    event_id = models.CharField(max_length=191, unique=True)
    kind = models.CharField(max_length=32)
    campaign = models.CharField(max_length=512, db_index=True)
    recipient = models.CharField(max_length=512, null=True, db_index=True)
    received_at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=32, blank=True)
    is_human = models.BooleanField(null=True)
    url = models.TextField(blank=True)
    event = models.TextField()
    verdict = models.TextField(blank=True)

    class Meta:
        """Newest first."""

        ordering = ("-received_at", "-id")

    def __str__(self) -> str:
        return f"{self.kind} of {self.campaign}"


class LastOpen(models.Model):
    """The day of a recipient's last open, where no more may be known."""

    recipient = models.CharField(max_length=512, unique=True)
    day = models.DateField()

    def __str__(self) -> str:
        return str(self.day)
