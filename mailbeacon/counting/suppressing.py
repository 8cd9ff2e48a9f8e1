"""Hide what so few did that a table would tell of them one by one: small cells, and those that would give them away.

A cell that is hidden alone can be worked out from the total and the cells beside it, so a second one goes with it
(complementary suppression). Works on what was counted; who may see a table is the host's to say.
Source: A. Hundepool and others, Statistical Disclosure Control, Wiley (2012), chapter 4.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import fields
from typing import TypeVar

from mailbeacon.counting.figures import Count, Split
from mailbeacon.errors import ConfigError

__all__ = ["OTHERS", "rounded_count", "rounded_number", "size_of", "small_cells", "suppress"]

OTHERS = "other"
"""The row that holds what is too small to be shown by itself."""
K = TypeVar("K", bound=Hashable)


def small_cells(sizes: Mapping[K, int], minimum: int) -> frozenset[K]:
    """Return the cells that must not stand by themselves.

    All together they are at least ``minimum``, or nothing at all; where even the whole table is smaller, none may be shown.

    Args:
        sizes: How many people or mails each cell holds.
        minimum: The least that is shown; 0 and 1 hide nothing.

    Raises:
        ConfigError: If ``minimum`` is no whole number, or below 0.

    Example:
        >>> sorted(small_cells({"Berlin": 40, "Bonn": 2, "Kiel": 9}, 5))
        ['Bonn', 'Kiel']
    """
    if not isinstance(minimum, int) or isinstance(minimum, bool) or minimum < 0:
        raise ConfigError(f"minimum must be a whole number from 0, got {minimum!r:.40}")
    hidden = {key for key, size in sizes.items() if 0 < size < minimum}
    together = sum(sizes[key] for key in hidden)
    shown = sorted(
        (key for key, size in sizes.items() if size >= max(minimum, 1)), key=lambda key: (sizes[key], str(key))
    )
    for key in shown:
        if not 0 < together < minimum:
            break
        hidden.add(key)
        together += sizes[key]
    return frozenset(hidden)


def size_of(*counts: Count) -> int:
    """Return how many mails a row is about at most; where mails cannot be told apart, how many hits."""
    return max((one.messages.total if one.is_measurable else one.hits.total) for one in counts)


def suppress(counts: Mapping[str, Count], minimum: int, *, rounded: bool = False) -> dict[str, Count]:
    """Return a table whose every row is about at least ``minimum`` mails, the small ones added up under :data:`OTHERS`.

    Args:
        counts: What was counted, by row, as ``Tally.by`` gives it.
        minimum: The least a row is about; 0 and 1 change nothing.
        rounded: Give every number as the multiple of ``minimum`` below it. A host that publishes a table again and again
            needs it: otherwise the difference of two of them tells of a single mail.

    Returns:
        The rows that may be shown; none where all of them together are too few.

    Raises:
        ConfigError: As for :func:`small_cells`.
    """
    hidden = small_cells({key: size_of(count) for key, count in counts.items()}, minimum)
    found = {key: count for key, count in counts.items() if key not in hidden}
    if hidden:
        others = found.get(OTHERS, Count())
        for key in hidden:
            others += counts[key]
        found |= {OTHERS: others} if size_of(others) >= minimum else {}
    return {key: rounded_count(count, minimum) for key, count in found.items()} if rounded else found


def rounded_number(number: int, step: int) -> int:
    """Return the multiple of a step below a number; the number itself where the step is 0 or 1."""
    return number // step * step if step > 1 else number


def rounded_count(count: Count, step: int) -> Count:
    """Return a count with every number in whole steps."""
    if step < 2:
        return count
    splits = {one.name: getattr(count, one.name) for one in fields(Count)}
    made = {
        name: Split(**{part.name: rounded_number(getattr(split, part.name), step) for part in fields(Split)})
        for name, split in splits.items()
    }
    return Count(**made)
