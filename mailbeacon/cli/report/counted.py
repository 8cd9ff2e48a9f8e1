"""What is to be counted, and what was: data that goes to another process and comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from mailbeacon.cli.events.judged import Own
from mailbeacon.cli.events.sources import broken_text
from mailbeacon.counting import Dimension, Tally
from mailbeacon.errors import DataError

__all__ = ["Between", "Choice", "Counted"]

T = TypeVar("T")
Between = tuple[float | None, float | None]
"""A stretch of time, in Unix time; ``None`` for the beginning and the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is counted, after judging: what is left out may still say who made the rest.

    Attributes:
        campaign: This campaign only; ``None`` for all.
        since: Events from this moment on; ``None`` for all.
        stored: Keep every stored verdict.
        zone: The zone of hours and days, where totals are all that is kept.
        groups: The group of each recipient, by kind of group.
        fit: Judge all events once more before, to learn from them what is usual on their list.
        own: What was learned.
    """

    campaign: str | None = None
    since: datetime | None = None
    stored: bool = False
    zone: str = "UTC"
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fit: bool = False
    own: Own | None = None


@dataclass(slots=True)
class Counted:
    """What was counted, and what was seen on the way.

    Attributes:
        tally: The tally.
        all_campaigns: The campaigns of all events, where not all are counted.
        last: When the last event of the campaign came, where not all are counted.
        errors: What cannot be read, by file.
        twice: How many events stood in two files.
    """

    tally: Tally = field(default_factory=Tally)
    all_campaigns: set[str] = field(default_factory=set)
    last: datetime | None = None
    errors: dict[str, list[DataError]] = field(default_factory=dict)
    twice: int = 0

    @property
    def broken(self) -> str:
        """What cannot be read, in one sentence; empty where all can."""
        return broken_text(self.errors)

    @property
    def campaigns(self) -> set[str]:
        """The campaigns of what was counted."""
        return set(self.tally.values(Dimension.CAMPAIGN))

    def choose(self, found: Iterator[T], choice: Choice, facts: Callable[[T], tuple[str, datetime]]) -> Iterator[T]:
        """Return what was chosen, and note what was seen.

        Args:
            found: Events with their verdicts, or stored rows.
            choice: What is counted.
            facts: Gives campaign and moment of one.
        """
        return found if choice.campaign is None and choice.since is None else self._chosen(found, choice, facts)

    def _chosen(self, found: Iterator[T], choice: Choice, facts: Callable[[T], tuple[str, datetime]]) -> Iterator[T]:
        for one in found:
            campaign, moment = facts(one)
            self.all_campaigns.add(campaign)
            if choice.campaign not in (None, campaign):
                continue
            self.last = moment if self.last is None else max(self.last, moment)
            if choice.since is None or moment >= choice.since:
                yield one

    def join(self, other: Counted) -> None:
        """Add what another process counted."""
        self.tally = self.tally.merge(other.tally)
        self.all_campaigns |= other.all_campaigns
        self.last = max(filter(None, (self.last, other.last)), default=None)
        for name, errors in other.errors.items():
            known = self.errors.setdefault(name, [])
            numbers = {error.number for error in known}
            known += [error for error in errors if error.number not in numbers]
