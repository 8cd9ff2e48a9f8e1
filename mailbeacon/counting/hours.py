"""When people read: hours and weekdays in each recipient's own zone, and an hour to send at, if the figures bear one.

People only. What is read soon after sending tells when it was sent, so it is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailbeacon.counting.gathering import group_of
from mailbeacon.counting.pairing import seen
from mailbeacon.counting.ratios import Interval, interval
from mailbeacon.errors import ConfigError
from mailbeacon.model import Event, Verdict

__all__ = ["Hours", "Suggestion", "Zones", "reading_hours"]

Zones = Callable[[str], str] | Mapping[str, str]
"""Give the time zone's name (``Europe/Berlin``) of a recipient; whom a mapping lacks gets the default."""
_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Hold an hour that stands out.

    Attributes:
        hour: From 0 to 23, in the recipient's zone.
        share: Of all messages and hours that were counted.
        interval: Where the true share may lie, widened for having looked at 24 hours.
    """

    hour: int
    share: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Hold when people read.

    Attributes:
        cells: For each weekday (Monday is 0) and hour, how many messages were read then; a message read in two hours
            counts in both.
        left_out: How many were left out, for they were read soon after sending.
        suggestion: The hour that stands out; ``None`` where none does.
        reason: Why there is no suggestion; empty when there is one.
    """

    cells: tuple[tuple[int, ...], ...]
    left_out: int
    suggestion: Suggestion | None
    reason: str = ""

    @property
    def by_hour(self) -> tuple[int, ...]:
        """The weekdays together."""
        return tuple(map(sum, zip(*self.cells, strict=True)))


def reading_hours(
    events: Iterable[Event],
    verdicts: Iterable[Verdict | None],
    *,
    zones: Zones | None = None,
    default: str = "UTC",
    after: timedelta = timedelta(hours=3),
    least: int = 100,
    confidence: float = 0.95,
) -> Hours:
    """Count when people opened or clicked, in each recipient's own time.

    Args:
        events: In any order.
        verdicts: One for each event.
        zones: The zone of each recipient.
        default: The zone of the others.
        after: What is read sooner than this after sending is left out; zero leaves out nothing.
        least: With fewer messages nothing is suggested.
        confidence: Of the suggestion's interval.

    Raises:
        ConfigError: If a zone is not known.
    """
    zone_of = _zone_of(zones, default)
    found: set[tuple[str, int, datetime]] = set()
    early: set[tuple[str, datetime]] = set()
    for recipient, event, human in seen(events, verdicts):
        if not human:
            continue
        there = event.received_at.astimezone(zone_of(recipient))
        hour = there.replace(minute=0, second=0, microsecond=0, tzinfo=None)
        mail = event.message_id or recipient
        if event.sent_at is not None and event.received_at - event.sent_at < after:
            early.add((mail, hour))
        else:
            found.add((mail, there.weekday(), hour))
    cells = [[0] * _HOURS for _ in range(7)]
    for _, weekday, hour in found:
        cells[weekday][hour.hour] += 1
    suggestion, reason = _suggest([sum(day[hour] for day in cells) for hour in range(_HOURS)], least, confidence)
    return Hours(cells=tuple(map(tuple, cells)), left_out=len(early), suggestion=suggestion, reason=reason)


def _zone_of(zones: Zones | None, default: str) -> Callable[[str], tzinfo]:
    known: dict[str, tzinfo] = {}
    named = group_of(zones) or (lambda _: default)

    def find(recipient: str) -> tzinfo:
        name = named(recipient) or default
        if name not in known:
            try:
                known[name] = ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise ConfigError(f"no such time zone: {name[:40]!r}") from error
        return known[name]

    return find


def _suggest(hours: list[int], least: int, confidence: float) -> tuple[Suggestion | None, str]:
    """Suggest the fullest hour if it surely lies above the mean of the other hours in which anyone reads at all.

    The interval is widened for having looked at 24 hours (Bonferroni).
    """
    total = sum(hours)
    if total < least:
        return None, f"only {total} messages, at least {least} are needed"
    best = max(range(_HOURS), key=lambda hour: (hours[hour], -hour))
    bounds = interval(hours[best], total, confidence=1 - (1 - confidence) / _HOURS)
    others = [number for hour, number in enumerate(hours) if number and hour != best]
    usual = sum(others) / len(others) / total if others else 0.0
    if bounds.low <= usual:
        return None, "no hour stands out from the others in which people read"
    return Suggestion(hour=best, share=hours[best] / total, interval=bounds), ""
