"""Rates that say what they are: numerator, denominator, unit, and how far chance may have moved them.

Divides the figures of a tally. Does not decide who is a person, and never gives a bare percentage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from mailbeacon.counting.figures import Count, Dimension, LinkKey
from mailbeacon.counting.sentences import Sentence
from mailbeacon.counting.tallies import Tally
from mailbeacon.errors import ConfigError
from mailbeacon.model import Kind

__all__ = ["Interval", "Range", "Rate", "Rates", "Raw", "interval", "normal_quantile", "rate", "rates"]

_MOST_NAMED = 5
_OUTCOME_RATES = {
    "bounced": "bounce rate",
    "deferred": "soft bounce rate",
    "rejected": "rejection rate",
    "complained": "complaint rate",
    "unsubscribed": "unsubscribe rate",
    "withdrawn": "withdrawal rate",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Bounds, and the share of such intervals that hold the truth."""

    low: float
    high: float
    confidence: float = 0.95

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of something in something.

    Attributes:
        name: What it is, such as ``click rate``.
        numerator: How many.
        denominator: Of how many.
        unit: What both count: ``messages`` or ``hits``.
        of: What the denominator is, such as ``delivered``.
        interval: Where the true share may lie.
    """

    name: str
    numerator: int
    denominator: int
    unit: str
    of: str
    interval: Interval

    @property
    def value(self) -> float | None:
        """The share, 0 to 1; ``None`` of nothing."""
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What is known at least and at most: people seen, and people seen plus unknown."""

    low: Rate
    high: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """What a tool that takes every hit for a person would have shown.

    Attributes:
        hits: "Total" opens or clicks.
        messages: "Unique" opens or clicks.
        rate: ``messages`` of the mails delivered; ``None`` where that is not known.
        machine_hits: The machines' share of the hits.
    """

    hits: int
    messages: int
    rate: Rate | None
    machine_hits: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The figures every report begins with.

    Attributes:
        delivered: How many mails were delivered; ``None`` when nobody said.
        opens: The open rate as a range; ``None`` without deliveries.
        clicks: The click rate as a range.
        click_to_open: Mails opened and clicked by people, of those opened by people.
        raw_opens: What opens would look like elsewhere.
        raw_clicks: What clicks would look like elsewhere.
        links: For each link the share of clicked mails in which people clicked it.
        outcomes: The rates of what became of the mails, by their names in :class:`Outcomes`.
        clicks_are_opens: Whether a click was taken for an open.
        doubts: What is wrong with the figures, in sentences; empty when nothing is.
    """

    delivered: int | None
    opens: Range | None
    clicks: Range | None
    click_to_open: Rate
    raw_opens: Raw
    raw_clicks: Raw
    links: Mapping[LinkKey, Rate]
    outcomes: Mapping[str, Rate] = field(default_factory=dict)
    clicks_are_opens: bool = False
    doubts: Sequence[Sentence] = ()

    @property
    def doubt(self) -> str:
        """The doubts as one text; empty when there is none."""
        return " ".join(self.doubts)


def normal_quantile(confidence: float) -> float:
    """Return how many standard deviations either side hold this share of a normal distribution.

    Raises:
        ConfigError: If ``confidence`` is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ConfigError(f"confidence must lie between 0 and 1, got {confidence}")
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + confidence) / 2)


def interval(hits: int, total: int, *, confidence: float = 0.95) -> Interval:
    """Bound a share from below and above.

    Args:
        hits: How many, from 0 to ``total``.
        total: Of how many.
        confidence: The share of such intervals that hold the truth.

    Returns:
        Bounds within 0 and 1; both ends when ``total`` is 0.

    Raises:
        ConfigError: If ``hits`` is negative or exceeds ``total``, or ``confidence`` is not between 0 and 1.

    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212: the score interval.

    Example:
        >>> found = interval(40, 200)
        >>> f"{found.low:.3f} to {found.high:.3f}"
        '0.150 to 0.261'
    """
    if not 0 <= hits <= total:
        raise ConfigError(f"a share needs 0 <= hits <= total, got {hits} of {total}")
    z = normal_quantile(confidence)
    if not total:
        return Interval(low=0.0, high=1.0, confidence=confidence)
    share, square = hits / total, z * z / total
    middle = share + square / 2
    spread = z * sqrt(share * (1 - share) / total + square / (4 * total))
    low = (middle - spread) / (1 + square) if hits else 0.0
    high = (middle + spread) / (1 + square) if hits < total else 1.0
    return Interval(low=low, high=high, confidence=confidence)


def rate(name: str, hits: int, total: int, *, of: str, unit: str = "messages", confidence: float = 0.95) -> Rate:
    """Make a rate with its interval.

    Raises:
        ConfigError: As :func:`interval`.

    Example:
        >>> rate("click rate", 3, 12, of="delivered").value
        0.25
    """
    bounds = interval(hits, total, confidence=confidence)
    return Rate(name=name, numerator=hits, denominator=total, unit=unit, of=of, interval=bounds)


def rates(tally: Tally, *, clicks_are_opens: bool = False, confidence: float = 0.95) -> Rates:
    """Work out the figures every report begins with.

    A rate of what was delivered counts only campaigns (and variants) of which that is known; ``doubt`` names the rest.

    Args:
        tally: All of it counts; use ``tally.select`` for a part.
        clicks_are_opens: Take a mail that was clicked for opened too.
        confidence: Of every interval.

    Example:
        >>> from mailbeacon.counting import tally
        >>> round(rates(tally([], [], deliveries=100)).clicks.high.interval.high, 3)
        0.037
    """
    part = tally.with_deliveries()
    opens = tally.count(Kind.OPEN, clicks_are_opens=clicks_are_opens)
    clicks = tally.count(Kind.CLICK)
    both = clicks.messages.people if clicks_are_opens else tally.overlap()
    delivered = part.deliveries
    seen = part.mails
    known = None if delivered is None or seen > delivered else delivered
    known_opens, known_clicks = part.count(Kind.OPEN, clicks_are_opens=clicks_are_opens), part.count(Kind.CLICK)
    return Rates(
        delivered=tally.deliveries,
        opens=_range("open rate", known_opens, known, confidence),
        clicks=_range("click rate", known_clicks, known, confidence),
        click_to_open=rate(
            "click-to-open rate", both, opens.messages.people, of="opened by people", confidence=confidence
        ),
        raw_opens=_raw("raw open rate", tally.count(Kind.OPEN), part.count(Kind.OPEN), known, confidence),
        raw_clicks=_raw("raw click rate", clicks, known_clicks, known, confidence),
        links=_links(tally, clicks, confidence),
        outcomes=_outcome_rates(part, known, confidence),
        clicks_are_opens=clicks_are_opens,
        doubts=_doubts(tally, seen, delivered),
    )


def _doubts(tally: Tally, seen: int, delivered: int | None) -> list[Sentence]:
    """Return what is wrong with the denominators."""
    doubts: list[Sentence] = []
    if delivered is None:
        return doubts
    if seen > delivered:
        said = "1 message was seen, but only {delivered} said to be delivered: no rate is given."
        if seen > 1:
            said = "{seen} messages were seen, but only {delivered} said to be delivered: no rate is given."
        doubts.append(Sentence.of(said, seen=seen, delivered=delivered))
    missing = tally.without_deliveries
    if missing:
        named = ", ".join(name or "–" for name in missing[:_MOST_NAMED]) + (", …" if len(missing) > _MOST_NAMED else "")
        said = "It is not known how many messages of {named} were delivered: rates are of the other campaigns alone."
        doubts.append(Sentence.of(said, named=named))
    unlisted = tally.outcomes.unlisted if tally.reported else 0
    if unlisted:
        said = "1 message was seen of which the provider reported nothing: its events cover only a part."
        if unlisted > 1:
            said = "{number} messages were seen of which the provider reported nothing: its events cover only a part."
        doubts.append(Sentence.of(said, number=unlisted))
    return doubts


def _outcome_rates(part: Tally, delivered: int | None, confidence: float) -> dict[str, Rate]:
    """Return the rates of what became of the mails: bounces of those sent, complaints and unsubscribes of those delivered."""
    found, made = part.outcomes, {}
    if found.sent:
        for name in ("bounced", "deferred", "rejected"):
            title = _OUTCOME_RATES[name]
            made[name] = rate(title, getattr(found, name), found.sent, of="sent", confidence=confidence)
    if delivered:
        for name in ("complained", "unsubscribed", "withdrawn"):
            number = getattr(found, name)
            if number <= delivered:
                made[name] = rate(_OUTCOME_RATES[name], number, delivered, of="delivered", confidence=confidence)
    return made


def _range(name: str, count: Count, delivered: int | None, confidence: float) -> Range | None:
    if delivered is None or not count.is_measurable:
        return None
    low, high = count.messages.people, count.messages.possible
    return Range(
        low=rate(f"{name}, people seen", low, delivered, of="delivered", confidence=confidence),
        high=rate(f"{name}, people seen plus unknown", high, delivered, of="delivered", confidence=confidence),
    )


def _raw(name: str, count: Count, known: Count, delivered: int | None, confidence: float) -> Raw:
    messages = known.messages.total
    measurable = delivered is not None and known.is_measurable
    return Raw(
        hits=count.hits.total,
        messages=count.messages.total,
        rate=rate(name, messages, delivered or 0, of="delivered", confidence=confidence) if measurable else None,
        machine_hits=rate(
            "machines' share", count.hits.machines, count.hits.total, of="hits", unit="hits", confidence=confidence
        ),
    )


def _links(tally: Tally, clicks: Count, confidence: float) -> dict[LinkKey, Rate]:
    """Return each link's share of the mails people clicked in, the most clicked first."""
    total = clicks.messages.people
    found = {
        link: rate("link's share", count.messages.people, total, of="clicked by people", confidence=confidence)
        for link, count in tally.by(Dimension.LINK, Kind.CLICK).items()
        if isinstance(link, LinkKey)
    }
    return dict(sorted(found.items(), key=lambda item: -item[1].numerator))  # alike, they stay in the links' order
