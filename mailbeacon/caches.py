"""The one small cache of the package: a dictionary that stays small.

Where a plain function of its arguments is to be remembered, ``functools.lru_cache`` on that function does; this is for an
object's own. It makes no values and holds no lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

__all__ = ["Cache"]

K = TypeVar("K")
V = TypeVar("V")


class Cache(dict[K, V]):
    """A dictionary of at most ``bound`` entries: when it is full, the half that was put in first is forgotten.

    Reading is a dictionary's own ``get``, so a hit costs what a dictionary's does. Safe to use from several threads: two
    that miss the same key make its value twice, and the later one stays.

    Args:
        bound: The most entries it holds, 1 or more.

    Example:
        >>> squares = Cache(2)
        >>> [squares.put(number, number**2) for number in (1, 2, 3)], sorted(squares)
        ([1, 4, 9], [2, 3])
    """

    __slots__ = ("_bound",)

    def __init__(self, bound: int) -> None:
        super().__init__()
        self._bound = bound

    def put(self, key: K, value: V) -> V:
        """Keep a value, and return it."""
        if len(self) >= self._bound and key not in self:
            self._forget()
        self[key] = value
        return value

    def put_all(self, values: Mapping[K, V]) -> None:
        """Keep some values, at most half as many as it holds."""
        if len(self) + len(values) > self._bound:
            self._forget()
        self.update(values)

    def _forget(self) -> None:
        for old in [*self][: (self._bound + 1) // 2]:
            self.pop(old, None)
