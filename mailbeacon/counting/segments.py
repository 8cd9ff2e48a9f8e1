"""Who still reads, who has stopped, and of whom that cannot be known: the list, cleaned without guessing.

Does not remove anybody: a sunset list is advice with reasons.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from mailbeacon.counting.pairing import Events, Verdicts, pairs
from mailbeacon.errors import ConfigError
from mailbeacon.model import Event, Kind, Level, check_aware

__all__ = ["BLOCKING_CLIENTS", "Member", "Segment", "SegmentWindows", "Subscriber", "audiences", "sunset"]

BLOCKING_CLIENTS = frozenset({"Outlook", "Thunderbird"})
"""Mail clients on the desktop that load no images until the reader allows them.

Source: Microsoft and Mozilla, the clients' default settings, 2026.
"""


class Segment(StrEnum):
    """Where a recipient stands."""

    ACTIVE = "active"
    FADING = "fading"
    INACTIVE = "inactive"
    UNMEASURABLE = "unmeasurable"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """One recipient of the list.

    Args:
        recipient: The host's name for them, as in the tokens.
        added_at: When they came on the list.
        level: What they consent to for opens.
        mails: How many mails they were sent within the fading window, not ever; ``None`` when that is not known.

    Raises:
        ConfigError: If ``added_at`` is naive.
    """

    recipient: str
    added_at: datetime
    level: Level = Level.FULL
    mails: int | None = None

    def __post_init__(self) -> None:
        check_aware(self.added_at, "added_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentWindows:
    """How long each state lasts.

    Attributes:
        active: A person was seen no longer ago than this.
        fading: A person was seen no longer ago than this.
        new: On the list no longer than this.
        mails: With fewer mails than this within ``fading`` nobody can be called inactive.
    """

    active: timedelta = timedelta(days=90)
    fading: timedelta = timedelta(days=180)
    new: timedelta = timedelta(days=60)
    mails: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One recipient's audience, and why.

    Attributes:
        recipient: The host's name for them.
        audience: Where they stand.
        reason: Why, in words.
        last: The day a person was last seen; ``None`` for never.
    """

    recipient: str
    audience: Segment
    reason: str
    last: date | None = None


@dataclass(slots=True)
class _Trace:
    last: datetime | None = None
    last_open: datetime | None = None
    unknown: bool = False
    blocking: bool = False
    coarse: bool = False


def audiences(
    events: Events,
    verdicts: Verdicts,
    subscribers: Iterable[Subscriber],
    now: datetime,
    *,
    since: datetime | None = None,
    windows: SegmentWindows | None = None,
) -> list[Member]:
    """Return for every subscriber whether they still read.

    Nobody is called inactive who was only just added, was sent too few mails, or cannot be measured: whose opens all
    came through Apple's proxy, who does not consent to be measured, whose mail client blocks images, or of whom less than
    a whole window was ever recorded.

    Args:
        events: In any order; of recipients who are not subscribers nothing is said. Or pairs of event and verdict.
        verdicts: One for each event; ``None`` where pairs are given.
        subscribers: The list.
        now: The moment to judge at.
        since: When recording began; ``None`` for the first event of all, and without any event nobody can be judged.
        windows: How long each state lasts.

    Raises:
        ConfigError: If ``now`` or ``since`` is naive, the windows contradict each other, or there is not one verdict for
            each event.
    """
    check_aware(now, "now")
    if since is not None:
        check_aware(since, "since")
    spans = windows or SegmentWindows()
    if not timedelta(0) < spans.active <= spans.fading:
        raise ConfigError("windows must have 0 < active <= fading")
    listed = list(subscribers)
    traces = {subscriber.recipient: _Trace() for subscriber in listed}
    first = now
    for event, verdict in pairs(events, verdicts):
        first = min(first, event.received_at)
        trace = traces.get(event.recipient or "")
        if trace is not None and event.kind in (Kind.OPEN, Kind.CLICK) and event.received_at <= now:
            _follow(trace, event, None if verdict is None else verdict.is_human)
    begun = first if since is None else since
    return [_member(subscriber, traces[subscriber.recipient], now, begun, spans) for subscriber in listed]


def sunset(members: Iterable[Member]) -> list[Member]:
    """Return those who may be asked to confirm or be let go: the inactive, the longest silent first."""
    found = [member for member in members if member.audience == Segment.INACTIVE]
    return sorted(found, key=lambda member: (member.last or date.min, member.recipient))


def _follow(trace: _Trace, event: Event, human: bool | None) -> None:
    """Note what one event says of its recipient. Expired events count here: they show that a person is there."""
    if human is None:
        trace.unknown = trace.unknown or event.kind == Kind.OPEN
        return
    if not human:
        return
    moment = event.received_at
    trace.last = max(trace.last or moment, moment)
    trace.coarse = trace.coarse or event.level == Level.DATE
    if event.kind == Kind.OPEN:
        trace.last_open = max(trace.last_open or moment, moment)
        trace.blocking = trace.blocking or event.facts.client in BLOCKING_CLIENTS


def _member(subscriber: Subscriber, trace: _Trace, now: datetime, since: datetime, spans: SegmentWindows) -> Member:
    last = trace.last.astimezone(UTC).date() if trace.last else None
    audience, reason = _judge(subscriber, trace, now, since, spans)
    return Member(recipient=subscriber.recipient, audience=audience, reason=reason, last=last)


def _judge(
    subscriber: Subscriber, trace: _Trace, now: datetime, since: datetime, spans: SegmentWindows
) -> tuple[Segment, str]:
    quiet = None if trace.last is None else now - trace.last
    if quiet is not None and quiet <= spans.active:
        return Segment.ACTIVE, f"seen {_ago(quiet)}"
    if quiet is not None and quiet <= spans.fading:
        return Segment.FADING, f"seen {_ago(quiet)}"
    if now - subscriber.added_at <= spans.new:
        return Segment.NEW, f"added {_ago(now - subscriber.added_at)}"
    if subscriber.mails is not None and subscriber.mails < spans.mails:
        return Segment.NEW, f"sent {subscriber.mails} mails, too few to tell"
    cannot = _unmeasurable(subscriber, trace)
    if not cannot and now - since < spans.fading:
        began = f"recording began {_ago(now - since)}" if now > since else "nothing was recorded yet"
        cannot = f"{began}, and silence means something after {spans.fading.days} days only"
    if cannot:
        return Segment.UNMEASURABLE, cannot
    if quiet is None:
        return Segment.INACTIVE, f"added {_ago(now - subscriber.added_at)} and never seen"
    return Segment.INACTIVE, f"last seen {_ago(quiet)}"


def _unmeasurable(subscriber: Subscriber, trace: _Trace) -> str:
    """Return why silence means nothing; empty when it does."""
    if subscriber.level < Level.FULL and not (subscriber.level == Level.DATE and trace.coarse):
        return f"consents to {subscriber.level.name} only"
    if trace.unknown:
        return "opens came through a privacy proxy, which fetches whether or not anyone reads"
    if trace.last is not None and trace.last_open is None:
        return "clicked, but was never seen opening: images seem to be blocked"
    if trace.blocking:
        return "reads in a mail client that blocks images"
    return ""


def _ago(span: timedelta) -> str:
    days = max(0, span.days)
    return "today" if not days else f"{days} day{'s' if days > 1 else ''} ago"
