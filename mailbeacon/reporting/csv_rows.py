"""The report as CSV: one table with a row for each figure, for spreadsheets and other programs."""

from __future__ import annotations

from collections.abc import Iterator

from mailbeacon.counting import Count, Outcomes, Rate, Tally
from mailbeacon.counting.spreadsheets import csv_text
from mailbeacon.reporting.advice import remarks
from mailbeacon.reporting.content import Findings, LinkRow, Report, breakdown, findings, report_of

__all__ = ["to_csv"]

_HEAD = ("figure", "of", "unit", "people", "unknown", "machines", "total", "denominator", "value", "low", "high")
_OUTCOMES = tuple(name for name in Outcomes.__dataclass_fields__)
_Row = tuple[object, ...]


def to_csv(source: Report | Tally) -> str:
    """Return a report as CSV (RFC 4180), with a head line.

    Texts that a spreadsheet would take for a formula get an apostrophe before them.
    """
    report = report_of(source)
    return csv_text(_HEAD, _rows(report, findings(report)))


def _rows(report: Report, found: Findings) -> Iterator[_Row]:
    rates = found.rates
    if found.period is not None:
        first, last = found.period
        yield _remark("period", f"{first.isoformat()} to {last.isoformat()}")
    for doubt in rates.doubts:
        yield _remark("doubt", doubt)
    yield _number("delivered", "messages", rates.delivered)
    for name in _OUTCOMES:
        figure = "reported delivered" if name == "delivered" else name.replace("_", " ")
        yield _number(figure, "messages", getattr(found.outcomes, name))
    yield from _counted("opens", "", found.opens)
    yield from _counted("clicks", "", found.clicks)
    for range_ in (rates.opens, rates.clicks):
        if range_ is not None:
            yield _rate(range_.low)
            yield _rate(range_.high)
    yield _rate(rates.click_to_open)
    for raw in (rates.raw_opens, rates.raw_clicks):
        if raw.rate is not None:
            yield _rate(raw.rate)
    for rate in rates.outcomes.values():
        yield _rate(rate)
    for link in found.links:
        yield from _counted("clicks by link", _link_name(link), link.count)
    for name in dict.fromkeys([*report.tally.group_kinds, *([str(report.group_by)] if report.group_by else [])]):
        for row in breakdown(report, name):
            yield from _counted(f"opens by {name}", row.value, row.opens)
            yield from _counted(f"clicks by {name}", row.value, row.clicks)
    yield from _campaigns(found)
    for remark in remarks(found.shown, report.minimum):
        yield _remark("remark", remark)


def _link_name(link: LinkRow) -> str:
    """Name a link so that two of the same label, or of the same destination, are told apart."""
    number = f" [{link.key.number}]" if link.key.number else ""
    campaign = f" ({link.key.campaign})" if link.key.campaign else ""
    return f"{link.name}{number}{campaign}"


def _campaigns(found: Findings) -> Iterator[_Row]:
    for row in found.campaigns:
        yield _number(f"delivered of {row.campaign}", "messages", row.rates.delivered)
        for range_ in (row.rates.opens, row.rates.clicks):
            if range_ is not None:
                yield _rate(range_.low, of=f"delivered of {row.campaign}")
                yield _rate(range_.high, of=f"delivered of {row.campaign}")


def _remark(name: str, what: str) -> _Row:
    return (name, what, *[""] * 9)


def _number(name: str, unit: str, value: int | None) -> _Row:
    return (name, "", unit, "", "", "", value, "", "", "", "")


def _counted(name: str, of: str, count: Count) -> Iterator[_Row]:
    units = ("messages", "views", "hits") if count.is_measurable else ("hits",)
    for unit in units:
        split = getattr(count, unit)
        yield (name, of, unit, split.people, split.unknown, split.machines, split.total, "", "", "", "")


def _rate(rate: Rate, of: str = "") -> _Row:
    value = "" if rate.value is None else f"{rate.value:.6f}"
    bounds = (f"{rate.interval.low:.6f}", f"{rate.interval.high:.6f}")
    return (rate.name, of or rate.of, rate.unit, "", "", "", rate.numerator, rate.denominator, value, *bounds)
