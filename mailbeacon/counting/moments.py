"""Read figures by the hour and the day off a page of a tally; and what one mail's moments come to.

All hours and days of a zone are read in one pass, for to unpack ten million mails takes longer than to add them up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from typing import Final

from mailbeacon.counting.buckets import Page
from mailbeacon.counting.figures import Dimension
from mailbeacon.counting.sums import HITS, MESSAGES, MOST_HITS, NOBODY, SHARED, VIEWS, Sums, Value
from mailbeacon.counting.traits import FETCHED, LATE, Entries, Traits, unpack, unpack_only
from mailbeacon.model import Kind

__all__ = ["BY_TIME", "minutes_by_trait", "sum_moments", "view_starts", "within"]

BY_TIME: Final = (Dimension.HOUR, Dimension.DAY)
"""The dimensions of time."""
_DAY = 24 * 60
_QUARTER = 15
"""No zone's offset is finer than so many minutes."""


def sum_moments(page: Page, traits: Traits, pause: int, zone: tzinfo) -> dict[tuple[Kind, Dimension], Sums]:
    """Count opens and clicks by the hours and the days of a zone; a view belongs to the one it begins in.

    Args:
        page: The page.
        traits: The tally's traits.
        pause: A longer pause than this, in minutes, begins a new view.
        zone: The zone of hours and days.
    """
    made = _Sums(traits, zone)
    alone: Counter[tuple[int, int]] = Counter()
    for packed in page.mails.values():
        moment = unpack_only(packed)
        if moment is not None:
            alone[moment[0], moment[1] // _QUARTER] += 1
        else:
            made.add_mail(within(unpack(packed), traits, Counter()), pause)
    for (place, quarter), number in alone.items():
        made.add(place, quarter * _QUARTER, number, (HITS, VIEWS, MESSAGES))
    for (place, minute), number in page.shared.items():
        made.add(place, minute, number, (HITS, SHARED))
    return {key: dict(sums) for key, sums in made.sums.items()}


class _Sums:
    """The sums by hour and by day while they are made."""

    def __init__(self, traits: Traits, zone: tzinfo) -> None:
        self._kinds = [trait.kind for trait in traits]
        self._audiences = traits.audiences
        self._values: dict[int, tuple[Value, ...]] = {}
        self._zone = zone
        self.sums: dict[tuple[Kind, Dimension], defaultdict[Value, list[int]]] = {
            (kind, dimension): defaultdict(lambda: [0] * 12) for kind in FETCHED for dimension in BY_TIME
        }

    def add(self, place: int, minute: int, number: int, units: tuple[int, ...]) -> None:
        """Add a number of one trait to some units."""
        kind, audience = self._kinds[place], self._audiences[place]
        for dimension, value in zip(BY_TIME, self._of(minute), strict=True):
            numbers = self.sums[kind, dimension][value]
            for unit in units:
                numbers[unit + audience] += number

    def add_mail(self, entries: Entries, pause: int) -> None:
        """Add the moments of one mail."""
        best: dict[tuple[Kind, Dimension, Value], int] = {}
        for (place, minute), number in entries.items():
            if minute == LATE:
                continue
            self.add(place, minute, number, (HITS,))
            kind, audience = self._kinds[place], self._audiences[place]
            for dimension, value in zip(BY_TIME, self._of(minute), strict=True):
                key = kind, dimension, value
                best[key] = min(best.get(key, NOBODY), audience)
        for place, minutes in minutes_by_trait(entries).items():
            for minute in view_starts(minutes, pause):
                self.add(place, minute, 1, (VIEWS,))
        for (kind, dimension, value), audience in best.items():
            self.sums[kind, dimension][value][MESSAGES + audience] += 1

    def _of(self, minute: int) -> tuple[Value, ...]:
        """Return the hour and the day of a minute."""
        quarter = minute // _QUARTER
        found = self._values.get(quarter)
        if found is None:
            there = datetime.fromtimestamp(quarter * _QUARTER * 60, UTC).astimezone(self._zone)
            found = self._values[quarter] = there.replace(minute=0, second=0, microsecond=0), there.date()
        return found


def within(entries: Entries, traits: Traits, beyond: Counter[Kind]) -> Entries:
    """Leave out what is beyond the most hits of a day, the latest first; hits without a moment are as one day."""
    if sum(entries.values()) <= MOST_HITS:
        return entries
    found: Entries = {}
    left: dict[int, int] = {}
    for place, minute in sorted(entries, key=lambda key: (key[1], traits[key[0]])):
        number, day = entries[place, minute], minute // _DAY
        room = left.get(day, MOST_HITS)
        found[place, minute] = min(number, room)
        left[day] = room - found[place, minute]
        beyond[traits[place].kind] += number - found[place, minute]
    return {key: number for key, number in found.items() if number}


def minutes_by_trait(entries: Entries) -> dict[int, list[int]]:
    """Return each trait's minutes, none for one of which no moment was kept."""
    found: dict[int, list[int]] = {}
    for place, minute in entries:
        minutes = found.setdefault(place, [])
        if minute != LATE:
            minutes.append(minute)
    return found


def view_starts(minutes: list[int], pause: int) -> list[int]:
    """Return the first minute of each view."""
    if len(minutes) < 2:
        return minutes
    minutes.sort()
    return [minutes[0], *(after for before, after in pairwise(minutes) if after - before > pause)]
