"""Count what was chosen of files of events: in one pass, or in several processes that each take a stretch of time.

Gives a tally and what a report must know of the events besides; prints nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from mailbeacon.cli.console import USAGE, CommandError, shown
from mailbeacon.cli.events.judged import fitted, judge_all
from mailbeacon.cli.events.sources import EventReader, is_timed
from mailbeacon.cli.report.counted import Between, Choice, Counted
from mailbeacon.cli.report.sharing import share
from mailbeacon.counting import tally, tally_rows
from mailbeacon.counting.parting import closed_up
from mailbeacon.errors import DataError
from mailbeacon.model import Event, Verdict
from mailbeacon.store import StoredRow
from mailbeacon.store.checks import is_sqlite

__all__ = ["count"]


class Unjudged(Exception):
    """An event has no stored verdict."""


def _of_pair(pair: tuple[Event, Verdict]) -> tuple[str, datetime]:
    return pair[0].campaign, pair[0].received_at


def _of_row(row: StoredRow) -> tuple[str, datetime]:
    return row[2][0], row[0]


def _judged_only(rows: Iterator[StoredRow]) -> Iterator[StoredRow]:
    """Pass rows on.

    Raises:
        Unjudged: If one has no verdict.
    """
    for row in rows:
        if row[4].verdict is None:
            raise Unjudged
        yield row


def count(paths: Sequence[Path], choice: Choice, workers: int = 1) -> Counted:
    """Count what was chosen.

    Args:
        paths: The files.
        choice: What is counted.
        workers: How many processes share the work, where it is one SQLite file.

    Raises:
        CommandError: If a file cannot be read, or nothing is left to count.
    """
    if len(paths) == 1 and paths[0].is_dir():
        found = _folder(paths[0], choice)
    else:
        choice = replace(choice, own=fitted(paths)) if choice.fit else choice
        found = _shared(paths, choice, workers) if workers > 1 else _part(paths, choice, None)
    if choice.campaign is not None and choice.campaign not in found.all_campaigns:
        known = ", ".join(repr(shown(name)) for name in sorted(found.all_campaigns)[:5])
        raise CommandError(f"no event is of this campaign; there are events of {known}")
    if found.last is not None and not found.campaigns:
        raise CommandError(f"no event is as young as that: the last is of {found.last:%Y-%m-%d %H:%M %Z}")
    return found


def _part(paths: Sequence[Path], choice: Choice, between: Between | None) -> Counted:
    return _rows(paths, choice, between) or _judged(paths, choice, between)


def _rows(paths: Sequence[Path], choice: Choice, between: Between | None) -> Counted | None:
    """Count stored verdicts without making events; ``None`` where more is needed."""
    if not choice.stored or len(paths) > 1 or not is_timed(paths[0]):
        return None
    found, reading = Counted(), EventReader(paths, between=between)
    try:
        found.tally = tally_rows(
            found.choose(_judged_only(reading.rows()), choice, _of_row), groups=choice.groups or None
        )
    except Unjudged:
        return None
    found.errors = reading.errors
    return found


def _judged(paths: Sequence[Path], choice: Choice, between: Between | None) -> Counted:
    def use(pairs: Iterator[tuple[Event, Verdict]]) -> Counted:
        made = Counted()
        made.tally = tally(made.choose(pairs, choice, _of_pair), groups=choice.groups or None)
        return made

    found, reading = judge_all(paths, use, stored=choice.stored, between=between, own=choice.own)
    found.errors, found.twice = reading.errors, reading.twice
    return found


def _folder(path: Path, choice: Choice) -> Counted:
    """Count the folder of judged events that ``mailbeacon judge --out`` made, a part of the mails at a time."""
    from mailbeacon.engines.results import read_parts

    if choice.fit:
        raise CommandError("the events of a folder are judged already: give --fit to mailbeacon judge", USAGE)
    found = Counted()
    try:
        for part in read_parts(path):
            one = Counted()
            judged = ((event, verdict) for event, verdict in part if verdict is not None)
            counts = tally(one.choose(judged, choice, _of_pair), groups=choice.groups or None)
            one.tally = closed_up(counts, zone=choice.zone)
            found.join(one)
    except (DataError, ImportError) as error:
        raise CommandError(f"{shown(str(path))}: {error}") from error
    return found


def _shared(paths: Sequence[Path], choice: Choice, workers: int) -> Counted:
    if len(paths) != 1 or not paths[0].is_file() or not is_sqlite(paths[0]):
        raise CommandError("--workers needs one file of a SqliteSink")
    return share(paths[0], workers, partial(_part, paths, choice), choice.zone)
