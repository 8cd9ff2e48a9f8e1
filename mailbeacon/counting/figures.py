"""The figures a tally gives: how many hits, views and messages, by people, unknown and machines.

Plain data without any counting of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import NamedTuple

__all__ = ["Count", "Dimension", "LinkKey", "Mark", "Outcomes", "Split"]


class Dimension(StrEnum):
    """What a tally can be broken down by."""

    CAMPAIGN = "campaign"
    VARIANT = "variant"
    GROUP = "group"
    """The group of the recipient, where the host named one kind of group only."""
    LINK = "link"
    HOUR = "hour"
    DAY = "day"
    CLIENT = "client"
    """The mail client or browser."""
    SYSTEM = "system"
    DEVICE = "device"
    COUNTRY = "country"
    REGION = "region"
    CITY = "city"
    CHANNEL = "channel"
    """The part of the mail a link stood in."""


class Mark(StrEnum):
    """What is remarkable about some hits, so that a report says it."""

    EXPIRED = "expired"
    """Of mails older than the host counts; in no other figure."""
    CLOCK = "clock"
    """Of mails that claim to have been sent later than they were seen; counted all the same."""
    BEYOND = "beyond"
    """More of one message in one day than are recorded, or than a thousand; in no other figure."""
    NAMELESS = "nameless"
    """Of nobody that may be told apart, though the level would allow it; counted as shared."""
    UNDATED = "undated"
    """Of mails whose time of sending is not known; counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One number in three: by people, by nobody knows whom, by machines.

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
    """What was counted of one kind of event, in three units.

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
    """One link of one campaign: by number where the token had one, and by destination.

    Attributes:
        campaign: The campaign, for numbers begin anew in each.
        number: The link's number; 0 when the source had none.
        url: The destination, without query and fragment.
    """

    campaign: str = ""
    number: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What became of the mails, each counted once, as the provider's events and the pages for leaving tell it.

    Attributes:
        sent: Mails of which the provider said anything at all: sent, delivered, deferred, bounced or rejected.
        delivered: Of them, those delivered, or sent and nothing worse heard of.
        bounced: Of them, those that bounced for good (hard), without a later delivery.
        deferred: Of them, those put off (a soft bounce) and not delivered since.
        rejected: Of them, those the provider would not send.
        seen_all_the_same: Of the bounced, deferred and rejected, those a person opened or clicked: they count as delivered
            too.
        unlisted: Mails that were opened or clicked, and of which the provider said nothing, where it spoke of others of
            the campaign.
        complained: Mails that were reported as spam.
        unsubscribed: Mails whose reader unsubscribed.
        withdrawn: Mails whose reader withdrew consent to be tracked.
        subscribed: Mails whose reader subscribed.
    """

    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    deferred: int = 0
    rejected: int = 0
    seen_all_the_same: int = 0
    unlisted: int = 0
    complained: int = 0
    unsubscribed: int = 0
    withdrawn: int = 0
    subscribed: int = 0

    def __add__(self, other: Outcomes) -> Outcomes:
        return Outcomes(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(Outcomes)})
