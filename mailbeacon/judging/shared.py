"""What all counting shares: the events of one judging, the windows in seconds, and counting within a window.

Holds nothing of what is counted for: ``neighbours`` and ``hands`` know that.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import sub
from typing import NamedTuple

from mailbeacon.judging.windows import Windows
from mailbeacon.model import Event, Kind

__all__ = ["Notes", "Shared", "Spans", "links_of", "most", "times_near"]

Notes = dict[int, dict[str, int]]
_CLICK = Kind.CLICK


class Spans(NamedTuple):
    """Hold the windows that are counted in, in seconds."""

    burst: float
    volley: float
    same_moment: float
    same_second: float
    coverage: float
    coverage_pace: float
    networks: float
    leave: float
    honeypot: float
    company: float
    company_near: float
    pixel_after: float
    recipients: float
    quick: float = 0
    """How far apart two of one client's clicks may be and say something although it does not follow all links."""
    hand: float = 0
    """How far apart two of one client's clicks may be and still say something together."""
    mail: float = 0
    """How soon after a click something else must come on the same mail for the two to say something."""

    @classmethod
    def of(cls, windows: Windows) -> Spans:
        """Give those of some windows."""
        own = [name for name in cls._fields if name not in cls._field_defaults]
        found = cls(*(getattr(windows, name).total_seconds() for name in own))
        quick = max(found.burst, found.volley, found.same_moment, found.same_second, found.leave)
        hand = max(quick, found.coverage)
        return found._replace(quick=quick, hand=hand, mail=max(hand, found.networks, found.pixel_after))


@dataclass(slots=True)
class Shared:
    """Hold the events of one judging, in order of time, with their times in seconds, and what is noted of them."""

    events: Sequence[Event]
    times: Sequence[float]
    windows: Windows
    spans: Spans
    links: Mapping[str, int]
    found: Notes = field(default_factory=dict)

    def note(self, index: int, name: str, value: int) -> None:
        """Keep the larger of what was counted so far and now."""
        noted = self.found.get(index)
        if noted is None:
            self.found[index] = {name: value}
        elif value > noted.get(name, 0):
            noted[name] = value


def most(times: Sequence[float], things: Sequence[object], window: float) -> list[int]:
    """Count, for each event, the most different things in any window of time that holds the event.

    Args:
        times: In order, in seconds.
        things: What is counted, one for each event.
        window: The window's length in seconds.

    Returns:
        One count for each event. Two passes with two pointers, so linear.
    """
    size = len(times)
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


def times_near(moment: float, others: Sequence[float], window: float) -> bool:
    """Tell whether any of ``others`` (in order) is within ``window`` of a moment."""
    place = bisect_left(others, moment - window)
    return place < len(others) and others[place] - moment <= window


def links_of(events: Sequence[Event], indices: Iterable[int]) -> list[object]:
    """Say what each event followed: of a click the link's number, else where it leads; else what kind of event it is.

    Links that stand in no document all have the number 0.
    """
    found: list[object] = []
    for index in indices:
        event = events[index]
        followed = (event.link or event.url) if event.kind is _CLICK else None
        found.append(followed or event.kind.value)
    return found
