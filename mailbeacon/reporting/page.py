"""The report as one self-contained HTML page: no script, nothing loaded from outside, readable in dark and in print.

Everything a campaign, a recipient or a newsletter brings is escaped; a policy in the page forbids the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from mailbeacon.counting import Count, Dimension, Range, Rate, Split, Tally
from mailbeacon.model import Kind
from mailbeacon.reporting.charts import LEGEND, time_chart
from mailbeacon.reporting.clickmap import click_map
from mailbeacon.reporting.content import Findings, LinkRow, Report, Row, breakdown, findings, report_of
from mailbeacon.reporting.meanings import MEANINGS
from mailbeacon.reporting.style import STYLE
from mailbeacon.reporting.wording import NOT_MEASURABLE, bounds, number, range_text, raw_text, share

__all__ = ["POLICY", "html"]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""The page's Content-Security-Policy; the frame of the click map inherits it."""
_MOST_ROWS = 12


def html(source: Report | Tally) -> str:
    """Write a report as one HTML page.

    Args:
        source: A report, or a tally to report without a title.
    """
    report = report_of(source)
    found = findings(report)
    title = report.title or "Newsletter report"
    above = [_head(report, title, found), _cards(found), _counts(found), _over_time(report), _links(found.links)]
    below = [_clients(report), _experiment(found), _machines(report, found), _notes(report), _meanings()]
    body = f"{_bound(above)}{_map(report, found)}{_bound(below)}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title><style>{STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>\n"
    )


def _bound(parts: Iterable[str]) -> str:
    """Keep each percent sign with its number."""
    return "".join(parts).replace(" %", "\N{NO-BREAK SPACE}%")


def _section(title: str, *body: str) -> str:
    return f"<section><h2>{title}</h2>{''.join(body)}</section>" if any(body) else ""


def _head(report: Report, title: str, found: Findings) -> str:
    made = "" if report.made_at is None else f'<p class="soft">{report.made_at:%Y-%m-%d %H:%M %Z}</p>'
    doubt = f'<p class="doubt" role="note">{escape(found.rates.doubt)}</p>' if found.rates.doubt else ""
    implied = "<p>A message that was clicked counts as opened here.</p>" if report.clicks_are_opens else ""
    return f"<header><h1>{escape(title)}</h1>{made}{doubt}{implied}</header>"


def _cards(found: Findings) -> str:
    rates = found.rates
    delivered = "not known" if rates.delivered is None else number(rates.delivered)
    cards = [
        (
            "Delivered",
            delivered,
            "messages, as the sender said" if rates.delivered is not None else "so there are no rates",
            "",
        ),
        ("Open rate", range_text(rates.opens), *_range(rates.opens, "opened")),
        ("Click rate", range_text(rates.clicks), *_range(rates.clicks, "clicked")),
        ("Click-to-open rate", share(rates.click_to_open.value), _of(rates.click_to_open), ""),
        _readers(found),
    ]
    items = "".join(
        f"<li>{name}<b>{escape(figure)}</b><small>{escape(said)}</small>{bar}</li>" for name, figure, said, bar in cards
    )
    return f'<ul class="cards">{items}</ul>'


def _range(found: Range | None, verb: str) -> tuple[str, str]:
    if found is None:
        return "no deliveries, or no message can be told apart", ""
    people, unknown = found.low.numerator, found.high.numerator - found.low.numerator
    said = f"{number(people)} {verb} by people ({bounds(found.low.interval)})"
    if unknown:
        said += f"; {number(unknown)} more are unknown (up to {100 * found.high.interval.high:.1f} %)"
    return said, _track(found.low.value or 0.0, (found.high.value or 0.0) - (found.low.value or 0.0))


def _of(rate: Rate) -> str:
    return f"{number(rate.numerator)} of {number(rate.denominator)} {rate.of} ({bounds(rate.interval)})"


def _readers(found: Findings) -> tuple[str, str, str, str]:
    readers = found.readership
    if readers.estimate is None or readers.interval is None:
        return "Readers, seen or not", "no answer", readers.reason, ""
    low, high = number(round(readers.interval.low)), number(round(readers.interval.high))
    said = f"estimate, {low} to {high}. {readers.assumption}"
    return "Readers, seen or not", f"about {number(round(readers.estimate))}", said, ""


def _track(*shares: float) -> str:
    parts = "".join(f'<i style="width:{100 * part:.1f}%"></i>' for part in shares)
    return f'<div class="track" aria-hidden="true">{parts}</div>'


def _counts(found: Findings) -> str:
    rows = []
    for name, count in (("Opens", found.opens), ("Clicks", found.clicks)):
        for unit in ("messages", "views", "hits"):
            split = getattr(count, unit) if count.is_measurable or unit == "hits" else None
            rows.append(f'<tr><th scope="row">{name}, {unit}</th>{_cells(split)}</tr>')
        if count.shared.total:
            said = f"{number(count.shared.total)} of the hits are counted together only: unique {NOT_MEASURABLE}"
            rows.append(f'<tr><th scope="row" colspan="5">{said}</th></tr>')
    raw = [f"<p>{escape(line)}</p>" for line in _raw(found)]
    head = _columns("", "people", "unknown", "machines", "total")
    caption = "<caption>By who made them, in three units</caption>"
    table = f"<table>{caption}{head}<tbody>{''.join(rows)}</tbody></table>"
    return _section("Opens and clicks", table, *raw)


def _cells(split: Split | None) -> str:
    if split is None:
        return "<td>–</td>" * 4
    values = (split.people, split.unknown, split.machines, split.total)
    return "".join(f"<td>{number(value)}</td>" for value in values)


def _columns(*names: str) -> str:
    cells = "".join(f'<th scope="col">{name}</th>' if name else "<td></td>" for name in names)
    return f"<thead><tr>{cells}</tr></thead>"


def _raw(found: Findings) -> list[str]:
    raws = (("opens", found.rates.raw_opens), ("clicks", found.rates.raw_clicks))
    return [" ".join(lines) for lines in (raw_text(name, raw) for name, raw in raws) if lines]


def _over_time(report: Report) -> str:
    charts = []
    for kind, name, ident in ((Kind.OPEN, "Opens", "opens"), (Kind.CLICK, "Clicks", "clicks")):
        counts = report.tally.by(Dimension.HOUR, kind)
        hours = {hour: _shown(count) for hour, count in counts.items() if isinstance(hour, datetime)}
        chart = time_chart(f"{name} (views)", ident, {hour: split for hour, split in hours.items() if split.total})
        charts.append(f"<h3>{name}</h3>{chart}" if chart else "")
    return _section("Over time", *charts)


def _shown(count: Count) -> Split:
    """Take views, and hits where views are not measurable."""
    return count.views + count.shared


def _links(rows: Sequence[LinkRow]) -> str:
    if not rows:
        return ""
    largest = max((row.count.messages.possible for row in rows), default=0) or 1
    body = "".join(_link(row, largest) for row in rows)
    said = "Messages in which the link was clicked; the share is of all messages in which people clicked"
    caption = f"<caption>{said}</caption>"
    head = _columns("Link", "people", "share", "unknown", "machines")
    return _section("Links", f'{LEGEND}<table class="links">{caption}{head}<tbody>{body}</tbody></table>')


def _link(row: LinkRow, largest: int) -> str:
    messages = row.count.messages
    url = f'<span class="url wide-only">{escape(row.key.url)}</span>' if row.label and row.key.url else ""
    bar = _track(messages.people / largest, messages.unknown / largest)
    interval = f'<span class="url">{bounds(row.share.interval)}</span>' if row.share.denominator else ""
    return (
        f'<tr><th scope="row">{escape(row.name)}{url}{bar}</th><td>{number(messages.people)}</td>'
        f"<td>{share(row.share.value)}{interval}</td><td>{number(messages.unknown)}</td>"
        f"<td>{number(messages.machines)}</td></tr>"
    )


def _map(report: Report, found: Findings) -> str:
    drawn = click_map(report.newsletter, report.links, found.links)
    if not drawn:
        return ""
    said = (
        "<p>The newsletter without its remote images; on each link its share of the messages in which people clicked. "
        "Every figure stands in the table of links too.</p>"
    )
    frame = f'<iframe sandbox title="The newsletter with each link’s share" srcdoc="{escape(drawn)}"></iframe>'
    return _section("Click map", said, frame)


def _clients(report: Report) -> str:
    wanted = [Dimension.CLIENT, Dimension.SYSTEM, Dimension.DEVICE, Dimension.COUNTRY]
    if report.group_by is not None:
        wanted = [Dimension(report.group_by), *(one for one in wanted if one != report.group_by)]
    return _section(
        "Who reads with what", *(_table_of(dimension, breakdown(report, dimension)) for dimension in wanted)
    )


def _table_of(dimension: Dimension, rows: Iterable[Row]) -> str:
    named = [row for row in rows if row.value]
    order = sorted(named, key=lambda row: -(row.opens.messages.possible + row.clicks.messages.possible))
    shown, rest = order[:_MOST_ROWS], order[_MOST_ROWS:]
    if not shown:
        return ""
    body = "".join(
        f'<tr><th scope="row">{escape(row.value)}</th><td>{number(row.opens.messages.people)}</td>'
        f"<td>{number(row.opens.messages.unknown)}</td><td>{number(row.clicks.messages.people)}</td>"
        f"<td>{number(row.opens.hits.machines + row.clicks.hits.machines)}</td></tr>"
        for row in shown
    )
    more = f"; {len(rest)} more are not shown" if rest else ""
    caption = f"<caption>Messages, and hits by machines; one message may stand in several lines{more}</caption>"
    head = _columns(dimension.capitalize(), "opened", "unknown", "clicked", "machine hits")
    return f"<h3>By {dimension}</h3><table>{caption}{head}<tbody>{body}</tbody></table>"


def _experiment(found: Findings) -> str:
    comparison = found.comparison
    if comparison is None:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{number(rate.numerator)}</td><td>{number(rate.denominator)}</td>'
        f"<td>{share(rate.value)}</td><td>{bounds(rate.interval)}</td></tr>"
        for name, rate in comparison.rates.items()
    )
    head = _columns("Variant", f"{comparison.kind}s by people", "delivered", "rate", "interval")
    caption = f"<caption>{escape(comparison.why)}</caption>"
    table = f"<table>{caption}{head}<tbody>{rows}</tbody></table>"
    return _section("Experiment", f"<p><strong>{escape(comparison.sentence)}</strong></p>", table)


def _machines(report: Report, found: Findings) -> str:
    audience = {(kind, actor): hits for (kind, actor, _), hits in report.tally.reasons.items()}
    if not audience or not (found.opens.hits.total or found.clicks.hits.total):
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(actor.replace("_", " "))}</th><td>{escape(kind)}s</td>'
        f"<td>{escape(signal) or '–'}</td><td>{number(hits)}</td></tr>"
        for (kind, actor, signal), hits in list(report.tally.reasons.items())[: 2 * _MOST_ROWS]
    )
    head = _columns("Who", "what", "strongest reason", "hits")
    caption = "<caption>Hits by verdict, and the strongest signal that led to it</caption>"
    versions = ", ".join(filter(None, report.tally.versions))
    judged = f'<p class="soft">Judged with {escape(versions)}.</p>' if versions else ""
    return _section("Who it was, and why we think so", f"<table>{caption}{head}<tbody>{rows}</tbody></table>", judged)


def _notes(report: Report) -> str:
    lines = [
        f"{number(hits)} {kind}s of mails older than the sender counts are in no figure above."
        for kind, hits in report.tally.expired.items()
    ]
    return _section("Notes", *(f"<p>{escape(line)}</p>" for line in (*lines, *report.notes)))


def _meanings() -> str:
    terms = "".join(f"<dt>{name}</dt><dd>{escape(meaning)}</dd>" for name, meaning in MEANINGS)
    return _section("How each number is defined", f"<dl>{terms}</dl>")
