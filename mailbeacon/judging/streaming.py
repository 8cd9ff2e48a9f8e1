"""Verdicts on a stream of events in bounded memory, with revisions.

Judges nothing itself: it keeps the events that may still matter, and has them judged together, a batch at a time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from mailbeacon.model import Event, Verdict

__all__ = ["Judged", "Revision", "stream"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An event and the first verdict given on it."""

    event: Event
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """An event whose verdict a later event changed.

    Attributes:
        event: The event.
        verdict: What is thought now.
        before: What was given before.
    """

    event: Event
    verdict: Verdict
    before: Verdict


class _Held:
    """An event, kept until nothing can change its verdict, and until it bears on no other's."""

    __slots__ = ("event", "given", "groups", "moment")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.moment = event.received_at
        self.given: Verdict | None = None
        self.groups: tuple[list[_Held], list[_Held]] = ([], [])


class _Memory:
    """Events, and which of them may bear on one another: of one mail, and from one network nearby in time.

    Args:
        horizon: How far apart two events of one mail may be and still bear on each other.
        reach: The same for two of one network.
    """

    __slots__ = ("_horizon", "_line", "_mails", "_networks", "_reach")

    def __init__(self, horizon: timedelta, reach: timedelta) -> None:
        self._horizon, self._reach = horizon, reach
        self._line: deque[_Held] = deque()
        self._mails: dict[
            tuple[str, str], list[_Held]
        ] = {}  # whatever the campaign: a provider's deliveries may have none
        self._networks: dict[str, list[_Held]] = {}

    def add(self, held: _Held) -> None:
        """Keep one more: with those of its mail and those of its network; nobody's event stands alone."""
        event = held.event
        recipient, mail, network = event.recipient, event.message_id, event.facts.network_id
        self._line.append(held)
        if recipient is not None:
            held.groups = (
                self._mails.setdefault((mail, recipient), []) if mail else [],
                self._networks.setdefault(network, []) if network else [],
            )
            for group in held.groups:
                insort(group, held, key=_moment)

    def near(self, items: Collection[_Held]) -> dict[_Held, None]:
        """Return what may bear on any of some held events, and these; each group is walked once, however many ask for it."""
        found = dict.fromkeys(items)
        for which, reach in enumerate((self._horizon, self._reach)):
            asked: dict[int, tuple[list[_Held], list[datetime]]] = {}
            for item in items:
                group = item.groups[which]
                if len(group) > 1:
                    asked.setdefault(id(group), (group, []))[1].append(item.moment)
            for group, moments in asked.values():
                end = 0
                for moment in sorted(moments):
                    start = max(end, bisect_left(group, moment - reach, key=_moment))
                    end = bisect_right(group, moment + reach, start, key=_moment)
                    found |= dict.fromkeys(group[start:end])
        return found

    def forget(self, before: datetime) -> None:
        """Forget what is older; what came late is held until those that came before it are older too."""
        line = self._line
        while line and line[0].moment < before:
            for group in line.popleft().groups:
                del group[: bisect_left(group, before, key=_moment)]
        self._mails = {name: group for name, group in self._mails.items() if group}
        self._networks = {name: group for name, group in self._networks.items() if group}


_moment = attrgetter("moment")


def stream(
    events: Iterable[Event],
    hold: timedelta,
    horizon: timedelta,
    judge: Callable[[list[Event]], list[Verdict]],
    reach: timedelta | None = None,
) -> Iterator[Judged | Revision]:
    """Yield verdicts as their hold ends, and revisions.

    Args:
        events: In order of time, or late by at most ``hold``.
        hold: How long to wait before a verdict is given, in the events' own time.
        horizon: How far apart events of one mail may be and still bear on each other.
        judge: Judges a list of events together.
        reach: How far apart events from one network may be and still bear on each other; ``horizon`` if not given.

    Yields:
        Each event's verdict, at most a quarter of ``hold`` or ``horizon`` (the longer) after its hold, and each change of
        one. Judged are those that are due or that something new bears on, with what bears on them. What is held
        spans the hold, two horizons and that quarter.
    """
    memory = _Memory(horizon, horizon if reach is None else reach)
    pace = max(hold, horizon) / 4
    waiting: list[_Held] = []
    fresh: list[_Held] = []
    clock: datetime | None = None
    flushed: datetime | None = None
    settled: datetime | None = None
    for event in events:
        held = _Held(event)
        clock = held.moment if clock is None else max(clock, held.moment)
        flushed = flushed or clock
        if clock - flushed >= pace:
            yield from _flush(memory, waiting, fresh, judge, settled, clock - hold)
            waiting = [item for item in waiting if item.given is None]
            fresh = []
            flushed, settled = clock, clock - hold - horizon
            memory.forget(settled - horizon)
        memory.add(held)
        waiting.append(held)
        fresh.append(held)
    yield from _flush(memory, waiting, fresh, judge, settled, None)


def _flush(
    memory: _Memory,
    waiting: list[_Held],
    fresh: list[_Held],
    judge: Callable[[list[Event]], list[Verdict]],
    settled: datetime | None,
    until: datetime | None,
) -> Iterator[Judged | Revision]:
    """Judge what came before ``until`` and waits, and what was given but may be changed by what is fresh."""
    asked = dict.fromkeys(item for item in waiting if until is None or item.moment < until)
    touched = (item for item in memory.near(fresh) if item.given is not None)
    asked |= dict.fromkeys(item for item in touched if settled is None or item.moment >= settled)
    around = memory.near(asked)
    verdicts = judge([item.event for item in around])
    for item, verdict in zip(around, verdicts, strict=True):
        if item not in asked:
            continue
        before, item.given = item.given, verdict
        if before is None:
            yield Judged(event=item.event, verdict=verdict)
        elif verdict is not before and verdict != before:
            yield Revision(event=item.event, verdict=verdict, before=before)
