"""Read figures by the hour and the day off a page of a tally; and what one mail's moments come to.

All hours and days of a zone are read in one pass, for to unpack ten million mails takes longer than to add them up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Final

from mailbeacon.counting.buckets import Page
from mailbeacon.counting.figures import Dimension
from mailbeacon.counting.sums import HITS, MESSAGES, MOST_HITS, NOBODY, SHARED, VIEWS, Sums, Value
from mailbeacon.counting.traits import FETCHED, LATE, Entries, Traits, apart, moments_of, unpack
from mailbeacon.model import Kind

__all__ = ["BY_TIME", "moments_within", "sum_moments", "view_starts"]

BY_TIME: Final = (Dimension.HOUR, Dimension.DAY)
"""The dimensions of time."""
_DAY = 24 * 60
_QUARTER = 15
"""No zone's offset is finer than so many minutes."""
_KINDS: Final = sorted(FETCHED)
_ROWS: Final = len(_KINDS) * NOBODY
"""A cell is an hour, and in it a kind and an audience."""


def sum_moments(page: Page, traits: Traits, pause: int, zone: tzinfo) -> dict[tuple[Kind, Dimension], Sums]:
    """Count opens and clicks by the hours and the days of a zone; a view belongs to the one it begins in.

    Args:
        page: The page.
        traits: The tally's traits.
        pause: A longer pause than this, in minutes, begins a new view.
        zone: The zone of hours and days.
    """
    hours = _Hours(zone)
    kinds = {kind: at * NOBODY for at, kind in enumerate(_KINDS)}
    rows = [kinds.get(trait.kind, 0) + audience for trait, audience in zip(traits, traits.audiences, strict=True)]
    hits, views, alone, shared = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    mails = Counter[tuple[int, ...]]()
    for single, several in apart(page.mails.values()):
        alone.update([hours[minute // _QUARTER] * _ROWS + rows[place] for place, minute in single])
        for packed in several:
            minutes: dict[int, list[int]] = {}
            cells = set()
            for place, minute, number in moments_within(packed, traits, Counter()):
                if minute != LATE:
                    cell = hours[minute // _QUARTER] * _ROWS + rows[place]
                    cells.add(cell)
                    hits[cell] += number
                    minutes.setdefault(place, []).append(minute)
            for place, seen in minutes.items():
                for minute in view_starts(seen, pause):
                    views[hours[minute // _QUARTER] * _ROWS + rows[place]] += 1
            mails[tuple(sorted(cells))] += 1
    hits.update(alone)
    views.update(alone)
    for (place, minute), number in page.shared.items():
        shared[hours[minute // _QUARTER] * _ROWS + rows[place]] += number
    tables = [tuple(defaultdict[Value, list[int]](lambda: [0] * 12) for _ in BY_TIME) for _ in _KINDS]
    for counted, unit in ((hits, HITS), (views, VIEWS), (alone, MESSAGES), (shared, HITS), (shared, SHARED)):
        for cell, number in counted.items():
            kind, audience, values = hours.at(cell)
            for table, value in zip(tables[kind], values, strict=True):
                table[value][unit + audience] += number
    for some, number in mails.items():
        best: dict[tuple[int, int, Value], int] = {}
        for kind, audience, values in map(hours.at, some):
            for at, value in enumerate(values):
                best[kind, at, value] = min(best.get((kind, at, value), NOBODY), audience)
        for (kind, at, value), audience in best.items():
            tables[kind][at][value][MESSAGES + audience] += number
    return {
        (kind, dimension): dict(table)
        for kind, of_kind in zip(_KINDS, tables, strict=True)
        for dimension, table in zip(BY_TIME, of_kind, strict=True)
    }


class _Hours(dict[int, int]):
    """The number of an hour of a zone, by the quarter of an hour since 1970; and in ``times`` the hour and its day."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._numbers: dict[datetime, int] = {}
        self.times: list[tuple[Value, ...]] = []

    def __missing__(self, quarter: int) -> int:
        there = datetime.fromtimestamp(quarter * _QUARTER * 60, self._zone)
        hour = there.replace(minute=0, second=0, microsecond=0)
        number = self[quarter] = self._numbers.setdefault(hour, len(self.times))
        if number == len(self.times):
            self.times.append((hour, hour.date()))
        return number

    def at(self, cell: int) -> tuple[int, int, tuple[Value, ...]]:
        """Return kind and audience of a cell, and its hour and day."""
        number, row = divmod(cell, _ROWS)
        return row // NOBODY, row % NOBODY, self.times[number]


def moments_within(packed: bytes, traits: Traits, beyond: Counter[Kind]) -> list[tuple[int, int, int]]:
    """Return a mail's moments (trait, minute and hits) without what is beyond the most hits of a day."""
    found = moments_of(packed)
    if sum([hits for _, _, hits in found]) <= MOST_HITS:
        return found
    entries = _within(unpack(packed), traits, beyond)
    return [(place, minute, hits) for (place, minute), hits in entries.items()]


def _within(entries: Entries, traits: Traits, beyond: Counter[Kind]) -> Entries:
    """Leave out what is beyond the most hits of a day, the latest first; hits without a moment are as one day."""
    found: Entries = {}
    left: dict[int, int] = {}
    for place, minute in sorted(entries, key=lambda key: (key[1], traits[key[0]])):
        number, day = entries[place, minute], minute // _DAY
        room = left.get(day, MOST_HITS)
        found[place, minute] = min(number, room)
        left[day] = room - found[place, minute]
        beyond[traits[place].kind] += number - found[place, minute]
    return {key: number for key, number in found.items() if number}


def view_starts(minutes: list[int], pause: int) -> list[int]:
    """Return the first minute of each view."""
    if len(minutes) < 2:
        return minutes
    minutes.sort()
    return [minutes[0], *(after for before, after in pairwise(minutes) if after - before > pause)]
