"""One process, memory that stays the same, and a run that can be killed at any moment and goes on where it was.

An event bears on another's verdict only if they are within the classifier's horizon. So events are judged a stretch of time
at a time: each stretch together with a horizon before and after it, which gives the verdicts of one list. What comes so late
that its stretch is done is judged with what is still held, and counted.

Files that overlap in time are read side by side. The checkpoint holds for each where to read on, so that all that is still
held is read again, and how far it had been read, so that nothing of it counts twice; judged events are in files that belong
to a checkpoint, and those younger than the last one are removed before a run goes on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter, gt
from pathlib import Path

from mailbeacon.engines.checkpoints import Checkpoint, resumed
from mailbeacon.engines.cutting import LATENESS
from mailbeacon.engines.merging import Arrived, Source, merged
from mailbeacon.engines.parquet import arrow, write_rows
from mailbeacon.engines.results import judged_folder, write_summary
from mailbeacon.engines.rows import Row, Rows
from mailbeacon.engines.seen import Seen
from mailbeacon.engines.steps import Job, Judged, Reject, classifier_of, judge, part_of
from mailbeacon.judging import Classifier
from mailbeacon.logs import Counts, LineReader
from mailbeacon.logs.files import found
from mailbeacon.model import Level

__all__ = ["Stream"]

_LEAST = 20_000
"""How many events are held at least before some of them are judged: the horizon around them is judged again."""
_EVERY = 300_000
"""After how many events a checkpoint is written."""
_TICK = timedelta(microseconds=1)
_DATE = Level.DATE
_moment = attrgetter("event.received_at")


@dataclass(slots=True, kw_only=True)
class Stream:
    """Judge logs as a stream, one batch after the other.

    Args:
        job: What is to be judged.
        out: A folder for judged events and checkpoints; ``None`` keeps nothing.
        resume: Go on from the folder's last checkpoint.
        on_reject: Called with each line that could not be read.
        rejects_size: Gives how many bytes the host's file of rejects has, once all told of is in it.
        on_begin: Called with how many bytes of that file belong to the last checkpoint: what stands behind is told again.
        lateness: How late a line may come, by the times in the log, and still be judged with those of its time.

    Attributes:
        late: How many events came later than that.
    """

    job: Job
    out: Path | None = None
    resume: bool = False
    on_reject: Callable[[Reject], object] = bool
    rejects_size: Callable[[], int] = int
    on_begin: Callable[[int], object] = bool
    lateness: timedelta = LATENESS
    late: int = 0
    _sources: list[Source] = field(default_factory=list)
    _rows: defaultdict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    _last: Checkpoint = field(default_factory=Checkpoint)

    @property
    def counts(self) -> Counts:
        """What the lines were up to now, those of earlier runs too; ``forged`` is of this run."""
        counts = Counts()
        for one in self._sources:
            found = Counts(lines=one.lines, events=one.events, errors=one.errors, unfinished=one.unfinished)
            found.forged = one.forged
            counts.add(found)
        return counts

    @property
    def before(self) -> tuple[int, int]:
        """How many lines, and how many bytes, earlier runs had read of the files."""
        marks = [source.begun for source in self._sources]
        return sum(mark.lines for mark in marks), sum(mark.offset for mark in marks)

    @property
    def position(self) -> int:
        """How many bytes of all files have been read, unpacked."""
        return sum(source.offset for source in self._sources)

    def run(self) -> Iterator[list[Judged]]:
        """Yield judged events in batches, each once, in order of time but for those that came late.

        Raises:
            MissingExtra: If there is a folder to write to and nothing that writes Parquet.
            DataError: If the checkpoint cannot be read.
        """
        if self.out is not None:
            yield from self._batches()  # whoever reads the folder takes each event once
            return
        with Seen() as seen:
            for judged in self._batches():
                yield seen.new(judged)

    def _batches(self) -> Iterator[list[Judged]]:
        beacon = self.job.beacon()
        classifier = classifier_of(beacon)
        folder = self._begin()
        self.on_begin(self._last.rejects)
        for mark in resumed(found(self.job.paths), self._last.files):
            reader = LineReader(beacon, self.job.format_at(mark.path))
            self._sources.append(Source(len(self._sources), mark, reader, self._reject))
        window = Window(classifier, self.lateness, self._last.boundary)
        waiting = 0
        for some in window.taken(merged(self._sources)):
            for file, ordinal in {file: ordinal for _, file, ordinal, _ in some}.items():
                self._sources[file].done = ordinal
            if not window.add([one for one in some if one.event.level is not _DATE]):
                continue
            judged = window.judge()
            for source in self._sources:
                source.forget(window.needed)  # also where no checkpoint is written
            self._keep(judged)
            waiting += len(judged)
            if folder is not None and waiting >= _EVERY and not window.has_late:
                self._save(folder, window)
                waiting = 0
            yield judged
        judged = window.judge(all_of_it=True)
        self._keep(judged)
        if folder is not None and self.out is not None:
            self._save(folder, window)
            write_summary(self.out, self.counts)
        self.late = self._last.late + window.late
        yield judged

    def _begin(self) -> Path | None:
        """Make the folder ready: as the last checkpoint left it, or empty."""
        if self.out is None:
            return None
        arrow()
        if not self.resume:
            folder = judged_folder(self.out)
            Checkpoint.forget(self.out)
            return folder
        self._last = Checkpoint.load(self.out)
        folder = self.out / "judged"
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if path.suffix == ".part" or _number(path) > self._last.number:
                path.unlink()
        return folder

    def _reject(self, error: Exception, line: str) -> None:
        self.on_reject(Reject(getattr(error, "file", ""), getattr(error, "number", 0), str(error), line))

    def _keep(self, judged: list[Judged]) -> None:
        if self.out is None:
            return
        rows, parts = Rows(), self.job.partitions
        for (event, _), row in zip(judged, rows.judged(judged), strict=True):
            self._rows[part_of(event, parts)].append(row)

    def _save(self, folder: Path, window: Window) -> None:
        """Write what was judged since the last checkpoint, and then the checkpoint that makes it count."""
        number = self._last.number + 1
        for part, rows in self._rows.items():
            write_rows(folder / f"part-{part:05}-{number:06}.parquet", rows)
        self._rows.clear()
        before = window.needed
        made = Checkpoint(
            number=number,
            boundary=window.boundary,
            late=self._last.late + window.late,
            rejects=self.rejects_size(),
            files=tuple(source.mark(before) for source in self._sources),
        )
        window.late = 0
        made.save(folder.parent)
        self._last = made


def _number(path: Path) -> int:
    """Return the number of the checkpoint that a file of judged events belongs to."""
    digits = path.stem.rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0


class Window:
    """The events that may still be judged, and those that bear on them.

    Args:
        classifier: The host's.
        lateness: How late an event may come.
        boundary: What came before it was judged in an earlier run.
    """

    def __init__(self, classifier: Classifier, lateness: timedelta, boundary: datetime | None) -> None:
        self._classifier = classifier
        self._horizon = classifier.windows.horizon
        self._lateness = lateness
        self._held: list[Arrived] = []
        self._late: list[Arrived] = []
        self._clock: datetime | None = None
        self._enough = _LEAST
        self.boundary = boundary
        self.late = 0

    @property
    def has_late(self) -> bool:
        """Whether events came late that are not judged yet."""
        return bool(self._late)

    @property
    def needed(self) -> datetime | None:
        """Since when events are needed, if the run must begin again here."""
        return None if self.boundary is None else self.boundary - self._horizon

    def taken(self, batches: Iterable[list[Arrived]]) -> Iterator[list[Arrived]]:
        """Yield events, as many at a time as it takes until it is time to judge."""
        for batch in batches:
            start = 0
            while some := batch[start : start + max(1, self._enough - len(self._held))]:
                start += len(some)
                yield some

    def add(self, some: list[Arrived]) -> bool:
        """Keep some more events, no more than there is room for; return whether it is time to judge."""
        boundary = self.boundary
        if boundary is not None:
            early = [one for one in some if one.event.received_at < boundary]
            if early:
                self._add_early(early, boundary)
                some = [one for one in some if one.event.received_at >= boundary]
        if not some:
            return False
        self._held += some
        latest = max(map(_moment, some))
        self._clock = latest if self._clock is None else max(self._clock, latest)
        return len(self._held) >= self._enough

    def _add_early(self, early: list[Arrived], boundary: datetime) -> None:
        """Keep what came before the boundary: late, or read again for what comes after it."""
        late = [one for one in early if one.fresh]
        self._late += late
        self.late += len(late)
        since = boundary - self._horizon
        self._held += [one for one in early if not one.fresh and one.event.received_at >= since]

    def judge(self, *, all_of_it: bool = False) -> list[Judged]:
        """Judge the stretch of time that nothing to come can change; all where nothing is to come."""
        held = self._held
        times = list(map(_moment, held))
        if any(map(gt, times, times[1:])):
            held.sort(key=_moment)
            times.sort()
        start = 0 if self.boundary is None else bisect_left(times, self.boundary)
        if all_of_it or self._clock is None:
            until, end, reach = (times[-1] + _TICK if start < len(held) else self.boundary), len(held), len(held)
        else:
            until = self._clock - self._lateness - self._horizon
            end, reach = bisect_left(times, until), bisect_left(times, until + self._horizon)
            if end - start < len(held) // 2:
                self._enough = 2 * len(held)  # the horizon holds most of it: with more, time stays linear
                return []
        around = [(event, file) for event, file, _, _ in (*held[:reach], *self._late)]
        wanted = {*range(start, end), *range(reach, len(around))}
        judged = judge(self._classifier, around, None, wanted) if wanted else []
        self._late = []
        self.boundary = until
        if until is not None:
            self._held = held[bisect_left(times, until - self._horizon) :]
        self._enough = max(_LEAST, 2 * len(self._held))
        return judged
