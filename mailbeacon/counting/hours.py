"""When people read: hours and weekdays in each recipient's own zone, and an hour to send at, if the figures bear one.

People only. Most mail is read soon after it was sent, so plain counts only tell when it was sent. Therefore the hour is
estimated together with the time since sending: of the mails that are still unread so many hours after they were sent, how
many are read within the next hour, and how does that depend on the hour of the day? With one hour of sending the two cannot
be told apart, and there is no answer; nor is there one where all hours of sending lie a common step apart, such as 8, 12
and 16: what is read so many hours after sending then falls into every fourth hour of the day, and nothing sets these hours
beside the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from math import exp, gcd, sqrt

from mailbeacon.counting.gathering import group_of
from mailbeacon.counting.pairing import Events, Verdicts, seen
from mailbeacon.counting.ratios import Interval, normal_quantile
from mailbeacon.counting.zones import zone_named
from mailbeacon.model import Mail
from mailbeacon.model.message import check_bounds

__all__ = ["Hours", "Suggestion", "Zones", "reading_hours"]

Zones = Callable[[str], str] | Mapping[str, str]
"""The time zone's name (``Europe/Berlin``) of a recipient; whom a mapping lacks gets the default."""
_HOURS = 24
_SINCE = 72
"""So many hours after sending are looked at; what is read later says little of the sending."""
_TURNS = 60
_LEAST_SENDINGS = 3
"""Hours of sending, weighted by their mails (the inverse of Simpson's index, less a little for uneven shares)."""
_UNEVEN = 0.5
_SOME = 40
"""One in so many mails makes an hour of sending count for what it sets beside each other."""
_WAKING = 12
"""The best hour is held against the mean of so many next best: against the night any hour of the day stands out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An hour that stands out.

    Attributes:
        hour: From 0 to 23, in the recipient's zone.
        times: How many times as likely an unread mail is to be read in this hour as in the twelve next best.
        interval: Where that may truly lie, widened for having looked at 24 hours.
    """

    hour: int
    times: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When people read.

    Attributes:
        cells: For each weekday (Monday is 0) and hour, how many messages were read then; a message read in two hours
            counts in both. Plain counts: mail is read most soon after it was sent.
        by_likelihood: For each hour how likely an unread mail is to be read in it, whatever the time since sending, as a
            multiple of the mean; empty where that cannot be told.
        suggestion: The hour that stands out; ``None`` where none does.
        reason: Why there is no suggestion; empty when there is one.
    """

    cells: tuple[tuple[int, ...], ...]
    by_likelihood: tuple[float, ...] = ()
    suggestion: Suggestion | None = None
    reason: str = ""

    @property
    def by_hour(self) -> tuple[int, ...]:
        """The weekdays together."""
        return tuple(map(sum, zip(*self.cells, strict=True)))


def reading_hours(
    events: Events,
    verdicts: Verdicts = None,
    *,
    zones: Zones | None = None,
    default: str = "UTC",
    least: int = 100,
    confidence: float = 0.95,
) -> Hours:
    """Count when people opened or clicked, in each recipient's own time, and look for an hour that stands out.

    Args:
        events: In any order; or pairs of event and verdict, as a sink gives them.
        verdicts: One for each event; left out where pairs are given.
        zones: The zone of each recipient.
        default: The zone of the others.
        least: With fewer messages nothing is suggested.
        confidence: Of the suggestion's interval.

    Raises:
        ConfigError: If a zone is not known, ``least`` is no whole number from 1, or ``confidence`` is not between 0 and 1.
    """
    check_bounds(least=least)
    normal_quantile(confidence)  # refused now, not only where there are enough messages
    zone_of = _zone_of(zones, default)
    found: set[tuple[Mail, datetime]] = set()
    first: dict[Mail, tuple[datetime, datetime]] = {}
    for recipient, event, human in seen(events, verdicts):
        if not human:
            continue
        there = event.received_at.astimezone(zone_of(recipient))
        found.add((event.mail, there.replace(minute=0, second=0, microsecond=0, tzinfo=None)))
        if event.sent_at is not None and event.sent_at <= event.received_at:
            read = (event.received_at, event.sent_at.astimezone(there.tzinfo))
            first[event.mail] = min(first.get(event.mail, read), read)
    cells = [[0] * _HOURS for _ in range(7)]
    for _, hour in found:
        cells[hour.weekday()][hour.hour] += 1
    likely, suggestion, reason = _suggest(first.values(), least, confidence)
    return Hours(cells=tuple(map(tuple, cells)), by_likelihood=likely, suggestion=suggestion, reason=reason)


def _zone_of(zones: Zones | None, default: str) -> Callable[[str], tzinfo]:
    known: dict[str, tzinfo] = {}
    named = group_of(zones) or (lambda _: default)

    def find(recipient: str) -> tzinfo:
        name = named(recipient) or default
        if name not in known:
            known[name] = zone_named(name)
        return known[name]

    return find


def _suggest(
    reads: Iterable[tuple[datetime, datetime]], least: int, confidence: float
) -> tuple[tuple[float, ...], Suggestion | None, str]:
    """Suggest the likeliest hour if it surely lies above the mean of the twelve next best.

    The interval is widened for having looked at 24 hours (Bonferroni).
    """
    waits = [(sent.hour, (read - sent) // timedelta(hours=1)) for read, sent in reads]
    waits = [(sent, wait) for sent, wait in waits if wait < _SINCE]
    if len(waits) < least:
        return (), None, f"only {len(waits)} messages with a time of sending, at least {least} are needed"
    sent = [sum(hour == at for at, _ in waits) for hour in range(_HOURS)]
    if len(waits) ** 2 / sum(number**2 for number in sent) < _LEAST_SENDINGS - _UNEVEN:
        return (
            (),
            None,
            f"mails went out in fewer than {_LEAST_SENDINGS} hours of the day: when they are read tells when they were sent",
        )
    hours = [hour for hour, number in enumerate(sent) if number * _SOME >= len(waits)]
    if gcd(_HOURS, *(hour - hours[0] for hour in hours)) > 1:
        return (
            (),
            None,
            "the hours of sending lie a common step apart: when mails are read cannot be told from when they were sent",
        )
    likely, read = _likelihood(waits)
    best = max(range(_HOURS), key=lambda hour: (likely[hour], -hour))
    usual = sum(sorted(likely)[-1 - _WAKING : -1]) / _WAKING
    if not read[best] or not usual:
        return tuple(likely), None, "no hour stands out from the others"
    spread = normal_quantile(1 - (1 - confidence) / _HOURS) / sqrt(read[best])
    times = likely[best] / usual
    bounds = Interval(low=times * exp(-spread), high=times * exp(spread), confidence=confidence)
    if bounds.low <= 1:
        return tuple(likely), None, "no hour stands out from the others"
    return tuple(likely), Suggestion(hour=best, times=times, interval=bounds), ""


def _likelihood(waits: Sequence[tuple[int, int]]) -> tuple[list[float], list[int]]:
    """Estimate how likely an unread mail is to be read in each hour, as a multiple of the mean; and count reads by hour.

    The chance is taken as a product of what the time since sending and what the hour of the day make of it, fitted by
    turns (W. E. Deming and F. F. Stephan, Annals of Mathematical Statistics 11, 1940: iterative proportional fitting).
    """
    unread = [[0] * (_SINCE + 1) for _ in range(_HOURS)]
    reads, by_wait = [0] * _HOURS, [0] * _SINCE
    for sent, wait in waits:
        reads[(sent + wait) % _HOURS] += 1
        by_wait[wait] += 1
        unread[sent][0] += 1
        unread[sent][wait + 1] -= 1
    for row in unread:
        for wait in range(_SINCE):
            row[wait + 1] += row[wait]
    chance, likely = [0.0] * _SINCE, [1.0] * _HOURS
    for _ in range(_TURNS):
        for wait in range(_SINCE):
            risk = sum(unread[sent][wait] * likely[(sent + wait) % _HOURS] for sent in range(_HOURS))
            chance[wait] = by_wait[wait] / risk if risk else 0.0
        for hour in range(_HOURS):
            risk = sum(unread[(hour - wait) % _HOURS][wait] * chance[wait] for wait in range(_SINCE))
            likely[hour] = reads[hour] / risk if risk else 0.0
        mean = sum(likely) / _HOURS
        likely = [value / mean for value in likely]
    return likely, reads
