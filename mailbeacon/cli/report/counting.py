"""Count what was chosen of files of events: in one pass, or in several processes that each take a stretch of time.

Gives a tally and what a report must know of the events besides; prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from mailbeacon.cli.console import USAGE, CommandError, shown
from mailbeacon.cli.events.judged import Own, fitted, judge_all
from mailbeacon.cli.events.sources import EventReader, is_sqlite, is_timed
from mailbeacon.counting import Dimension, Tally, tally, tally_rows
from mailbeacon.errors import DataError
from mailbeacon.model import Event, Verdict
from mailbeacon.store import StoredRow, cut_by_time

__all__ = ["Choice", "Counted", "count"]

T = TypeVar("T")
Between = tuple[float | None, float | None]


class Unjudged(Exception):
    """An event has no stored verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is counted, after judging: what is left out may still say who made the rest.

    Attributes:
        campaign: This campaign only; ``None`` for all.
        since: Events from this moment on; ``None`` for all.
        stored: Keep every stored verdict.
        groups: The group of each recipient, by kind of group.
        fit: Judge all events once more before, to learn from them what is usual on their list.
        own: What was learned.
    """

    campaign: str | None = None
    since: datetime | None = None
    stored: bool = False
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fit: bool = False
    own: Own | None = None


@dataclass(slots=True)
class Counted:
    """What was counted, and what was seen on the way.

    Attributes:
        tally: The tally.
        all_campaigns: The campaigns of all events, where not all are counted.
        last: When the last event of the campaign came, where not all are counted.
        broken: What cannot be read, in one sentence; empty where all can.
        twice: How many events stood in two files.
    """

    tally: Tally = field(default_factory=Tally)
    all_campaigns: set[str] = field(default_factory=set)
    last: datetime | None = None
    broken: str = ""
    twice: int = 0

    @property
    def campaigns(self) -> set[str]:
        """The campaigns of what was counted."""
        return set(self.tally.values(Dimension.CAMPAIGN))

    def choose(self, found: Iterator[T], choice: Choice, facts: Callable[[T], tuple[str, datetime]]) -> Iterator[T]:
        """Return what was chosen, and note what was seen.

        Args:
            found: Events with their verdicts, or stored rows.
            choice: What is counted.
            facts: Gives campaign and moment of one.
        """
        self.__init__()  # type: ignore[misc]  # begun anew where lines are out of order
        return found if choice.campaign is None and choice.since is None else self._chosen(found, choice, facts)

    def _chosen(self, found: Iterator[T], choice: Choice, facts: Callable[[T], tuple[str, datetime]]) -> Iterator[T]:
        for one in found:
            campaign, moment = facts(one)
            self.all_campaigns.add(campaign)
            if choice.campaign not in (None, campaign):
                continue
            self.last = moment if self.last is None else max(self.last, moment)
            if choice.since is None or moment >= choice.since:
                yield one

    def join(self, other: Counted) -> None:
        """Add what another process counted."""
        self.tally = self.tally.merge(other.tally)
        self.all_campaigns |= other.all_campaigns
        self.last = max(filter(None, (self.last, other.last)), default=None)
        self.broken = "; ".join(dict.fromkeys(filter(None, (self.broken, other.broken))))


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
    found.broken = reading.broken
    return found


def _judged(paths: Sequence[Path], choice: Choice, between: Between | None) -> Counted:
    found = Counted()

    def use(pairs: Iterator[tuple[Event, Verdict]]) -> Tally:
        return tally(found.choose(pairs, choice, _of_pair), groups=choice.groups or None)

    found.tally, reading = judge_all(paths, use, stored=choice.stored, between=between, own=choice.own)
    found.broken, found.twice = reading.broken, reading.twice
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
            counts = tally(one.choose(judged, choice, _of_pair), groups=choice.groups or None).closed()
            one.tally = counts
            found.join(one)
    except (DataError, ImportError) as error:
        raise CommandError(f"{shown(str(path))}: {error}") from error
    return found


def _shared(paths: Sequence[Path], choice: Choice, workers: int) -> Counted:
    """Count in several processes, each a stretch of time; they read a little more to judge what is at its ends."""
    if len(paths) != 1 or not paths[0].is_file() or not is_sqlite(paths[0]):
        raise CommandError("--workers needs one file of a SqliteSink")
    borders: list[float | None] = [None, *cut_by_time(paths[0], workers), None]
    stretches = list(pairwise(borders))
    with ProcessPoolExecutor(len(stretches), mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(_part, *zip(*((paths, choice, one) for one in stretches), strict=True)))
    found = parts[0]
    for part in parts[1:]:
        found.join(part)
    return found
