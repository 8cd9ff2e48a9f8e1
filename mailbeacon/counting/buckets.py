"""What a tally keeps: per mail, which traits were seen in which minute. Nothing here names a figure.

A page holds one campaign, variant and groups of recipients. Its entries are sums, unions and smallest-of, so pages merge in
any order to the same page. A mail keeps at most :data:`LIMIT` moments, people's first and the earliest first; what does not
fit is counted without its moment, by at most :data:`LIMIT` links, and beyond these by kind and actor alone. So memory
depends on the number of mails, not of events, and nobody who fetches without end can change that.

A mail's moments are packed, 12 bytes each: a million mails as dictionaries would take a gigabyte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple, TypeVar

from mailbeacon.caches import Cache
from mailbeacon.counting.figures import Mark
from mailbeacon.model import Actor, Event, Kind, Level, Verdict

__all__ = [
    "FETCHED",
    "LATE",
    "LIMIT",
    "MACHINES",
    "NAME_BYTES",
    "PEOPLE",
    "UNKNOWN",
    "Entries",
    "Numbers",
    "Page",
    "PageKey",
    "State",
    "Trait",
    "Traits",
    "fold",
    "is_from_the_future",
    "mail_name",
    "merge_pages",
    "pack",
    "unpack",
    "unpack_only",
    "without_query",
]

_K = TypeVar("_K")

LIMIT = 64
"""How many moments (trait and minute) one mail keeps."""
LATE = 0xFFFF_FFFF
"""The minute of hits whose moment was not kept."""
FETCHED = frozenset({Kind.OPEN, Kind.CLICK})
"""The kinds that are counted by hits, views and messages; of the others only what mails they were seen of."""
PEOPLE, UNKNOWN, MACHINES = 0, 1, 2
"""The three audiences, in the order in which a mail's moments are kept and a mail is counted."""

_ENTRY = Struct("<III")
_FOLD_AT = 4 * LIMIT * _ENTRY.size
"""So rarely that a fold, which leaves less than 2.5 times the limit, is paid by what came since the last one."""
_MOST_HITS = 0xFFFF_FFFF
_AUDIENCES = {True: PEOPLE, None: UNKNOWN, False: MACHINES}
NAME_BYTES = 12
_DIGEST = 24
"""The letters of a mail's name where the host gave no id; with neither that nor the time of sending it names every such mail."""
_MOST_MOMENTS = 100_000
_SKEW = timedelta(minutes=5)
"""Clocks differ by as much."""


class Trait(NamedTuple):
    """What is alike in the hits that are counted together."""

    kind: Kind
    actor: Actor
    link: int
    url: str
    channel: str
    client: str
    system: str
    device: str
    country: str
    region: str
    city: str


class PageKey(NamedTuple):
    """What a page is of; ``groups`` holds pairs of a kind of group and the group, sorted."""

    campaign: str
    variant: str
    groups: tuple[tuple[str, str], ...] = ()


class State(NamedTuple):
    """What was heard of a mail beside opens and clicks.

    Attributes:
        kinds: All of them.
        bounced: The minute of the last bounce, -1 without any.
        delivered: The minute of the last delivery, -1 without any.
    """

    kinds: frozenset[Kind]
    bounced: int = -1
    delivered: int = -1

    def join(self, other: State) -> State:
        """Return what both say."""
        kinds = self.kinds | other.kinds
        return State(kinds, max(self.bounced, other.bounced), max(self.delivered, other.delivered))


Entries = dict[tuple[int, int], int]
"""Hits by the trait's place and the minute (whole minutes since 1970, UTC)."""

Numbers = dict[tuple[str | None, str | None], int]
"""Deliveries given as numbers, by campaign and variant; ``None`` for all of them."""


class Traits(list[Trait]):
    """The traits of a tally, each at its place."""

    def __init__(self, traits: Iterable[Trait] = ()) -> None:
        super().__init__(traits)
        self._places: dict[tuple[object, ...], int] = {trait: place for place, trait in enumerate(self)}
        self._moments: Cache[int, bytes] = Cache(_MOST_MOMENTS)
        self.audiences = [audience_of(trait.actor) for trait in self]

    def place(self, trait: tuple[object, ...]) -> int:
        """Return the place of a trait, a new one where it has none yet; a plain tuple of its values will do."""
        found = self._places.get(trait)
        if found is None:
            new = Trait._make(trait)
            found = self._places[new] = len(self)
            self.append(new)
            self.audiences.append(audience_of(new.actor))
        return found

    def moment(self, place: int, minute: int) -> bytes:
        """Return one hit, packed: the same object for the mails that were seen in the same minute, which saves a third."""
        key = place << 32 | minute
        return self._moments.get(key) or self._moments.put(key, _ENTRY.pack(place, minute, 1))


def audience_of(actor: Actor) -> int:
    """Return the audience of an actor."""
    return _AUDIENCES[Verdict(actor=actor).is_human]


class Page:
    """The entries of one campaign, variant and groups; changed only while a tally is being made.

    Attributes:
        mails: Opens and clicks, packed, by mail.
        states: The other kinds that were seen of a mail, by mail.
        shared: Hits that belong to no single mail, by trait and the first minute of their hour.
        marks: Remarkable hits.
        reasons: Hits by kind, actor and the name of the strongest signal.
        versions: The versions of the verdicts.
        first: The minute of the first hit that is counted; -1 without any.
        last: The minute of the last one.
        unsure: Hits of mails that only their campaign and recipient name; told when the tally is made, and not kept.
    """

    __slots__ = ("first", "last", "mails", "marks", "reasons", "shared", "states", "unsure", "versions")

    def __init__(self) -> None:
        self.mails: dict[bytes, bytes] = {}
        self.states: dict[bytes, State] = {}
        self.shared: Entries = {}
        self.marks: dict[tuple[Mark, Kind], int] = {}
        self.reasons: dict[tuple[Kind, Actor, str], int] = {}
        self.versions: set[str] = set()
        self.first = self.last = -1
        self.unsure = 0

    def record(self, event: Event, verdict: Verdict | None, traits: Traits, key: bytes = b"") -> None:
        """Count one event."""
        kind = event.kind
        if kind not in FETCHED:
            self._state(event, key)
            return
        if is_from_the_future(event):
            self._mark(Mark.CLOCK, kind)
        elif event.expired:
            self._mark(Mark.EXPIRED, kind)
            return
        if event.unrecorded:
            self._mark(Mark.BEYOND, kind, event.unrecorded)
        actor = Actor.UNKNOWN if verdict is None else verdict.actor
        if verdict is not None:
            self.versions.add(verdict.version)
            reason = (kind, actor, verdict.signals[0].name if verdict.signals else "")
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        minute = _minute(event)
        if minute > self.last or minute < self.first:
            self.first = minute if self.first < 0 else min(self.first, minute)
            self.last = max(self.last, minute)
        place = traits.place(_trait(event, actor))
        if event.recipient is None or event.level < Level.FULL:
            if event.level is Level.FULL:
                self._mark(Mark.NAMELESS, kind)
            _add(self.shared, {(place, minute - minute % 60): 1})
            return
        if event.sent_at is None and event.source in ("request", "log"):
            self._mark(Mark.UNDATED, kind)
            self.unsure += len(event.message_id) == _DIGEST
        mail, moment = mail_name(event, key), traits.moment(place, minute)
        before = self.mails.get(mail)
        if before is None:
            self.mails[mail] = moment
            return
        entries = before + moment
        self.mails[mail] = fold(entries, traits) if len(entries) > _FOLD_AT else entries

    def _mark(self, mark: Mark, kind: Kind, hits: int = 1) -> None:
        self.marks[mark, kind] = self.marks.get((mark, kind), 0) + hits

    def _state(self, event: Event, key: bytes) -> None:
        if event.recipient is None:
            return
        mail, minute = mail_name(event, key), _minute(event)
        bounced = minute if event.kind is Kind.BOUNCED else -1
        state = State(frozenset((event.kind,)), bounced, minute if event.kind is Kind.DELIVERED else -1)
        known = self.states.get(mail)
        self.states[mail] = state if known is None else known.join(state)


def is_from_the_future(event: Event) -> bool:
    """Check whether a mail claims to be sent later than it was seen: too young, not too old, so that it counts."""
    return event.sent_at is not None and event.sent_at - event.received_at > _SKEW


def mail_name(event: Event, key: bytes = b"") -> bytes:
    """Return what a mail is called in a tally: a digest, so that a tally alone names no recipient."""
    named = repr((event.campaign, event.message_id, event.recipient)).encode("utf-8", "surrogatepass")
    return blake2b(named, digest_size=NAME_BYTES, key=key).digest()


def without_query(url: str) -> str:
    """Return a URL without query and fragment: what stands there may be a reader's own.

    Example:
        >>> without_query("https://shop.example/leave?mail=ann#top")
        'https://shop.example/leave'
    """
    return url.partition("#")[0].partition("?")[0]


def _trait(event: Event, actor: Actor) -> tuple[object, ...]:
    facts = event.facts
    url = event.url
    if "?" in url or "#" in url:
        url = without_query(url)
    return (
        event.kind, actor, event.link or 0, url, event.channel,
        facts.client, facts.system, facts.device, facts.country, facts.region, facts.city,
    )  # fmt: skip


def _minute(event: Event) -> int:
    return max(0, int(event.received_at.timestamp()) // 60)


def pack(entries: Mapping[tuple[int, int], int]) -> bytes:
    """Return entries in their packed form."""
    return b"".join(
        _ENTRY.pack(place, minute, min(hits, _MOST_HITS)) for (place, minute), hits in sorted(entries.items())
    )


def unpack(packed: bytes) -> Entries:
    """Return entries as a dictionary."""
    found: Entries = {}
    for place, minute, hits in _ENTRY.iter_unpack(packed):
        found[place, minute] = found.get((place, minute), 0) + hits
    return found


def unpack_only(packed: bytes) -> tuple[int, int] | None:
    """Return the trait's place and the minute of a mail with one hit, whose moment was kept; ``None`` of any other."""
    if len(packed) != _ENTRY.size:
        return None
    place, minute, hits = _ENTRY.unpack(packed)
    return (place, minute) if hits == 1 and minute != LATE else None


def fold(packed: bytes, traits: Traits) -> bytes:
    """Keep the first moments of a mail, and count the rest without theirs.

    What stays are the smallest of all keys ever seen, whatever the order they came in, so folding early, late or in parts
    gives the same. Folding what was folded changes nothing.
    """
    if len(packed) <= LIMIT * _ENTRY.size:
        return packed
    entries = unpack(packed)
    audiences = traits.audiences
    moments = sorted(
        (key for key in entries if key[1] != LATE), key=lambda key: (audiences[key[0]], key[1], traits[key[0]])
    )
    for key in moments[LIMIT:]:
        _move(entries, key, traits.place(_without_client(traits[key[0]])))
    late = sorted(
        (key for key in entries if key[1] == LATE and traits[key[0]].channel),
        key=lambda key: (audiences[key[0]], traits[key[0]]),
    )
    for key in late[LIMIT:]:
        _move(entries, key, traits.place(_without_link(traits[key[0]])))
    return pack(entries)


def _move(entries: Entries, key: tuple[int, int], place: int) -> None:
    hits = entries.pop(key)
    entries[place, LATE] = entries.get((place, LATE), 0) + hits


def _without_client(trait: Trait) -> Trait:
    return Trait(*trait[:5], *[""] * 6)


def _without_link(trait: Trait) -> Trait:
    """Return what is left of a trait where even links are too many; the channel is empty in no other."""
    return Trait(trait.kind, trait.actor, 0, "", "", *[""] * 6)


def merge_pages(one: Page, other: Page, traits: Traits, places: list[int] | None) -> Page:
    """Return a new page with the entries of both; the given ones stay as they are.

    Args:
        one: A page in the places of ``traits``.
        other: A page in places of its own.
        traits: The traits of both.
        places: Where the other's traits are in ``traits``; ``None`` where they are.
    """
    merged = Page()
    merged.mails = dict(one.mails)
    for mail, entries in moved(other.mails.items(), places):
        mine = merged.mails.get(mail)
        merged.mails[mail] = entries if mine is None else fold(mine + entries, traits)
    merged.states = dict(one.states)
    for mail, state in other.states.items():
        known = merged.states.get(mail)
        merged.states[mail] = state if known is None else known.join(state)
    merged.shared = dict(one.shared)
    _add(merged.shared, {(places[at] if places else at, minute): n for (at, minute), n in other.shared.items()})
    for page in (one, other):
        _add(merged.marks, page.marks)
        _add(merged.reasons, page.reasons)
        merged.versions |= page.versions
    starts = [page.first for page in (one, other) if page.first >= 0]
    merged.first, merged.last = min(starts, default=-1), max(one.last, other.last)
    return merged


def moved(mails: Iterable[tuple[bytes, bytes]], places: list[int] | None) -> Iterator[tuple[bytes, bytes]]:
    """Return mails whose traits stand at other places."""
    for mail, entries in mails:
        if places is not None:
            entries = b"".join(
                _ENTRY.pack(places[place], minute, hits) for place, minute, hits in _ENTRY.iter_unpack(entries)
            )
        yield mail, entries


def _add(into: dict[_K, int], more: Mapping[_K, int]) -> None:
    for key, number in more.items():
        into[key] = into.get(key, 0) + number
