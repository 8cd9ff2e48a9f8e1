"""Changing or dropping events that are kept: what becomes of one, whichever store it is in."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from mailbeacon.errors import DataError
from mailbeacon.model import Event, Kind

__all__ = ["EventChange", "applied", "outcome"]

EventChange = Callable[[Event], Event | None]
"""Returns, for an event, the event to keep in its place, or ``None`` to drop it."""


def applied(event: Event, before: datetime, change: EventChange, kinds: Collection[Kind]) -> Event | None:
    """Return what becomes of an event: itself where it is not older than ``before``, or of none of the kinds."""
    return event if event.received_at >= before or (kinds and event.kind not in kinds) else change(event)


def outcome(text: str, before: datetime, change: EventChange, kinds: Collection[Kind]) -> tuple[bool, Event | None]:
    """Return whether anything becomes of a stored event, and what; one that cannot be read stays."""
    try:
        event = Event.from_json(text)
    except DataError:
        return False, None
    new = applied(event, before, change, kinds)
    return new is not event and new != event, new
