"""Twelve numbers for each value of a dimension, from which counts are made.

Reads no page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from mailbeacon.counting.figures import Count, LinkKey, Split
from mailbeacon.counting.traits import MACHINES, PEOPLE, UNKNOWN

__all__ = ["HITS", "MESSAGES", "MOST_HITS", "NOBODY", "SHARED", "VIEWS", "Sums", "Value", "add_sums", "counts"]

MOST_HITS: Final = 1_000
"""Hits of one message in one day beyond these are in no figure: they are shown apart, for no reader makes so many."""
NOBODY: Final = 3
"""Above every audience: the smallest audience of a mail is the one it counts as."""
HITS, VIEWS, MESSAGES, SHARED = 0, 3, 6, 9
"""Where a unit's three numbers begin in a list of twelve."""

Value = str | datetime | date | LinkKey | None
Sums = dict[Value, list[int]]
"""Twelve numbers for each value: hits, views, messages and shared hits, each by people, unknown and machines."""


def add_sums(into: Sums, more: Mapping[Value, list[int]]) -> None:
    """Add numbers to numbers, value by value."""
    for value, numbers in more.items():
        known = into.get(value)
        into[value] = list(numbers) if known is None else [a + b for a, b in zip(known, numbers, strict=True)]


def counts(sums: Sums) -> dict[Value, Count]:
    """Return counts of sums, in the order of their values."""
    return {value: _count(sums[value]) for value in sorted(sums, key=_order)}


def _count(numbers: list[int]) -> Count:
    hits, views, messages, shared = (
        Split(people=numbers[at + PEOPLE], unknown=numbers[at + UNKNOWN], machines=numbers[at + MACHINES])
        for at in (HITS, VIEWS, MESSAGES, SHARED)
    )
    return Count(hits=hits, views=views, messages=messages, shared=shared)


def _order(value: Value) -> tuple[str, int, str]:
    if isinstance(value, LinkKey):
        return value
    return (value.isoformat() if isinstance(value, date) else value or "", 0, "")
