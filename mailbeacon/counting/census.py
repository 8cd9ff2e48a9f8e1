"""Read figures off the pages of a tally: hits, views and messages, by any one dimension.

Mails in which the same traits were seen are counted together first, once for all dimensions. Does not divide: rates are
made of these figures elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, NamedTuple

from mailbeacon.counting.figures import Count, Dimension, LinkKey, Split
from mailbeacon.counting.ledger import LATE, Entries, Page, PageKey, Trait
from mailbeacon.model import Actor, Kind, Verdict

__all__ = ["MACHINES", "PEOPLE", "UNKNOWN", "Census", "Value", "count_by", "count_hours", "mails_by_audience", "take"]

PEOPLE: Final = 0
UNKNOWN: Final = 1
MACHINES: Final = 2
_AUDIENCES = {True: PEOPLE, None: UNKNOWN, False: MACHINES}
_AUDIENCE = {actor: _AUDIENCES[Verdict(actor=actor).is_human] for actor in Actor}
_NOBODY = 3
"""Above every audience: the smallest audience of a mail is the one it counts as."""
_HITS, _VIEWS, _MESSAGES, _SHARED = 0, 3, 6, 9
"""Where a unit's three numbers begin in a list of twelve."""

Value = str | datetime | LinkKey | None
_Sums = defaultdict[Value, list[int]]
"""Twelve numbers for each value."""


class Census(NamedTuple):
    """Hold what all dimensions but the hour are read off.

    Attributes:
        hits: Hits of single mails, by page and trait.
        views: Views, by page and trait.
        shared: Hits that belong to no single mail, by page and trait.
        mails: How many mails had just these traits, by page.
    """

    hits: Counter[tuple[PageKey, Trait]]
    views: Counter[tuple[PageKey, Trait]]
    shared: Counter[tuple[PageKey, Trait]]
    mails: Counter[tuple[PageKey, frozenset[Trait]]]


def take(pages: Mapping[PageKey, Page], pause: int) -> Census:
    """Go over all mails once.

    Args:
        pages: The tally's pages.
        pause: A longer pause than this, in minutes, begins a new view.
    """
    census = Census(Counter(), Counter(), Counter(), Counter())
    for key, page in pages.items():
        hits: Counter[Trait] = Counter()
        views: Counter[Trait] = Counter()
        mails: Counter[frozenset[Trait]] = Counter()
        for entries in page.mails.values():
            for (trait, _), number in entries.items():
                hits[trait] += number
            moments = _moments(entries)
            for trait, minutes in moments.items():
                views[trait] += len(_starts(minutes, pause))
            mails[frozenset(moments)] += 1
        census.hits.update({(key, trait): number for trait, number in hits.items()})
        census.views.update({(key, trait): number for trait, number in views.items()})
        census.mails.update({(key, traits): number for traits, number in mails.items()})
        for (trait, _), number in page.shared.items():
            census.shared[key, trait] += number
    return census


def count_by(census: Census, kind: Kind, dimension: Dimension | None) -> dict[Value, Count]:
    """Count one kind of event by the values of a dimension, or under ``""`` when there is none."""
    sums: _Sums = defaultdict(lambda: [0] * 12)
    for counter, places in ((census.hits, (_HITS,)), (census.views, (_VIEWS,)), (census.shared, (_HITS, _SHARED))):
        for (key, trait), number in counter.items():
            if trait.kind == kind:
                for place in places:
                    sums[_value(dimension, key, trait)][place + _AUDIENCE[trait.actor]] += number
    for (key, traits), number in census.mails.items():
        seen: dict[Value, int] = {}
        for trait in traits:
            if trait.kind == kind:
                value = _value(dimension, key, trait)
                seen[value] = min(seen.get(value, _NOBODY), _AUDIENCE[trait.actor])
        for value, audience in seen.items():
            sums[value][_MESSAGES + audience] += number
    return _counts(sums)


def count_hours(pages: Mapping[PageKey, Page], kind: Kind, pause: int) -> dict[Value, Count]:
    """Count one kind of event by the hour, in UTC; a view belongs to the hour it begins in."""
    sums: defaultdict[int, list[int]] = defaultdict(lambda: [0] * 12)
    for page in pages.values():
        for entries in page.mails.values():
            _add_hours(sums, {key: number for key, number in entries.items() if key[0].kind == kind}, pause)
        for (trait, minute), number in page.shared.items():
            if trait.kind == kind:
                for place in (_HITS, _SHARED):
                    sums[minute // 60][place + _AUDIENCE[trait.actor]] += number
    return _counts({datetime.fromtimestamp(hour * 3600, UTC): numbers for hour, numbers in sums.items()})


def mails_by_audience(census: Census) -> Iterator[tuple[int, int, int]]:
    """Give the audience that opened, the one that clicked (``3`` for neither), and how many mails are like that."""
    for (_, traits), number in census.mails.items():
        opened = min((_AUDIENCE[trait.actor] for trait in traits if trait.kind == Kind.OPEN), default=_NOBODY)
        clicked = min((_AUDIENCE[trait.actor] for trait in traits if trait.kind == Kind.CLICK), default=_NOBODY)
        yield opened, clicked, number


def _add_hours(sums: defaultdict[int, list[int]], entries: Entries, pause: int) -> None:
    """Add one mail to its hours; hits without a moment have none."""
    seen: dict[int, int] = {}
    for (trait, minute), number in entries.items():
        if minute != LATE:
            hour, audience = minute // 60, _AUDIENCE[trait.actor]
            sums[hour][_HITS + audience] += number
            seen[hour] = min(seen.get(hour, _NOBODY), audience)
    for trait, minutes in _moments(entries).items():
        for start in _starts(minutes, pause):
            sums[start // 60][_VIEWS + _AUDIENCE[trait.actor]] += 1
    for hour, audience in seen.items():
        sums[hour][_MESSAGES + audience] += 1


def _moments(entries: Entries) -> dict[Trait, list[int]]:
    """Give each trait's minutes, none for one of which no moment was kept."""
    found: dict[Trait, list[int]] = {}
    for trait, minute in entries:
        minutes = found.setdefault(trait, [])
        if minute != LATE:
            minutes.append(minute)
    return found


def _starts(minutes: list[int], pause: int) -> list[int]:
    """Give the first minute of each view."""
    if len(minutes) < 2:
        return minutes
    minutes.sort()
    return [minutes[0], *(after for before, after in pairwise(minutes) if after - before > pause)]


def _value(dimension: Dimension | None, key: PageKey, trait: Trait) -> Value:
    if dimension is None:
        return ""
    if dimension == Dimension.LINK:
        return LinkKey(key.campaign, trait.link, trait.url)
    found: str = getattr(key if dimension in PageKey._fields else trait, dimension)
    return found


def _counts(sums: Mapping[Value, list[int]] | Mapping[datetime, list[int]]) -> dict[Value, Count]:
    return {value: Count(**_splits(numbers)) for value, numbers in sums.items()}


def _splits(numbers: list[int]) -> dict[str, Split]:
    places = {"hits": _HITS, "views": _VIEWS, "messages": _MESSAGES, "shared": _SHARED}
    return {
        name: Split(people=numbers[at], unknown=numbers[at + 1], machines=numbers[at + 2])
        for name, at in places.items()
    }
