"""Bars over time as inline SVG: axes, a legend and tooltips, without a script; and the table that says the same.

People, unknown and machines stand in rows of their own, each with its own scale: a scanner clicks everything within a
minute, and on one scale with it no person could be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbeacon.counting import Split
from mailbeacon.markup import escape_attribute as escape
from mailbeacon.reporting.texts import ENGLISH, Texts

__all__ = ["Bucket", "buckets", "heat_map", "legend", "time_chart"]

_WIDTH, _LEFT, _RIGHT, _FOOT, _GAP = 720, 84, 8, 30, 26
_ROWS = {"people": 120, "unknown": 60, "machines": 60}
"""The parts, and how high their rows are."""
_MOST_BARS = 60
_FIRST_LABEL = 180
"""Within so much of the axis' begin no second label has room."""
_STEPS = tuple(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12, 24, 48, 7 * 24, 14 * 24, 28 * 24))
_DRAWN = 0.98
"""The axis ends where so much of everything has happened, so that a few late opens do not press all else together."""
_SHADES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The figures of a stretch of time."""

    start: datetime
    split: Split


def buckets(hours: Mapping[datetime, Split]) -> tuple[timedelta, list[Bucket]]:
    """Add up hours to at most 60 stretches of equal length, empty ones included, each beginning on a full one.

    Beyond 60 stretches of four weeks the oldest are left out.
    """
    if not hours:
        return _STEPS[0], []
    first, last = min(hours), max(hours)
    step = next((step for step in _STEPS if _slots(first, last, step) <= _MOST_BARS), _STEPS[-1])
    found: dict[datetime, Split] = {}
    for moment, split in hours.items():
        start = _floor(moment, step)
        found[start] = found.get(start, Split()) + split
    begin = _floor(first, step)
    starts = [begin + place * step for place in range(_slots(first, last, step))][-_MOST_BARS:]
    return step, [Bucket(start=start, split=found.get(start, Split())) for start in starts]


def _slots(first: datetime, last: datetime, step: timedelta) -> int:
    return (_floor(last, step) - _floor(first, step)) // step + 1


def _floor(moment: datetime, step: timedelta) -> datetime:
    monday = datetime(1970, 1, 5, tzinfo=moment.tzinfo)
    return monday + (moment - monday) // step * step


def _early(hours: Mapping[datetime, Split]) -> tuple[dict[datetime, Split], int]:
    """Leave out the few that came long after the others; say how many."""
    total = sum(split.total for split in hours.values())
    found: dict[datetime, Split] = {}
    seen = 0
    for hour in sorted(hours):
        if seen >= _DRAWN * total and found and hour - min(found) > timedelta(days=7):
            break
        found[hour] = hours[hour]
        seen += hours[hour].total
    return found, total - seen


def legend(texts: Texts) -> str:
    """Return the legend of the three audiences."""
    items = "".join(f'<li class="is-{part}">{escape(texts.say(part))}</li>' for part in _ROWS)
    return f'<ul class="legend" aria-label="{escape(texts.say("Legend"))}">{items}</ul>'


def time_chart(
    name: str, ident: str, hours: Mapping[datetime, Split], texts: Texts = ENGLISH, zone: str = "UTC"
) -> str:
    """Draw views over time as bars in a row for each audience, with a table behind.

    Args:
        name: What the bars count, such as ``Views of the mail``.
        ident: An HTML identifier that no other chart of the page has.
        hours: The figures by hour.
        texts: The language.
        zone: The zone of the hours.
    """
    drawn, late = _early(hours)
    step, found = buckets(drawn)
    if not found:
        return ""
    said = texts.say(
        "{name} in steps of {step}, from {first} to {last} ({zone})",
        name=name,
        step=_span(step, texts),
        first=found[0].start,
        last=found[-1].start + step,
        zone=zone,
    )
    parts = [part for part in _ROWS if any(getattr(bucket.split, part) for bucket in found)]
    body, top = [], _GAP
    for part in parts:
        body.append(_row(part, [getattr(bucket.split, part) for bucket in found], top, texts))
        top += _ROWS[part] + _GAP
    body += [_tips(found, step, top - _GAP, texts), _labels(found, step, top + 6, texts)]
    more = [texts.say("each row has its own scale")] if len(parts) > 1 else []
    more += [texts.say("{number} later ones are not drawn", number=late)] if late else []
    return (
        f"<figure>{legend(texts)}"
        f'<svg viewBox="0 0 {_WIDTH} {top + _FOOT - _GAP}" role="img" aria-labelledby="{ident}-name">'
        f'<title id="{ident}-name">{escape(said)}</title>{"".join(body)}</svg>'
        f"<figcaption>{escape('; '.join((said, *more)))}.</figcaption>{_table(said, found, step, texts)}</figure>"
    )


def _nice(most: int) -> int:
    """Return the least of 2, 4, 10, 20, 40, 100, … that holds the highest bar, so that its half is a whole number."""
    top, factors = 2, (2.0, 2.5, 2.0)
    for turn in range(60):
        if top >= most:
            break
        top = round(top * factors[turn % 3])
    return top


def _row(part: str, values: Sequence[int], top: int, texts: Texts) -> str:
    """Draw one audience's bars with three lines of its scale; ``top`` is the upper edge."""
    most, height = _nice(max(values)), _ROWS[part]
    drawn = []
    for value in (0, most // 2, most):
        y = top + height * (1 - value / most)
        drawn.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="{"minor" if value * 2 == most else "major"}" x="{_LEFT - 6}" y="{y + 4:.1f}" '
            f'text-anchor="end">{texts.number(value)}</text>'
        )
    width = _width(len(values))
    for place, value in enumerate(values):
        if value:
            size = max(1.0, height * value / most)
            x, y = _LEFT + (place + 0.1) * width, top + height - size
            drawn.append(
                f'<rect class="{part}" x="{x:.1f}" y="{y:.1f}" width="{width * 0.8:.1f}" height="{size:.1f}"/>'
            )
    return "".join(drawn)


def _width(bars: int) -> float:
    return (_WIDTH - _LEFT - _RIGHT) / bars


def _tips(found: Sequence[Bucket], step: timedelta, bottom: int, texts: Texts) -> str:
    """Lay a strip over each stretch that tells its figures when pointed at."""
    width = _width(len(found))
    return "".join(
        f'<rect class="slot" x="{_LEFT + place * width:.1f}" y="{_GAP}" width="{width:.1f}" height="{bottom - _GAP}">'
        f"<title>{escape(_said(bucket, step, texts))}</title></rect>"
        for place, bucket in enumerate(found)
    )


def _labels(found: Sequence[Bucket], step: timedelta, y: int, texts: Texts) -> str:
    """Name about four stretches, two of them where the page is narrow."""
    width = _width(len(found))
    labels = []
    for turn, place in enumerate(range(0, len(found), max(1, -(-len(found) // 4)))):
        x = _LEFT + (place + 0.5) * width
        if place and x < _LEFT + _FIRST_LABEL:
            continue
        anchor, x = ("start", _LEFT) if not place else ("end", _WIDTH - _RIGHT) if x > _WIDTH - 60 else ("middle", x)
        start = found[place].start
        text = texts.value(start.date()) if step >= timedelta(days=1) else texts.value(start)
        kind = "minor" if turn % 2 else "major"
        labels.append(f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>')
    return "".join(labels)


def _said(bucket: Bucket, step: timedelta, texts: Texts) -> str:
    split = bucket.split
    return texts.say(
        "{start}, {step}: {people} people, {unknown} unknown, {machines} machines",
        start=bucket.start,
        step=_span(step, texts),
        people=split.people,
        unknown=split.unknown,
        machines=split.machines,
    )


def _span(step: timedelta, texts: Texts) -> str:
    hours = step // timedelta(hours=1)
    if hours % 24:
        return texts.say("an hour") if hours == 1 else texts.say("{number} hours", number=hours)
    return texts.say("a day") if hours == 24 else texts.say("{number} days", number=hours // 24)


def _table(said: str, found: Sequence[Bucket], step: timedelta, texts: Texts) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(texts.value(bucket.start))}</th><td>{texts.number(bucket.split.people)}</td>'
        f"<td>{texts.number(bucket.split.unknown)}</td><td>{texts.number(bucket.split.machines)}</td></tr>"
        for bucket in found
        if bucket.split.total
    )
    heads = "".join(f'<th scope="col">{escape(texts.say(part))}</th>' for part in _ROWS)
    caption = texts.say("{said}; stretches without any are left out", said=said)
    return (
        f"<details><summary>{escape(texts.say('As a table'))}</summary><table><caption>{escape(caption)}</caption>"
        f'<thead><tr><th scope="col">{escape(texts.say("From, {step}", step=_span(step, texts)))}</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></details>"
    )


def heat_map(hours: Mapping[datetime, int], texts: Texts, zone: str) -> str:
    """Draw when people read as a table of weekdays and hours, the more the darker; empty where there is nothing."""
    cells = [[0] * 24 for _ in range(7)]
    for hour, number in hours.items():
        cells[hour.weekday()][hour.hour] += number
    most = max(map(max, cells))
    if not most:
        return ""
    head = "".join(f'<th scope="col">{hour}</th>' for hour in range(24))
    body = "".join(
        f'<tr><th scope="row">{escape(day)}</th>{"".join(_cell(value, most, texts) for value in row)}</tr>'
        for day, row in zip(texts.weekdays, cells, strict=True)
    )
    caption = texts.say("Views by people, by weekday and hour ({zone}); the darker, the more", zone=zone)
    label = escape(texts.say("When people read"))
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{label}"><table class="heat">'
        f"<caption>{escape(caption)}</caption><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(value: int, most: int, texts: Texts) -> str:
    shade = -(-_SHADES * value // most)
    return f'<td class="heat-{shade}">{texts.number(value) if value else ""}</td>'
