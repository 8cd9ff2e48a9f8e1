"""The tally itself: what was counted, closed to changes, ready to merge with others and to be asked.

Does not read events (``gathering`` does) and does not divide (``ratios`` does).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from mailbeacon.counting.aggregate import PAGE_DIMENSIONS, is_spoken_of
from mailbeacon.counting.buckets import Numbers, Page, PageKey, merge_pages
from mailbeacon.counting.figures import Count, Dimension, Mark, Outcomes, Split
from mailbeacon.counting.numbers import added, chosen, covers, is_for_all
from mailbeacon.counting.sums import NOBODY, Sums, Value, add_sums, counts
from mailbeacon.counting.tally_json import read_tally, write_tally
from mailbeacon.counting.totals import VIEW_MINUTES, OpenPage, Totals, merge_totals, minutes_of
from mailbeacon.counting.traits import FETCHED, MACHINES, PEOPLE, UNKNOWN, Traits
from mailbeacon.counting.zones import zone_named
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Kind

__all__ = ["VIEW_WINDOW", "Tally"]

VIEW_WINDOW = timedelta(minutes=VIEW_MINUTES)
"""Hits of one message by one client with no longer pause than this are one view; moments are kept by the minute."""
GROUP = "group"
"""The kind of group where the host names one only."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What was counted; made by :func:`mailbeacon.counting.tally`, and empty when made without arguments.

    Tallies form a commutative monoid: they ``merge`` in any order and grouping to the same, and
    ``Tally()`` changes nothing.
    """

    _pages: dict[PageKey, Page] = field(default_factory=dict)
    _numbers: Numbers = field(default_factory=dict)
    _traits: Traits = field(default_factory=Traits)
    _totals: Mapping[PageKey, Totals] = field(default_factory=dict)
    _parts: dict[PageKey, OpenPage] = field(default_factory=dict, init=False, repr=False)
    _spoken: dict[str, frozenset[bytes] | None] = field(default_factory=dict, init=False, repr=False)

    def __repr__(self) -> str:
        return f"<Tally of {self.mails} mails>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tally):
            return NotImplemented
        return self is other or self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((frozenset(self._pages), frozenset(self._totals), self.mails))

    def merge(self, other: Tally) -> Tally:
        """Return the tally of both together; neither changes.

        Example:
            >>> from mailbeacon.counting import tally
            >>> monday, tuesday = tally([], [], deliveries={"spring": 900}), tally([], [], deliveries={"spring": 100})
            >>> monday.merge(tuesday).deliveries
            1000
        """
        traits = Traits(self._traits)
        places = None if self._traits == other._traits else [traits.place(trait) for trait in other._traits]
        pages = dict(self._pages)
        for key, page in other._pages.items():
            pages[key] = merge_pages(pages.get(key) or Page(), page, traits, places)
        numbers = added(self._numbers, other._numbers)
        return Tally(pages, numbers, traits, merge_totals(self._totals, other._totals))

    def closed(self, *, zone: tzinfo | str = UTC) -> Tally:
        """Return the totals alone: of constant size, and without anything that stands for one mail.

        Such totals add up where the parts hold different mails; a mail that is in two parts counts twice. They are what a
        cluster reports; small groups are exact in them too, so others are shown a ``Report`` with a minimum.

        Args:
            zone: The zone whose hours and days are kept; no other can be asked for later.
        """
        return self._closed(zone_named(zone), dict(self._pages)) if self._pages else self

    def _closed(self, zone: tzinfo, pages: dict[PageKey, Page]) -> Tally:
        """Return the totals. A page is let go of once it is closed, and what was worked out for that is not kept."""
        spoken, closed = {key.campaign: self._spoken_of(key.campaign) or frozenset() for key in pages}, {}
        for key in [*pages]:
            part = self._parts.get(key) or OpenPage(key, pages[key], self._traits)
            closed[key] = part.close(zone, spoken[key.campaign])
            del pages[key], part
        return Tally({}, dict(self._numbers), Traits(), merge_totals(self._totals, closed))

    def to_json(self) -> str:
        """Write the tally as JSON: the same text for equal tallies.

        For keeping and adding up, not for publishing (a digest for each mail, small groups): that is a ``Report``'s minimum.
        """
        return write_tally(self._pages, self._numbers, self._traits, self._totals)

    @classmethod
    def from_json(cls, text: str | bytes) -> Tally:
        """Read what :meth:`to_json` of this or an older version wrote.

        Raises:
            DataError: If it is not such JSON, or of a newer version.
        """
        return cls(*read_tally(text))

    def select(
        self,
        *,
        campaign: str | None = None,
        variant: str | None = None,
        group: str | None = None,
        groups: Mapping[str, str] | None = None,
    ) -> Tally:
        """Return the part of one campaign, variant or group; ``None`` for all.

        Deliveries given as a number for more than what is asked for are left out, for nobody knows how they divide.

        Args:
            campaign: The campaign.
            variant: The variant.
            group: The group, where there is one kind of group.
            groups: Groups by their kind, such as ``{"department": "sales"}``.
        """
        wanted = {**({GROUP: group} if group is not None else {}), **(groups or {})}

        def fits(key: PageKey) -> bool:
            found = dict(key.groups)
            return (
                campaign in (None, key.campaign)
                and variant in (None, key.variant)
                and all(found.get(name, "") == value for name, value in wanted.items())
            )

        pages = {key: page for key, page in self._pages.items() if fits(key)}
        totals = {key: found for key, found in self._totals.items() if fits(key)}
        whole = len(pages) == len(self._pages) and len(totals) == len(self._totals)
        numbers = chosen(self._numbers, campaign=campaign, variant=variant, grouped=bool(wanted), whole=whole)
        return self._part(pages, totals, numbers)

    def values(self, dimension: Dimension | str) -> list[str]:
        """Return the campaigns, the variants or the groups of a kind that there are, sorted.

        Of a kind of group that nobody here is in (``group_kinds`` has the others), that is the empty name alone.

        Raises:
            ConfigError: For another dimension.
        """
        name = str(dimension)
        if name in {one.value for one in Dimension} and name not in PAGE_DIMENSIONS:
            raise ConfigError(f"values are known of campaign, variant and groups, not of {name}")
        found = {_of_page(key, name) for key in self._keys()}
        if name in (Dimension.CAMPAIGN, Dimension.VARIANT):
            places = [place[name == Dimension.VARIANT] for place in self._numbers]
            found |= {place for place in places if place is not None}
        return sorted(found)

    @property
    def group_kinds(self) -> list[str]:
        """The kinds of groups there are, such as ``department``."""
        return sorted({name for key in self._keys() for name, _ in key.groups})

    def count(self, kind: Kind, *, clicks_are_opens: bool = False, window: timedelta = VIEW_WINDOW) -> Count:
        """Count the opens or clicks.

        Args:
            kind: ``OPEN`` or ``CLICK``.
            clicks_are_opens: Count a mail that was clicked as opened too, by the same audience. Hits and views are
                only what was seen.
            window: The longest pause within one view, in whole minutes.
        """
        count = counts(self._sums(kind, None, window, UTC)).get("", Count())
        if not clicks_are_opens or kind != Kind.OPEN:
            return count
        found = [0] * (NOBODY + 1)
        for (opened, clicked), number in self._by_audience().items():
            found[min(opened, clicked)] += number
        messages = Split(people=found[PEOPLE], unknown=found[UNKNOWN], machines=found[MACHINES])
        return Count(hits=count.hits, views=count.views, messages=messages, shared=count.shared)

    def by(
        self,
        dimension: Dimension | str,
        kind: Kind,
        *,
        window: timedelta = VIEW_WINDOW,
        zone: tzinfo | str = UTC,
    ) -> dict[Value, Count]:
        """Count the opens or clicks by the values of a dimension, in their order.

        A mail with several values (two clients, three links) counts once under each, so messages do not add up.
        Hits whose moment was not kept (a mail with more than 64 moments) have no hour and no day.

        Args:
            dimension: A dimension, or the name of a kind of group. Kinds are the host's own, so of one that nobody here is in
                all counts under the empty name, as whoever is in no group does; ``group_kinds`` has the others.
            kind: ``OPEN`` or ``CLICK``.
            window: The longest pause within one view, in whole minutes.
            zone: The zone of hours and days.
        """
        return counts(self._sums(kind, str(dimension), window, zone_named(zone)))

    def overlap(self) -> int:
        """Count the mails that people both opened and clicked."""
        return self._by_audience()[PEOPLE, PEOPLE]

    @property
    def mails(self) -> int:
        """How many mails were opened or clicked by anyone or anything."""
        return sum(part.mails for _, part in self._read())

    def mails_with(self, *kinds: Kind) -> int:
        """Count the mails of which any of these kinds was seen, such as ``UNSUBSCRIBE`` or ``COMPLAINED``."""
        return sum(part.mails_with(frozenset(kinds)) for _, part in self._read())

    @property
    def outcomes(self) -> Outcomes:
        """What became of the mails: sent, delivered, bounced, complained of, unsubscribed from."""
        found = Outcomes()
        for key, part in self._read():
            found += part.outcomes(self._spoken_of(key.campaign))
        return found

    @property
    def deliveries(self) -> int | None:
        """How many mails were delivered; ``None`` when nobody said.

        The numbers given, and for campaigns without a number what the provider's events say: mails delivered or sent of
        which nothing worse was heard, and those that a person saw all the same.
        """
        spoken = [key for key in self._keys() if self._is_spoken(key.campaign)]
        if not self._numbers and not spoken:
            return None
        found = sum(self._numbers.values())
        if is_for_all(self._numbers):
            return found
        for key, part in self._read():
            if covers(self._numbers, key) is None:
                outcomes = part.outcomes(self._spoken_of(key.campaign))
                found += outcomes.delivered + outcomes.seen_all_the_same
        return found

    def with_deliveries(self) -> Tally:
        """Return the part of which it is known how many mails were delivered: what a rate can be of."""
        if is_for_all(self._numbers):
            return self
        pages = {key: page for key, page in self._pages.items() if self._has_deliveries(key)}
        totals = {key: found for key, found in self._totals.items() if self._has_deliveries(key)}
        whole = len(pages) == len(self._pages) and len(totals) == len(self._totals)
        return self if whole else self._part(pages, totals, dict(self._numbers))

    @property
    def without_deliveries(self) -> list[str]:
        """The campaigns that were opened or clicked and of which it is not known how many mails were delivered."""
        return sorted(self._undelivered())

    @property
    def reported(self) -> list[str]:
        """The campaigns of which a provider's events, and no number, say what was delivered."""
        if is_for_all(self._numbers):
            return []
        unnumbered = (key for key in self._keys() if covers(self._numbers, key) is None)
        return sorted({key.campaign for key in unnumbered if self._is_spoken(key.campaign)})

    @property
    def bounces(self) -> int:
        """How many mails bounced or were rejected, by the provider's events."""
        found = self.outcomes
        return found.bounced + found.rejected

    @property
    def expired(self) -> dict[Kind, int]:
        """Hits of mails older than the host counts; they are in no other figure."""
        return {kind: hits for (mark, kind), hits in self.marks.items() if mark is Mark.EXPIRED}

    @property
    def marks(self) -> dict[tuple[Mark, Kind], int]:
        """Hits about which a report says something."""
        found: Counter[tuple[Mark, Kind]] = Counter()
        for _, part in self._read():
            found.update(part.marks)
        return dict(sorted(found.items()))

    @property
    def reasons(self) -> dict[tuple[Kind, Actor, str], int]:
        """Hits by kind, actor and the name of the strongest signal, the most first."""
        found: Counter[tuple[Kind, Actor, str]] = Counter()
        for _, part in self._read():
            found.update(part.reasons)
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def versions(self) -> list[str]:
        """The versions of rules and data the verdicts were made with."""
        return sorted(set().union(*(part.versions for _, part in self._read())))

    @property
    def period(self) -> tuple[datetime, datetime] | None:
        """When the first and the last counted hit came, in UTC and by the minute; ``None`` without any."""
        periods = [part.period for _, part in self._read() if part.period[0] >= 0]
        if not periods:
            return None
        first, last = min(start for start, _ in periods), max(end for _, end in periods)
        return datetime.fromtimestamp(first * 60, UTC), datetime.fromtimestamp(last * 60, UTC)

    def _part(self, pages: dict[PageKey, Page], totals: Mapping[PageKey, Totals], numbers: Numbers) -> Tally:
        """Return a part of this tally that goes on with what was worked out already."""
        part = Tally(pages, numbers, self._traits, totals)
        part._parts.update((key, self._open(key)) for key in pages)
        part._spoken.update((key.campaign, self._spoken_of(key.campaign)) for key in (*pages, *totals))
        return part

    def _keys(self) -> list[PageKey]:
        return [*self._pages, *(key for key in self._totals if key not in self._pages)]

    def _open(self, key: PageKey) -> OpenPage:
        found = self._parts.get(key)
        if found is None:
            found = self._parts[key] = OpenPage(key, self._pages[key], self._traits)
        return found

    def _read(self) -> Iterator[tuple[PageKey, OpenPage | Totals]]:
        for key in self._pages:
            yield key, self._open(key)
        yield from self._totals.items()

    def _spoken_of(self, campaign: str) -> frozenset[bytes] | None:
        """Return the mails of a campaign of which the provider said what became of them; ``None`` where of none.

        Of those in totals it is not known which they are, only whether there are any.
        """
        if not self._spoken:  # of all campaigns at once: there may be thousands
            found: dict[str, set[bytes]] = {key.campaign: set() for key in self._keys()}
            for key, page in self._pages.items():
                found[key.campaign].update(mail for mail, state in page.states.items() if is_spoken_of(state))
            sent = {key.campaign for key, part in self._totals.items() if part.kept_outcomes.sent}
            self._spoken.update(
                {name: frozenset(mails) if mails or name in sent else None for name, mails in found.items()}
            )
        return self._spoken.get(campaign)

    def _is_spoken(self, campaign: str) -> bool:
        return self._spoken_of(campaign) is not None

    def _has_deliveries(self, key: PageKey) -> bool:
        covered = covers(self._numbers, key)
        return self._is_spoken(key.campaign) if covered is None else covered

    def _undelivered(self) -> Counter[str]:
        """Count by campaign the mails of which it is not known how many were delivered."""
        found: Counter[str] = Counter()
        if not is_for_all(self._numbers):
            for key, part in self._read():
                found[key.campaign] += 0 if self._has_deliveries(key) else part.mails
        return +found

    def _by_audience(self) -> Counter[tuple[int, int]]:
        found: Counter[tuple[int, int]] = Counter()
        for _, part in self._read():
            found.update(part.by_audience())
        return found

    def _sums(self, kind: Kind, dimension: str | None, window: timedelta, zone: tzinfo) -> Sums:
        if kind not in FETCHED:
            raise ConfigError(
                f"hits, views and messages are counted of opens and clicks, not of {kind}; use outcomes or mails_with"
            )
        pause, found = minutes_of(window), Sums()
        own = _own(dimension)
        for key, part in self._read():
            sums = part.sums(kind, own, pause, zone)
            if dimension is not None and own is None:
                sums = {_of_page(key, dimension): sums[""]} if "" in sums else {}
            add_sums(found, sums)
        return found


def _own(dimension: str | None) -> Dimension | None:
    """Return the dimension to ask a page for: none where all of a page has one value."""
    if dimension is None or dimension in PAGE_DIMENSIONS or dimension not in {one.value for one in Dimension}:
        return None
    return Dimension(dimension)


def _of_page(key: PageKey, dimension: str) -> str:
    """Return the one value that all of a page has."""
    if dimension in (Dimension.CAMPAIGN, Dimension.VARIANT):
        return str(getattr(key, dimension))
    return dict(key.groups).get(dimension, "")
