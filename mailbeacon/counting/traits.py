"""What is alike in many hits, and how the moments of one mail are kept: packed, at most :data:`LIMIT` of them.

A mail's moments are people's first and the earliest first. What does not fit is counted without its moment, by at most
:data:`LIMIT` links, and beyond these by kind and actor alone. Packed they are 12 bytes each: a million mails as dictionaries
would take a gigabyte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from struct import Struct
from typing import NamedTuple

from mailbeacon.caches import Cache
from mailbeacon.model import Actor, Event, Kind, Level, Verdict
from mailbeacon.model.web import without_query

__all__ = [
    "FETCHED",
    "FOLD_AT",
    "FOLD_FROM",
    "LATE",
    "LIMIT",
    "MACHINES",
    "PEOPLE",
    "UNKNOWN",
    "Entries",
    "Nature",
    "Trait",
    "Traits",
    "apart",
    "fold",
    "moments_of",
    "moved",
    "nature_of",
    "pack",
    "unpack",
]

LIMIT = 64
"""How many moments (trait and minute) one mail keeps."""
LATE = 0xFFFF_FFFF
"""The minute of hits whose moment was not kept."""
FETCHED = frozenset({Kind.OPEN, Kind.CLICK})
"""The kinds that are counted by hits, views and messages; of the others only what mails they were seen of."""
PEOPLE, UNKNOWN, MACHINES = 0, 1, 2
"""The three audiences, in the order in which a mail's moments are kept and a mail is counted."""

_ENTRY = Struct("<III")
FOLD_FROM = LIMIT * _ENTRY.size
"""What is not longer holds no more moments than are kept."""
FOLD_AT = 4 * FOLD_FROM
"""So rarely that a fold, which leaves less than 2.5 times the limit, is paid by what came since the last one."""
_MOST_HITS = 0xFFFF_FFFF
_AUDIENCES = {True: PEOPLE, None: UNKNOWN, False: MACHINES}
_OWN = frozenset({"request", "log"})
_NOBODY, _FULL = Actor.UNKNOWN, Level.FULL
_MOST_MOMENTS = 100_000
_TOGETHER = 4096


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


Entries = dict[tuple[int, int], int]
"""Hits by the trait's place and the minute (whole minutes since 1970, UTC)."""


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


class Nature(NamedTuple):
    """All that is counted of an event but whose mail it is of and when it came: the same in many events.

    Attributes:
        kind: What happened.
        is_fetched: Whether it is an open or a click.
        place: Where its trait stands among the traits; -1 for other kinds.
        expired: Whether the mail was older than the host counts.
        unrecorded: How many hits the event stands for beside itself.
        is_full: Whether the recipient's level lets the mail be known.
        is_own: Whether it came to a host's own address, which knows when the mail was sent.
        reason: Kind, actor and strongest signal; ``None`` without a verdict.
        version: Of the verdict.
    """

    kind: Kind
    is_fetched: bool
    place: int
    expired: bool
    unrecorded: int
    is_full: bool
    is_own: bool
    reason: tuple[Kind, Actor, str] | None
    version: str


def nature_of(event: Event, verdict: Verdict | None, traits: Traits) -> Nature:
    """Return what is counted of an event but mail and moment."""
    kind = event.kind
    is_fetched, actor, reason, version = kind in FETCHED, _NOBODY, None, ""
    if verdict is not None:
        actor, version = verdict.actor, verdict.version
        reason = kind, actor, verdict.signals[0].name if verdict.signals else ""
    place = traits.place(_trait(event, actor)) if is_fetched else -1
    is_full, is_own = event.level is _FULL, event.source in _OWN
    return Nature(kind, is_fetched, place, event.expired, event.unrecorded, is_full, is_own, reason, version)


def _trait(event: Event, actor: Actor) -> tuple[object, ...]:
    facts = event.facts
    url = without_query(event.url)
    return (
        event.kind, actor, event.link or 0, url, event.channel,
        facts.client, facts.system, facts.device, facts.country, facts.region, facts.city,
    )  # fmt: skip


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


def apart(mails: Iterable[bytes]) -> Iterator[tuple[list[tuple[int, int]], list[bytes]]]:
    """Part a page's mails, some thousand at a time.

    Yields:
        Place and minute of those with one hit, whose moment was kept, as most are; and the others.
    """
    rest = iter(mails)
    while some := [*islice(rest, _TOGETHER)]:
        short = [packed for packed in some if len(packed) == _ENTRY.size]
        several = [packed for packed in some if len(packed) != _ENTRY.size]
        single: list[tuple[int, int]] = []
        for packed, (place, minute, hits) in zip(short, _ENTRY.iter_unpack(b"".join(short)), strict=True):
            if hits == 1 and minute != LATE:
                single.append((place, minute))
            else:
                several.append(packed)
        yield single, several


def moments_of(packed: bytes) -> list[tuple[int, int, int]]:
    """Return the moments of a mail that may not be folded: trait, minute and hits, one of them perhaps several times."""
    return [*_ENTRY.iter_unpack(packed)]


def fold(packed: bytes, traits: Traits) -> bytes:
    """Keep the first moments of a mail, and count the rest without theirs.

    What stays are the smallest of all keys ever seen, whatever the order they came in, so folding early, late or in parts
    gives the same. Folding what was folded changes nothing.
    """
    if len(packed) <= FOLD_FROM:
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


def moved(mails: Iterable[tuple[bytes, bytes]], places: list[int] | None) -> Iterator[tuple[bytes, bytes]]:
    """Return mails whose traits stand at other places."""
    for mail, entries in mails:
        if places is not None:
            entries = b"".join(
                _ENTRY.pack(places[place], minute, hits) for place, minute, hits in _ENTRY.iter_unpack(entries)
            )
        yield mail, entries
