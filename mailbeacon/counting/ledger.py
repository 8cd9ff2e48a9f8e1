"""What a tally keeps: per mail, which traits were seen in which minute. Nothing here names a figure.

A page holds one campaign, variant and group. Its entries are sums, unions and smallest-of, so pages merge in any order
to the same page. A mail keeps at most :data:`LIMIT` moments, the earliest ones; what comes later is counted as hits of
its trait without a moment, so memory depends on the number of mails and not on the number of events.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from mailbeacon.model import Actor, Event, Kind, Level, Verdict

__all__ = ["FETCHED", "LATE", "LIMIT", "Entries", "Numbers", "Page", "PageKey", "Trait", "fold", "merge_pages"]

_K = TypeVar("_K")

LIMIT = 64
"""How many moments (trait and minute) one mail keeps."""
LATE = -1
"""The minute of hits whose moment was not kept."""
FETCHED = frozenset({Kind.OPEN, Kind.CLICK})
"""The kinds that are counted by hits, views and messages; of the others only what mails they were seen of."""
_NOTHING: frozenset[Kind] = frozenset()


class Trait(NamedTuple):
    """Say what is alike in the hits that are counted together."""

    kind: Kind
    actor: Actor
    link: int
    url: str
    channel: str
    client: str
    system: str
    device: str
    country: str


class PageKey(NamedTuple):
    """Name a page."""

    campaign: str
    variant: str
    group: str


Entries = dict[tuple[Trait, int], int]
"""Hits by trait and minute (whole minutes since 1970, UTC)."""

Numbers = dict[tuple[str | None, str | None], int]
"""Deliveries given as numbers, by campaign and variant; ``None`` for all of them."""


class Page:
    """Hold the entries of one campaign, variant and group; changed only while a tally is being made.

    Attributes:
        mails: Opens and clicks, by mail.
        states: The other kinds that were seen of a mail, by mail.
        shared: Hits that belong to no single mail, by trait and the first minute of their hour.
        expired: Hits of mails older than the host counts, by kind.
        reasons: Hits by kind, actor and the name of the strongest signal.
        versions: The versions of the verdicts.
    """

    __slots__ = ("_traits", "expired", "mails", "reasons", "shared", "states", "versions")

    def __init__(self) -> None:
        self.mails: dict[str, Entries] = {}
        self.states: dict[str, frozenset[Kind]] = {}
        self.shared: Entries = {}
        self.expired: dict[Kind, int] = {}
        self.reasons: dict[tuple[Kind, Actor, str], int] = {}
        self.versions: set[str] = set()
        self._traits: dict[Trait, Trait] = {}

    def record(self, event: Event, verdict: Verdict | None) -> None:
        """Count one event."""
        kind = event.kind
        if kind not in FETCHED:
            self._state(event)
            return
        if event.expired:
            self.expired[kind] = self.expired.get(kind, 0) + 1
            return
        facts = event.facts
        actor = Actor.UNKNOWN if verdict is None else verdict.actor
        client = (facts.client, facts.system, facts.device, facts.country)
        trait = Trait(kind, actor, event.link or 0, event.url, event.channel, *client)
        trait = self._traits.setdefault(trait, trait)
        if verdict is not None:
            self.versions.add(verdict.version)
            reason = (kind, actor, verdict.signals[0].name if verdict.signals else "")
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        minute = int(event.received_at.timestamp()) // 60
        mail = _mail(event)
        if not mail:
            _add(self.shared, {(trait, minute - minute % 60): 1})
            return
        entries = self.mails.setdefault(mail, {})
        key = (trait, minute)
        entries[key] = entries.get(key, 0) + 1
        if len(entries) > 2 * LIMIT:
            fold(entries)

    def _state(self, event: Event) -> None:
        mail = _mail(event)
        if mail:
            self.states[mail] = self.states.get(mail, _NOTHING) | {event.kind}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Page):
            return NotImplemented
        names = (name for name in self.__slots__ if name != "_traits")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    __hash__ = None  # type: ignore[assignment]


def _mail(event: Event) -> str:
    """Name the mail of an event; nothing where nobody may be told apart."""
    if event.recipient is None or event.level < Level.FULL:
        return ""
    return event.message_id or event.recipient


def fold(entries: Entries) -> None:
    """Keep the earliest moments of a mail and count the rest as late hits of their trait.

    The moments that stay are the smallest of all ever seen, whatever the order they came in, so folding early, late or
    in parts gives the same.
    """
    moments = [key for key in entries if key[1] != LATE]
    if len(moments) <= LIMIT:
        return
    moments.sort(key=_by_time)
    for key in moments[LIMIT:]:
        late = (key[0], LATE)
        entries[late] = entries.get(late, 0) + entries.pop(key)


def _by_time(key: tuple[Trait, int]) -> tuple[int, Trait]:
    return key[1], key[0]


def merge_pages(one: Page, other: Page) -> Page:
    """Give a new page with the entries of both; the given ones stay as they are."""
    merged = Page()
    for page in (one, other):
        for mail, entries in page.mails.items():
            mine = merged.mails.get(mail)
            if mine is not None:
                entries = _sum(mine, entries)
                fold(entries)
            merged.mails[mail] = entries
        for mail, kinds in page.states.items():
            merged.states[mail] = merged.states.get(mail, frozenset()) | kinds
        _add(merged.shared, page.shared)
        _add(merged.expired, page.expired)
        _add(merged.reasons, page.reasons)
        merged.versions |= page.versions
    return merged


def _sum(one: Entries, other: Entries) -> Entries:
    found = dict(one)
    _add(found, other)
    return found


def _add(into: dict[_K, int], more: dict[_K, int]) -> None:
    for key, number in more.items():
        into[key] = into.get(key, 0) + number
