"""Read figures off the pages of a tally: hits, views and messages, by any one dimension.

Mails in which the same traits were seen are counted together first, once for all dimensions. Does not divide: rates are
made of these figures elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from itertools import pairwise
from typing import Final, NamedTuple

from mailbeacon.counting.buckets import LATE, MACHINES, PEOPLE, UNKNOWN, Entries, Page, State, Traits, unpack
from mailbeacon.counting.figures import Count, Dimension, LinkKey, Outcomes, Split
from mailbeacon.model import Kind

__all__ = [
    "MOST_HITS",
    "NOBODY",
    "PAGE_DIMENSIONS",
    "MailCounts",
    "Sums",
    "Value",
    "add_sums",
    "counts",
    "outcomes",
    "sum_moments",
    "sum_traits",
    "take",
]

MOST_HITS: Final = 1_000
"""Hits of one message in one day beyond these are in no figure: they are shown apart, for no reader makes so many."""
PAGE_DIMENSIONS = frozenset({Dimension.CAMPAIGN, Dimension.VARIANT, Dimension.GROUP})
"""What is the same for a whole page."""
NOBODY = 3
"""Above every audience: the smallest audience of a mail is the one it counts as."""
_HITS, _VIEWS, _MESSAGES, _SHARED = 0, 3, 6, 9
"""Where a unit's three numbers begin in a list of twelve."""
_SENT = frozenset({Kind.SENT, Kind.DELIVERED, Kind.DEFERRED, Kind.BOUNCED, Kind.REJECTED})
_DAY = 24 * 60

Value = str | datetime | date | LinkKey | None
Sums = dict[Value, list[int]]
"""Twelve numbers for each value: hits, views, messages and shared hits, each by people, unknown and machines."""


class MailCounts(NamedTuple):
    """What all figures of a page but those by time are read off.

    Attributes:
        hits: Hits of single mails, by trait.
        views: Views, by trait.
        shared: Hits that belong to no single mail, by trait.
        mails: How many mails had just these traits.
        beyond: Hits beyond a thousand of one message in a day, by kind.
        people: The mails that people opened or clicked, where anything else was heard of mails of the page.
    """

    hits: Counter[int]
    views: Counter[int]
    shared: Counter[int]
    mails: Counter[tuple[int, ...]]
    beyond: Counter[Kind]
    people: set[bytes]


def take(page: Page, traits: Traits, pause: int) -> MailCounts:
    """Go over all mails of a page once.

    Args:
        page: The page.
        traits: The tally's traits.
        pause: A longer pause than this, in minutes, begins a new view.
    """
    mail_counts = MailCounts(Counter(), Counter(), Counter(), Counter(), Counter(), set())
    hits, views, mails, audiences = mail_counts.hits, mail_counts.views, mail_counts.mails, traits.audiences
    for name, packed in page.mails.items():
        entries = _within(unpack(packed), traits, mail_counts.beyond)
        for (place, _), number in entries.items():
            hits[place] += number
        moments = _moments(entries)
        for place, minutes in moments.items():
            views[place] += len(_starts(minutes, pause))
        mails[tuple(sorted(moments))] += 1  # a frozenset would take five times the memory
        if page.states and any(audiences[place] == PEOPLE for place in moments):
            mail_counts.people.add(name)
    for (place, _), number in page.shared.items():
        mail_counts.shared[place] += number
    return mail_counts


def _within(entries: Entries, traits: Traits, beyond: Counter[Kind]) -> Entries:
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


def sum_traits(mail_counts: MailCounts, traits: Traits, campaign: str, kind: Kind, dimension: Dimension | None) -> Sums:
    """Count one kind of event by the values of a dimension, or under ``""`` when it is of the whole page."""
    sums: defaultdict[Value, list[int]] = defaultdict(lambda: [0] * 12)
    values = {
        place: _value(dimension, campaign, traits, place)
        for place in {*mail_counts.hits, *mail_counts.shared}
        if traits[place].kind == kind
    }
    audiences = traits.audiences
    for counter, units in (
        (mail_counts.hits, (_HITS,)),
        (mail_counts.views, (_VIEWS,)),
        (mail_counts.shared, (_HITS, _SHARED)),
    ):
        for place, number in counter.items():
            if place in values:
                for unit in units:
                    sums[values[place]][unit + audiences[place]] += number
    for places, number in mail_counts.mails.items():
        seen: dict[Value, int] = {}
        for place in places:
            if place in values:
                value = values[place]
                seen[value] = min(seen.get(value, NOBODY), audiences[place])
        for value, audience in seen.items():
            sums[value][_MESSAGES + audience] += number
    return dict(sums)


def mails_by_audience(mail_counts: MailCounts, traits: Traits) -> Counter[tuple[int, int]]:
    """Count mails by the audience that opened and the one that clicked (:data:`NOBODY` for neither)."""
    found: Counter[tuple[int, int]] = Counter()
    for places, number in mail_counts.mails.items():
        best = {Kind.OPEN: NOBODY, Kind.CLICK: NOBODY}
        for place in places:
            kind = traits[place].kind
            best[kind] = min(best[kind], traits.audiences[place])
        found[best[Kind.OPEN], best[Kind.CLICK]] += number
    return found


def sum_moments(page: Page, traits: Traits, kind: Kind, pause: int, dimension: Dimension, zone: tzinfo) -> Sums:
    """Count one kind of event by the hour or the day of a zone; a view belongs to the one it begins in."""
    start = _Starts(dimension, zone)
    sums: defaultdict[Value, list[int]] = defaultdict(lambda: [0] * 12)
    audiences, wanted = traits.audiences, [trait.kind == kind for trait in traits]
    for packed in page.mails.values():
        entries = _within(unpack(packed), traits, Counter())
        entries = {key: number for key, number in entries.items() if wanted[key[0]]}
        seen: dict[Value, int] = {}
        for (place, minute), number in entries.items():
            if minute != LATE:
                value = start.of(minute)
                sums[value][_HITS + audiences[place]] += number
                seen[value] = min(seen.get(value, NOBODY), audiences[place])
        for place, minutes in _moments(entries).items():
            for minute in _starts(minutes, pause):
                sums[start.of(minute)][_VIEWS + audiences[place]] += 1
        for value, audience in seen.items():
            sums[value][_MESSAGES + audience] += 1
    for (place, minute), number in page.shared.items():
        if wanted[place]:
            for unit in (_HITS, _SHARED):
                sums[start.of(minute)][unit + audiences[place]] += number
    return dict(sums)


class _Starts:
    """The hours or days of a zone that minutes lie in, each worked out once."""

    def __init__(self, dimension: Dimension, zone: tzinfo) -> None:
        self._daily = dimension is Dimension.DAY
        self._zone = zone
        self._known: dict[int, Value] = {}

    def of(self, minute: int) -> Value:
        quarter = minute // 15  # no zone's offset is finer than a quarter of an hour
        found = self._known.get(quarter)
        if found is None:
            there = datetime.fromtimestamp(quarter * 900, UTC).astimezone(self._zone)
            hour = there.replace(minute=0, second=0, microsecond=0)
            found = self._known[quarter] = there.date() if self._daily else hour
        return found


def outcomes(
    states: Mapping[bytes, State], people: Iterable[bytes], spoken: frozenset[bytes] | None, seen: Iterable[bytes]
) -> Outcomes:
    """Count what became of the mails of a page.

    Args:
        states: What was heard of each mail.
        people: The mails people opened or clicked.
        spoken: The mails of the campaign of which the provider said something; ``None`` where it said nothing of any.
        seen: The mails anybody or anything opened or clicked.
    """
    found: Counter[str] = Counter()
    known = set(people)
    for mail, state in states.items():
        outcome = _outcome(state)
        if outcome:
            found["sent"] += 1
            found[outcome] += 1
            if outcome != "delivered" and mail in known:
                found["seen_all_the_same"] += 1
        for kind in (Kind.COMPLAINED, Kind.SUBSCRIBED):
            found[kind.value] += kind in state.kinds
        found["unsubscribed"] += Kind.UNSUBSCRIBE in state.kinds
        found["withdrawn"] += Kind.WITHDRAW in state.kinds
    if spoken is not None:
        found["unlisted"] = sum(mail not in spoken for mail in seen)
    return Outcomes(**found)


def is_spoken_of(state: State) -> bool:
    """Check whether the provider said what became of a mail."""
    return not state.kinds.isdisjoint(_SENT)


def _outcome(state: State) -> str:
    """Return what became of a mail; empty where the provider reported nothing.

    A bounce after the delivery is one out of band; before it, the provider tried again.
    """
    kinds = state.kinds
    if Kind.BOUNCED in kinds and state.bounced >= state.delivered:
        return "bounced"
    if Kind.DELIVERED in kinds:
        return "delivered"
    for kind in (Kind.REJECTED, Kind.DEFERRED):
        if kind in kinds:
            return kind.value
    return "delivered" if Kind.SENT in kinds else ""


def add_sums(into: Sums, more: Mapping[Value, list[int]]) -> None:
    """Add numbers to numbers, value by value."""
    for value, numbers in more.items():
        known = into.get(value)
        into[value] = list(numbers) if known is None else [a + b for a, b in zip(known, numbers, strict=True)]


def counts(sums: Sums) -> dict[Value, Count]:
    """Return counts of sums, in the order of their values."""
    return {value: _count(sums[value]) for value in sorted(sums, key=_order)}


def _count(numbers: list[int]) -> Count:
    hits, views, messages, shared = (
        Split(people=numbers[at + PEOPLE], unknown=numbers[at + UNKNOWN], machines=numbers[at + MACHINES])
        for at in (_HITS, _VIEWS, _MESSAGES, _SHARED)
    )
    return Count(hits=hits, views=views, messages=messages, shared=shared)


def _order(value: Value) -> tuple[str, int, str]:
    if isinstance(value, LinkKey):
        return value
    return (value.isoformat() if isinstance(value, date) else value or "", 0, "")


def _moments(entries: Entries) -> dict[int, list[int]]:
    """Return each trait's minutes, none for one of which no moment was kept."""
    found: dict[int, list[int]] = {}
    for place, minute in entries:
        minutes = found.setdefault(place, [])
        if minute != LATE:
            minutes.append(minute)
    return found


def _starts(minutes: list[int], pause: int) -> list[int]:
    """Return the first minute of each view."""
    if len(minutes) < 2:
        return minutes
    minutes.sort()
    return [minutes[0], *(after for before, after in pairwise(minutes) if after - before > pause)]


def _value(dimension: Dimension | None, campaign: str, traits: Traits, place: int) -> Value:
    trait = traits[place]
    if dimension is None:
        return ""
    if dimension == Dimension.LINK:
        return LinkKey(campaign, trait.link, trait.url)
    if dimension in (Dimension.REGION, Dimension.CITY):
        if not getattr(trait, dimension):
            return ""
        parts = (trait.country, trait.region, trait.city if dimension is Dimension.CITY else "")
        return ", ".join(filter(None, parts))
    found: str = getattr(trait, dimension)
    return found
