"""The tally itself: what was counted, closed to changes, ready to merge with others and to be asked.

Does not read events (``gathering`` does) and does not divide (``ratios`` does).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbeacon.counting.census import (
    MACHINES,
    PEOPLE,
    UNKNOWN,
    Census,
    Value,
    count_by,
    count_hours,
    mails_by_audience,
    take,
)
from mailbeacon.counting.figures import Count, Dimension, LinkKey, Split
from mailbeacon.counting.ledger import FETCHED, Numbers, Page, PageKey, merge_pages
from mailbeacon.counting.writing import read_tally, write_tally
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Kind

__all__ = ["VIEW_WINDOW", "Tally"]

VIEW_WINDOW = timedelta(minutes=5)
"""Hits of one message by one client with no longer pause than this are one view; moments are kept by the minute."""
_SENT = frozenset({Kind.SENT, Kind.DELIVERED})
_BOUNCED = frozenset({Kind.BOUNCED, Kind.REJECTED})


@dataclass(frozen=True, slots=True)
class Tally:
    """Hold what was counted; made by :func:`mailbeacon.counting.tally`, and empty when made without arguments.

    Tallies form a commutative monoid: they ``merge`` in any order and grouping to the same, and
    ``Tally()`` changes nothing.
    """

    _pages: Mapping[PageKey, Page] = field(default_factory=dict)
    _numbers: Numbers = field(default_factory=dict)
    _taken: dict[int, Census] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __repr__(self) -> str:
        return f"<Tally of {self.mails} mails>"

    def merge(self, other: Tally) -> Tally:
        """Give the tally of both together; neither changes.

        Example:
            >>> from mailbeacon.counting import tally
            >>> monday, tuesday = tally([], [], deliveries={"spring": 900}), tally([], [], deliveries={"spring": 100})
            >>> monday.merge(tuesday).deliveries
            1000
        """
        pages = dict(self._pages)
        for key, page in other._pages.items():
            pages[key] = merge_pages(pages[key], page) if key in pages else page
        numbers = dict(self._numbers)
        for place, number in other._numbers.items():
            numbers[place] = numbers.get(place, 0) + number
        return Tally(pages, numbers)

    def to_json(self) -> str:
        """Write the tally as JSON: the same text for equal tallies."""
        return write_tally(self._pages, self._numbers)

    @classmethod
    def from_json(cls, text: str | bytes) -> Tally:
        """Read what :meth:`to_json` of this or an older version wrote.

        Raises:
            DataError: If it is not such JSON, or of a newer version.
        """
        return cls(*read_tally(text))

    def select(self, *, campaign: str | None = None, variant: str | None = None, group: str | None = None) -> Tally:
        """Give the part of one campaign, variant or group; ``None`` for all.

        Deliveries given as a number for more than what is asked for are left out, for nobody knows how they divide.
        """
        pages = {
            key: page
            for key, page in self._pages.items()
            if campaign in (None, key.campaign) and variant in (None, key.variant) and group in (None, key.group)
        }
        whole = len(pages) == len(self._pages)
        numbers = {
            place: number
            for place, number in self._numbers.items()
            if (campaign is None or place[0] == campaign or (place[0] is None and whole))
            and (variant is None or place[1] == variant or (place[1] is None and whole))
            and (group is None or whole)
        }
        return Tally(pages, numbers)

    def values(self, dimension: Dimension) -> list[str]:
        """Give the campaigns, variants or groups there are, sorted.

        Raises:
            ConfigError: For another dimension.
        """
        if dimension not in (Dimension.CAMPAIGN, Dimension.VARIANT, Dimension.GROUP):
            raise ConfigError(f"values are known of campaign, variant and group, not of {dimension}")
        found = {getattr(key, dimension) for key in self._pages}
        if dimension != Dimension.GROUP:
            places = [place[dimension == Dimension.VARIANT] for place in self._numbers]
            found |= {place for place in places if place is not None}
        return sorted(found)

    def count(self, kind: Kind, *, clicks_are_opens: bool = False, window: timedelta = VIEW_WINDOW) -> Count:
        """Count the opens or clicks.

        Args:
            kind: ``OPEN`` or ``CLICK``.
            clicks_are_opens: Count a mail that was clicked as opened too, by the same audience. Hits and views are
                only what was seen.
            window: The longest pause within one view, in whole minutes.
        """
        count = count_by(self._census(window), _fetched(kind), None).get("", Count())
        if not clicks_are_opens or kind != Kind.OPEN:
            return count
        found = [0, 0, 0, 0]
        for opened, clicked, number in mails_by_audience(self._census(window)):
            found[min(opened, clicked)] += number
        messages = Split(people=found[PEOPLE], unknown=found[UNKNOWN], machines=found[MACHINES])
        return Count(hits=count.hits, views=count.views, messages=messages, shared=count.shared)

    def by(self, dimension: Dimension, kind: Kind, *, window: timedelta = VIEW_WINDOW) -> dict[Value, Count]:
        """Count the opens or clicks by the values of a dimension, in their order.

        A mail with several values (two clients, three links) counts once under each, so messages do not add up.
        Hits whose moment was not kept (a mail with more than 64 moments) have no hour.
        """
        if dimension == Dimension.HOUR:
            found = count_hours(self._pages, _fetched(kind), _minutes(window))
        else:
            found = count_by(self._census(window), _fetched(kind), Dimension(dimension))
        return {value: found[value] for value in sorted(found, key=_order)}

    def overlap(self) -> int:
        """Count the mails that people both opened and clicked."""
        seen = mails_by_audience(self._census(VIEW_WINDOW))
        return sum(number for opened, clicked, number in seen if opened == clicked == PEOPLE)

    def _census(self, window: timedelta) -> Census:
        """Go over the mails once for each window; a tally never changes, so neither does what was found."""
        pause = _minutes(window)
        found = self._taken.get(pause)
        if found is None:
            found = self._taken[pause] = take(self._pages, pause)
        return found

    @property
    def mails(self) -> int:
        """How many mails were opened or clicked by anyone or anything."""
        return sum(len(page.mails) for page in self._pages.values())

    def mails_with(self, *kinds: Kind) -> int:
        """Count the mails of which any of these kinds was seen, such as ``UNSUBSCRIBE`` or ``COMPLAINED``."""
        wanted = frozenset(kinds)
        return sum(bool(seen & wanted) for page in self._pages.values() for seen in page.states.values())

    @property
    def deliveries(self) -> int | None:
        """How many mails were delivered; ``None`` when nobody said.

        The numbers given, and for campaigns without a number the mails sent or delivered that did not bounce.
        """
        if not self._numbers and not self.mails_with(*_SENT):
            return None
        known = {campaign for campaign, _ in self._numbers}
        if None in known:
            return sum(self._numbers.values())
        pages = [page for key, page in self._pages.items() if key.campaign not in known]
        states = [seen for page in pages for seen in page.states.values()]
        return sum(self._numbers.values()) + sum(bool(seen & _SENT) and not seen & _BOUNCED for seen in states)

    @property
    def bounces(self) -> int:
        """How many mails bounced or were rejected, by the provider's events."""
        return self.mails_with(*_BOUNCED)

    @property
    def expired(self) -> dict[Kind, int]:
        """Hits of mails older than the host counts; they are in no other figure."""
        found: Counter[Kind] = Counter()
        for page in self._pages.values():
            found.update(page.expired)
        return dict(sorted(found.items()))

    @property
    def reasons(self) -> dict[tuple[Kind, Actor, str], int]:
        """Hits by kind, actor and the name of the strongest signal, the most first."""
        found: Counter[tuple[Kind, Actor, str]] = Counter()
        for page in self._pages.values():
            found.update(page.reasons)
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def versions(self) -> list[str]:
        """The versions of rules and data the verdicts were made with."""
        return sorted(set().union(*(page.versions for page in self._pages.values())))


def _fetched(kind: Kind) -> Kind:
    if kind not in FETCHED:
        raise ConfigError(f"hits, views and messages are counted of opens and clicks, not of {kind}; use mails_with")
    return kind


def _minutes(window: timedelta) -> int:
    minutes = window // timedelta(minutes=1)
    if minutes < 0:
        raise ConfigError("window must not be negative")
    return minutes


def _order(value: Value) -> tuple[str, int, str]:
    if isinstance(value, LinkKey):
        return value
    return (value.isoformat() if isinstance(value, datetime) else value or "", 0, "")
