"""Count one SQLite file in several processes, each a stretch of time, which hand over totals and not their mails.

A process keeps what it counted until it knows the mails of the others: those that have hits in two stretches are left open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from mailbeacon.cli.console import CommandError, Progress
from mailbeacon.cli.events.sources import tell_numbers
from mailbeacon.cli.report.counted import Between, Counted
from mailbeacon.counting.parting import MailNames, closed_alone, names_of
from mailbeacon.engines.pools import undisturbed
from mailbeacon.engines.steps import collect_rarely
from mailbeacon.store import cut_by_time
from mailbeacon.store.reading import count_events

if TYPE_CHECKING:
    from ctypes import Array, c_ulonglong

__all__ = ["share"]

T = TypeVar("T")
_LOOK_EVERY: Final = 0.2
_kept: list[Counted] = []
"""What this process has counted, until it knows what the others have."""


def share(path: Path, workers: int, count: Callable[[Between], Counted], zone: str) -> Counted:
    """Count in several processes.

    Args:
        path: The file.
        workers: How many processes.
        count: Counts a stretch of time.
        zone: The zone of hours and days.
    """
    stretches = list(pairwise([None, *cut_by_time(path, workers), None]))
    context = get_context("spawn")
    read = context.RawArray("Q", len(stretches) + 1)  # how far each is; the last number says that all shall stop
    with ExitStack() as stack:
        pools = [
            stack.enter_context(ProcessPoolExecutor(1, context, _begin, (read, place)))
            for place in range(len(stretches))
        ]
        try:
            with undisturbed():
                counting = [pool.submit(_count, count, one) for pool, one in zip(pools, stretches, strict=True)]
            names = _watched(counting, read, count_events(path))
            closing = [
                pool.submit(_close, [*names[:place], *names[place + 1 :]], zone) for place, pool in enumerate(pools)
            ]
            found, *parts = (one.result() for one in closing)
        except BaseException:
            read[-1] = 1
            raise
    for part in parts:
        found.join(part)
    return found


def _watched(futures: Sequence[Future[T]], read: Array[c_ulonglong], total: int) -> list[T]:
    """Wait for results, and say how far they all are."""
    progress = Progress()
    try:
        while wait(futures, _LOOK_EVERY if progress.is_seen else None).not_done:
            number = min(sum(read[:-1]), total)  # some events are read twice, to judge those at the ends of a stretch
            progress.show(f"{number:,} of {total:,} ({number / max(total, 1):.0%}) events read")
    finally:
        progress.clear()
    return [one.result() for one in futures]


def _begin(read: Array[c_ulonglong], place: int) -> None:
    """Make a process tell the first one how many events it has read, and stop when that one does."""

    def tell(number: int) -> None:
        read[place] = number
        if read[-1]:
            raise CommandError("stopped")

    collect_rarely()
    tell_numbers(tell)


def _count(count: Callable[[Between], Counted], stretch: Between) -> MailNames:
    _kept[:] = [count(stretch)]
    return names_of(_kept[0].tally)


def _close(others: Sequence[MailNames], zone: str) -> Counted:
    found = _kept.pop()
    found.tally = closed_alone(found.tally, others, zone=zone)
    return found
