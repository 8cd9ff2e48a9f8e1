"""Count one SQLite file in several processes, each a stretch of time, which hand over totals and not their mails.

A process keeps what it counted until it knows the mails of the others: those that have hits in two stretches are left open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

from mailbeacon.cli.console import Progress
from mailbeacon.cli.events.sources import tell_numbers
from mailbeacon.cli.report.counted import Between, Counted
from mailbeacon.counting.parting import MailNames, closed_alone, names_of
from mailbeacon.engines.pools import Team, show_read
from mailbeacon.store import cut_by_time
from mailbeacon.store.reading import count_events

__all__ = ["share"]

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
    total, line = count_events(path), Progress()

    def show(number: int) -> None:
        number = min(number, total)  # some events are read twice, to judge those at the ends of a stretch
        line.show(f"{number:,} of {total:,} ({number / max(total, 1):.0%}) events read")

    with Team(len(stretches)) as team:
        try:
            names = team.each(partial(_count, count), stretches, progress=show if line.is_seen else None)
        finally:
            line.clear()
        others = ([*names[:place], *names[place + 1 :]] for place in range(len(names)))
        found, *parts = team.each(partial(_close, zone), others)
    for part in parts:
        found.join(part)
    return found


def _count(count: Callable[[Between], Counted], stretch: Between) -> MailNames:
    tell_numbers(show_read)
    _kept[:] = [count(stretch)]
    return names_of(_kept[0].tally)


def _close(zone: str, others: Sequence[MailNames]) -> Counted:
    found = _kept.pop()
    found.tally = closed_alone(found.tally, others, zone=zone)
    return found
