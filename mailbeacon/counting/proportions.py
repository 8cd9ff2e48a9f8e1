"""The statistics of two shares: their difference with an interval, a p-value, corrections, and sample sizes.

Numbers in, numbers out; knows nothing of mails.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, lgamma, sqrt
from statistics import NormalDist

from mailbeacon.counting.ratios import Interval, interval, normal_quantile
from mailbeacon.errors import ConfigError

__all__ = ["difference", "holm", "p_value", "sample_size"]

_FEW = 5
"""Below this expected number in a cell the normal approximation is not used (W. G. Cochran, Biometrics 10, 1954)."""


def difference(hits: int, total: int, base_hits: int, base_total: int, *, confidence: float = 0.95) -> Interval:
    """Bound the difference of two independent shares, the first minus the second.

    Source: R. G. Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10: Wilson intervals,
    squared and added.

    Example:
        >>> found = difference(60, 200, 40, 200)
        >>> f"{found.low:+.3f} to {found.high:+.3f}"
        '+0.015 to +0.183'
    """
    one = interval(hits, total, confidence=confidence)
    two = interval(base_hits, base_total, confidence=confidence)
    if not total or not base_total:
        return Interval(low=-1.0, high=1.0, confidence=confidence)
    first, second = hits / total, base_hits / base_total
    middle = first - second
    low = middle - sqrt((first - one.low) ** 2 + (two.high - second) ** 2)
    high = middle + sqrt((one.high - first) ** 2 + (second - two.low) ** 2)
    return Interval(low=low, high=high, confidence=confidence)


def p_value(hits: int, total: int, base_hits: int, base_total: int) -> float:
    """Return how often chance alone would part two equal shares this far, or further.

    The pooled z-test; Fisher's exact test where a cell expects fewer than five.

    Example:
        >>> round(p_value(0, 10, 5, 10), 4)
        0.0325
    """
    interval(hits, total), interval(base_hits, base_total)
    everyone, found = total + base_total, hits + base_hits
    if not total or not base_total or found in (0, everyone):
        return 1.0
    if min(total, base_total) * min(found, everyone - found) < _FEW * everyone:
        return _fisher(hits, total, base_hits, base_total)
    pooled = found / everyone
    spread = sqrt(pooled * (1 - pooled) * (1 / total + 1 / base_total))
    return 2 * NormalDist().cdf(-abs(hits / total - base_hits / base_total) / spread)


def _fisher(hits: int, total: int, base_hits: int, base_total: int) -> float:
    """Add up the chances of all tables that are no more likely than this one, given its margins."""
    found = hits + base_hits

    def chance(number: int) -> float:
        return exp(_choose(total, number) + _choose(base_total, found - number) - _choose(total + base_total, found))

    here = chance(hits) * (1 + 1e-7)
    tables = range(max(0, found - base_total), min(found, total) + 1)
    return min(1.0, sum(each for each in map(chance, tables) if each <= here))


def _choose(total: int, number: int) -> float:
    """Return the logarithm of the binomial coefficient."""
    return lgamma(total + 1) - lgamma(number + 1) - lgamma(total - number + 1)


def holm(values: Sequence[float]) -> list[float]:
    """Correct several p-values so that one false alarm among all is as rare as in a single test.

    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979), 65-70: the step-down procedure.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    found = [0.0] * len(values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        highest = max(highest, min(1.0, values[place] * (len(values) - rank)))
        found[place] = highest
    return found


def sample_size(share: float, better: float, *, power: float = 0.8, confidence: float = 0.95) -> int:
    """Return how many messages each variant needs to tell two shares apart.

    Args:
        share: What is expected of the one.
        better: What is expected of the other.
        power: How often a true difference should be found.
        confidence: One minus how often a difference may be found where there is none.

    Raises:
        ConfigError: If a share is not between 0 and 1, or both are equal.

    Source: J. L. Fleiss, Statistical Methods for Rates and Proportions, 2nd ed. (1981), without continuity correction.

    Example:
        >>> sample_size(0.20, 0.25)
        1094
    """
    if not (0 < share < 1 and 0 < better < 1) or share == better:
        raise ConfigError("a sample size needs two different shares between 0 and 1")
    middle = (share + better) / 2
    alone = normal_quantile(confidence) * sqrt(2 * middle * (1 - middle))
    apart = NormalDist().inv_cdf(power) * sqrt(share * (1 - share) + better * (1 - better))
    return ceil(((alone + apart) / (better - share)) ** 2)
