"""The report as CSV: one table with a row for each figure, for spreadsheets and other programs."""

from __future__ import annotations

import csv as _csv
import io
from collections.abc import Iterator

from mailbeacon.counting import Count, Dimension, Rate, Tally
from mailbeacon.reporting.content import Findings, Report, breakdown, findings, report_of

__all__ = ["csv"]

_HEAD = ("figure", "of", "unit", "people", "unknown", "machines", "total", "denominator", "value", "low", "high")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection, 2026)."""


def csv(source: Report | Tally) -> str:
    """Write a report as CSV (RFC 4180), with a head line.

    Texts that a spreadsheet would take for a formula get an apostrophe before them.
    """
    report = report_of(source)
    found = findings(report)
    sheet = io.StringIO()
    writer = _csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(_HEAD)
    for row in _rows(report, found):
        writer.writerow([_safe(cell) if isinstance(cell, str) else cell for cell in row])
    return sheet.getvalue()


def _rows(report: Report, found: Findings) -> Iterator[tuple[object, ...]]:
    rates = found.rates
    yield ("delivered", "", "messages", "", "", "", "" if rates.delivered is None else rates.delivered, "", "", "", "")
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
    for link in found.links:
        yield from _counted("clicks by link", link.name, link.count)
    if report.group_by is not None:
        for row in breakdown(report, Dimension(report.group_by)):
            yield from _counted(f"opens by {report.group_by}", row.value, row.opens)
            yield from _counted(f"clicks by {report.group_by}", row.value, row.clicks)


def _counted(name: str, of: str, count: Count) -> Iterator[tuple[object, ...]]:
    units = ("messages", "views", "hits") if count.is_measurable else ("hits",)
    for unit in units:
        split = getattr(count, unit)
        yield (name, of, unit, split.people, split.unknown, split.machines, split.total, "", "", "", "")


def _rate(rate: Rate) -> tuple[object, ...]:
    value = "" if rate.value is None else f"{rate.value:.6f}"
    bounds = (f"{rate.interval.low:.6f}", f"{rate.interval.high:.6f}")
    return (rate.name, rate.of, rate.unit, "", "", "", rate.numerator, rate.denominator, value, *bounds)


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
