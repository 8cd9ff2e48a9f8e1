"""Dask: the steps as tasks on its workers, on one machine or many.

The files must be where every worker can read them. Needs the extra ``dask``.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from logging import ERROR
from pathlib import Path
from typing import Any

from mailbeacon.counting import Tally
from mailbeacon.engines.results import Outcome, judged_folder, merged, write_summary
from mailbeacon.engines.rows import Rows
from mailbeacon.engines.steps import Job, Notes, Part, classifier_of, gathered, judge_rows, note, read, total
from mailbeacon.errors import MissingExtra
from mailbeacon.logs import Piece

__all__ = ["judge_logs"]

_Read = tuple[Part, dict[int, bytes], dict[int, bytes]]


def judge_logs(
    job: Job,
    *,
    out: Path | None = None,
    workers: int = 2,
    client: Any = None,
    progress: Callable[[str, int, int], object] | None = None,
) -> Outcome:
    """Judge logs with Dask.

    Args:
        job: What is to be judged.
        out: Where to write the judged events as Parquet; each worker writes its own parts.
        workers: How many processes, where no client is given.
        client: A ``distributed.Client`` of a cluster that is there; ``None`` makes a small one and ends it.
        progress: Told what is being done, how much of it is done, and how much there is.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise MissingExtra("dask", purpose="the engine dask") from error
    pieces = job.pieces()
    folder = None if out is None else judged_folder(out)
    with ExitStack() as stack:
        if client is None:
            cluster = stack.enter_context(
                LocalCluster(  # type: ignore[no-untyped-call]
                    n_workers=workers,
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",  # a port that is free: without one Dask takes 8787 on every address
                    scheduler_kwargs={"dashboard": False},
                    silence_logs=ERROR,
                )
            )
            client = stack.enter_context(Client(cluster))  # type: ignore[no-untyped-call]
        places = range(job.partitions)
        reads = [client.submit(_read, job, piece, pure=False) for piece in pieces]
        hits = [[client.submit(_chosen, one, 2, place, pure=False) for one in reads] for place in places]
        rows = [[client.submit(_chosen, one, 1, place, pure=False) for one in reads] for place in places]
        parts = client.gather([client.submit(_head, one, pure=False) for one in reads])
        if progress is not None:
            progress("reading", len(pieces), len(pieces))
        del reads
        noted = client.gather([client.submit(_note, job, one, pure=False) for one in hits])
        notes: dict[int, Notes] = {}
        for found in noted:
            for part, values in found.items():
                notes.setdefault(part, {}).update(values)
        judging = [
            client.submit(_judge, job, one, notes.get(place, {}), folder, place, pure=False)
            for place, one in zip(places, rows, strict=True)
        ]
        del hits, rows
        tally = merged(_taken(judging))
        if progress is not None:
            progress("judging", job.partitions, job.partitions)
    counts, rejects = gathered(pieces, parts)
    if out is not None:
        write_summary(out, counts)
    return Outcome(tally=tally, counts=counts, rejects=rejects)


def _read(job: Job, piece: Piece) -> _Read:
    """Read a piece; its rows and hits are packed by part, so that each goes only where it is needed."""
    part = read(job, piece)
    rows = {number: marshal.dumps(found) for number, found in part.rows.items()}
    hits = {number: marshal.dumps([tuple(hit) for hit in found]) for number, found in part.hits.items()}
    part.rows, part.hits = {}, {}
    return part, rows, hits


def _taken(counted: list[Any]) -> Iterator[Tally]:
    """Take the totals of the parts one after the other: all of them at once are much where there are many campaigns."""
    while counted:
        yield Tally.from_json(counted.pop(0).result())


def _head(found: _Read) -> Part:
    return found[0]


def _chosen(found: Any, which: int, place: int) -> bytes:
    packed: bytes = found[which].get(place, b"")
    return packed


def _note(job: Job, packed: list[bytes]) -> dict[int, Notes]:
    hits = (hit for one in packed if one for hit in marshal.loads(one))
    return note(classifier_of(job.beacon()), hits)


def _judge(job: Job, packed: list[bytes], notes: Notes, folder: Path | None, place: int) -> str:
    rows = (row for one in packed if one for row in marshal.loads(one))
    judged = judge_rows(classifier_of(job.beacon()), rows, notes)
    if folder is not None and judged:
        from mailbeacon.engines.parquet import write_rows

        write_rows(folder / f"part-{place:05}.parquet", Rows().judged(judged))
    return total(judged).to_json()
