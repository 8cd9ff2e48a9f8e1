"""Chance, the same on every Python: all draws are made of ``Random.random`` alone, which no version may change.

Holds no distribution's meaning: what is drawn, and why so, stands with the behaviours.
Source: Python's ``random`` documentation, "Notes on Reproducibility", 2025.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import cos, exp, log, pi, sqrt
from random import Random
from typing import Generic, TypeVar

from mailbeacon.errors import ConfigError

__all__ = ["Choices", "Rng"]

T = TypeVar("T")


class Choices(Generic[T]):
    """Things with their weights, ready to draw from.

    Args:
        pairs: Weight and thing; weights need not add up to anything.

    Raises:
        ConfigError: If there are none, or a weight is negative.
    """

    __slots__ = ("borders", "items")

    def __init__(self, pairs: Iterable[tuple[float, T]]) -> None:
        kept = [pair for pair in pairs if pair[0]]
        if not kept or any(weight < 0 for weight, _ in kept):
            raise ConfigError("weights must be positive, and there must be one at least")
        total = sum(weight for weight, _ in kept)
        self.items: tuple[T, ...] = tuple(item for _, item in kept)
        self.borders: tuple[float, ...] = tuple(accumulate(weight / total for weight, _ in kept))[:-1]


class Rng:
    """Draw from one stream of chance.

    Args:
        seed: The same seed gives the same draws in every process, on every platform.
    """

    __slots__ = ("random",)

    def __init__(self, seed: int) -> None:
        self.random = Random(int(seed)).random

    def chance(self, share: float) -> bool:
        """Check whether something that happens in this share of cases happens now."""
        return self.random() < share

    def between(self, low: float, high: float) -> float:
        """Return a number between two others, each as likely."""
        return low + (high - low) * self.random()

    def below(self, count: int) -> int:
        """Return a whole number from 0 to ``count - 1``, each as likely."""
        return int(self.random() * count)

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the things, each as likely."""
        return items[int(self.random() * len(items))]

    def choose(self, choices: Choices[T]) -> T:
        """Return one of the things by its weight."""
        return choices.items[bisect_right(choices.borders, self.random())]

    def exponential(self, mean: float) -> float:
        """Return the wait for something that happens at any moment alike."""
        return -mean * log(1.0 - self.random())

    def lognormal(self, median: float, sigma: float) -> float:
        """Return a delay whose logarithm is normal.

        Args:
            median: Half of the delays are shorter.
            sigma: The standard deviation of the logarithm.

        Source: G. E. P. Box and M. E. Muller, Annals of Mathematical Statistics 29 (1958), for the normal draw.
        """
        normal = sqrt(-2.0 * log(1.0 - self.random())) * cos(2.0 * pi * self.random())
        return median * exp(sigma * normal)

    def quantile(self, points: Sequence[tuple[float, float]]) -> float:
        """Return a draw from a distribution known at some points: share below, value; straight lines between them."""
        share = self.random()
        low, start = points[0]
        for high, end in points:
            if share < high:
                return start + (end - start) * (share - low) / (high - low)
            low, start = high, end
        return start

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """Return the things in any order, each as likely."""
        found = list(items)
        for place in range(len(found) - 1, 0, -1):
            other = int(self.random() * (place + 1))
            found[place], found[other] = found[other], found[place]
        return found

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """Return ``count`` different ones of the things, or all if there are fewer."""
        if count == 1 and items:
            return [self.pick(items)]
        return self.shuffled(items)[:count]
