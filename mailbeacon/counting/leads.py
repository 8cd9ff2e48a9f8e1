"""Who shows interest again and again: scores that fade, and reasons a person can check.

Machines and what is unknown never count. Nothing finer than a day is kept of anybody, and no address is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from threading import Lock

from mailbeacon.counting.pairing import seen
from mailbeacon.errors import ConfigError
from mailbeacon.model import Event, Kind, Link, Verdict, check_aware

__all__ = ["HALF_LIFE", "HotWatch", "Lead", "Weights", "hot", "score"]

HALF_LIFE = timedelta(days=14)
"""After this long a sign of interest is worth half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Say what a sign of interest is worth on the day it is given.

    Attributes:
        open: For each day on which a message was opened.
        click: For each day on which a link was clicked.
    """

    open: float = 1.0
    click: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Hold one recipient's interest.

    Attributes:
        recipient: The host's name for them.
        score: The sum of the signs, each faded by its age.
        opened: The days on which a person was seen opening.
        clicked: The links that were clicked, in the order of their numbers.
        last: The day of the last sign.
        region: Where the last sign came from, country and region at the finest; empty when it is not known.
    """

    recipient: str
    score: float
    opened: tuple[date, ...]
    clicked: tuple[tuple[int, str], ...]
    last: date
    region: str = ""

    def reasons(self, links: Iterable[Link] = ()) -> str:
        """Say why, such as ``opened on 2 days, clicked Pricing``.

        Args:
            links: The template's links, for the labels; a link without one is named by its destination.
        """
        labels = {link.number: link.label for link in links}
        said = []
        if self.opened:
            said.append(f"opened on {len(self.opened)} {'day' if len(self.opened) == 1 else 'days'}")
        if self.clicked:
            names = dict.fromkeys(labels.get(number) or url or f"link {number}" for number, url in self.clicked)
            said.append("clicked " + ", ".join(names))
        return ", ".join(said)


class _Signs:
    """Collect one recipient's signs; the same whatever order they come in."""

    __slots__ = ("days", "latest")

    def __init__(self) -> None:
        self.days: set[tuple[date, Kind, str, int, str]] = set()
        self.latest: tuple[date, str] | None = None

    def add(self, event: Event) -> None:
        day = event.received_at.astimezone(UTC).date()
        link, url = (event.link or 0, event.url) if event.kind == Kind.CLICK else (0, "")
        self.days.add((day, event.kind, event.message_id, link, url))
        place = ", ".join(filter(None, (event.facts.country, event.facts.region)))
        self.latest = max(self.latest or (day, place), (day, place))

    def lead(self, recipient: str, today: date, half_life: timedelta, weights: Weights) -> Lead:
        total = 0.0
        for day, kind, *_ in sorted(self.days):
            age = timedelta(days=max(0, (today - day).days))
            total += (weights.click if kind == Kind.CLICK else weights.open) * 0.5 ** (age / half_life)
        last, region = self.latest or (today, "")
        return Lead(
            recipient=recipient,
            score=total,
            opened=tuple(sorted({day for day, kind, *_ in self.days if kind == Kind.OPEN})),
            clicked=tuple(sorted({(link, url) for _, kind, _, link, url in self.days if kind == Kind.CLICK})),
            last=last,
            region=region,
        )

    def forget(self, before: date) -> None:
        self.days = {sign for sign in self.days if sign[0] >= before}


def score(
    events: Iterable[Event],
    verdicts: Iterable[Verdict | None],
    now: datetime,
    *,
    half_life: timedelta = HALF_LIFE,
    weights: Weights | None = None,
) -> list[Lead]:
    """Score every recipient by what people did, the most interested first.

    A message counts once a day for being opened, and each of its links once a day for being clicked, so that one eager
    mail client is not taken for interest.

    Args:
        events: In any order.
        verdicts: One for each event.
        now: The moment to fade towards.
        half_life: After this long a sign is worth half.
        weights: What the signs are worth.

    Raises:
        ConfigError: If ``now`` is naive, ``half_life`` is not above 0, or there is not one verdict for each event.
    """
    check_aware(now, "now")
    if half_life <= timedelta(0):
        raise ConfigError("half_life must be longer than nothing")
    found: dict[str, _Signs] = {}
    for recipient, event, human in seen(events, verdicts):
        if human and event.received_at <= now:
            found.setdefault(recipient, _Signs()).add(event)
    today, worth = now.astimezone(UTC).date(), weights or Weights()
    leads = [signs.lead(recipient, today, half_life, worth) for recipient, signs in found.items()]
    return sorted(leads, key=lambda lead: (-lead.score, lead.recipient))


def hot(
    leads: Iterable[Lead], *, at_least: float = 5.0, most: int | None = None, links: Iterable[Link] = ()
) -> list[tuple[Lead, str]]:
    """Give the leads worth a call, the hottest first, each with its reasons in words.

    Args:
        leads: What :func:`score` gave.
        at_least: The score from which a lead is hot.
        most: How many at most; ``None`` for all.
        links: The template's links, for labels.
    """
    known = list(links)
    found = sorted((lead for lead in leads if lead.score >= at_least), key=lambda lead: (-lead.score, lead.recipient))
    return [(lead, lead.reasons(known)) for lead in found[:most]]


class HotWatch:
    """Tell when someone becomes hot: once, and again only after they have cooled.

    An instance may be given as ``Settings.on_event``, for it is called with an event and its verdict. It keeps the
    recipients with the latest signs only, and may be used from several threads; ``on_hot`` is called outside its lock.

    Args:
        on_hot: Is given the lead.
        at_least: The score from which a lead is hot.
        half_life: After this long a sign is worth half.
        weights: What the signs are worth.
        keep: How many recipients are remembered.
    """

    def __init__(
        self,
        on_hot: Callable[[Lead], None],
        *,
        at_least: float = 5.0,
        half_life: timedelta = HALF_LIFE,
        weights: Weights | None = None,
        keep: int = 100_000,
    ) -> None:
        self._on_hot = on_hot
        self._at_least = at_least
        self._half_life = half_life
        self._weights = weights or Weights()
        self._keep = keep
        self._signs: dict[str, _Signs] = {}
        self._hot: set[str] = set()
        self._lock = Lock()

    def __call__(self, event: Event, verdict: Verdict | None) -> None:
        """Take one event; signs older than ten half-lives are forgotten."""
        for recipient, one, human in seen([event], [verdict]):
            if human:
                lead = self._add(recipient, one)
                if lead is not None:
                    self._on_hot(lead)

    def _add(self, recipient: str, event: Event) -> Lead | None:
        today = event.received_at.astimezone(UTC).date()
        with self._lock:
            signs = self._signs.pop(recipient, None) or _Signs()
            before = signs.lead(recipient, today, self._half_life, self._weights).score
            if before < self._at_least:
                self._hot.discard(recipient)
            signs.add(event)
            signs.forget(today - 10 * self._half_life)
            self._signs[recipient] = signs
            while len(self._signs) > self._keep:
                oldest = next(iter(self._signs))
                del self._signs[oldest]
                self._hot.discard(oldest)
            lead = signs.lead(recipient, today, self._half_life, self._weights)
            if lead.score < self._at_least or recipient in self._hot:
                return None
            self._hot.add(recipient)
            return lead
