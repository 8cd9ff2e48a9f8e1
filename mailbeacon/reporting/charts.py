"""Bars over time as inline SVG: axes, a legend and tooltips, without a script; and the table that says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from mailbeacon.counting import Split
from mailbeacon.reporting.wording import number

__all__ = ["LEGEND", "Bucket", "buckets", "time_chart"]

_WIDTH, _HEIGHT = 720, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 8, 14, 34
_MOST_BARS = 60
_STEPS = tuple(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12, 24, 48, 7 * 24, 14 * 24, 28 * 24))
_PARTS = ("people", "unknown", "machines")

LEGEND = (
    '<ul class="legend" aria-label="Legend"><li class="is-people">people</li><li class="is-unknown">unknown</li>'
    '<li class="is-machines">machines</li></ul>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Hold the figures of a stretch of time."""

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
    monday = datetime(1970, 1, 5, tzinfo=UTC)
    return monday + (moment - monday) // step * step


def time_chart(name: str, ident: str, hours: Mapping[datetime, Split]) -> str:
    """Draw views over time as stacked bars, with a table behind.

    Args:
        name: What the bars count, such as ``Views of the mail``.
        ident: An HTML identifier that no other chart of the page has.
        hours: The figures by hour, in UTC.
    """
    step, found = buckets(hours)
    if not found:
        return ""
    top = _nice(max(bucket.split.total for bucket in found))
    said = f"{name} in steps of {_span(step)}, from {_day(found[0].start)} to {_day(found[-1].start + step)} (UTC)"
    body = _axis(top) + _bars(found, step, top) + _labels(found, step)
    return (
        f"<figure>{LEGEND}"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{ident}-name">'
        f'<title id="{ident}-name">{escape(said)}</title>{body}</svg>'
        f"<figcaption>{escape(said)}.</figcaption>{_table(said, found, step)}</figure>"
    )


def _nice(most: int) -> int:
    """Give the least of 4, 8, 20, 40, 80, 200, … that holds the highest bar, so that quarters are whole numbers."""
    top, factors = 4, (2.0, 2.5, 2.0)
    for turn in range(60):
        if top >= most:
            break
        top = round(top * factors[turn % 3])
    return top


def _y(value: float, top: int) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / top)


def _axis(top: int) -> str:
    lines = []
    for quarter in range(5):
        value = top * quarter // 4
        y = _y(value, top)
        lines.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="{"minor" if quarter % 2 else "major"}" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
            f"{number(value)}</text>"
        )
    return "".join(lines)


def _bars(found: Sequence[Bucket], step: timedelta, top: int) -> str:
    width = (_WIDTH - _LEFT - _RIGHT) / len(found)
    drawn = []
    for place, bucket in enumerate(found):
        x, base, parts = _LEFT + place * width, 0, []
        for part in _PARTS:
            value = getattr(bucket.split, part)
            if value:
                y, bottom = _y(base + value, top), _y(base, top)
                parts.append(
                    f'<rect class="{part}" x="{x + width * 0.1:.1f}" y="{y:.1f}" width="{width * 0.8:.1f}" '
                    f'height="{bottom - y:.1f}"/>'
                )
                base += value
        slot = f'<rect class="slot" x="{x:.1f}" y="{_TOP}" width="{width:.1f}" height="{_HEIGHT - _TOP - _BOTTOM}"/>'
        drawn.append(f'<g class="bar"><title>{escape(_said(bucket, step))}</title>{slot}{"".join(parts)}</g>')
    return "".join(drawn)


def _labels(found: Sequence[Bucket], step: timedelta) -> str:
    """Name about six bars, three of them where the page is narrow."""
    width = (_WIDTH - _LEFT - _RIGHT) / len(found)
    every = max(1, -(-len(found) // 6))
    labels = []
    for turn, place in enumerate(range(0, len(found), every)):
        kind = "minor" if turn % 2 else "major"
        x = _LEFT + (place + 0.5) * width
        anchor = "start" if not place else "end" if x > _WIDTH - 60 else "middle"
        text = f"{found[place].start:%d %b}" if step >= timedelta(days=1) else f"{found[place].start:%d %b %H:%M}"
        labels.append(f'<text class="{kind}" x="{x:.1f}" y="{_HEIGHT - 10}" text-anchor="{anchor}">{text}</text>')
    return "".join(labels)


def _said(bucket: Bucket, step: timedelta) -> str:
    split = bucket.split
    return (
        f"{_day(bucket.start)}, {_span(step)}: {number(split.people)} people, "
        f"{number(split.unknown)} unknown, {number(split.machines)} machines"
    )


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _span(step: timedelta) -> str:
    hours = step // timedelta(hours=1)
    if hours % 24:
        return "an hour" if hours == 1 else f"{hours} hours"
    return "a day" if hours == 24 else f"{hours // 24} days"


def _table(said: str, found: Sequence[Bucket], step: timedelta) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_day(bucket.start)}</th><td>{number(bucket.split.people)}</td>'
        f"<td>{number(bucket.split.unknown)}</td><td>{number(bucket.split.machines)}</td></tr>"
        for bucket in found
        if bucket.split.total
    )
    return (
        f"<details><summary>As a table</summary><table><caption>{escape(said)}; stretches without any are left out"
        f'</caption><thead><tr><th scope="col">From (UTC), {_span(step)}</th><th scope="col">people</th>'
        f'<th scope="col">unknown</th><th scope="col">machines</th></tr></thead><tbody>{rows}</tbody></table></details>'
    )
