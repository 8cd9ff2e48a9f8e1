"""Read figures off the pages of a tally: hits, views and messages, by any one dimension.

Mails in which the same traits were seen are counted together first, once for all dimensions. Does not divide: rates are
made of these figures elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mailbeacon.counting.buckets import PEOPLE, Page, State, Traits, unpack, unpack_only
from mailbeacon.counting.figures import Dimension, LinkKey, Outcomes
from mailbeacon.counting.moments import minutes_by_trait, view_starts, within
from mailbeacon.counting.sums import HITS, MESSAGES, NOBODY, SHARED, VIEWS, Sums, Value
from mailbeacon.model import Kind

__all__ = ["PAGE_DIMENSIONS", "MailCounts", "is_spoken_of", "mails_by_audience", "outcomes", "sum_traits", "take"]

PAGE_DIMENSIONS = frozenset({Dimension.CAMPAIGN, Dimension.VARIANT, Dimension.GROUP})
"""What is the same for a whole page."""
_SENT = frozenset({Kind.SENT, Kind.DELIVERED, Kind.DEFERRED, Kind.BOUNCED, Kind.REJECTED})


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
    alone: Counter[int] = Counter()
    for name, packed in page.mails.items():
        moment = unpack_only(packed)
        if moment is not None:  # as most mails are: read once, and no more
            alone[moment[0]] += 1
            if page.states and audiences[moment[0]] == PEOPLE:
                mail_counts.people.add(name)
            continue
        entries = within(unpack(packed), traits, mail_counts.beyond)
        for (place, _), number in entries.items():
            hits[place] += number
        moments = minutes_by_trait(entries)
        for place, minutes in moments.items():
            views[place] += len(view_starts(minutes, pause))
        mails[tuple(sorted(moments))] += 1  # a frozenset would take five times the memory
        if page.states and any(audiences[place] == PEOPLE for place in moments):
            mail_counts.people.add(name)
    hits.update(alone)
    views.update(alone)
    mails.update({(place,): number for place, number in alone.items()})
    for (place, _), number in page.shared.items():
        mail_counts.shared[place] += number
    return mail_counts


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
        (mail_counts.hits, (HITS,)),
        (mail_counts.views, (VIEWS,)),
        (mail_counts.shared, (HITS, SHARED)),
    ):
        for place, number in counter.items():
            if place in values:
                for unit in units:
                    sums[values[place]][unit + audiences[place]] += number
    for places, number in mail_counts.mails.items():
        if len(places) == 1:
            if places[0] in values:
                sums[values[places[0]]][MESSAGES + audiences[places[0]]] += number
            continue
        seen: dict[Value, int] = {}
        for place in places:
            if place in values:
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
