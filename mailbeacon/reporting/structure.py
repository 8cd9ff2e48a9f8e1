"""The report as JSON: every number with its unit and denominator; the form is in ``docs/reference/metrics.md``."""

from __future__ import annotations

import json as _json

from mailbeacon.counting import Count, Range, Rate, Raw, Split, Tally
from mailbeacon.reporting.content import Findings, LinkRow, Report, findings, report_of

__all__ = ["json"]

_VERSION = 1


def json(source: Report | Tally, *, indent: int | None = 2) -> str:
    """Write a report as JSON, version 1.

    Args:
        source: A report, or a tally to report without a title.
        indent: Blanks per level; ``None`` for one line.
    """
    report = report_of(source)
    found = findings(report)
    return _json.dumps(_report(report, found), ensure_ascii=False, indent=indent)


def _report(report: Report, found: Findings) -> dict[str, object]:
    rates = found.rates
    return {
        "v": _VERSION,
        "title": report.title,
        "made_at": report.made_at.isoformat() if report.made_at else None,
        "delivered": rates.delivered,
        "bounced": report.tally.bounces,
        "opens": _count(found.opens),
        "clicks": _count(found.clicks),
        "open_rate": _range(rates.opens),
        "click_rate": _range(rates.clicks),
        "click_to_open_rate": _rate(rates.click_to_open),
        "clicks_are_opens": rates.clicks_are_opens,
        "raw": {"opens": _raw(rates.raw_opens), "clicks": _raw(rates.raw_clicks)},
        "links": [_link(row) for row in found.links],
        "expired": report.tally.expired,
        "reasons": [
            {"kind": kind, "actor": actor, "signal": signal, "hits": hits}
            for (kind, actor, signal), hits in report.tally.reasons.items()
        ],
        "verdicts": report.tally.versions,
        "doubt": rates.doubt,
        "notes": list(report.notes),
    }


def _split(split: Split) -> dict[str, int]:
    return {"people": split.people, "unknown": split.unknown, "machines": split.machines, "total": split.total}


def _count(count: Count) -> dict[str, object]:
    measured = count.is_measurable
    return {
        "hits": _split(count.hits),
        "views": _split(count.views) if measured else None,
        "messages": _split(count.messages) if measured else None,
        "shared_hits": _split(count.shared),
    }


def _rate(rate: Rate | None) -> dict[str, object] | None:
    if rate is None:
        return None
    return {
        "name": rate.name,
        "value": rate.value,
        "numerator": rate.numerator,
        "denominator": rate.denominator,
        "unit": rate.unit,
        "of": rate.of,
        "low": rate.interval.low,
        "high": rate.interval.high,
        "confidence": rate.interval.confidence,
    }


def _range(found: Range | None) -> dict[str, object] | None:
    return None if found is None else {"people": _rate(found.low), "people_and_unknown": _rate(found.high)}


def _raw(raw: Raw) -> dict[str, object]:
    return {
        "hits": raw.hits,
        "messages": raw.messages,
        "rate": _rate(raw.rate),
        "machine_hits": _rate(raw.machine_hits),
    }


def _link(row: LinkRow) -> dict[str, object]:
    return {
        "campaign": row.key.campaign,
        "number": row.key.number,
        "url": row.key.url,
        "label": row.label,
        "clicks": _count(row.count),
        "share": _rate(row.share),
    }
