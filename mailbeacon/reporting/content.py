"""What a report is made of, and the findings every form of it shows: text, JSON, CSV and page say the same.

Does not count or divide itself: it asks ``counting``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from mailbeacon.counting import (
    CampaignRow,
    Comparison,
    Count,
    Dimension,
    LinkKey,
    Outcomes,
    Rate,
    Rates,
    Readership,
    Sentence,
    Tally,
    compare,
    compare_campaigns,
    missing_for_comparison,
    rate,
    rates,
    readership,
)
from mailbeacon.counting.rounding import RoundedTally
from mailbeacon.counting.suppressing import (
    OTHERS,
    rounded_number,
    rounded_rows,
    size_of,
    small_cells,
    small_rows,
)
from mailbeacon.counting.zones import zone_named
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Kind, Link, check_aware
from mailbeacon.model.web import without_query
from mailbeacon.reporting.advice import advise
from mailbeacon.reporting.texts import ENGLISH, Texts

__all__ = [
    "OTHERS",
    "Destination",
    "Findings",
    "LinkRow",
    "Report",
    "Row",
    "breakdown",
    "findings",
    "reasons_of",
    "report_of",
]

_LOGO = re.compile(r"data:image/(?:png|gif|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}")
_LARGEST_LOGO = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is to be reported.

    Args:
        tally: What was counted.
        title: The newsletter's name, or whatever stands at the top.
        links: The template's links, for labels.
        newsletter: The newsletter's HTML as it was before rewriting, for the click map of the page.
        made_at: The moment to print on the report; ``None`` for none.
        notes: Sentences of the host to print below the figures.
        group_by: A dimension, or the name of a kind of group, to break the figures down by as well; ``None`` for none.
        clicks_are_opens: Count a mail that was clicked as opened too; said in the report.
        confidence: Of every interval.
        since: Where only events from a moment on were counted, this moment: it is said, and no rate is given of mails
            that could be opened before.
        zone: The time zone of hours and days.
        least_group: Groups of fewer messages than this are added up, with the smallest larger one where they are too few
            together to hide among themselves.
        minimum: For a report that others see: rows of fewer messages are added up in every table, hours, reasons and
            remarks of fewer left out, every number is rounded down to a multiple of it, and rates are worked out of the
            rounded numbers; moments are days. So neither a small cell nor the difference of two reports tells of a single
            person, or that a value is new. 0 and 1 hide nothing.
        campaigns: Show the campaigns side by side, where there are several.
        silent: How many subscribers are inactive, where the host knows (:func:`mailbeacon.counting.sunset`).
        texts: The language of the page.
        logo: An image for the page, as a ``data:`` URL of at most 200,000 characters.

    Raises:
        ConfigError: If ``tally`` is no tally, a moment is naive, a zone is not known, ``minimum`` is no whole number, or the
            logo is no such image.
    """

    tally: Tally
    title: str = ""
    links: Sequence[Link] = ()
    newsletter: str = ""
    made_at: datetime | None = None
    notes: Sequence[str] = ()
    group_by: Dimension | str | None = None
    clicks_are_opens: bool = False
    confidence: float = 0.95
    since: datetime | None = None
    zone: tzinfo | str = "UTC"
    least_group: int = 5
    minimum: int = 0
    campaigns: bool = True
    silent: int | None = None
    texts: Texts = ENGLISH
    logo: str = ""

    def __post_init__(self) -> None:
        small_cells({}, self.minimum)
        if not isinstance(self.tally, Tally):
            raise ConfigError(f"a Report or a Tally is needed, got {type(self.tally).__name__}")
        for name in ("made_at", "since"):
            if getattr(self, name) is not None:
                check_aware(getattr(self, name), name)
        zone_named(self.zone)
        if self.logo and (len(self.logo) > _LARGEST_LOGO or not _LOGO.fullmatch(self.logo)):
            raise ConfigError(
                "logo must be a data: URL of a PNG, GIF, JPEG, WebP or SVG, of at most 200,000 characters"
            )
        known = {*(str(one) for one in Dimension), *self.tally.group_kinds}
        if self.group_by is not None and str(self.group_by) not in known:
            raise ConfigError(f"figures cannot be broken down by {str(self.group_by)!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """One link's figures and its name.

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


class Destination(NamedTuple):
    """Where several links lead to, and the hits they had together; messages do not add up."""

    url: str
    links: int
    people: int
    unknown: int
    machines: int


class Row(NamedTuple):
    """The opens and clicks of one value of a dimension; rates where it is known how many were delivered."""

    value: str
    opens: Count
    clicks: Count
    rates: Rates | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The figures of a report, worked out once.

    Attributes:
        shown: The tally whose figures may be shown: with a minimum, a rounded one.
        opens: The opens, counted.
        clicks: The clicks, counted.
        rates: What they are of what was delivered.
        links: The most clicked first; a link nobody clicked stands at the end.
        destinations: Where two links or more lead to the same page, all of them together.
        readership: How many read it, seen or not.
        comparison: The experiment; ``None`` when there is none, or something is missing for it.
        missing: What is missing to compare the variants; empty when nothing is.
        outcomes: What became of the mails.
        campaigns: The campaigns side by side; empty where there are fewer than two.
        period: When the first and the last hit came, in the report's zone; ``None`` without any.
        advice: What to do next, in sentences.
    """

    shown: Tally
    opens: Count
    clicks: Count
    rates: Rates
    links: Sequence[LinkRow]
    destinations: Sequence[Destination]
    readership: Readership
    comparison: Comparison | None
    missing: Sentence
    outcomes: Outcomes
    campaigns: Sequence[CampaignRow]
    period: tuple[datetime, datetime] | None
    advice: Sequence[Sentence]


def report_of(source: Report | Tally) -> Report:
    """Take a tally for a report without a title."""
    return source if isinstance(source, Report) else Report(tally=source)


def findings(report: Report) -> Findings:
    """Work out the figures of a report."""
    exact, shown = report.tally, _shown(report)
    found = rates(shown, clicks_are_opens=report.clicks_are_opens, confidence=report.confidence)
    if report.since is not None:
        found = _of_a_window(found, report.since)
    links = _links(report, found)
    missing = missing_for_comparison(shown)
    several = [name for name in shown.values(Dimension.VARIANT) if name][1:]
    comparison = compare(shown, confidence=report.confidence) if several and not missing else None
    campaigns = compare_campaigns(shown, confidence=report.confidence) if report.campaigns else []
    if report.minimum > 1:
        sizes = {row.campaign: exact.select(campaign=row.campaign).mails for row in campaigns}
        hidden = small_rows({name: [mails] for name, mails in sizes.items()}, sizes, report.minimum)
        campaigns = [row for row in campaigns if row.campaign not in hidden]
    period, zone = shown.period, zone_named(report.zone)
    silent = None if report.silent is None else rounded_number(report.silent, report.minimum)
    return Findings(
        shown=shown,
        opens=shown.count(Kind.OPEN, clicks_are_opens=report.clicks_are_opens),
        clicks=shown.count(Kind.CLICK),
        rates=found,
        links=links,
        destinations=_destinations(links),
        readership=readership(shown, confidence=report.confidence),
        comparison=comparison,
        missing=missing,
        outcomes=shown.outcomes,
        campaigns=campaigns if len(campaigns) > 1 else (),
        period=None if period is None else (period[0].astimezone(zone), period[1].astimezone(zone)),
        advice=advise(shown, found, comparison, silent),
    )


def _shown(report: Report) -> Tally:
    return RoundedTally(report.tally, report.minimum, zone_named(report.zone)) if report.minimum > 1 else report.tally


def reasons_of(report: Report) -> dict[tuple[Kind, Actor, str], int]:
    """Return the hits by verdict and strongest signal, without those of too few hits to be shown."""
    if report.minimum < 2:
        return report.tally.reasons
    exact, hidden = report.tally.reasons, set[tuple[Kind, Actor, str]]()
    for kind in {kind for kind, _, _ in exact}:
        sizes = {key: hits for key, hits in exact.items() if key[0] == kind}
        hidden |= small_rows({key: [hits] for key, hits in sizes.items()}, sizes, report.minimum)
    return {key: hits for key, hits in _shown(report).reasons.items() if key not in hidden}


def _of_a_window(found: Rates, since: datetime) -> Rates:
    """Leave out the rates of what was delivered: what was opened before the window began is not among the events."""
    said = Sentence.of(
        "Only events from {since} on are counted. Mails could be opened before, so no rate of what was delivered is given.",
        since=since.strftime("%Y-%m-%d %H:%M %Z").strip(),
    )
    raws = (replace(raw, rate=None) for raw in (found.raw_opens, found.raw_clicks))
    opens, clicks = raws
    return replace(
        found, opens=None, clicks=None, raw_opens=opens, raw_clicks=clicks, outcomes={}, doubts=(said, *found.doubts)
    )


def breakdown(report: Report, dimension: Dimension | str) -> list[Row]:
    """Count by a dimension, in the order of its values; links, hours and days are written out.

    Rows of fewer messages than ``report.minimum``, and groups of fewer than ``report.least_group``, are added up under
    :data:`OTHERS`, with a larger one where they alone could be worked out from the total.
    """
    name = str(dimension)
    opens, clicks = (report.tally.by(name, kind, zone=report.zone) for kind in (Kind.OPEN, Kind.CLICK))
    found: dict[str, Row] = {}
    for value in dict.fromkeys([*opens, *clicks]):
        row = Row(
            _written(value), opens.get(value, Count()), clicks.get(value, Count()), _rates_of(report, name, value)
        )
        known = found.get(row.value)
        found[row.value] = row if known is None else Row(row.value, known.opens + row.opens, known.clicks + row.clicks)
    least = report.least_group if name in report.tally.group_kinds else 0
    rows = _rounded(found, least, report.minimum) if report.minimum > 1 else _merged(found, least)
    return sorted(rows, key=lambda row: row.value) if name in (Dimension.HOUR, Dimension.DAY) else rows


def _rounded(rows: Mapping[str, Row], least: int, minimum: int) -> list[Row]:
    """Return the rows in whole steps, the small ones added up; a step is at least ``least`` and a multiple of the minimum."""
    step = max(1, -(-least // minimum)) * minimum
    table = {value: (rows[value].opens, rows[value].clicks) for value in sorted(rows)}
    found = rounded_rows(table, step, others=OTHERS)
    return [
        Row(value, opens, clicks, rows[value].rates if value != OTHERS else None)
        for value, (opens, clicks) in found.items()
    ]


def _merged(rows: Mapping[str, Row], least: int) -> list[Row]:
    """Return the rows with exact numbers, those of fewer than ``least`` added up."""
    sizes = {value: size_of(row.opens, row.clicks) if value else 0 for value, row in rows.items()}
    hidden = small_cells(sizes, least)
    found = [row for value, row in rows.items() if value not in hidden]
    if sum(sizes[value] for value in hidden) < max(least, 1):
        return found
    together = [row for value, row in rows.items() if value in hidden or value == OTHERS]
    opens, clicks = sum((row.opens for row in together), Count()), sum((row.clicks for row in together), Count())
    return [*(row for row in found if row.value != OTHERS), Row(OTHERS, opens, clicks)]


def _rates_of(report: Report, name: str, value: object) -> Rates | None:
    """Return the rates of a campaign or variant, where it is known how many of it were delivered."""
    if name not in (Dimension.CAMPAIGN, Dimension.VARIANT) or report.since is not None:
        return None
    value = str(value)
    tally = _shown(report)
    part = tally.select(campaign=value) if name == Dimension.CAMPAIGN else tally.select(variant=value)
    return None if part.deliveries is None else rates(part, confidence=report.confidence)


def _written(value: object) -> str:
    if isinstance(value, LinkKey):
        return f"{value.number} {value.url}".strip() if value.number else value.url
    return value.isoformat() if isinstance(value, date) else str(value)


def _destinations(links: Sequence[LinkRow]) -> list[Destination]:
    """Add up the hits of links that lead to the same page, of whatever campaigns, where there are several of them."""
    found: dict[str, list[LinkRow]] = {}
    for row in links:
        found.setdefault(row.key.url, []).append(row)
    rows = []
    for url, some in found.items():
        if url and len(some) > 1:
            hits = sum((row.count for row in some), Count()).hits
            rows.append(Destination(url, len(some), hits.people, hits.unknown, hits.machines))
    return sorted(rows, key=lambda row: (-row.people, row.url))


def _links(report: Report, found: Rates) -> list[LinkRow]:
    """Return the links with their labels, and those nobody clicked; with a minimum, also those that too few clicked."""
    counts = {key: one for key, one in report.tally.by(Dimension.LINK, Kind.CLICK).items() if isinstance(key, LinkKey)}
    others = None
    if report.minimum > 1:
        rounded = rounded_rows({key: (one,) for key, one in counts.items()}, report.minimum, others=LinkKey())
        counts = {key: one for key, (one,) in rounded.items()}
        others = counts.pop(LinkKey(), None)
    campaigns = _shown(report).values(Dimension.CAMPAIGN)
    exact = {(link.number, without_query(link.url)): link.label for link in report.links}
    loose = {link.number: link.label for link in report.links} if len(campaigns) < 2 else {}
    rows = [
        LinkRow(
            key=key,
            label=exact.get((key.number, key.url)) or loose.get(key.number, ""),
            count=counts[key],
            share=share,
        )
        for key, share in found.links.items()
        if key in counts
    ]
    known = {key.number for key in counts}
    nothing = rate("link's share", 0, _clicked(found), of="clicked by people", confidence=report.confidence)
    campaign = campaigns[0] if len(campaigns) == 1 else ""
    for link in report.links:
        if link.number not in known:
            key = LinkKey(campaign, link.number, without_query(link.url))
            rows.append(LinkRow(key=key, label=link.label, count=Count(), share=nothing))
    if others is not None:  # several links', whose messages may be the same ones: no share
        none = rate("link's share", 0, 0, of="clicked by people")
        rows.append(LinkRow(key=LinkKey(), label=OTHERS, count=others, share=none))
    return rows


def _clicked(found: Rates) -> int:
    return next((share.denominator for share in found.links.values()), 0)
