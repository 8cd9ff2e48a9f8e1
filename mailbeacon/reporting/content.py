"""What a report is made of, and the findings every form of it shows: text, JSON, CSV and page say the same.

Does not count or divide itself: it asks ``counting``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mailbeacon.counting import (
    Comparison,
    Count,
    Dimension,
    LinkKey,
    Rate,
    Rates,
    Readership,
    Tally,
    compare,
    rate,
    rates,
    readership,
)
from mailbeacon.errors import ConfigError
from mailbeacon.model import Kind, Link, check_aware

__all__ = ["Findings", "LinkRow", "Report", "Row", "breakdown", "findings", "report_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Hold what is to be reported.

    Args:
        tally: What was counted.
        title: The newsletter's name, or whatever stands at the top.
        links: The template's links, for labels.
        newsletter: The newsletter's HTML as it was before rewriting, for the click map of the page.
        made_at: The moment to print on the report; ``None`` for none.
        notes: Sentences of the host to print below the figures.
        group_by: A dimension to break the figures down by as well; ``None`` for none.
        clicks_are_opens: Count a mail that was clicked as opened too; said in the report.
        confidence: Of every interval.

    Raises:
        ConfigError: If ``tally`` is no tally, or ``made_at`` is naive.
    """

    tally: Tally
    title: str = ""
    links: Sequence[Link] = ()
    newsletter: str = ""
    made_at: datetime | None = None
    notes: Sequence[str] = ()
    group_by: Dimension | None = None
    clicks_are_opens: bool = False
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if not isinstance(self.tally, Tally):
            raise ConfigError(f"a Report or a Tally is needed, got {type(self.tally).__name__}")
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


class Row(NamedTuple):
    """Hold the opens and clicks of one value of a dimension."""

    value: str
    opens: Count
    clicks: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Hold the figures of a report, worked out once.

    Attributes:
        opens: The opens, counted.
        clicks: The clicks, counted.
        rates: What they are of what was delivered.
        links: The most clicked first; a link nobody clicked stands at the end.
        readership: How many read it, seen or not.
        comparison: The experiment; ``None`` when there is none, or deliveries by variant are not known.
    """

    opens: Count
    clicks: Count
    rates: Rates
    links: Sequence[LinkRow]
    readership: Readership
    comparison: Comparison | None


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
        readership=readership(tally, confidence=report.confidence),
        comparison=_comparison(report),
    )


def breakdown(report: Report, dimension: Dimension) -> list[Row]:
    """Count by a dimension, in the order of its values; links and hours are written out."""
    opens, clicks = (report.tally.by(dimension, kind) for kind in (Kind.OPEN, Kind.CLICK))
    values = dict.fromkeys([*opens, *clicks])
    rows = [Row(_written(value), opens.get(value, Count()), clicks.get(value, Count())) for value in values]
    return sorted(rows, key=lambda row: row.value) if dimension == Dimension.HOUR else rows


def _written(value: object) -> str:
    if isinstance(value, LinkKey):
        return value.url or f"link {value.number}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _comparison(report: Report) -> Comparison | None:
    variants = [name for name in report.tally.values(Dimension.VARIANT) if name]
    if len(variants) < 2:
        return None
    try:
        return compare(report.tally, confidence=report.confidence)
    except ConfigError:
        return None


def _links(report: Report, found: Rates) -> list[LinkRow]:
    """Give the links with their labels, and those nobody clicked."""
    counts = report.tally.by(Dimension.LINK, Kind.CLICK)
    campaigns = report.tally.values(Dimension.CAMPAIGN)
    exact = {(link.number, link.url): link.label for link in report.links}
    loose = {link.number: link.label for link in report.links} if len(campaigns) < 2 else {}
    rows = [
        LinkRow(
            key=key,
            label=exact.get((key.number, key.url)) or loose.get(key.number, ""),
            count=counts[key],
            share=share,
        )
        for key, share in found.links.items()
    ]
    known = {key.number for key in found.links}
    nothing = rate("link's share", 0, _clicked(found), of="clicked by people", confidence=report.confidence)
    campaign = campaigns[0] if len(campaigns) == 1 else ""
    for link in report.links:
        if link.number not in known:
            key = LinkKey(campaign, link.number, link.url)
            rows.append(LinkRow(key=key, label=link.label, count=Count(), share=nothing))
    return rows


def _clicked(found: Rates) -> int:
    return next((share.denominator for share in found.links.values()), 0)
