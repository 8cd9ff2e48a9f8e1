"""What a tally keeps: per mail, which traits were seen in which minute. Nothing here names a figure.

A page holds one campaign, variant and groups of recipients. Its entries are sums, unions and smallest-of, so pages merge in
any order to the same page. A mail keeps a bounded number of moments, so memory depends on the number of mails, not of
events, and nobody who fetches without end can change that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple, TypeVar

from mailbeacon.counting.figures import Mark
from mailbeacon.counting.traits import FOLD_AT, Entries, Nature, Traits, fold, moved
from mailbeacon.model import Actor, Kind, Mail

__all__ = ["NAME_BYTES", "Numbers", "Page", "PageKey", "State", "is_from_the_future", "mail_name", "merge_pages"]

_K = TypeVar("_K")

NAME_BYTES = 12
_DIGEST = 24
"""The letters of a mail's name where the host gave no id; with neither that nor the time of sending it names every such mail."""
_SKEW = timedelta(minutes=5)
"""Clocks differ by as much."""


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


Numbers = dict[tuple[str | None, str | None], int]
"""Deliveries given as numbers, by campaign and variant; ``None`` for all of them."""


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

    def record(
        self,
        nature: Nature,
        mail: Mail,
        received_at: datetime,
        sent_at: datetime | None,
        traits: Traits,
        key: bytes = b"",
    ) -> None:
        """Count one event."""
        minute = max(0, int(received_at.timestamp()) // 60)
        kind, is_fetched, place, expired, unrecorded, is_full, is_own, reason, version = nature
        if not is_fetched:
            self._state(kind, mail, minute, key)
            return
        if sent_at is not None and sent_at > received_at and is_from_the_future(sent_at, received_at):
            self._mark(Mark.CLOCK, kind)
        elif expired:
            self._mark(Mark.EXPIRED, kind)
            return
        if unrecorded:
            self._mark(Mark.BEYOND, kind, unrecorded)
        if reason is not None:
            self.versions.add(version)
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if minute > self.last or minute < self.first:
            self.first = minute if self.first < 0 else min(self.first, minute)
            self.last = max(self.last, minute)
        _, message_id, recipient = mail
        if recipient is None or not is_full:
            if is_full:
                self._mark(Mark.NAMELESS, kind)
            _add(self.shared, {(place, minute - minute % 60): 1})
            return
        if sent_at is None and is_own:
            self._mark(Mark.UNDATED, kind)
            self.unsure += len(message_id) == _DIGEST
        name, moment = mail_name(mail, key), traits.moment(place, minute)
        before = self.mails.get(name)
        if before is None:
            self.mails[name] = moment
            return
        entries = before + moment
        self.mails[name] = fold(entries, traits) if len(entries) > FOLD_AT else entries

    def _mark(self, mark: Mark, kind: Kind, hits: int = 1) -> None:
        self.marks[mark, kind] = self.marks.get((mark, kind), 0) + hits

    def _state(self, kind: Kind, mail: Mail, minute: int, key: bytes) -> None:
        _, _, recipient = mail
        if recipient is None:
            return
        name = mail_name(mail, key)
        bounced, delivered = (minute if kind is one else -1 for one in (Kind.BOUNCED, Kind.DELIVERED))
        state = State(frozenset((kind,)), bounced, delivered)
        known = self.states.get(name)
        self.states[name] = state if known is None else known.join(state)


def is_from_the_future(sent_at: datetime | None, received_at: datetime) -> bool:
    """Check whether a mail claims to be sent later than it was seen: too young, not too old, so that it counts."""
    return sent_at is not None and sent_at - received_at > _SKEW


def mail_name(mail: Mail, key: bytes = b"") -> bytes:
    """Return what a mail is called in a tally: a digest, so that a tally alone names no recipient."""
    made = _named_with(key).copy()
    made.update(repr(mail).encode("utf-8", "surrogatepass"))
    return made.digest()


@lru_cache(8)
def _named_with(key: bytes) -> blake2b:
    """Return the hash of nothing yet: to copy it takes a third less time than to make one for every event."""
    return blake2b(digest_size=NAME_BYTES, key=key)


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


def _add(into: dict[_K, int], more: Mapping[_K, int]) -> None:
    for key, number in more.items():
        into[key] = into.get(key, 0) + number
