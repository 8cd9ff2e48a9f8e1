"""Read figures off the pages of a tally: hits, views and messages, by any one dimension.

Mails in which the same traits were seen are counted together first, once for all dimensions. Does not divide: rates are
made of these figures elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mailbeacon.counting.buckets import Page, State
from mailbeacon.counting.figures import Dimension, LinkKey, Outcomes
from mailbeacon.counting.moments import moments_within, view_starts
from mailbeacon.counting.sums import HITS, MESSAGES, NOBODY, SHARED, VIEWS, Sums, Value
from mailbeacon.counting.traits import FETCHED, LATE, PEOPLE, Traits, apart
from mailbeacon.model import Kind

__all__ = ["PAGE_DIMENSIONS", "MailCounts", "is_spoken_of", "mails_by_audience", "outcomes", "sum_traits", "take"]

PAGE_DIMENSIONS = frozenset({Dimension.CAMPAIGN, Dimension.VARIANT, Dimension.GROUP})
"""What is the same for a whole page."""
_SENT = frozenset({Kind.SENT, Kind.DELIVERED, Kind.DEFERRED, Kind.BOUNCED, Kind.REJECTED})


class TraitCounts(NamedTuple):
    """What was counted of one trait: ``alone`` are the mails of whose opens, or of whose clicks, no other trait is known."""

    place: int
    hits: int
    views: int
    alone: int
    shared: int


class MailCounts(NamedTuple):
    """What all figures of a page but those by time are read off.

    Attributes:
        traits: What was counted of each trait, by kind.
        mixed: How many mails had just these several traits of the kind, by kind.
        mails: How many mails had just these traits of any kind.
        beyond: Hits beyond a thousand of one message in a day, by kind.
        people: The mails that people opened or clicked, where anything else was heard of mails of the page.
    """

    traits: Mapping[Kind, list[TraitCounts]]
    mixed: Mapping[Kind, Counter[tuple[int, ...]]]
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
    hits, views, alone, shared = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    mails, beyond = Counter[tuple[int, ...]](), Counter[Kind]()
    people: set[bytes] = set()
    audiences = traits.audiences
    for single, several in apart(page.mails.values()):
        alone.update([place for place, _ in single])
        for packed in several:
            minutes: dict[int, list[int]] = {}
            for place, minute, number in moments_within(packed, traits, beyond):
                hits[place] += number
                kept = minutes.setdefault(place, [])
                if minute != LATE:
                    kept.append(minute)
            for place, some in minutes.items():
                views[place] += len(view_starts(some, pause))
            mails[tuple(sorted(minutes))] += 1  # a frozenset would take five times the memory
    if page.states:
        of_people = {place for place, audience in enumerate(audiences) if audience == PEOPLE}
        people = {
            name
            for name, packed in page.mails.items()
            if any(place in of_people for place, _, _ in moments_within(packed, traits, Counter()))
        }
    hits.update(alone)
    views.update(alone)
    mixed = {kind: Counter[tuple[int, ...]]() for kind in FETCHED}
    only = Counter(alone)
    for places, number in mails.items():
        for kind in FETCHED:
            own = tuple(place for place in places if traits[place].kind == kind)
            if len(own) == 1:
                only[own[0]] += number
            elif own:
                mixed[kind][own] += number
    mails.update({(place,): number for place, number in alone.items()})
    for (place, _), number in page.shared.items():
        shared[place] += number
    found: dict[Kind, list[TraitCounts]] = {kind: [] for kind in FETCHED}
    for place in {*hits, *shared}:
        numbers = TraitCounts(place, hits[place], views[place], only[place], shared[place])
        found[traits[place].kind].append(numbers)
    return MailCounts(found, mixed, mails, beyond, people)


def sum_traits(mail_counts: MailCounts, traits: Traits, campaign: str, kind: Kind, dimension: Dimension | None) -> Sums:
    """Count one kind of event by the values of a dimension, or under ``""`` when it is of the whole page."""
    sums: defaultdict[Value, list[int]] = defaultdict(lambda: [0] * 12)
    audiences = traits.audiences
    values: dict[int, Value] = {}
    for place, hits, views, alone, shared in mail_counts.traits[kind]:
        value = values[place] = _value(dimension, campaign, traits, place)
        numbers, audience = sums[value], audiences[place]
        numbers[HITS + audience] += hits + shared
        numbers[VIEWS + audience] += views
        numbers[MESSAGES + audience] += alone
        numbers[SHARED + audience] += shared
    for places, number in mail_counts.mixed[kind].items():
        seen: dict[Value, int] = {}
        for place in places:
            value = values[place]
            seen[value] = min(seen.get(value, NOBODY), audiences[place])
        for value, audience in seen.items():
            sums[value][MESSAGES + audience] += number
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
