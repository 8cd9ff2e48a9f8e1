"""Campaigns side by side on the page: a table, and a line of the rates of people."""

from __future__ import annotations

from collections.abc import Sequence

from mailbeacon.counting import CampaignRow, Change, Range
from mailbeacon.markup import escape_attribute as escape
from mailbeacon.reporting.texts import Texts
from mailbeacon.reporting.wording import range_text

__all__ = ["campaign_table", "change_text", "trend"]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _FOOT = 720, 150, 84, 12, 10, 24


def change_text(change: Change | None, texts: Texts) -> str:
    """Return how far a rate lies from those before, in points, and whether that could be chance."""
    if change is None:
        return ""
    points = f"{100 * change.points:+.1f}".replace(".", texts.point)
    said = "{points} points; could be chance" if change.could_be_chance else "{points} points"
    return texts.say(said, points=points)


def campaign_table(rows: Sequence[CampaignRow], texts: Texts) -> str:
    """Show each campaign with its rates and their change against the five before it."""
    if not rows:
        return ""
    body = "".join(
        f'<tr><th scope="row">{escape(row.campaign or "–")}'
        f'<span class="url">{escape(texts.value(row.first.date())) if row.first else ""}</span></th>'
        f"<td>{'–' if row.rates.delivered is None else texts.number(row.rates.delivered)}</td>"
        f"<td>{_rate(row.rates.opens, texts)}{_changed(row.opens, texts)}</td>"
        f"<td>{_rate(row.rates.clicks, texts)}{_changed(row.clicks, texts)}</td>"
        f"<td>{_outcome(row, 'unsubscribed', texts)}</td><td>{_outcome(row, 'complained', texts)}</td></tr>"
        for row in rows
    )
    names = ("Campaign", "delivered", "open rate", "click rate", "unsubscribed", "complaints")
    head = "".join(f'<th scope="col">{escape(texts.say(name))}</th>' for name in names)
    said = texts.say(
        "Rates as ranges from people to people and unknown; the change is of people, against the up to five campaigns before"
    )
    label = escape(texts.say("Campaigns side by side"))
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{label}"><table><caption>{escape(said)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _rate(found: Range | None, texts: Texts) -> str:
    return "–" if found is None else range_text(found, texts)


def _changed(change: Change | None, texts: Texts) -> str:
    said = change_text(change, texts)
    return f'<span class="url">{escape(said)}</span>' if said else ""


def _outcome(row: CampaignRow, name: str, texts: Texts) -> str:
    rate = row.rates.outcomes.get(name)
    return "–" if rate is None else texts.share(rate.value, digits=2)


def trend(rows: Sequence[CampaignRow], texts: Texts) -> str:
    """Draw the rates of people, campaign after campaign."""
    lines = {
        "open rate": [_value(row.rates.opens) for row in rows],
        "click rate": [_value(row.rates.clicks) for row in rows],
    }
    known = [value for values in lines.values() for value in values if value is not None]
    if len(rows) < 2 or not known:
        return ""
    most = max(*known, 0.01)
    said = texts.say("Open rate and click rate of people, campaign after campaign")
    drawn = "".join(
        _line(values, most, kind) for values, kind in zip(lines.values(), ("people", "unknown"), strict=True)
    )
    scale = "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="major" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{texts.share(value)}</text>'
        for value in (0.0, most)
        for y in (_y(value, most),)
    )
    names = "".join(
        f'<li class="is-{kind}">{escape(texts.say(name))}</li>'
        for name, kind in zip(lines, ("people", "unknown"), strict=True)
    )
    return (
        f'<figure><ul class="legend" aria-label="{escape(texts.say("Legend"))}">{names}</ul>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="trend-name">'
        f'<title id="trend-name">{escape(said)}</title>{scale}{drawn}</svg><figcaption>{escape(said)}.</figcaption></figure>'
    )


def _value(found: Range | None) -> float | None:
    return None if found is None else found.low.value


def _y(value: float, most: float) -> float:
    return _HEIGHT - _FOOT - (_HEIGHT - _FOOT - _TOP) * value / most


def _line(values: Sequence[float | None], most: float, kind: str) -> str:
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(values) - 1)
    points = [(_LEFT + place * step, _y(value, most)) for place, value in enumerate(values) if value is not None]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in points)
    return f'<polyline class="trend {kind}" points="{path}"/>{dots}'
