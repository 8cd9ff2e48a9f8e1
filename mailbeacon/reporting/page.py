"""The report as one self-contained HTML page: no script, nothing loaded from outside, readable in dark and in print.

Everything a campaign, a recipient or a newsletter brings is escaped; a policy in the page forbids the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from mailbeacon.counting import Count, Dimension, Range, Rate, Split, Tally
from mailbeacon.counting.suppressing import rounded_rows
from mailbeacon.markup import escape_attribute as escape
from mailbeacon.model import Kind
from mailbeacon.reporting.advice import remarks
from mailbeacon.reporting.charts import heat_map, time_chart
from mailbeacon.reporting.clickmap import click_map
from mailbeacon.reporting.content import Findings, Report, findings, report_of
from mailbeacon.reporting.meanings import MEANINGS
from mailbeacon.reporting.side_by_side import campaign_table, trend
from mailbeacon.reporting.style import MAP_STYLE, STYLE
from mailbeacon.reporting.tables import (
    clients,
    count_table,
    experiment_table,
    group_tables,
    link_table,
    outcome_table,
    reason_table,
)
from mailbeacon.reporting.texts import Texts
from mailbeacon.reporting.wording import NOT_MEASURABLE, range_text, raw_text

__all__ = ["POLICY", "to_html"]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""The page's Content-Security-Policy."""
_log = logging.getLogger("mailbeacon")


def to_html(source: Report | Tally) -> str:
    """Return a report as one HTML page.

    Args:
        source: A report, or a tally to report without a title.
    """
    report = report_of(source)
    found, texts = findings(report), report.texts
    title = report.title or texts.say("Newsletter report")
    above = [
        _head(report, title, found),
        _advice(found, texts),
        _cards(found, texts),
        _counts(found, texts),
        _section(texts, "What became of the mails", outcome_table(found, texts)),
        _over_time(report, texts),
        _section(texts, "Links", link_table(found, texts)),
    ]
    below = [
        _campaigns(found, texts),
        _section(texts, "Groups", group_tables(report)),
        _section(texts, "Who reads with what", clients(report)),
        _experiment(found, texts),
        _section(texts, "Who it was, and why we think so", reason_table(report, texts)),
        _notes(report, found, texts),
        _meanings(texts),
    ]
    body = f"{_bound(above)}{_map(report, found)}{_bound(below)}"
    return (
        f'<!doctype html>\n<html lang="{escape(texts.language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title><style>{STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>\n"
    )


def _bound(parts: Iterable[str]) -> str:
    """Keep each percent sign with its number."""
    return "".join(parts).replace(" %", "\N{NO-BREAK SPACE}%")


def _section(texts: Texts, title: str, *body: str) -> str:
    return f"<section><h2>{escape(texts.say(title))}</h2>{''.join(body)}</section>" if any(body) else ""


def _head(report: Report, title: str, found: Findings) -> str:
    texts = report.texts
    logo = f'<img class="logo" src="{escape(report.logo)}" alt="">' if report.logo else ""
    lines = []
    if found.period is not None:
        first, last = found.period
        lines.append(
            texts.say("Opens and clicks from {first} to {last} ({zone})", first=first, last=last, zone=report.zone)
        )
    if report.made_at is not None:
        lines.append(texts.say("made {moment}", moment=texts.value(report.made_at) + f" {report.made_at:%Z}"))
    about = f'<p class="soft">{escape("; ".join(lines))}</p>' if lines else ""
    doubts = "".join(f"<p>{escape(texts.say(doubt))}</p>" for doubt in found.rates.doubts)
    doubt = f'<div class="doubt" role="note">{doubts}</div>' if doubts else ""
    said = texts.say("A message that was clicked counts as opened here.")
    implied = f"<p>{escape(said)}</p>" if report.clicks_are_opens else ""
    return f"<header>{logo}<h1>{escape(title)}</h1>{about}{doubt}{implied}</header>"


def _advice(found: Findings, texts: Texts) -> str:
    items = "".join(f"<li>{escape(texts.say(one))}</li>" for one in found.advice)
    return _section(texts, "What to do next", f"<ul>{items}</ul>") if items else ""


def _cards(found: Findings, texts: Texts) -> str:
    rates = found.rates
    delivered = texts.say("not known") if rates.delivered is None else texts.number(rates.delivered)
    unit = "messages" if rates.delivered is not None else "so there are no rates"
    cards = [
        ("Delivered", delivered, texts.say(unit), ""),
        ("Open rate", range_text(rates.opens, texts), *_range(rates.opens, "opened", texts)),
        ("Click rate", range_text(rates.clicks, texts), *_range(rates.clicks, "clicked", texts)),
        ("Click-to-open rate", texts.share(rates.click_to_open.value), _of(rates.click_to_open, texts), ""),
        _readers(found, texts),
    ]
    items = "".join(
        f"<li>{escape(texts.say(name))}<b>{escape(figure)}</b><small>{escape(said)}</small>{bar}</li>"
        for name, figure, said, bar in cards
    )
    return f'<ul class="cards">{items}</ul>'


_BY_PEOPLE = {"opened": "{number} opened by people ({bounds})", "clicked": "{number} clicked by people ({bounds})"}


def _range(found: Range | None, verb: str, texts: Texts) -> tuple[str, str]:
    if found is None:
        return texts.say("no deliveries, or no message can be told apart"), ""
    people, unknown = found.low.numerator, found.high.numerator - found.low.numerator
    said = texts.say(_BY_PEOPLE[verb], number=people, bounds=found.low.interval)
    if unknown:
        most = texts.share(found.high.interval.high)
        said += texts.say("; {number} more are unknown (up to {most})", number=unknown, most=most)
    return said, track(found.low.value or 0.0, (found.high.value or 0.0) - (found.low.value or 0.0))


def _of(rate: Rate, texts: Texts) -> str:
    said = "{hits} of {total} {of} ({bounds})"
    values = {"of": texts.say(rate.of), "bounds": rate.interval}
    return texts.say(said, hits=rate.numerator, total=rate.denominator, **values)


def _readers(found: Findings, texts: Texts) -> tuple[str, str, str, str]:
    readers = found.readership
    if readers.estimate is None or readers.interval is None:
        return "Readers, seen or not", texts.say("no answer"), texts.say(readers.reason), ""
    low, high = round(readers.interval.low), round(readers.interval.high)
    said = f"{texts.say('estimate, {low} to {high}', low=low, high=high)}. {texts.say(readers.assumption)}"
    return "Readers, seen or not", texts.say("about {number}", number=round(readers.estimate)), said, ""


def track(*shares: float) -> str:
    """Draw shares of the whole width, beside each other."""
    parts = "".join(f'<i style="width:{100 * part:.1f}%"></i>' for part in shares)
    return f'<div class="track" aria-hidden="true">{parts}</div>'


def _counts(found: Findings, texts: Texts) -> str:
    shared = []
    for count, said in (
        (found.opens, "{number} of the hits are opens counted together only: unique opens are {not_measurable}"),
        (found.clicks, "{number} of the hits are clicks counted together only: unique clicks are {not_measurable}"),
    ):
        if count.shared.total:
            sentence = texts.say(said, number=count.shared.total, not_measurable=texts.say(NOT_MEASURABLE))
            shared.append(f"<p>{escape(sentence)}.</p>")
    raws = (("opens", found.rates.raw_opens), ("clicks", found.rates.raw_clicks))
    raw = [f"<p>{escape(' '.join(lines))}</p>" for name, one in raws if (lines := raw_text(name, one, texts))]
    return _section(texts, "Counts", count_table(found, texts), *shared, *raw)


def _over_time(report: Report, texts: Texts) -> str:
    charts, views = [], dict[datetime, int]()
    for kind, name, ident in ((Kind.OPEN, "Opens", "opens"), (Kind.CLICK, "Clicks", "clicks")):
        counts = report.tally.by(Dimension.HOUR, kind, zone=report.zone)
        if report.minimum > 1:
            rounded = rounded_rows({hour: (one,) for hour, one in counts.items()}, report.minimum, others=None)
            counts = {hour: one for hour, (one,) in rounded.items()}
        hours = {hour: _drawn(one) for hour, one in counts.items() if isinstance(hour, datetime)}
        for hour, split in hours.items():
            views[hour] = views.get(hour, 0) + split.people
        shown = {hour: split for hour, split in hours.items() if split.total}
        chart = time_chart(texts.say(f"{name} (views)"), ident, shown, texts, str(report.zone))
        charts.append(f"<h3>{escape(texts.say(name))}</h3>{chart}" if chart else "")
    heat = heat_map(views, texts, str(report.zone))
    return _section(
        texts, "Over time", *charts, f"<h3>{escape(texts.say('When people read'))}</h3>{heat}" if heat else ""
    )


def _drawn(count: Count) -> Split:
    """Take views, and hits where views are not measurable."""
    return count.views + count.shared


def _map(report: Report, found: Findings) -> str:
    """Draw the click map in a shadow root, which keeps its styles to itself and, unlike a frame, prints as a whole.

    Whatever is wrong with a newsletter, it costs the map and never the report.
    """
    texts = report.texts
    try:
        drawn = click_map(report.newsletter, report.links, found.links)
    except Exception as error:
        _log.warning("the click map cannot be drawn: %s", type(error).__name__)
        failure = texts.say("The click map of this newsletter cannot be drawn.")
        return _section(texts, "Click map", f"<p>{escape(failure)}</p>")
    if not drawn:
        return ""
    said = texts.say(
        "The newsletter without its remote images; on each link its share of the messages in which people clicked. "
        "Every figure stands in the table of links too."
    )
    label = escape(texts.say("The newsletter with each link’s share"))
    host = (
        f'<div class="map" role="region" tabindex="0" aria-label="{label}"><template shadowrootmode="closed">'
        f"<style>{MAP_STYLE}</style><div>{drawn}</div></template></div>"
    )
    return _section(texts, "Click map", f"<p>{escape(said)}</p>", host)


def _campaigns(found: Findings, texts: Texts) -> str:
    return _section(
        texts, "Campaigns side by side", trend(found.campaigns, texts), campaign_table(found.campaigns, texts)
    )


def _experiment(found: Findings, texts: Texts) -> str:
    if found.missing:
        return _section(texts, "Experiment", f"<p>{escape(texts.say(found.missing))}</p>")
    if found.comparison is None:
        return ""
    said = f"<p><strong>{escape(texts.say(found.comparison.sentence))}</strong></p>"
    waiting = f"<p>{escape(texts.say(found.comparison.waiting))}</p>" if found.comparison.waiting else ""
    return _section(texts, "Experiment", said, waiting, experiment_table(found.comparison, texts))


def _notes(report: Report, found: Findings, texts: Texts) -> str:
    lines = [*(texts.say(one) for one in remarks(found.shown, report.minimum)), *report.notes]
    return _section(texts, "Notes", *(f"<p>{escape(line)}</p>" for line in lines))


def _meanings(texts: Texts) -> str:
    terms = "".join(
        f"<dt>{escape(texts.say(name))}</dt><dd>{escape(texts.say(meaning))}</dd>" for name, meaning in MEANINGS
    )
    return _section(texts, "How each number is defined", f"<dl>{terms}</dl>")
