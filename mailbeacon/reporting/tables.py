"""The tables of the page. Each takes findings and a language, and gives HTML; empty where there is nothing to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mailbeacon.counting import Comparison, Count, Dimension, Rate, Split
from mailbeacon.markup import escape_attribute as escape
from mailbeacon.reporting.advice import GMAIL_LIMIT, GMAIL_TARGET
from mailbeacon.reporting.charts import legend
from mailbeacon.reporting.content import OTHERS, Findings, LinkRow, Report, Row, breakdown, reasons_of
from mailbeacon.reporting.reasons import ACTORS, reason_text
from mailbeacon.reporting.texts import Texts
from mailbeacon.reporting.wording import range_text

__all__ = [
    "clients",
    "columns",
    "count_table",
    "experiment_table",
    "group_tables",
    "link_table",
    "outcome_table",
    "reason_table",
]

_MOST_ROWS = 12
_UNITS = ("messages", "views", "hits")
_ROWS = {
    "sent": "Sent",
    "delivered": "Delivered",
    "bounced": "Bounced (hard)",
    "deferred": "Deferred (soft bounce)",
    "rejected": "Rejected by the provider",
    "complained": "Reported as spam",
    "unsubscribed": "Unsubscribed",
    "withdrawn": "Consent withdrawn",
    "subscribed": "Subscribed",
}


def columns(texts: Texts, *names: str) -> str:
    """Return the head of a table."""
    cells = "".join(f'<th scope="col">{escape(texts.say(name))}</th>' if name else "<td></td>" for name in names)
    return f"<thead><tr>{cells}</tr></thead>"


def _table(head: str, rows: str, caption: str = "", *, kind: str = "") -> str:
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{title}{head}<tbody>{rows}</tbody></table>"


def _row(name: str, *cells: str) -> str:
    """Return a row; the name is escaped here, the cells are written by us."""
    return f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def count_table(found: Findings, texts: Texts) -> str:
    """Count opens and clicks in each unit."""
    rows = []
    for name, count in (("Opens", found.opens), ("Clicks", found.clicks)):
        for unit in _UNITS:
            split = getattr(count, unit) if count.is_measurable or unit == "hits" else None
            rows.append(_row(texts.say(f"{name}, {unit}"), *_cells(split, texts)))
    return _table(columns(texts, "", "people", "unknown", "machines", "total"), "".join(rows))


def _cells(split: Split | None, texts: Texts) -> list[str]:
    if split is None:
        return ["–"] * 4
    return [texts.number(value) for value in (split.people, split.unknown, split.machines, split.total)]


def outcome_table(found: Findings, texts: Texts) -> str:
    """Show what became of the mails, with rates."""
    rows = []
    for name, said in _ROWS.items():
        number, rate = getattr(found.outcomes, name), found.rates.outcomes.get(name)
        if number or rate is not None:
            rows.append(_row(texts.say(said), texts.number(number), *_rate_cells(rate, texts)))
    if not any(getattr(found.outcomes, name) for name in _ROWS):
        return ""
    complaints = found.rates.outcomes.get("complained")
    caption = ""
    if complaints is not None:
        marks = {"target": texts.share(GMAIL_TARGET), "limit": texts.share(GMAIL_LIMIT)}
        caption = texts.say(
            "Gmail asks for a complaint rate below {target}, and turns mail away from {limit} on.", **marks
        )
    return _table(columns(texts, "", "messages", "rate", "interval", "of"), "".join(rows), caption)


def _rate_cells(rate: Rate | None, texts: Texts) -> tuple[str, str, str]:
    if rate is None:
        return "", "", ""
    of = f"{texts.number(rate.denominator)} {escape(texts.say(rate.of))}"
    return texts.share(rate.value, digits=2), texts.bounds(rate.interval), of


def link_table(found: Findings, texts: Texts) -> str:
    """Show the links, and the destinations that several of them share."""
    if not found.links:
        return ""
    body = "".join(_link(row, texts) for row in found.links)
    said = texts.say(
        "Messages in which the link was clicked; share and bar are of all messages in which people clicked any link"
    )
    table = _table(columns(texts, "Link", "people", "share", "unknown", "machines"), body, said, kind="links")
    rows = "".join(
        _row(one.url, *map(texts.number, (one.links, one.people, one.unknown, one.machines)))
        for one in found.destinations
    )
    head = columns(texts, "Destination", "links", "people", "unknown", "machines")
    caption = texts.say("Destinations of several links, in hits: one message may have clicked more than one of them")
    return legend(texts) + table + (_table(head, rows, caption, kind="links") if rows else "")


def _link(row: LinkRow, texts: Texts) -> str:
    messages, of = row.count.messages, row.share.denominator
    url = f'<span class="url wide-only">{escape(row.key.url)}</span>' if row.label and row.key.url else ""
    shares = (messages.people / of, min(messages.unknown / of, 1 - messages.people / of)) if of else ()
    bar = "".join(f'<i style="width:{100 * part:.1f}%"></i>' for part in shares)
    interval = f'<span class="url">{texts.bounds(row.share.interval)}</span>' if of else ""
    return (
        f'<tr><th scope="row">{escape(row.name)}{url}<div class="track" aria-hidden="true">{bar}</div></th>'
        f"<td>{texts.number(messages.people)}</td><td>{texts.share(row.share.value)}{interval}</td>"
        f"<td>{texts.number(messages.unknown)}</td><td>{texts.number(messages.machines)}</td></tr>"
    )


def clients(report: Report) -> str:
    """Show mail clients by opens, browsers by clicks, and devices, systems and places by both."""
    texts = report.texts
    rows = breakdown(report, Dimension.CLIENT)
    opened = _of_kind(rows, "opened", "Mail clients that opened", texts)
    clicked = _of_kind(rows, "clicked", "Browsers that clicked", texts)
    others = [Dimension.SYSTEM, Dimension.DEVICE, Dimension.COUNTRY, Dimension.REGION, Dimension.CITY]
    asked = str(report.group_by) if report.group_by is not None else ""
    if asked and asked not in report.tally.group_kinds and asked not in {*others, Dimension.CLIENT}:
        others.insert(0, Dimension(asked))
    tables = [
        _both(breakdown(report, dimension), str(dimension), texts)
        for dimension in others
        if dimension is not Dimension.CITY or asked == Dimension.CITY
    ]
    return opened + clicked + "".join(tables)


def _of_kind(rows: Iterable[Row], verb: str, title: str, texts: Texts) -> str:
    counts = [(row.value, row.opens if verb == "opened" else row.clicks) for row in rows]
    seen = [(value, count) for value, count in counts if count.hits.total]
    seen.sort(key=lambda item: (-item[1].messages.possible, -item[1].hits.total, item[0]))
    shown, rest = seen[:_MOST_ROWS], seen[_MOST_ROWS:]
    if not any(value for value, _ in shown):
        return ""
    body = "".join(
        _row(
            value or texts.say("not known"),
            *map(texts.number, (count.messages.people, count.messages.unknown, count.hits.machines)),
        )
        for value, count in shown
    )
    head = columns(texts, "", "people", "unknown", "machine hits")
    return f"<h3>{escape(texts.say(title))}</h3>{_table(head, body, _caption(len(rest), texts))}"


def _caption(rest: int, texts: Texts) -> str:
    said = texts.say("Messages, and hits by machines; one message may stand in several lines")
    return said + (texts.say("; {number} more are not shown", number=rest) if rest else "")


_BY = {
    "campaign": "By campaign",
    "variant": "By variant",
    "link": "By link",
    "hour": "By hour",
    "day": "By day",
    "system": "By system",
    "device": "By device",
    "country": "By country",
    "region": "By region",
    "city": "By city",
    "channel": "By channel",
}


def _both(rows: Sequence[Row], name: str, texts: Texts) -> str:
    seen = [row for row in rows if row.opens.hits.total or row.clicks.hits.total or row.rates is not None]
    if not any(row.value for row in seen):
        return ""
    in_order = name in (Dimension.HOUR, Dimension.DAY)
    order = seen if in_order else sorted(seen, key=lambda row: (row.value == OTHERS, -_weight(row), row.value))
    shown, rest = (order, []) if in_order else (order[:_MOST_ROWS], order[_MOST_ROWS:])
    rated = any(row.rates is not None for row in shown)
    body = "".join(
        _row(
            texts.say(OTHERS) if row.value == OTHERS else row.value or texts.say("not known"),
            *map(texts.number, (row.opens.messages.people, row.opens.messages.unknown, row.clicks.messages.people)),
            texts.number(row.opens.hits.machines + row.clicks.hits.machines),
            *(_rates(row, texts) if rated else ()),
        )
        for row in shown
    )
    heads = ("", "opened", "unknown", "clicked", "machine hits", *(("open rate", "click rate") if rated else ()))
    title = texts.say(_BY[name]) if name in _BY else texts.say("By {name}", name=name)
    return f"<h3>{escape(title)}</h3>{_table(columns(texts, *heads), body, _caption(len(rest), texts))}"


def _rates(row: Row, texts: Texts) -> tuple[str, str]:
    if row.rates is None:
        return "–", "–"
    return range_text(row.rates.opens, texts), range_text(row.rates.clicks, texts)


def _weight(row: Row) -> int:
    return row.opens.messages.possible + row.clicks.messages.possible or _hits(row.opens) + _hits(row.clicks)


def _hits(count: Count) -> int:
    return count.hits.people + count.hits.unknown


def group_tables(report: Report) -> str:
    """Show each kind of group the host named."""
    kinds = report.tally.group_kinds
    return "".join(_both(breakdown(report, kind), kind, report.texts) for kind in kinds)


def experiment_table(comparison: Comparison, texts: Texts) -> str:
    """Show the variants' rates."""
    rows = "".join(
        _row(
            name,
            texts.number(rate.numerator),
            texts.number(rate.denominator),
            texts.share(rate.value),
            texts.bounds(rate.interval),
        )
        for name, rate in comparison.rates.items()
    )
    head = columns(texts, "Variant", f"{comparison.kind}s by people", "delivered", "rate", "interval")
    return _table(head, rows, texts.say(comparison.why))


def reason_table(report: Report, texts: Texts) -> str:
    """Show who it was and why that is thought."""
    reasons = [item for item in reasons_of(report).items() if item[1]]
    if not reasons:
        return ""
    rows = "".join(
        _row(
            texts.say(ACTORS[actor]),
            escape(texts.say(f"{kind}s")),
            escape(texts.say(reason_text(signal))) if signal else "–",
            texts.number(hits),
        )
        for (kind, actor, signal), hits in reasons[: 2 * _MOST_ROWS]
    )
    caption = texts.say("Hits by verdict, and the strongest signal that led to it")
    table = _table(columns(texts, "Who", "what", "strongest reason", "hits"), rows, caption)
    versions = ", ".join(filter(None, report.tally.versions))
    sentence = texts.say("Judged with {versions}.", versions=versions)
    return table + (f'<p class="soft">{escape(sentence)}</p>' if versions else "")
