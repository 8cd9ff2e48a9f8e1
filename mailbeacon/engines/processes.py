"""Several processes on one machine, each with a stretch of time; or, where lines are in no such order, with parts of the mails.

Of parts, pieces of files are read side by side, then the parts are judged side by side. Between the steps rows lie in files of a
private temporary folder, so that memory holds one piece or part a process.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from mailbeacon.counting import Tally
from mailbeacon.engines.cutting import cut
from mailbeacon.engines.pools import begin, undisturbed, unless_killed
from mailbeacon.engines.results import Outcome, judged_folder, write_summary
from mailbeacon.engines.rows import Row, Rows
from mailbeacon.engines.steps import Job, Notes, Part, classifier_of, gathered, judge_rows, note, read, total
from mailbeacon.engines.stretches import Progress, judge_stretches
from mailbeacon.logs import Piece
from mailbeacon.model import Event, Verdict

__all__ = ["judge_logs"]

T = TypeVar("T")


def judge_logs(
    job: Job,
    *,
    workers: int = 2,
    out: Path | None = None,
    stretches: bool = True,
    progress: Progress | None = None,
) -> Outcome:
    """Judge logs in several processes.

    Args:
        job: What is to be judged.
        workers: How many processes.
        out: Where to write the judged events as Parquet; ``None`` for the figures alone.
        stretches: Give each process a stretch of time, where the lines are in order of time and the files can be cut.
        progress: What is shown how far it is.

    Raises:
        MailbeaconError: If a process was killed.
    """
    cuts = cut(job, workers) if stretches and workers > 1 else []
    found = judge_stretches(job, cuts, out=out, progress=progress) if len(cuts) > 1 else None
    return _in_parts(job, workers, out, progress) if found is None else found


def _in_parts(job: Job, workers: int, out: Path | None, progress: Progress | None) -> Outcome:
    pieces = job.pieces()
    folder = None if out is None else judged_folder(out)
    with (
        unless_killed(),
        TemporaryDirectory(prefix="mailbeacon-") as name,
        ProcessPoolExecutor(workers, get_context("spawn"), begin) as pool,
    ):
        place = Path(name)
        parts = list(_told(pool, partial(_read, job, place), pieces, "reading", progress))
        groups = [range(job.partitions)[start::workers] for start in range(workers)]  # as few as can be: each is closed
        notes = _notes(pool, job, place, groups)
        judging = partial(_judge, job, place, folder)
        tallies = _map(pool, judging, groups, ([notes.get(part, {}) for part in group] for group in groups))
        counted = Tally()
        for done, one in enumerate(tallies, start=1):
            counted = counted.merge(one)
            if progress is not None:
                progress("judging", done, len(groups))
    counts, rejects = gathered(pieces, parts)
    if out is not None:
        write_summary(out, counts)
    return Outcome(tally=counted, counts=counts, rejects=rejects)


def _map(pool: Executor, step: Callable[..., T], *columns: Iterable[object]) -> Iterator[T]:
    """Return what a step makes of its columns; what starts meanwhile hears no Ctrl-C, for it would end with a traceback."""
    with undisturbed():
        return pool.map(step, *columns)


def _told(
    pool: Executor, step: Callable[[Piece], Part], pieces: list[Piece], what: str, progress: Progress | None
) -> Iterator[Part]:
    for done, part in enumerate(_map(pool, step, pieces), start=1):
        if progress is not None:
            progress(what, done, len(pieces))
        yield part


def _notes(pool: Executor, job: Job, place: Path, groups: Sequence[Sequence[int]]) -> dict[int, Notes]:
    found: dict[int, Notes] = {}
    for noted in _map(pool, _note, repeat(job), repeat(place), groups):
        for part, notes in noted.items():
            found.setdefault(part, {}).update(notes)
    return found


def _read(job: Job, place: Path, piece: Piece) -> Part:
    """Read a piece, and leave its rows and hits in files by their parts."""
    part = read(job, piece)
    name = f"{piece.file}-{piece.start}"
    for number, rows in part.rows.items():
        (place / f"rows-{number}-{name}").write_bytes(marshal.dumps(rows))
    for number, hits in part.hits.items():
        (place / f"hits-{number}-{name}").write_bytes(marshal.dumps([tuple(hit) for hit in hits]))
    part.rows, part.hits = {}, {}
    return part


def _rows(place: Path, kind: str, number: int) -> Iterator[Row]:
    for path in sorted(place.glob(f"{kind}-{number}-*")):
        yield from marshal.loads(path.read_bytes())


def _note(job: Job, place: Path, numbers: Sequence[int]) -> dict[int, Notes]:
    return note(classifier_of(job.beacon()), (hit for number in numbers for hit in _rows(place, "hits", number)))


def _judge(job: Job, place: Path, folder: Path | None, parts: Sequence[int], notes: Sequence[Notes]) -> Tally:
    """Judge parts of the mails one after the other, and count them together: to close a tally takes time for each campaign."""
    return total(_judged(job, place, folder, parts, notes))


def _judged(
    job: Job, place: Path, folder: Path | None, parts: Sequence[int], notes: Sequence[Notes]
) -> Iterator[tuple[Event, Verdict]]:
    classifier = classifier_of(job.beacon())
    for number, noted in zip(parts, notes, strict=True):
        judged = judge_rows(classifier, _rows(place, "rows", number), noted)
        if folder is not None and judged:
            from mailbeacon.engines.parquet import write_rows

            write_rows(folder / f"part-{number:05}.parquet", Rows().judged(judged))
        yield from judged
