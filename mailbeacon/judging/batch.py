"""Events that are judged together, with what is noted of each; and counting within a window of time.

Knows nothing of what is counted for: ``clients`` and ``neighbours`` do.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import sub

from mailbeacon.judging.windows import Windows
from mailbeacon.model import Event, Kind, NetworkKind

__all__ = [
    "CARRIERS",
    "Batch",
    "Notes",
    "Spans",
    "count_near",
    "is_whole",
    "links_of",
    "max_distinct_in_window",
    "slack_of",
    "times_near",
]

Notes = dict[int, dict[str, int]]
"""What was noted of events: by index, then by the name of a field of ``Context``."""

CARRIERS = frozenset({NetworkKind.RELAY, NetworkKind.CORPORATE_PROXY, NetworkKind.MAIL, NetworkKind.CDN})
"""Kinds of network where one address is not one client."""
_CLICK = Kind.CLICK


class Spans:
    """The times of windows in seconds, worked out once and not for each mail."""

    address: float
    burst: float
    company: float
    company_near: float
    coverage: float
    leave: float
    networks: float
    pixel_after: float
    reading: float
    recipients: float
    same_link: float
    same_moment: float
    same_second: float

    def __init__(self, windows: Windows) -> None:
        for name in Spans.__annotations__:
            setattr(self, name, getattr(windows, name).total_seconds())


@dataclass(slots=True)
class Batch:
    """Events judged together, in order of time, with their times in seconds, and what is noted of them.

    Attributes:
        events: In order of time.
        times: When each came, in seconds.
        windows: What is near, and what is many.
        spans: What is near, in seconds.
        links: How many links each campaign's mail has, where the host says so.
        limits: Windows of time in seconds, each with the number of links that no hand can follow within it.
        notes: What was counted, by index.
    """

    events: Sequence[Event]
    times: Sequence[float]
    windows: Windows
    spans: Spans
    links: Mapping[str, int]
    limits: Sequence[tuple[float, int]]
    notes: Notes = field(default_factory=dict)

    def note(self, index: int, name: str, value: int) -> None:
        """Keep the larger of what was counted so far and now."""
        noted = self.notes.get(index)
        if noted is None:
            self.notes[index] = {name: value}
        elif value > noted.get(name, 0):
            noted[name] = value

    def times_of(self, indices: Iterable[int]) -> list[float]:
        """Return the times of some events."""
        times = self.times
        return [times[index] for index in indices]


def is_whole(event: Event) -> bool:
    """Check whether an event's time is in whole seconds, as most logs write it: it came up to a second later."""
    return not event.received_at.microsecond


def slack_of(batch: Batch, indices: Sequence[int]) -> float:
    """Return by how many seconds events may have been closer, or farther apart, than their times say.

    A second where most times are whole ones; a few are by chance, or where logs and requests of one client come together.
    """
    events = batch.events
    whole = [events[index].received_at.microsecond for index in indices].count(0)
    return 1.0 if 2 * whole > len(indices) else 0.0


def links_of(events: Sequence[Event], indices: Iterable[int]) -> list[object]:
    """Return what each event followed: a click its link (by number, else by where it leads), others what kind they are.

    Links that stand in no document all have the number 0.
    """
    return [
        (event.link or event.url_id or event.url or _CLICK) if event.kind is _CLICK else event.kind
        for event in map(events.__getitem__, indices)
    ]


def max_distinct_in_window(times: Sequence[float], things: Sequence[object], window: float) -> list[int]:
    """Return, for each event, the most different things in any window of time that holds the event.

    Args:
        times: In order, in seconds.
        things: What is counted, one for each event.
        window: The window's length in seconds; below 0, nothing is near anything.

    Returns:
        One count for each event. Two passes with two pointers, so linear.
    """
    size = len(times)
    if window < 0:
        return [1] * size
    if times[-1] - times[0] <= window:
        return [len(set(things))] * size
    if min(map(sub, times[1:], times)) > window:
        return [1] * size
    ending = []
    held: dict[object, int] = {}
    start = 0
    for moment, thing in zip(times, things, strict=True):
        held[thing] = held.get(thing, 0) + 1
        while moment - times[start] > window:
            gone = things[start]
            held[gone] -= 1
            if not held[gone]:
                del held[gone]
            start += 1
        ending.append(len(held))
    best = [0] * size
    line: deque[int] = deque()
    for index in range(size - 1, -1, -1):
        while line and times[line[0]] - times[index] > window:
            line.popleft()
        while line and ending[line[-1]] <= ending[index]:
            line.pop()
        line.append(index)
        best[index] = ending[line[0]]
    return best


def count_near(moment: float, others: Sequence[float], window: float) -> int:
    """Return how many of ``others`` (in order) are within ``window`` of a moment."""
    return bisect_right(others, moment + window) - bisect_left(others, moment - window)


def times_near(moment: float, others: Sequence[float], window: float) -> bool:
    """Check whether any of ``others`` (in order) is within ``window`` of a moment."""
    place = bisect_left(others, moment - window)
    return place < len(others) and others[place] - moment <= window
