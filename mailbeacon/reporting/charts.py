"""Bars over time as inline SVG: axes, a legend and tooltips, without a script; and the table that says the same.

People, unknown and machines stand in rows of their own, each with its own scale: a scanner clicks everything within a
minute, and on one scale with it no person could be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from mailbeacon.counting import Split
from mailbeacon.reporting.wording import number

__all__ = ["LEGEND", "Bucket", "buckets", "time_chart"]

_WIDTH, _LEFT, _RIGHT, _FOOT, _GAP = 720, 84, 8, 30, 18
_ROWS = {"people": 120, "unknown": 60, "machines": 60}
"""The parts, and how high their rows are."""
_MOST_BARS = 60
_STEPS = tuple(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12, 24, 48, 7 * 24, 14 * 24, 28 * 24))

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
    """Draw views over time as bars in a row for each audience, with a table behind.

    Args:
        name: What the bars count, such as ``Views of the mail``.
        ident: An HTML identifier that no other chart of the page has.
        hours: The figures by hour, in UTC.
    """
    step, found = buckets(hours)
    if not found:
        return ""
    said = f"{name} in steps of {_span(step)}, from {_day(found[0].start)} to {_day(found[-1].start + step)} (UTC)"
    parts = [part for part in _ROWS if any(getattr(bucket.split, part) for bucket in found)]
    body, top = [], _GAP
    for part in parts:
        body.append(_row(part, [getattr(bucket.split, part) for bucket in found], top))
        top += _ROWS[part] + _GAP
    body += [_tips(found, step, top - _GAP), _labels(found, step, top + 6)]
    scales = "; each row has its own scale" if len(parts) > 1 else ""
    return (
        f"<figure>{LEGEND}"
        f'<svg viewBox="0 0 {_WIDTH} {top + _FOOT - _GAP}" role="img" aria-labelledby="{ident}-name">'
        f'<title id="{ident}-name">{escape(said)}</title>{"".join(body)}</svg>'
        f"<figcaption>{escape(said + scales)}.</figcaption>{_table(said, found, step)}</figure>"
    )


def _nice(most: int) -> int:
    """Give the least of 2, 4, 10, 20, 40, 100, … that holds the highest bar, so that its half is a whole number."""
    top, factors = 2, (2.0, 2.5, 2.0)
    for turn in range(60):
        if top >= most:
            break
        top = round(top * factors[turn % 3])
    return top


def _row(part: str, values: Sequence[int], top: int) -> str:
    """Draw one audience's bars with three lines of its scale; ``top`` is the upper edge."""
    most, height = _nice(max(values)), _ROWS[part]
    drawn = []
    for value in (0, most // 2, most):
        y = top + height * (1 - value / most)
        drawn.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="{"minor" if value * 2 == most else "major"}" x="{_LEFT - 6}" y="{y + 4:.1f}" '
            f'text-anchor="end">{number(value)}</text>'
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


def _tips(found: Sequence[Bucket], step: timedelta, bottom: int) -> str:
    """Lay a strip over each stretch that tells its figures when pointed at."""
    width = _width(len(found))
    return "".join(
        f'<rect class="slot" x="{_LEFT + place * width:.1f}" y="{_GAP}" width="{width:.1f}" height="{bottom - _GAP}">'
        f"<title>{escape(_said(bucket, step))}</title></rect>"
        for place, bucket in enumerate(found)
    )


def _labels(found: Sequence[Bucket], step: timedelta, y: int) -> str:
    """Name about five stretches, three of them where the page is narrow."""
    width = _width(len(found))
    labels = []
    for turn, place in enumerate(range(0, len(found), max(1, -(-len(found) // 5)))):
        x = _LEFT + (place + 0.5) * width
        anchor, x = ("start", _LEFT) if not place else ("end", _WIDTH - _RIGHT) if x > _WIDTH - 60 else ("middle", x)
        text = f"{found[place].start:%d %b}" if step >= timedelta(days=1) else f"{found[place].start:%d %b %H:%M}"
        kind = "minor" if turn % 2 else "major"
        labels.append(f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{text}</text>')
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
