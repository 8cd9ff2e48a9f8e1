"""How many people read a mail, with those whose opens cannot be seen: estimated from the people who clicked.

Opens are one catch, clicks another; how many of those who clicked were also seen opening tells what share of readers is
seen opening at all. Does not apply where clickers load images more (or less) often than other readers do.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

from mailbeacon.counting.ratios import Interval, normal_quantile
from mailbeacon.counting.sentences import NOTHING, Sentence
from mailbeacon.counting.tallies import Tally
from mailbeacon.errors import ConfigError
from mailbeacon.model import Kind

__all__ = ["ASSUMPTION", "WIDEST", "Readership", "estimate_readers", "readership"]

ASSUMPTION = Sentence.of(
    "This assumes that readers who click are seen opening as often as readers who do not click; "
    "where the keener readers also load images more often, it is too low."
)
WIDEST = 3.0
"""No answer is given when the upper bound is more than this many times the estimate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readership:
    """An estimate of how many mails people read, or why there is none.

    Attributes:
        opened: Mails that people were seen opening.
        clicked: Mails in which people clicked.
        both: Mails of both kinds.
        estimate: Mails that people read; ``None`` without an answer.
        interval: In mails; ``None`` without an answer.
        reason: Why there is no answer; empty when there is one.
        assumption: What must hold for the answer to be right.
    """

    opened: int
    clicked: int
    both: int
    estimate: float | None = None
    interval: Interval | None = None
    reason: Sentence = NOTHING
    assumption: Sentence = ASSUMPTION


def readership(tally: Tally, *, confidence: float = 0.95) -> Readership:
    """Estimate how many mails were read by people, seen opening or not.

    Args:
        tally: One campaign, or several of the same kind.
        confidence: The share of such intervals that hold the truth where the assumption holds.

    Returns:
        The estimate, never more than was delivered; or the reason why there is none, such as "not enough clicks".
    """
    opened = tally.count(Kind.OPEN).messages.people
    clicked = tally.count(Kind.CLICK).messages.people
    return estimate_readers(opened, clicked, tally.overlap(), most=tally.deliveries, confidence=confidence)


def estimate_readers(
    opened: int, clicked: int, both: int, *, most: int | None = None, confidence: float = 0.95
) -> Readership:
    """Estimate a population from two catches.

    Args:
        opened: The size of the first catch.
        clicked: The size of the second.
        both: How many are in both.
        most: More than this there cannot be; bounds the result.
        confidence: Of the interval.

    Raises:
        ConfigError: If the numbers contradict each other.

    Source: D. G. Chapman, University of California Publications in Statistics 1 (1951), the point; M. Sadinle,
    Communications in Statistics – Simulation and Computation 38 (2009), 1909-1924, the transformed-logit interval.

    Example:
        >>> round(estimate_readers(400, 100, 50).estimate)
        793
    """
    if not 0 <= both <= min(opened, clicked):
        raise ConfigError(f"both must lie between 0 and the smaller catch, got {both} of {opened} and {clicked}")
    only_opened, only_clicked = opened - both, clicked - both
    seen = opened + only_clicked
    point = (opened + 1) * (clicked + 1) / (both + 1) - 1
    a, b, c = both + 0.5, only_opened + 0.5, only_clicked + 0.5
    spread = normal_quantile(confidence) * sqrt(1 / a + 1 / b + 1 / c + a / (b * c))
    low, high = (seen - 0.5 + b * c / a * exp(sign * spread) for sign in (-1, 1))
    if high > WIDEST * point or not both:
        return Readership(opened=opened, clicked=clicked, both=both, reason=Sentence.of("not enough clicks"))
    if most is not None and seen <= most:
        point, low, high = min(point, most), min(low, most), min(high, most)
    low, high = min(max(low, seen), point), max(high, point)
    bounds = Interval(low=low, high=high, confidence=confidence)
    return Readership(opened=opened, clicked=clicked, both=both, estimate=point, interval=bounds)
