"""A tally of which only rounded figures can be had: what a report that others see is made of.

Every number is the multiple of a step below it, and every moment its day, so that all that is worked out of them (rates,
intervals, estimates, sentences) tells no more than they do, and two of them that are published one after the other differ
by a whole step or not at all. Which rows may be shown by themselves is :func:`mailbeacon.counting.suppressing.suppress`'s to
say, from the exact figures.
Source: A. Hundepool and others, Statistical Disclosure Control, Wiley (2012), chapter 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Self

from mailbeacon.counting.buckets import Numbers, Page, PageKey
from mailbeacon.counting.figures import Count, Dimension, Mark, Outcomes
from mailbeacon.counting.sums import Value
from mailbeacon.counting.suppressing import rounded_count, rounded_number
from mailbeacon.counting.tallies import VIEW_WINDOW, Tally
from mailbeacon.counting.totals import Totals
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Kind

__all__ = ["RoundedTally"]


class RoundedTally(Tally):
    """A tally that gives every figure rounded down; it cannot be written or merged, for what it is made of is exact.

    Args:
        tally: The exact one.
        step: What every number is a multiple of, from 2.
        zone: The zone of the days that moments are told in.
    """

    __slots__ = ("_step", "_zone")
    _step: int
    _zone: tzinfo

    def __init__(self, tally: Tally, step: int, zone: tzinfo = UTC) -> None:
        super().__init__(tally._pages, tally._numbers, tally._traits, tally._totals)  # noqa: SLF001 - it is one
        self._spoken.update(tally._spoken)  # noqa: SLF001 - what a part knows of the whole: of which mails the provider spoke
        object.__setattr__(self, "_step", step)  # a tally is frozen
        object.__setattr__(self, "_zone", zone)

    __eq__ = object.__eq__  # a tally's compares what is exact
    __hash__ = object.__hash__

    def merge(self, other: Tally) -> Tally:  # noqa: ARG002 - a tally's signature
        """Refuse: merge first, then round.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError("rounded figures do not add up: merge the exact tallies")

    def closed(self, *, zone: tzinfo | str = UTC) -> Tally:  # noqa: ARG002
        """Refuse, as :meth:`merge`.

        Raises:
            ConfigError: Always.
        """
        return self.merge(self)

    def to_json(self) -> str:
        """Refuse: what would be written is exact.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError("a rounded tally is for publishing and holds exact figures: keep the exact one")

    def count(self, kind: Kind, *, clicks_are_opens: bool = False, window: timedelta = VIEW_WINDOW) -> Count:
        """Count the opens or clicks, rounded."""
        return rounded_count(super().count(kind, clicks_are_opens=clicks_are_opens, window=window), self._step)

    def values(self, dimension: Dimension | str) -> list[str]:
        """Return the campaigns, variants or groups that have enough hits, or of which it is known how many were delivered."""
        named = {value for place in self._numbers for value in place if value is not None}
        shown = {*self.by(dimension, Kind.OPEN), *self.by(dimension, Kind.CLICK)}
        return [value for value in super().values(dimension) if value in shown or value in named]

    def by(
        self,
        dimension: Dimension | str,
        kind: Kind,
        *,
        window: timedelta = VIEW_WINDOW,
        zone: tzinfo | str = UTC,
    ) -> dict[Value, Count]:
        """Count by the values of a dimension, rounded; of which that leaves nothing is not there."""
        found = super().by(dimension, kind, window=window, zone=zone)
        rounded = {value: rounded_count(count, self._step) for value, count in found.items()}
        return {value: count for value, count in rounded.items() if count != Count()}

    def overlap(self) -> int:
        """Count the mails that people both opened and clicked, rounded."""
        return rounded_number(super().overlap(), self._step)

    @property
    def mails(self) -> int:
        """How many mails were opened or clicked, rounded."""
        return rounded_number(super().mails, self._step)

    def mails_with(self, *kinds: Kind) -> int:
        """Count the mails of which any of these kinds was seen, rounded."""
        return rounded_number(super().mails_with(*kinds), self._step)

    @property
    def outcomes(self) -> Outcomes:
        """What became of the mails, rounded."""
        found = super().outcomes
        return Outcomes(**{name: rounded_number(getattr(found, name), self._step) for name in Outcomes.__slots__})

    @property
    def deliveries(self) -> int | None:
        """How many mails were delivered, rounded."""
        found = super().deliveries
        return None if found is None else rounded_number(found, self._step)

    @property
    def without_deliveries(self) -> list[str]:
        """The campaigns of which it is not known how many of enough mails were delivered."""
        return sorted(name for name, mails in self._undelivered().items() if mails >= self._step)

    @property
    def marks(self) -> dict[tuple[Mark, Kind], int]:
        """Hits about which a report says something, rounded."""
        found = {mark: rounded_number(hits, self._step) for mark, hits in super().marks.items()}
        return {mark: hits for mark, hits in found.items() if hits}

    @property
    def reasons(self) -> dict[tuple[Kind, Actor, str], int]:
        """Hits by kind, actor and strongest signal, rounded, the most first."""
        found = {key: rounded_number(hits, self._step) for key, hits in super().reasons.items()}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def period(self) -> tuple[datetime, datetime] | None:
        """The beginnings of the first and the last day of so many hits that they are not rounded to none."""
        days = [
            day
            for kind in (Kind.OPEN, Kind.CLICK)
            for day, count in self.by(Dimension.DAY, kind, zone=self._zone).items()
            if isinstance(day, date) and count.hits.total
        ]
        if not days:
            return None
        first, last = (datetime(day.year, day.month, day.day, tzinfo=self._zone) for day in (min(days), max(days)))
        return first, last

    def _part(self, pages: dict[PageKey, Page], totals: Mapping[PageKey, Totals], numbers: Numbers) -> Self:
        return type(self)(super()._part(pages, totals, numbers), self._step, self._zone)
