"""Where to cut logs that are in order of time into stretches, one for each process.

A moment is looked for in a file as a word in a dictionary, so that little is read of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

from mailbeacon.engines.steps import Job, classifier_of
from mailbeacon.logs import LineReader, Piece
from mailbeacon.logs.files import blocks, found, open_log

__all__ = ["LATENESS", "Stretch", "cut"]

LATENESS = timedelta(minutes=10)
"""How far from its time a line may stand."""
_PLACES = 64
"""At how many places, evenly over all files, it is looked what the time is."""
_NEAR = 1 << 16
"""How near to a moment is looked line by line, in bytes."""
_FURTHEST = 1 << 22
"""How far to the next event is looked at most, in bytes: where there are so few, cutting is of no use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What one process judges.

    Attributes:
        since: What is earlier is another's; ``None`` for the first.
        until: What comes then or later is another's; ``None`` for the last.
        files: Of each file that has some of it: the piece before, which is read for what it says of others, its own, whose
            lines it counts, and the piece behind.
    """

    since: datetime | None
    until: datetime | None
    files: Sequence[tuple[Piece, Piece, Piece]]


class _SparseError(Exception):
    """There are too few events to find a moment quickly."""


class _File:
    """Look for moments in a file."""

    def __init__(self, path: str, number: int, reader: LineReader) -> None:
        self.path, self.number = path, number
        self.size = Path(path).stat().st_size
        self._reader = reader
        self._known: dict[int, tuple[int, datetime] | None] = {}

    def event_after(self, place: int, since: datetime | None = None) -> tuple[int, datetime] | None:
        """Return where the first event at or behind a place begins, and its time; with ``since``, the first of then or later."""
        with closing(open_log(self.path)) as file:
            for block in blocks(file, Piece(self.path, 0, place), size=_NEAR):
                at = block.start
                for line in block.lines:
                    try:
                        event = self._reader.event(line)
                    except ValueError:
                        event = None
                    if event is not None and (since is None or event.received_at >= since):
                        return at, event.received_at
                    at += len(line.encode("utf-8", "surrogateescape")) + 1
                if at - place > _FURTHEST:
                    raise _SparseError
        return None

    def place_of(self, moment: datetime) -> int:
        """Return where the first event of a moment or later begins; the file's size where there is none."""
        low, high = 0, self.size
        while high - low > _NEAR:
            middle = (low + high) // 2
            if middle not in self._known:
                self._known[middle] = self.event_after(middle)
            after = self._known[middle]
            if after is None or after[1] >= moment:
                high = middle
            else:
                low = after[0]
        after = self.event_after(low, moment)
        return self.size if after is None else after[0]

    def pieces(self, since: datetime | None, until: datetime | None, around: timedelta) -> tuple[Piece, Piece, Piece]:
        """Return the pieces of a stretch, and of what is around it."""
        start = 0 if since is None else self.place_of(since)
        first = 0 if since is None else self.place_of(since - around)
        end = None if until is None else self.place_of(until)  # a file may grow meanwhile
        last = 0 if until is None else self.place_of(until + around)
        named = partial(Piece, self.path, self.number)
        return named(first, start), named(start, end), named(end or 0, last)


def cut(job: Job, number: int) -> list[Stretch]:
    """Cut logs into so many stretches, or fewer; into none where they cannot be cut.

    So it is with what is compressed, comes through a pipe, is no log, or has lines that say how those behind them are to be read.
    """
    beacon, files = job.beacon(), list[_File]()
    around = classifier_of(beacon).windows.horizon + LATENESS
    for place, path in enumerate(found(job.paths)):
        if path.endswith((".gz", ".zst", ".parquet")) or not Path(path).is_file():
            return []
        form = job.format_at(path)
        if form.fresh is not None:
            return []
        files.append(_File(path, place, LineReader(beacon, form)))
    try:
        borders = [None, *_borders(files, number), None]
        made = [[file.pieces(since, until, around) for file in files] for since, until in pairwise(borders)]
    except _SparseError:
        return []
    return [
        Stretch(since=since, until=until, files=[pieces for pieces in one if any(map(_holds, pieces))])
        for (since, until), one in zip(pairwise(borders), made, strict=True)
    ]


def _borders(files: Sequence[_File], number: int) -> list[datetime]:
    """Return moments between which about as many bytes lie."""
    total = sum(file.size for file in files)
    times: list[tuple[datetime, float]] = []
    for file in files:
        places = max(1, round(_PLACES * file.size / max(total, 1)))
        for place in range(places):
            after = file.event_after(file.size * place // places)
            if after is not None:
                times.append((after[1], file.size / places))
    borders: dict[datetime, None] = {}
    gone, wanted = 0.0, 1
    for moment, size in sorted(times):
        if wanted < number and gone >= total * wanted / number:
            borders[moment] = None
            wanted += 1
        gone += size
    return list(borders)


def _holds(piece: Piece) -> bool:
    return piece.end is None or piece.start < piece.end
