"""The report as text for a terminal or a mail: as wide as asked, without colours or control characters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from mailbeacon.counting import Count, Rate, Split, Tally
from mailbeacon.reporting.content import Findings, LinkRow, Report, breakdown, findings, report_of
from mailbeacon.reporting.wording import (
    NOT_MEASURABLE,
    bounds,
    number,
    range_text,
    rate_text,
    raw_text,
    share,
    shortened,
)

__all__ = ["text"]

_NARROWEST = 40
_TOP_LINKS = 10


def text(source: Report | Tally, *, width: int = 80) -> str:
    """Write a report as plain text.

    Args:
        source: A report, or a tally to report without a title.
        width: How many characters a line may have; at least 40.

    Returns:
        Lines, each ended by a newline. Nothing in it depends on a terminal: a caller that knows one gives its width.
    """
    report = report_of(source)
    width = max(width, _NARROWEST)
    found = findings(report)
    parts = [
        _title(report, width),
        _counts(found, width),
        _rates(found),
        _machines(found),
        _links(found.links, width),
        _readers(found),
        _experiment(found),
        _group(report, width),
        _below(report),
    ]
    lines = (line for part in parts for line in (*part, "") if part)
    return "\n".join(_wrapped(lines, width)).rstrip("\n") + "\n"


def _clean(value: str) -> str:
    """Keep what a host or a mail gave us from moving the cursor or breaking lines."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())


def _wrapped(lines: Iterable[str], width: int) -> Iterator[str]:
    for line in lines:
        if len(line) <= width:
            yield line
        else:
            yield from textwrap.wrap(line, width, subsequent_indent="  ", break_long_words=True)


def _title(report: Report, width: int) -> list[str]:
    title = _clean(report.title)
    lines = [title, "=" * min(len(title), width)] if title else []
    if report.made_at is not None:
        lines.append(report.made_at.strftime("%Y-%m-%d %H:%M %Z").strip())
    return lines


def _counts(found: Findings, width: int) -> list[str]:
    delivered, doubt = found.rates.delivered, found.rates.doubt
    said = "not known, so there are no rates" if delivered is None else number(delivered)
    heads = ("people", "unknown", "machines", "total")[: 4 if width >= 54 else 3]
    size = min(11, (width - 16) // len(heads))
    lines = [f"Delivered: {said}", *([doubt] if doubt else []), ""]
    lines.append(" " * 16 + "".join(head[: size - 1].rjust(size) for head in heads))
    for name, count in (("Opens", found.opens), ("Clicks", found.clicks)):
        for unit, split in _units(count):
            cells = _cells(split)[: len(heads)]
            lines.append(f"{name:<8}{unit:<8}" + "".join(cell.rjust(size) for cell in cells))
            name = ""
        if count.shared.total:
            lines.append(
                f"  of them {number(count.shared.total)} hits of mails counted together: unique {NOT_MEASURABLE}"
            )
    return lines


def _units(count: Count) -> list[tuple[str, Split | None]]:
    measured = count.is_measurable
    return [
        ("messages", count.messages if measured else None),
        ("views", count.views if measured else None),
        ("hits", count.hits),
    ]


def _cells(split: Split | None) -> list[str]:
    if split is None:
        return ["–"] * 4
    return [number(value) for value in (split.people, split.unknown, split.machines, split.total)]


def _rates(found: Findings) -> list[str]:
    rates = found.rates
    lines = []
    for name, range_ in (("Open rate", rates.opens), ("Click rate", rates.clicks)):
        if range_ is None:
            continue
        lines.append(f"{name}: {range_text(range_)} of delivered messages")
        lines.append(f"  people seen: {_of(range_.low)}")
        if range_.high.numerator != range_.low.numerator:
            lines.append(f"  with unknown: {_of(range_.high)}")
    if rates.clicks_are_opens:
        lines.append("A message that was clicked counts as opened here.")
    if rates.click_to_open.denominator:
        lines.append(f"Click-to-open rate: {rate_text(rates.click_to_open)}")
    return lines


def _of(rate: Rate) -> str:
    return f"{share(rate.value)}, interval {bounds(rate.interval)} ({number(rate.numerator)})"


def _machines(found: Findings) -> list[str]:
    lines = []
    for name, raw in (("opens", found.rates.raw_opens), ("clicks", found.rates.raw_clicks)):
        lines += [f"  {line}" if place else line for place, line in enumerate(raw_text(name, raw))]
    return lines


def _links(rows: Sequence[LinkRow], width: int) -> list[str]:
    """List the links by the messages in which people clicked them; machines are hits."""
    clicked = [row for row in rows if row.count.hits.total]
    top = clicked[:_TOP_LINKS]
    if not top:
        return []
    room = width - 27
    lines = ["Links".ljust(room) + "  clicked    share machines"]
    for row in top:
        name = shortened(_clean(row.name), room)
        people, machines = number(row.count.messages.people), number(row.count.hits.machines)
        lines.append(f"{name:<{room}}{people:>9}{share(row.share.value):>9}{machines:>9}")
    return [*lines, *_more(len(rows) - len(top), never=len(rows) - len(clicked))]


def _more(links: int, never: int) -> list[str]:
    """Say how many links are not listed, and how many of these nobody clicked."""
    if not links:
        return []
    told = f", {number(never)} of them never clicked" if 0 < never < links else ", never clicked" if never else ""
    return [f"and {number(links)} more{told}"]


def _readers(found: Findings) -> list[str]:
    readers = found.readership
    if readers.estimate is None or readers.interval is None:
        return []
    low, high = round(readers.interval.low), round(readers.interval.high)
    return [
        f"Readers, seen or not: about {number(round(readers.estimate))} ({number(low)} to {number(high)}).",
        f"  {readers.assumption}",
    ]


def _experiment(found: Findings) -> list[str]:
    if found.comparison is None:
        return []
    rates = [f"  {_clean(name)}: {rate_text(rate)}" for name, rate in found.comparison.rates.items()]
    return [f"Experiment: {_clean(found.comparison.sentence)}", *rates, f"  {found.comparison.why}"]


def _group(report: Report, width: int) -> list[str]:
    if report.group_by is None:
        return []
    heads = ("opened", "unknown", "clicked", "machines")[: 4 if width >= 54 else 3]
    room = width - 9 * len(heads)
    lines = [f"By {report.group_by}".ljust(room) + "".join(head.rjust(9) for head in heads)]
    for row in breakdown(report, report.group_by):
        opens, clicks = row.opens, row.clicks
        machines = opens.hits.machines + clicks.hits.machines
        values = (opens.messages.people, opens.messages.unknown, clicks.messages.people, machines)[: len(heads)]
        name = shortened(_clean(row.value) or "–", room)
        lines.append(f"{name:<{room}}" + "".join(number(value).rjust(9) for value in values))
    return lines


def _below(report: Report) -> list[str]:
    lines = [
        f"Not counted: {number(hits)} expired {kind}s, of mails older than the host counts."
        for kind, hits in report.tally.expired.items()
    ]
    return [*lines, *map(_clean, report.notes)]
