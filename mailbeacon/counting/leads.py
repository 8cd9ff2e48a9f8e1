"""Who shows interest again and again: scores that fade, and reasons a person can check.

Machines and what is unknown never count. Nothing finer than a day is kept of anybody, and no address is known. What one
message adds is bounded, so that who holds a copy of a single mail cannot make its reader a lead by fetching it every day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from threading import Lock
from typing import NamedTuple

from mailbeacon.caches import Cache
from mailbeacon.counting.figures import LinkKey
from mailbeacon.counting.pairing import Events, Texts, Verdicts, region_of, seen, texts_of
from mailbeacon.errors import ConfigError
from mailbeacon.model import Event, Kind, Link, Mail, Verdict, check_aware
from mailbeacon.model.message import check_bounds
from mailbeacon.model.web import without_query

__all__ = ["HALF_LIFE", "HotLead", "HotWatch", "Lead", "Weights", "hot", "score"]

HALF_LIFE = timedelta(days=14)
"""After this long a sign of interest is worth half."""
_MOST_SIGNS = 200
"""So many signs of one recipient a watch keeps, the latest."""

Links = Iterable[Link] | Mapping[str, Iterable[Link]]
"""A template's links, or those of several campaigns by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a sign of interest is worth on the day it is given.

    Attributes:
        open: For each day on which a message was opened.
        click: For each day on which a link was clicked.
        message: The most that one message adds; ``None`` for a click and one and a half opens, less than makes a lead hot.

    Raises:
        ConfigError: If one is no number, or below 0.
    """

    open: float = 1.0
    click: float = 3.0
    message: float | None = None

    def __post_init__(self) -> None:
        for name in ("open", "click", "message"):
            value = getattr(self, name)
            if value is None and name == "message":
                continue
            if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value) or value < 0:
                raise ConfigError(f"the weight {name} must be a number from 0, got {value!r}")

    @property
    def most_of_a_message(self) -> float:
        """The most that one message adds."""
        return self.click + 1.5 * self.open if self.message is None else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """One recipient's interest.

    Attributes:
        recipient: The host's name for them.
        score: The sum of the signs, each faded by its age.
        opened: The days on which a person was seen opening.
        clicked: The links that were clicked, each with its campaign, sorted.
        last: The day of the last sign.
        region: Where the last sign came from, country and region at the finest; empty when it is not known.
        metadata: The host's own texts of the mail with the last sign.
    """

    recipient: str = field(repr=False)
    score: float
    opened: tuple[date, ...]
    clicked: tuple[LinkKey, ...]
    last: date
    region: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

    def reasons(self, links: Links = ()) -> str:
        """Return why, such as ``opened on 2 days, clicked Pricing``.

        Args:
            links: A template's links, for the labels, or those of each campaign. A link is known by campaign, number and
                destination; one without a label is named by its destination.
        """
        labels = _labels(links)
        said = []
        if self.opened:
            said.append(f"opened on {len(self.opened)} {'day' if len(self.opened) == 1 else 'days'}")
        if self.clicked:
            said.append("clicked " + ", ".join(dict.fromkeys(_named(link, labels) for link in self.clicked)))
        return ", ".join(said)


class HotLead(NamedTuple):
    """A lead worth a call, and why."""

    lead: Lead
    why: str


def _labels(links: Links) -> dict[tuple[str | None, int, str], str]:
    """Return labels by campaign (``None`` for any), number and destination."""
    known: list[tuple[str | None, Iterable[Link]]]
    known = [*links.items()] if isinstance(links, Mapping) else [(None, links)]
    return {(campaign, link.number, without_query(link.url)): link.label for campaign, some in known for link in some}


def _named(link: LinkKey, labels: Mapping[tuple[str | None, int, str], str]) -> str:
    found = (labels.get((campaign, link.number, link.url)) for campaign in (link.campaign, None))
    return next(filter(None, found), "") or link.url or f"link {link.number}"


class _Sign(NamedTuple):
    day: date
    kind: Kind
    mail: Mail
    link: LinkKey


class _Signs:
    """One recipient's signs; the same whatever order they come in."""

    __slots__ = ("days", "is_hot", "latest")

    def __init__(self) -> None:
        self.days: set[_Sign] = set()
        self.latest: tuple[date, str, Texts] | None = None
        self.is_hot = False

    def add(self, event: Event) -> bool:
        """Add a sign; say whether it is a new one."""
        day = event.received_at.astimezone(UTC).date()
        link = LinkKey()
        if event.kind == Kind.CLICK:
            link = LinkKey(event.campaign, event.link or 0, without_query(event.url))
        sign = _Sign(day, event.kind, event.mail, link)
        latest = (day, region_of(event), texts_of(event))
        self.latest = max(self.latest or latest, latest)
        if sign in self.days:
            return False
        self.days.add(sign)
        return True

    def score(self, today: date, half_life: timedelta, weights: Weights) -> float:
        of_mail: dict[Mail, float] = {}
        for day, kind, mail, _ in sorted(self.days):
            age = timedelta(days=max(0, (today - day).days))
            worth = (weights.click if kind == Kind.CLICK else weights.open) * 0.5 ** (age / half_life)
            of_mail[mail] = of_mail.get(mail, 0.0) + worth
        return sum(min(worth, weights.most_of_a_message) for worth in of_mail.values())

    def lead(self, recipient: str, today: date, half_life: timedelta, weights: Weights) -> Lead:
        last, region, texts = self.latest or (today, "", ())
        return Lead(
            recipient=recipient,
            score=self.score(today, half_life, weights),
            opened=tuple(sorted({sign.day for sign in self.days if sign.kind == Kind.OPEN})),
            clicked=tuple(sorted({sign.link for sign in self.days if sign.kind == Kind.CLICK})),
            last=last,
            region=region,
            metadata=dict(texts),
        )

    def forget(self, before: date) -> None:
        self.days = {sign for sign in self.days if sign.day >= before}
        if len(self.days) > _MOST_SIGNS:
            self.days = set(sorted(self.days)[-_MOST_SIGNS // 2 :])


def score(
    events: Events,
    verdicts: Verdicts = None,
    now: datetime | None = None,
    *,
    campaign: str | None = None,
    half_life: timedelta = HALF_LIFE,
    weights: Weights | None = None,
) -> list[Lead]:
    """Score every recipient by what people did, the most interested first.

    A message counts once a day for being opened, and each of its links once a day for being clicked, so that one eager
    mail client is not taken for interest; and no message adds more than ``weights.most_of_a_message``.

    Args:
        events: In any order; or pairs of event and verdict, as a sink gives them.
        verdicts: One for each event; left out where pairs are given.
        now: The moment to fade towards.
        campaign: Only events of this campaign; ``None`` for all.
        half_life: After this long a sign is worth half.
        weights: What the signs are worth.

    Raises:
        ConfigError: If ``now`` is missing or naive, ``half_life`` is not above 0, or there is not one verdict for each
            event.
    """
    if now is None:
        raise ConfigError("now is missing: give the moment to fade towards")
    check_aware(now, "now")
    _check_half_life(half_life)
    found: dict[str, _Signs] = {}
    for recipient, event, human in seen(events, verdicts):
        if human and event.received_at <= now and campaign in (None, event.campaign):
            found.setdefault(recipient, _Signs()).add(event)
    today, worth = now.astimezone(UTC).date(), weights or Weights()
    leads = [signs.lead(recipient, today, half_life, worth) for recipient, signs in found.items()]
    return sorted(leads, key=lambda lead: (-lead.score, lead.recipient))


def _check_half_life(half_life: timedelta) -> None:
    if half_life <= timedelta(0):
        raise ConfigError("half_life must be longer than nothing")


def _check_score(at_least: float) -> None:
    if not isfinite(at_least):
        raise ConfigError(f"at_least must be a finite number, got {at_least}")


def hot(leads: Iterable[Lead], *, at_least: float = 5.0, most: int | None = None, links: Links = ()) -> list[HotLead]:
    """Return the leads worth a call, the hottest first, each with its reasons in words.

    Args:
        leads: What :func:`score` gave.
        at_least: The score from which a lead is hot.
        most: How many at most; ``None`` for all.
        links: A template's links, for labels, or those of each campaign by its name.

    Raises:
        ConfigError: If ``at_least`` is not a finite number, or ``most`` is no whole number from 1.
    """
    _check_score(at_least)
    if most is not None:
        check_bounds(most=most)
    known: Links = links if isinstance(links, Mapping) else list(links)
    found = sorted((lead for lead in leads if lead.score >= at_least), key=lambda lead: (-lead.score, lead.recipient))
    return [HotLead(lead, lead.reasons(known)) for lead in found[:most]]


class HotWatch:
    """A watch that reports when someone becomes hot: once, and again only after they have cooled.

    An instance may be given as ``Settings.on_event``, for it is called with an event and its verdict. It keeps the
    recipients with the latest signs only, and of each a bounded number of signs; it may be used from several threads, and
    ``on_hot`` is called outside its lock.

    Args:
        on_hot: Is given the lead.
        at_least: The score from which a lead is hot.
        half_life: After this long a sign is worth half.
        weights: What the signs are worth.
        keep: How many recipients are remembered at most; when there are more, half of them are forgotten.

    Raises:
        ConfigError: If ``half_life`` is not above 0, ``at_least`` is not a finite number, or ``keep`` no whole number from 1.
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
        _check_half_life(half_life)
        _check_score(at_least)
        check_bounds(keep=keep)
        self._on_hot = on_hot
        self._at_least = at_least
        self._half_life = half_life
        self._weights = weights or Weights()
        self._signs: Cache[str, _Signs] = Cache(keep)
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
            self._signs.put(recipient, signs)  # the latest stand last
            if signs.is_hot and signs.score(today, self._half_life, self._weights) < self._at_least:
                signs.is_hot = False
            if not signs.add(event):
                return None
            signs.forget(today - 10 * self._half_life)
            if signs.is_hot:
                return None
            lead = signs.lead(recipient, today, self._half_life, self._weights)
            if lead.score < self._at_least:
                return None
            signs.is_hot = True
            return lead
