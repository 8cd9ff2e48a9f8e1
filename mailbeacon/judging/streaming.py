"""Verdicts on a stream of events in bounded memory, with revisions.

Judges nothing itself: it keeps the events that may still matter, and has them judged together, a batch at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbeacon.model import Event, Verdict

__all__ = ["Judged", "Revision", "stream"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Hold an event and the first verdict given on it."""

    event: Event
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Hold an event whose verdict a later event changed.

    Attributes:
        event: The event.
        verdict: What is thought now.
        before: What was given before.
    """

    event: Event
    verdict: Verdict
    before: Verdict


class _Held:
    """Hold an event until nothing can change its verdict, and until it bears on no other's."""

    __slots__ = ("event", "given")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.given: Verdict | None = None


def stream(
    events: Iterable[Event], hold: timedelta, horizon: timedelta, judge: Callable[[list[Event]], list[Verdict]]
) -> Iterator[Judged | Revision]:
    """Give verdicts as their hold ends, and revisions.

    Args:
        events: In order of time, or late by at most ``hold``.
        hold: How long to wait before a verdict is given, in the events' own time.
        horizon: How far apart events may be and still bear on each other.
        judge: Judges a list of events together.

    Yields:
        Each event's verdict, and each change of one. A batch is judged once two thirds of what is held are due, or the
        oldest is no longer needed, so that each event is judged a few times at most, and what is held spans at most
        some multiples of ``hold`` and ``horizon``.
    """
    past: list[_Held] = []
    pending: list[_Held] = []
    clock: datetime | None = None
    flushed: datetime | None = None
    settled: datetime | None = None
    due = 0
    for event in events:
        pending.append(_Held(event))
        clock = event.received_at if clock is None else max(clock, event.received_at)
        flushed = flushed or clock
        while due < len(pending) and clock - pending[due].event.received_at >= hold:
            due += 1
        if due and (3 * due >= 2 * (len(past) + len(pending)) or clock - flushed >= 3 * (hold + 2 * horizon)):
            held = past + pending
            yield from _flush(held, judge, settled, clock - hold)
            flushed, settled = clock, clock - hold - horizon
            pending = [item for item in held if item.given is None]
            past = [item for item in held if item.given is not None and item.event.received_at >= settled - horizon]
            due = 0
    yield from _flush(past + pending, judge, settled, None)


def _flush(
    held: list[_Held], judge: Callable[[list[Event]], list[Verdict]], settled: datetime | None, until: datetime | None
) -> Iterator[Judged | Revision]:
    """Judge what is held; give what is due, and what changed since it was given."""
    verdicts = judge([item.event for item in held])
    for item, verdict in zip(held, verdicts, strict=True):
        event, before = item.event, item.given
        if before is None:
            if until is None or event.received_at <= until:
                item.given = verdict
                yield Judged(event=event, verdict=verdict)
        elif verdict is not before and verdict != before and (settled is None or event.received_at >= settled):
            item.given = verdict
            yield Revision(event=event, verdict=verdict, before=before)
