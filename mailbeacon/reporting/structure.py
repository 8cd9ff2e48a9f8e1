"""The report as JSON: every number with its unit and denominator; the form is in ``docs/reference/metrics.md``."""

from __future__ import annotations

import json
from dataclasses import asdict

from mailbeacon.counting import (
    CampaignRow,
    Change,
    Comparison,
    Count,
    Dimension,
    Range,
    Rate,
    Raw,
    Readership,
    Split,
    Tally,
)
from mailbeacon.reporting.content import Findings, LinkRow, Report, breakdown, findings, reasons_of, report_of

__all__ = ["VERSION", "to_json"]

VERSION = 1
_ALWAYS = (
    Dimension.HOUR,
    Dimension.DAY,
    Dimension.CLIENT,
    Dimension.SYSTEM,
    Dimension.DEVICE,
    Dimension.COUNTRY,
    Dimension.REGION,
)


def to_json(source: Report | Tally, *, indent: int | None = 2) -> str:
    """Return a report as JSON, version 1.

    Args:
        source: A report, or a tally to report without a title.
        indent: Blanks per level; ``None`` for one line.
    """
    report = report_of(source)
    found = findings(report)
    return json.dumps(_report(report, found), ensure_ascii=False, indent=indent)


def _report(report: Report, found: Findings) -> dict[str, object]:
    rates = found.rates
    return {
        "v": VERSION,
        "title": report.title,
        "made_at": report.made_at.isoformat() if report.made_at else None,
        "period": None if found.period is None else [moment.isoformat() for moment in found.period],
        "since": report.since.isoformat() if report.since else None,
        "zone": str(report.zone),
        "minimum": report.minimum,
        "delivered": rates.delivered,
        "bounced": found.shown.bounces,
        "outcomes": asdict(found.outcomes),
        "outcome_rates": {name: _rate(rate) for name, rate in rates.outcomes.items()},
        "opens": _count(found.opens),
        "clicks": _count(found.clicks),
        "open_rate": _range(rates.opens),
        "click_rate": _range(rates.clicks),
        "click_to_open_rate": _rate(rates.click_to_open),
        "clicks_are_opens": rates.clicks_are_opens,
        "raw": {"opens": _raw(rates.raw_opens), "clicks": _raw(rates.raw_clicks)},
        "links": [_link(row) for row in found.links],
        "destinations": [one._asdict() for one in found.destinations],
        "readership": _readership(found.readership),
        "experiment": None if found.comparison is None else _comparison(found.comparison),
        "experiment_missing": found.missing,
        "campaigns": [_campaign(row) for row in found.campaigns],
        "by": {str(dimension): _breakdown(report, dimension) for dimension in _dimensions(report)},
        "expired": found.shown.expired,
        "marks": [{"mark": mark, "kind": kind, "hits": hits} for (mark, kind), hits in found.shown.marks.items()],
        "reasons": [
            {"kind": kind, "actor": actor, "signal": signal, "hits": hits}
            for (kind, actor, signal), hits in reasons_of(report).items()
        ],
        "verdicts": found.shown.versions,
        "doubt": rates.doubt,
        "advice": list(found.advice),
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


def _readership(found: Readership) -> dict[str, object]:
    bounds = found.interval
    return {
        "unit": "messages",
        "opened": found.opened,
        "clicked": found.clicked,
        "both": found.both,
        "estimate": None if found.estimate is None else round(found.estimate, 1),
        "low": None if bounds is None else round(bounds.low, 1),
        "high": None if bounds is None else round(bounds.high, 1),
        "reason": found.reason,
        "assumption": found.assumption,
    }


def _comparison(found: Comparison) -> dict[str, object]:
    contrasts = [
        {
            "better": one.better,
            "other": one.other,
            "points": one.points,
            "low": one.interval.low,
            "high": one.interval.high,
            "p": one.p,
            "is_clear": one.is_clear,
            "needed": one.needed,
        }
        for one in found.contrasts
    ]
    return {
        "kind": found.kind,
        "why": found.why,
        "rates": {name: _rate(rate) for name, rate in found.rates.items()},
        "contrasts": contrasts,
        "sentence": found.sentence,
        "waiting": found.waiting,
    }


def _campaign(row: CampaignRow) -> dict[str, object]:
    return {
        "campaign": row.campaign,
        "first": row.first.isoformat() if row.first else None,
        "delivered": row.rates.delivered,
        "open_rate": _range(row.rates.opens),
        "click_rate": _range(row.rates.clicks),
        "outcome_rates": {name: _rate(rate) for name, rate in row.rates.outcomes.items()},
        "open_change": _change(row.opens),
        "click_change": _change(row.clicks),
    }


def _change(change: Change | None) -> dict[str, object] | None:
    if change is None:
        return None
    return {
        "points": change.points,
        "low": change.interval.low,
        "high": change.interval.high,
        "p": change.p,
        "of": change.of,
        "could_be_chance": change.could_be_chance,
    }


def _dimensions(report: Report) -> list[str]:
    asked = [report.group_by] if report.group_by else []
    return list(dict.fromkeys(map(str, [*_ALWAYS, *report.tally.group_kinds, *asked])))


def _breakdown(report: Report, dimension: str) -> list[dict[str, object]]:
    return [
        {"value": row.value, "opens": _count(row.opens), "clicks": _count(row.clicks)}
        for row in breakdown(report, dimension)
    ]
