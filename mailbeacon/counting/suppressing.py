"""Hide what so few did that a table would tell of them one by one: small cells, and those that would give them away.

A cell that is hidden alone can be worked out from the total and the cells beside it, so a second one goes with it
(complementary suppression). A table that is published again and again is rounded too, and which of its rows are hidden then
hangs on rounded numbers alone: whoever holds two of them side by side sees whole steps, and not that somebody new is there.
Works on what was counted; who may see a table is the host's to say.
Source: A. Hundepool and others, Statistical Disclosure Control, Wiley (2012), chapters 4 and 5.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import fields
from typing import TypeVar

from mailbeacon.counting.figures import Count, Split
from mailbeacon.errors import ConfigError

__all__ = [
    "OTHERS",
    "numbers_of",
    "rounded_count",
    "rounded_number",
    "rounded_rows",
    "size_of",
    "small_cells",
    "small_rows",
    "suppress",
    "tells_of_few",
]

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
    large = [key for key in sizes if sizes[key] >= minimum]
    if large and 0 < sum(sizes[key] for key in hidden) < minimum:
        hidden.add(min(large, key=lambda key: (sizes[key], str(key))))
    return frozenset(hidden)


def small_rows(numbers: Mapping[K, Sequence[int]], sizes: Mapping[K, int], minimum: int) -> frozenset[K]:
    """Return the rows that must not stand by themselves in a table whose every number is rounded down to the minimum.

    Args:
        numbers: Each row's numbers that are shown, exact, as many in each row.
        sizes: How many people or mails each row holds.
        minimum: The least that is shown, and what numbers are rounded down to a multiple of.

    Example:
        >>> sizes = {"Berlin": 41, "Bonn": 2, "Kiel": 9}
        >>> sorted(small_rows({row: (size,) for row, size in sizes.items()}, sizes, 5))
        ['Bonn']
        >>> sizes = {"Berlin": 44, "Bonn": 4, "Kiel": 9}  # 55 in all, of which 40 and 5 can be 48 at most
        >>> sorted(small_rows({row: (size,) for row, size in sizes.items()}, sizes, 5))
        ['Bonn', 'Kiel']
    """
    hidden = {key for key, size in sizes.items() if size < minimum or max(numbers[key], default=0) < minimum}
    width = len(next(iter(numbers.values()), ()))
    for key in sorted(sizes.keys() - hidden, key=lambda key: (rounded_number(sizes[key], minimum), str(key))):
        together = [sum(numbers[one][place] for one in hidden) for place in range(width)]
        columns = zip(*(numbers[one] for one in sizes if one not in hidden), together, strict=True)
        if not any(tells_of_few(rounded_number(sum(column), minimum), column, minimum) for column in columns):
            break
        hidden.add(key)
    return frozenset(hidden)


def tells_of_few(total: int, parts: Collection[int], step: int) -> bool:
    """Check whether a total that is told shows that a part told as 0 is more than that.

    Args:
        total: As it is told.
        parts: The exact parts, told as the multiples of ``step`` below them.
        step: What a part is told in.
    """
    shown = [rounded_number(part, step) for part in parts]
    return 0 in shown and total - sum(shown) > (len(shown) - 1) * (step - 1)


def numbers_of(*counts: Count) -> list[int]:
    """Return every number of a row."""
    splits = [getattr(count, one.name) for count in counts for one in fields(Count)]
    return [getattr(split, part.name) for split in splits for part in fields(Split)]


def size_of(*counts: Count) -> int:
    """Return how many mails a row is about at most; where mails cannot be told apart, how many hits."""
    return max((one.messages.total if one.is_measurable else one.hits.total) for one in counts)


def suppress(counts: Mapping[str, Count], minimum: int, *, rounded: bool = False) -> dict[str, Count]:
    """Return a table whose every row is about at least ``minimum`` mails, the small ones added up under :data:`OTHERS`.

    Args:
        counts: What was counted, by row, as ``Tally.by`` gives it.
        minimum: The least a row is about; 0 and 1 change nothing.
        rounded: Give every number as the multiple of ``minimum`` below it. A host that publishes a table again and again
            needs it: otherwise the difference of two of them tells of a single mail, or that a value is new.

    Returns:
        The rows that may be shown; none where all of them together are too few.

    Raises:
        ConfigError: As for :func:`small_cells`.
    """
    hidden = small_cells({key: size_of(count) for key, count in counts.items()}, minimum)
    if rounded and minimum > 1:
        table = rounded_rows({key: (count,) for key, count in counts.items()}, minimum, others=OTHERS)
        return {key: count for key, (count,) in table.items()}
    found = {key: count for key, count in counts.items() if key not in hidden}
    if hidden:
        others = sum((counts[key] for key in hidden), found.get(OTHERS, Count()))
        found |= {OTHERS: others} if size_of(others) >= minimum else {}
    return found


def rounded_rows(rows: Mapping[K, tuple[Count, ...]], step: int, *, others: K) -> dict[K, tuple[Count, ...]]:
    """Return a table with every number in whole steps, without rows of nothing but zeros.

    The small rows are added up in a last one, under ``others``. Two such tables differ only where a number of a row, of the
    rows added up or of the whole has passed a multiple of the step.
    """
    sizes = {key: size_of(*row) for key, row in rows.items()}
    hidden = small_rows({key: numbers_of(*row) for key, row in rows.items()}, sizes, step) | {others}
    found = {key: row for key, row in rows.items() if key not in hidden}
    together = tuple(sum(column, Count()) for column in zip(*(rows[key] for key in rows if key in hidden), strict=True))
    if together and size_of(*together) >= step:
        found[others] = together
    rounded = {key: tuple(rounded_count(count, step) for count in row) for key, row in found.items()}
    return {key: row for key, row in rounded.items() if any(numbers_of(*row))}


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
