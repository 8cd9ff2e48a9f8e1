"""The figures a tally gives: how many hits, views and messages, by people, unknown and machines.

Plain data without any counting of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

__all__ = ["Count", "Dimension", "LinkKey", "Split"]


class Dimension(StrEnum):
    """What a tally can be broken down by."""

    CAMPAIGN = "campaign"
    VARIANT = "variant"
    GROUP = "group"
    LINK = "link"
    HOUR = "hour"
    CLIENT = "client"
    SYSTEM = "system"
    DEVICE = "device"
    COUNTRY = "country"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Hold one number in three: by people, by nobody knows whom, by machines.

    Example:
        >>> Split(people=3, unknown=2, machines=1).possible
        5
    """

    people: int = 0
    unknown: int = 0
    machines: int = 0

    @property
    def total(self) -> int:
        """All three together."""
        return self.people + self.unknown + self.machines

    @property
    def possible(self) -> int:
        """People, and those who may be people."""
        return self.people + self.unknown

    def __add__(self, other: Split) -> Split:
        return Split(
            people=self.people + other.people,
            unknown=self.unknown + other.unknown,
            machines=self.machines + other.machines,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Hold what was counted of one kind of event, in three units.

    Attributes:
        hits: Requests, one by one.
        views: Looks: hits of one message by one client (for clicks: on one link) with no longer pause than the window.
        messages: Mails. Each is counted once: as people's if a person did it, else as unknown, else as the machines'.
        shared: The part of ``hits`` that belongs to no single message (consent below FULL). They are in no view and
            no message: for them, unique figures are not measurable.
    """

    hits: Split = Split()
    views: Split = Split()
    messages: Split = Split()
    shared: Split = Split()

    @property
    def is_measurable(self) -> bool:
        """Whether messages can be told apart: ``False`` when all hits are shared."""
        return not self.hits.total or self.shared.total < self.hits.total

    def __add__(self, other: Count) -> Count:
        return Count(
            hits=self.hits + other.hits,
            views=self.views + other.views,
            messages=self.messages + other.messages,
            shared=self.shared + other.shared,
        )


class LinkKey(NamedTuple):
    """Name one link of one campaign: by number where the token had one, and by destination.

    Attributes:
        campaign: The campaign, for numbers begin anew in each.
        number: The link's number; 0 when the source had none.
        url: The destination.
    """

    campaign: str = ""
    number: int = 0
    url: str = ""
