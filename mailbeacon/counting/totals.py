"""A page of a tally as it is read: with its mails, or closed to totals that no longer know a mail.

Both answer the same questions. Does not put pages together: a tally does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta, tzinfo

from mailbeacon.counting.aggregate import (
    PAGE_DIMENSIONS,
    MailCounts,
    mails_by_audience,
    outcomes,
    sum_traits,
    take,
)
from mailbeacon.counting.buckets import Page, PageKey
from mailbeacon.counting.figures import Dimension, Mark, Outcomes
from mailbeacon.counting.moments import BY_TIME, sum_moments
from mailbeacon.counting.sums import Sums, add_sums
from mailbeacon.counting.traits import FETCHED, Traits
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Kind

__all__ = ["VIEW_MINUTES", "OpenPage", "Totals", "merge_totals", "minutes_of"]

VIEW_MINUTES = 5
_KEPT = tuple(one for one in Dimension if one not in PAGE_DIMENSIONS)


def minutes_of(window: timedelta) -> int:
    """Return a window in whole minutes.

    Raises:
        ConfigError: If it is negative.
    """
    minutes = window // timedelta(minutes=1)
    if minutes < 0:
        raise ConfigError("window must not be negative")
    return minutes


class OpenPage:
    """A page with its mails; what was worked out once is remembered, for a tally never changes."""

    def __init__(self, key: PageKey, page: Page, traits: Traits) -> None:
        self.page = page
        self._key = key
        self._traits = traits
        self._mail_counts: dict[int, MailCounts] = {}
        self._sums: dict[tuple[Kind, Dimension | None, int], Sums] = {}
        self._moments: dict[tuple[int, str], dict[tuple[Kind, Dimension], Sums]] = {}

    @property
    def mails(self) -> int:
        """How many mails were opened or clicked by anyone or anything."""
        return len(self.page.mails)

    def mail_counts(self, pause: int = VIEW_MINUTES) -> MailCounts:
        """Return what the page's mails add up to."""
        found = self._mail_counts.get(pause)
        if found is None:
            found = self._mail_counts[pause] = take(self.page, self._traits, pause)
        return found

    def sums(self, kind: Kind, dimension: Dimension | None, pause: int, zone: tzinfo) -> Sums:
        """Count one kind of event by the values of a dimension that is not the page's own, or under ``""``."""
        if dimension in BY_TIME:
            moments = self._moments.get((pause, str(zone)))
            if moments is None:
                moments = self._moments[pause, str(zone)] = sum_moments(self.page, self._traits, pause, zone)
            return moments[kind, Dimension(dimension)]
        key = kind, dimension, pause
        found = self._sums.get(key)
        if found is None:
            found = sum_traits(self.mail_counts(pause), self._traits, self._key.campaign, kind, dimension)
            self._sums[key] = found
        return found

    def by_audience(self) -> Mapping[tuple[int, int], int]:
        """Count mails by the audience that opened and the one that clicked."""
        return mails_by_audience(self.mail_counts(), self._traits)

    def outcomes(self, spoken: frozenset[bytes] | None) -> Outcomes:
        """Count what became of the mails; ``spoken`` are those of the campaign of which the provider said something."""
        return outcomes(self.page.states, self.mail_counts().people, spoken, self.page.mails)

    def mails_with(self, kinds: frozenset[Kind]) -> int:
        """Count the mails of which any of these kinds was seen."""
        return sum(not state.kinds.isdisjoint(kinds) for state in self.page.states.values())

    @property
    def marks(self) -> Mapping[tuple[Mark, Kind], int]:
        """Remarkable hits."""
        found = Counter(self.page.marks)
        found.update({(Mark.BEYOND, kind): hits for kind, hits in self.mail_counts().beyond.items() if hits})
        return found

    @property
    def reasons(self) -> Mapping[tuple[Kind, Actor, str], int]:
        """Hits by kind, actor and strongest signal."""
        return self.page.reasons

    @property
    def versions(self) -> set[str]:
        """The versions of the verdicts."""
        return self.page.versions

    @property
    def period(self) -> tuple[int, int]:
        """The minutes of the first and the last hit; -1 without any."""
        return self.page.first, self.page.last

    def close(self, zone: tzinfo, spoken: frozenset[bytes]) -> Totals:
        """Return the totals of the page."""
        return Totals(
            zone=str(zone),
            mails=self.mails,
            tables={
                (kind, str(dimension or "")): self.sums(kind, dimension, VIEW_MINUTES, zone)
                for kind in sorted(FETCHED)
                for dimension in (None, *_KEPT)
            },
            by_audience_of=dict(self.by_audience()),
            kept_outcomes=self.outcomes(spoken),
            kinds={kind: number for kind in Kind if (number := self.mails_with(frozenset((kind,))))},
            marks=dict(self.marks),
            reasons=dict(self.page.reasons),
            versions=set(self.page.versions),
            period=self.period,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A page without its mails: constant in size, and to be added to others of different mails.

    Attributes:
        zone: The zone of its hours and days.
        mails: How many mails were opened or clicked.
        tables: By kind and dimension (``""`` for the whole page) the sums of each value.
        by_audience_of: Mails by the audience that opened and the one that clicked.
        kept_outcomes: What became of the mails.
        kinds: Mails of which a kind was seen.
        marks: Remarkable hits.
        reasons: Hits by kind, actor and strongest signal.
        versions: The versions of the verdicts.
        period: The minutes of the first and the last hit; -1 without any.
    """

    zone: str = str(UTC)
    mails: int = 0
    tables: Mapping[tuple[Kind, str], Sums] = field(default_factory=dict)
    by_audience_of: Mapping[tuple[int, int], int] = field(default_factory=dict)
    kept_outcomes: Outcomes = field(default_factory=Outcomes)
    kinds: Mapping[Kind, int] = field(default_factory=dict)
    marks: Mapping[tuple[Mark, Kind], int] = field(default_factory=dict)
    reasons: Mapping[tuple[Kind, Actor, str], int] = field(default_factory=dict)
    versions: set[str] = field(default_factory=set)
    period: tuple[int, int] = (-1, -1)

    def sums(self, kind: Kind, dimension: Dimension | None, pause: int, zone: tzinfo) -> Sums:
        """Return the sums that were kept.

        Raises:
            ConfigError: If they were kept for another window or zone.
        """
        if pause != VIEW_MINUTES:
            raise ConfigError("a closed tally has its views for the window of five minutes only")
        if dimension in BY_TIME and str(zone) != self.zone:
            raise ConfigError(f"this tally was closed with the hours and days of {self.zone}, not of {zone}")
        return self.tables.get((kind, str(dimension or "")), {})

    def by_audience(self) -> Mapping[tuple[int, int], int]:
        """Count mails by the audience that opened and the one that clicked."""
        return self.by_audience_of

    def outcomes(self, spoken: frozenset[bytes] | None) -> Outcomes:
        """Count what became of the mails; ``spoken`` is ``None`` where the provider said nothing of the campaign."""
        return self.kept_outcomes if spoken is not None else replace(self.kept_outcomes, unlisted=0)

    def mails_with(self, kinds: frozenset[Kind]) -> int:
        """Count the mails of which a kind was seen.

        Raises:
            ConfigError: For several kinds: which mails had two of them is no longer known.
        """
        if len(kinds) > 1:
            raise ConfigError("a closed tally counts mails by one kind at a time")
        return sum(self.kinds.get(kind, 0) for kind in kinds)


def merge_totals(one: Mapping[PageKey, Totals], other: Mapping[PageKey, Totals]) -> dict[PageKey, Totals]:
    """Add totals page by page.

    Raises:
        ConfigError: If their hours and days are of different zones.
    """
    found = dict(one)
    for key, totals in other.items():
        known = found.get(key)
        found[key] = totals if known is None else _add(known, totals)
    return found


def _add(one: Totals, other: Totals) -> Totals:
    if one.zone != other.zone:
        raise ConfigError(f"tallies closed with the hours of {one.zone} and of {other.zone} do not add up")
    tables = {key: dict(sums) for key, sums in one.tables.items()}
    for key, sums in other.tables.items():
        add_sums(tables.setdefault(key, {}), sums)
    starts = [totals.period[0] for totals in (one, other) if totals.period[0] >= 0]
    return Totals(
        zone=one.zone,
        mails=one.mails + other.mails,
        tables=tables,
        by_audience_of=Counter(one.by_audience_of) + Counter(other.by_audience_of),
        kept_outcomes=one.kept_outcomes + other.kept_outcomes,
        kinds=Counter(one.kinds) + Counter(other.kinds),
        marks=Counter(one.marks) + Counter(other.marks),
        reasons=Counter(one.reasons) + Counter(other.reasons),
        versions=one.versions | other.versions,
        period=(min(starts, default=-1), max(one.period[1], other.period[1])),
    )
