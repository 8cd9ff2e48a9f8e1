"""What a report is made of, and the findings every form of it shows: text, JSON, CSV and page say the same.

Does not count or divide itself: it asks ``counting``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailbeacon.counting import Count, Dimension, LinkKey, Rate, Rates, Tally, rates
from mailbeacon.model import Kind, Link, check_aware

__all__ = ["Findings", "LinkRow", "Report", "findings", "report_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Hold what is to be reported.

    Args:
        tally: What was counted.
        title: The newsletter's name, or whatever stands at the top.
        links: The template's links, for labels.
        newsletter: The newsletter's HTML as it was before rewriting, for the click map.
        made_at: The moment to print on the report; ``None`` for none.
        notes: Sentences of the host to print below the figures.
        clicks_are_opens: Count a mail that was clicked as opened too; said in the report.
        confidence: Of every interval.

    Raises:
        ConfigError: If ``made_at`` is naive.
    """

    tally: Tally
    title: str = ""
    links: Sequence[Link] = ()
    newsletter: str = ""
    made_at: datetime | None = None
    notes: Sequence[str] = ()
    clicks_are_opens: bool = False
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.made_at is not None:
            check_aware(self.made_at, "made_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """Hold one link's figures and its name.

    Attributes:
        key: Campaign, number and destination.
        label: What the reader sees; empty when it is not known.
        count: Its clicks.
        share: Of the mails people clicked in, those in which they clicked this link.
    """

    key: LinkKey
    label: str
    count: Count
    share: Rate

    @property
    def name(self) -> str:
        """The label, or else the destination."""
        return self.label or self.key.url or f"link {self.key.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Hold all figures of a report, worked out once."""

    opens: Count
    clicks: Count
    rates: Rates
    links: Sequence[LinkRow]


def report_of(source: Report | Tally) -> Report:
    """Take a tally for a report without a title."""
    return source if isinstance(source, Report) else Report(tally=source)


def findings(report: Report) -> Findings:
    """Work out the figures of a report."""
    tally = report.tally
    found = rates(tally, clicks_are_opens=report.clicks_are_opens, confidence=report.confidence)
    return Findings(
        opens=tally.count(Kind.OPEN, clicks_are_opens=report.clicks_are_opens),
        clicks=tally.count(Kind.CLICK),
        rates=found,
        links=_links(report, found),
    )


def _links(report: Report, found: Rates) -> list[LinkRow]:
    """Give the links, the most clicked first, and those nobody clicked at the end."""
    labels = {link.number: link.label for link in report.links}
    counts = report.tally.by(Dimension.LINK, Kind.CLICK)
    return [
        LinkRow(key=key, label=labels.get(key.number, ""), count=counts[key], share=share)
        for key, share in found.links.items()
    ]
