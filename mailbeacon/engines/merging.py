"""Several files of a log as one stream in order of time, as far as each is in order itself.

A file is opened when its first event is due, so that a year of rotated files takes two at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from heapq import heapify, heappop, heapreplace
from itertools import chain, islice, repeat
from operator import attrgetter
from typing import NamedTuple, Protocol

from mailbeacon.engines.checkpoints import Mark
from mailbeacon.errors import LogLineError
from mailbeacon.logs import LineReader, Piece
from mailbeacon.logs.files import blocks, open_log
from mailbeacon.model import Event

__all__ = ["Arrived", "Ordered", "Source", "arrived", "merged"]


class Arrived(NamedTuple):
    """An event, the number of its file, the how-manieth there it is, and whether it came after the last checkpoint."""

    event: Event
    file: int
    ordinal: int
    fresh: bool


arrived: Callable[[tuple[object, ...]], Arrived] = partial(tuple.__new__, Arrived)
"""Makes one in half the time: every event of a stream passes here."""
_moment = attrgetter("received_at")
_TOGETHER = 1000
"""How many events of several files are handed over at a time."""


class Ordered(Protocol):
    """A file whose events are in order of time, as far as it is."""

    @property
    def number(self) -> int:
        """The file's."""

    def read(self) -> Iterator[list[Arrived]]:
        """Read its events, some at a time."""

    def ahead(self) -> Ordered:
        """Return a copy that looks ahead: it counts nothing, and hands nothing on."""


class Source:
    """Read one file's events, and know at every moment where to read on; whoever takes one says so in ``done``.

    Args:
        number: The file's.
        mark: Where to begin.
        reader: Of the file's format.
        reject: Called with each line that cannot be read.

    Attributes:
        begun: Where this run began in it.
    """

    def __init__(
        self, number: int, mark: Mark, reader: LineReader, reject: Callable[[LogLineError, str], object]
    ) -> None:
        self.number = number
        self.path = mark.path
        self.begun = mark
        self._reader = reader
        self._reject = reject
        self._blocks: deque[tuple[Mark, datetime | None]] = deque()
        self.offset, self.lines, self.events, self.errors = mark.offset, mark.lines, mark.events, mark.errors
        self.done, self._told = mark.done, mark.told
        self.unfinished = 0

    @property
    def forged(self) -> int:
        """How many lines asked for a tracking URL that no key of the host's signed."""
        return self._reader.forged

    def read(self) -> Iterator[list[Arrived]]:
        """Read on to the file's end, some events at a time."""
        with closing(open_log(self.path)) as file:
            if self._reader.format.fresh is not None and self.offset:
                self._prime()
            for block in blocks(file, Piece(self.path, self.number, self.offset)):
                place = replace(
                    self.begun, offset=block.start, lines=self.lines, events=self.events, errors=self.errors
                )
                lines = block.lines
                if not block.whole:
                    self.unfinished += 1
                    lines = lines[:-1]
                found, errors = self._reader.events(lines)
                for at, error in errors:
                    self.errors += 1
                    number = self.lines + at + 1
                    if number > self._told:
                        self._told = number
                        self._reject(LogLineError(str(error), number=number, file=self.path), lines[at])
                if found:
                    handed = range(self.events + 1, self.events + len(found) + 1)
                    fresh = map(self.begun.done.__lt__, handed)
                    handing = list(map(arrived, zip(found, repeat(self.number), handed, fresh, strict=False)))
                self.lines += len(lines)
                self.events += len(found)
                self.offset = block.end if block.whole else block.end - _size(block.lines[-1])
                self._blocks.append((place, max(map(_moment, found), default=None)))
                if found:
                    yield handing

    def ahead(self) -> Source:
        """Return a copy that looks ahead: it hands no reject on."""
        return Source(self.number, self.begun, self._reader, _nothing)

    def _prime(self) -> None:
        """Read the lines before the place that say how those after it are to be read."""
        with closing(open_log(self.path)) as file:
            for block in blocks(file, Piece(self.path, self.number, 0, self.offset)):
                for line in block.lines:
                    if line.startswith("#"):
                        self._reader.format.parse(line)

    def forget(self, before: datetime | None) -> None:
        """Forget the places before which nothing is missed that is at ``before`` or after it."""
        waiting = self._blocks
        while (
            len(waiting) > 1
            and waiting[1][0].events <= self.done
            and (waiting[0][1] is None or (before is not None and waiting[0][1] < before))
        ):
            waiting.popleft()

    def mark(self, before: datetime | None) -> Mark:
        """Return where to read on so that nothing at ``before`` or after it is missed."""
        self.forget(before)
        waiting = self._blocks
        place = waiting[0][0] if waiting else self.begun
        last = waiting[0][1] if waiting else None
        if len(waiting) == 1 and (last is None or (before is not None and last < before)) and self.done == self.events:
            place = replace(self.begun, offset=self.offset, lines=self.lines, events=self.events, errors=self.errors)
        return replace(place, done=max(self.done, place.events), told=self._told)


def _nothing(_error: LogLineError, _line: str) -> None:
    """Hand nothing on."""


def _size(line: str) -> int:
    return len(line.encode("utf-8", "surrogateescape"))


def merged(sources: Sequence[Ordered]) -> Iterator[list[Arrived]]:
    """Read files side by side, always the earliest event first, some at a time."""
    if len(sources) == 1:
        yield from sources[0].read()
        return
    several = _side_by_side(sources)
    while batch := list(islice(several, _TOGETHER)):
        yield batch


def _side_by_side(sources: Sequence[Ordered]) -> Iterator[Arrived]:
    waiting = []
    for source in sources:
        first = _first(source)
        if first is not None:
            waiting.append((first, source.number, source))
        else:
            for _ in source.read():  # none is one of ours: its lines are counted all the same
                break
    waiting.sort(key=lambda one: one[:2])
    queue = deque(waiting)
    heap: list[tuple[datetime, int, Arrived, Iterator[Arrived]]] = []
    while queue or heap:
        while queue and (not heap or queue[0][0] <= heap[0][0]):
            _, number, source = queue.popleft()
            rest: Iterator[Arrived] = chain.from_iterable(source.read())
            one = next(rest)
            heap.append((one.event.received_at, number, one, rest))
            heapify(heap)
        _, number, one, rest = heap[0]
        yield one
        after = next(rest, None)
        if after is None:
            heappop(heap)
        else:
            heapreplace(heap, (after.event.received_at, number, after, rest))


def _first(source: Ordered) -> datetime | None:
    """Return when a file's first event is, without moving the source."""
    ahead = source.ahead()
    batch = next(ahead.read(), None)
    return batch[0].event.received_at if batch is not None else None
