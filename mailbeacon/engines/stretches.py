"""Several processes over logs in order of time: each judges and counts a stretch, and hands over totals in place of events.

Each reads a horizon more at both ends, so that its verdicts are those of one list, and keeps what it counted until it knows the
mails of the others: those with hits in two stretches are left open. A line that stands too far from its time ends it all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mailbeacon.counting import Tally, tally
from mailbeacon.counting.parting import MailNames, closed_alone, closed_up, names_of
from mailbeacon.engines.cutting import LATENESS, Stretch
from mailbeacon.engines.merging import Arrived, arrived, merged
from mailbeacon.engines.parquet import arrow, write_rows
from mailbeacon.engines.pools import Team, show_read
from mailbeacon.engines.results import Outcome, judged_folder, write_summary
from mailbeacon.engines.results import merged as added
from mailbeacon.engines.rows import Row, Rows
from mailbeacon.engines.steps import Job, Judged, Part, Reject, classifier_of, gathered, part_of
from mailbeacon.engines.streaming import Window
from mailbeacon.logs import LineReader, Piece
from mailbeacon.logs.reading import read_piece
from mailbeacon.model import Kind, Level

if TYPE_CHECKING:
    from mailbeacon.errors import LogLineError

__all__ = ["judge_stretches"]

Progress = Callable[[str, int, int], object]
_ACTS = Kind.UNSUBSCRIBE, Kind.WITHDRAW
_DATE = Level.DATE
_moment = attrgetter("event.received_at")
_MEGABYTE = 1_000_000
_HELD = 300_000
"""How many judged events wait for being written at most."""


class _DisorderError(Exception):
    """A line stands too far from its time."""


class _Counted(NamedTuple):
    """What a process tells of its stretch.

    Attributes:
        parts: What the lines of each of its pieces were.
        names: Of its mails.
        acts: The ids of what a reader did by a button, such as leaving: whoever has one again later has it once all the same.
    """

    parts: list[Part]
    names: list[MailNames]
    acts: list[str]


@dataclass(slots=True)
class _Kept:
    """What a process keeps: how many bytes it has read, and what it has counted until it knows what the others have."""

    read: int = 0
    tally: Tally = field(default_factory=Tally)
    acts: dict[str, Judged] = field(default_factory=dict)

    def add(self, size: int) -> None:
        """Add to the bytes that are read."""
        self.read += size
        show_read(self.read)


_kept = _Kept()


def judge_stretches(
    job: Job, stretches: Sequence[Stretch], *, out: Path | None = None, progress: Progress | None = None
) -> Outcome | None:
    """Judge each stretch in a process of its own; ``None`` where lines are not in order of time.

    Args:
        job: What is to be judged.
        stretches: As :func:`cutting.cut` cut it.
        out: Where to write the judged events as Parquet; ``None`` for the figures alone.
        progress: What is shown how far it is, in megabytes.
    """
    folder = None if out is None else arrow() and judged_folder(out)
    places = range(len(stretches))
    try:
        with Team(len(stretches)) as team:
            step = partial(_count, job, folder)
            counted = team.each(step, places, stretches, progress=progress and _megabytes(stretches, progress))
            acts, mine = set[str](), list[list[str]]()
            for one in counted:
                mine.append([act for act in one.acts if act not in acts])
                acts.update(one.acts)
            names = [[name for place in places if place != own for name in counted[place].names] for own in places]
            tallies = team.each(_close, names, mine)
    except _DisorderError:
        return None
    own = [pieces[1] for one in stretches for pieces in one.files]
    parts = sorted(
        zip(own, (part for one in counted for part in one.parts), strict=True), key=lambda pair: pair[0].file
    )
    counts, rejects = gathered(*map(list, zip(*parts, strict=True)))
    if out is not None:
        write_summary(out, counts)
    return Outcome(tally=closed_up(added(tallies)), counts=counts, rejects=rejects)


def _megabytes(stretches: Sequence[Stretch], progress: Progress) -> Callable[[int], object]:
    """Return what shows how far all are, in megabytes: some lines are read twice, to judge those at the ends of a stretch."""
    files = {pieces[1].path for one in stretches for pieces in one.files}
    total = -(-sum(Path(path).stat().st_size for path in files) // _MEGABYTE)
    return lambda size: progress("megabytes", min(-(-size // _MEGABYTE), total), total)


def _count(job: Job, folder: Path | None, place: int, stretch: Stretch) -> _Counted:
    """Judge and count a stretch, and keep that."""
    parts = [Part() for _ in stretch.files]
    kept = _Written(folder, job.partitions, place)

    def plain() -> Iterator[Judged]:
        for judged in _judged(job, stretch, parts):
            kept.add(judged)
            for pair in judged:
                if pair[0].kind in _ACTS:
                    _kept.acts.setdefault(pair[0].id, pair)
                else:
                    yield pair

    _kept.tally = tally(plain())
    kept.write()
    return _Counted(parts, [names_of(_kept.tally), names_of(tally(_kept.acts.values()))], list(_kept.acts))


def _close(others: Sequence[MailNames], acts: Sequence[str]) -> Tally:
    """Return the totals of the mails that no other process has, and the others as they are."""
    mine = [_kept.acts[act] for act in acts]
    return closed_alone(_kept.tally.merge(tally(mine)) if mine else _kept.tally, others)


def _judged(job: Job, stretch: Stretch, parts: Sequence[Part]) -> Iterator[list[Judged]]:
    """Judge a stretch as a stream does, in batches."""
    until, clock = stretch.until, None
    window = Window(classifier_of(job.beacon()), LATENESS, stretch.since)
    files = [_File(job, stretch, pieces, part) for pieces, part in zip(stretch.files, parts, strict=True)]
    for some in window.taken(merged(files)):
        for moment in map(_moment, some):
            if clock is None or moment > clock:
                clock = moment
            elif moment < clock - LATENESS:
                raise _DisorderError
        if window.add([one for one in some if one.event.level is not _DATE]):
            yield _before(window.judge(), until)
    yield _before(window.judge(all_of_it=True), until)


def _before(judged: list[Judged], until: datetime | None) -> list[Judged]:
    """Return what belongs to a stretch: what comes behind it was there for what it says of others."""
    if until is None or not judged or judged[-1][0].received_at < until:
        return judged
    return [pair for pair in judged if pair[0].received_at < until]


class _File:
    """One file of a stretch, with what is around the stretch: see :class:`merging.Ordered`."""

    def __init__(self, job: Job, stretch: Stretch, pieces: tuple[Piece, Piece, Piece], part: Part) -> None:
        self.number = pieces[1].file
        self._all = job, stretch, pieces
        self._part = part

    def ahead(self) -> _File:
        """Return a copy that counts nothing."""
        return _File(*self._all, Part())

    def read(self) -> Iterator[list[Arrived]]:
        """Read its events, some at a time: none is fresh, for those of before the stretch are another's."""
        job, stretch, pieces = self._all
        first = None if stretch.since is None else stretch.since - LATENESS
        last = None if stretch.until is None else stretch.until + LATENESS
        number, reader = self.number, LineReader(job.beacon(), job.format_at(pieces[1].path))
        for piece in pieces:
            mine = piece is pieces[1]
            part = self._part if mine else Part()
            for block, events in read_piece(reader, piece, part.counts, partial(_reject, part)):
                _kept.add(block.end - block.start)
                some = [arrived((event, number, 0, False)) for event in events]
                if mine and some:
                    moments = list(map(_moment, some))
                    if (first is not None and min(moments) < first) or (last is not None and max(moments) >= last):
                        raise _DisorderError
                if some:
                    yield some


def _reject(part: Part, error: LogLineError, line: str) -> None:
    part.rejects.append(Reject(error.file, error.number, str(error), line))


class _Written:
    """Write judged events by the part of their mail, a file of each part now and then."""

    def __init__(self, folder: Path | None, partitions: int, place: int) -> None:
        self._folder, self._partitions = folder, partitions
        self._number = place * 1_000_000
        self._made, self._waiting = Rows(), 0
        self._rows: defaultdict[int, list[Row]] = defaultdict(list)

    def add(self, judged: list[Judged]) -> None:
        """Take events, and write those that are there if they are many."""
        if self._folder is None:
            return
        for (event, _), row in zip(judged, self._made.judged(judged), strict=True):
            self._rows[part_of(event, self._partitions)].append(row)
        self._waiting += len(judged)
        if self._waiting >= _HELD:
            self.write()

    def write(self) -> None:
        """Write what is left."""
        if self._folder is not None:
            for part, rows in self._rows.items():
                write_rows(self._folder / f"part-{part:05}-{self._number:09}.parquet", rows)
        self._rows.clear()
        self._number, self._waiting = self._number + 1, 0
