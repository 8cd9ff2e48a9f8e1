"""Count what was chosen of files of events: in one pass, or in several processes that each take a stretch of time.

Gives a tally and what a report must know of the events besides; prints nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

from mailbeacon.cli.console import USAGE, CommandError, shown
from mailbeacon.cli.events.judged import Own, fitted, judge_all
from mailbeacon.cli.events.sources import is_sqlite
from mailbeacon.counting import Tally, tally
from mailbeacon.errors import DataError
from mailbeacon.model import Event, Kind, Verdict
from mailbeacon.store import cut_by_time

__all__ = ["Choice", "Counted", "count"]

_SENT = frozenset({Kind.SENT, Kind.DELIVERED, Kind.DEFERRED, Kind.BOUNCED, Kind.REJECTED})
_MOST_LINKS = 10_000


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
        campaigns: The campaigns of what was counted.
        all_campaigns: The campaigns of all events.
        spoken: The campaigns of which a provider's events tell what was delivered.
        clicked: Numbers and destinations of links that were clicked.
        last: When the last event of the campaign came.
        broken: What cannot be read, in one sentence; empty where all can.
        twice: How many events stood in two files.
    """

    tally: Tally = field(default_factory=Tally)
    campaigns: set[str] = field(default_factory=set)
    all_campaigns: set[str] = field(default_factory=set)
    spoken: set[str] = field(default_factory=set)
    clicked: set[tuple[int, str]] = field(default_factory=set)
    last: datetime | None = None
    broken: str = ""
    twice: int = 0

    def choose(self, pairs: Iterator[tuple[Event, Verdict]], choice: Choice) -> Iterator[tuple[Event, Verdict]]:
        """Pass on what was chosen, and note what was seen."""
        self.__init__()  # type: ignore[misc]  # begun anew where lines are out of order
        for event, verdict in pairs:
            self.all_campaigns.add(event.campaign)
            if choice.campaign not in (None, event.campaign):
                continue
            self.last = event.received_at if self.last is None else max(self.last, event.received_at)
            if choice.since is not None and event.received_at < choice.since:
                continue
            self.campaigns.add(event.campaign)
            if event.kind in _SENT:
                self.spoken.add(event.campaign)
            elif event.kind is Kind.CLICK and event.link is not None and len(self.clicked) < _MOST_LINKS:
                self.clicked.add((event.link, event.url))
            yield event, verdict

    def join(self, other: Counted) -> None:
        """Add what another process counted."""
        self.tally = self.tally.merge(other.tally)
        for name in ("campaigns", "all_campaigns", "spoken", "clicked"):
            getattr(self, name).update(getattr(other, name))
        self.last = max(filter(None, (self.last, other.last)), default=None)
        self.broken = "; ".join(dict.fromkeys(filter(None, (self.broken, other.broken))))


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
    if not found.campaigns and found.last is not None:
        raise CommandError(f"no event is as young as that: the last is of {found.last:%Y-%m-%d %H:%M %Z}")
    return found


def _part(paths: Sequence[Path], choice: Choice, between: tuple[float | None, float | None] | None) -> Counted:
    found = Counted()

    def use(pairs: Iterator[tuple[Event, Verdict]]) -> Tally:
        return tally(found.choose(pairs, choice), groups=choice.groups or None)

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
            counts = tally(one.choose(judged, choice), groups=choice.groups or None).closed()
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
