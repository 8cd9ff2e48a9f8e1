"""The report as text for a terminal or a mail: as wide as asked, without colours or control characters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from mailbeacon.counting import Change, Count, Range, Rate, Split, Tally
from mailbeacon.reporting.advice import remarks
from mailbeacon.reporting.content import Findings, LinkRow, Report, Row, breakdown, findings, report_of
from mailbeacon.reporting.wording import (
    NOT_MEASURABLE,
    bounds,
    number,
    plural,
    range_text,
    rate_text,
    raw_text,
    share,
    shortened,
)

__all__ = ["to_text"]

_NARROWEST = 40
_WIDE = 54
_WIDEST = 76
_RATE = 10
_TOP_LINKS = 10
_OUTCOMES = {
    "sent": "Sent",
    "bounced": "Bounced (hard)",
    "deferred": "Deferred (soft)",
    "rejected": "Rejected",
    "complained": "Spam complaints",
    "unsubscribed": "Unsubscribed",
    "withdrawn": "Withdrawn",
    "subscribed": "Subscribed",
}


def to_text(source: Report | Tally, *, width: int = 80) -> str:
    """Return a report as plain text.

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
        _title(report, found, width),
        _counts(found, width),
        _rates(found),
        _machines(found),
        _outcomes(found),
        _links(found.links, width),
        _readers(found),
        _experiment(found),
        _campaigns(found, width),
        *(_group(report, name, width) for name in _names(report)),
        [f"Next: {one}" for one in found.advice],
        _below(report, found),
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


def _title(report: Report, found: Findings, width: int) -> list[str]:
    title = _clean(report.title)
    lines = [title, "=" * min(len(title), width)] if title else []
    if report.made_at is not None:
        lines.append(report.made_at.strftime("%Y-%m-%d %H:%M %Z").strip())
    if found.period is not None:
        first, last = found.period
        lines.append(f"Opens and clicks from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} ({report.zone})")
    return lines


def _counts(found: Findings, width: int) -> list[str]:
    delivered = found.rates.delivered
    said = "not known, so there are no rates" if delivered is None else number(delivered)
    heads = ("people", "unknown", "machines", "total")
    if width < _WIDE:
        heads = ("people", "unkn.", "mach.", "total")
    size = min(11, (width - 16) // len(heads))
    lines = [f"Delivered: {said}", *found.rates.doubts, ""]
    lines.append(" " * 16 + "".join(head.rjust(size) for head in heads))
    for name, count in (("Opens", found.opens), ("Clicks", found.clicks)):
        for unit, split in _units(count):
            cells = _cells(split)
            lines.append(f"{name:<8}{unit:<8}" + "".join(cell.rjust(size) for cell in cells))
            name = ""
        if count.shared.total:
            lines.append(
                f"  of them {plural(count.shared.total, 'hit')} of mails counted together: unique {NOT_MEASURABLE}"
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


def _outcomes(found: Findings) -> list[str]:
    """List what became of the mails."""
    lines = []
    for name, said in _OUTCOMES.items():
        value, rate = getattr(found.outcomes, name), found.rates.outcomes.get(name)
        if value:
            shown_rate = (
                f"  {100 * rate.value:.2f} % of {rate.of}, interval {bounds(rate.interval)}"
                if rate and rate.value
                else ""
            )
            lines.append(f"{said:<16}{number(value):>9}{shown_rate}")
    if "complained" in found.rates.outcomes and found.outcomes.complained:
        lines.append("Gmail asks for a complaint rate below 0.1 %, and turns mail away from 0.3 % on.")
    return lines


def _links(rows: Sequence[LinkRow], width: int) -> list[str]:
    """List the links by the messages in which people clicked them."""
    clicked = [row for row in rows if row.count.hits.total]
    top = clicked[:_TOP_LINKS]
    if not top:
        return []
    room = width - 27
    lines = ["Links".ljust(room) + "  clicked    share machines"]
    for row in top:
        name = shortened(_clean(row.name), room)
        people, machines = number(row.count.messages.people), number(row.count.messages.machines)
        lines.append(f"{name:<{room}}{people:>9}{share(row.share.value):>9}{machines:>9}")
    return [*lines, *_more(len(rows) - len(top), never=len(rows) - len(clicked))]


def _more(links: int, never: int) -> list[str]:
    """Return a line on how many links are not listed, and how many of these nobody clicked."""
    if not links:
        return []
    unclicked = f", {number(never)} of them never clicked" if 0 < never < links else ", never clicked" if never else ""
    return [f"and {number(links)} more{unclicked}"]


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
    if found.missing:
        return [_clean(found.missing)]
    if found.comparison is None:
        return []
    rates = [f"  {_clean(name)}: {rate_text(rate)}" for name, rate in found.comparison.rates.items()]
    waiting = [f"  {_clean(found.comparison.waiting)}"] if found.comparison.waiting else []
    return [f"Experiment: {_clean(found.comparison.sentence)}", *rates, f"  {found.comparison.why}", *waiting]


def _campaigns(found: Findings, width: int) -> list[str]:
    """List the campaigns, the rates being those of people."""
    if not found.campaigns:
        return []
    room = width - 2 * 14
    lines = ["Campaigns".ljust(room) + "open rate".rjust(14) + "click rate".rjust(14)]
    for row in found.campaigns:
        name = shortened(_clean(row.campaign) or "–", room - 1)
        lines.append(
            f"{name:<{room}}{_changed(row.rates.opens, row.opens):>14}{_changed(row.rates.clicks, row.clicks):>14}".rstrip()
        )
    return [*lines, "By people; + and - against the up to five campaigns before, ~ where that could be chance."]


def _changed(found: Range | None, change: Change | None) -> str:
    if found is None:
        return "–"
    sign = "" if change is None else " ~" if change.could_be_chance else f" {100 * change.points:+.1f}"
    return f"{share(found.low.value)}{sign}"


def _names(report: Report) -> list[str]:
    asked = [str(report.group_by)] if report.group_by is not None else []
    return list(dict.fromkeys([*asked, *report.tally.group_kinds]))


def _group(report: Report, name: str, width: int) -> list[str]:
    heads = ("opened", "unknown", "clicked", "machines")
    if width < _WIDE:
        heads = ("open", "unkn.", "click", "mach.")
    size = 9 if width >= _WIDE else 7
    rows = breakdown(report, name)
    rated = width >= _WIDEST and any(row.rates is not None for row in rows)
    room = width - size * len(heads) - (2 * _RATE if rated else 0)
    head = f"By {shortened(_clean(name), room - 3)}".ljust(room) + "".join(head.rjust(size) for head in heads)
    lines = [head + ("open rate".rjust(_RATE) + "clicks".rjust(_RATE) if rated else "")]
    for row in rows:
        opens, clicks = row.opens, row.clicks
        machines = opens.hits.machines + clicks.hits.machines
        values = (opens.messages.people, opens.messages.unknown, clicks.messages.people, machines)
        shown = shortened(_clean(row.value) or "–", room - 1)
        rates = "".join(_low(one).rjust(_RATE) for one in _ranges(row)) if rated else ""
        lines.append(f"{shown:<{room}}" + "".join(number(value).rjust(size) for value in values) + rates)
    return lines


def _ranges(row: Row) -> tuple[Range | None, Range | None]:
    return (None, None) if row.rates is None else (row.rates.opens, row.rates.clicks)


def _low(found: Range | None) -> str:
    return "–" if found is None else share(found.low.value)


def _below(report: Report, found: Findings) -> list[str]:
    return [*remarks(found.shown, report.minimum), *map(_clean, report.notes)]
