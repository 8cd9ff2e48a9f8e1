"""Sentences that keep what they say beside how they say it, so that a report can say it in another language.

A sentence is a text, in English. Translates nothing: that is a report's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

__all__ = ["NOTHING", "Sentence", "written"]


class Sentence(str):
    """An English text with the pattern and the values it was made of.

    Attributes:
        pattern: The text with places such as ``{number}``.
        values: What stands in the places: texts, whole numbers, and numbers that are written with one decimal.

    Example:
        >>> said = Sentence.of("{number} of {name}", number=1200, name="spring")
        >>> said, said.pattern
        ('1,200 of spring', '{number} of {name}')
    """

    __slots__ = ("pattern", "values")
    pattern: str
    values: Mapping[str, object]

    @classmethod
    def of(cls, pattern: str, **values: object) -> Self:
        """Return a sentence made of a pattern and values."""
        made = cls(pattern.format(**{name: written(value) for name, value in values.items()}) if values else pattern)
        made.pattern, made.values = pattern, values
        return made

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return _again, (self.pattern, dict(self.values))


def _again(pattern: str, values: Mapping[str, object]) -> Sentence:
    return Sentence.of(pattern, **values)


def written(value: object, *, thousands: str = ",", point: str = ".") -> str:
    """Return a value as it is written: whole numbers in groups of three, others with one decimal and no sign before 0.0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    text = f"{value:,}" if isinstance(value, int) else f"{value:z,.1f}"
    if (thousands, point) == (",", "."):
        return text
    return text.replace(",", "\0").replace(".", point).replace("\0", thousands)


NOTHING = Sentence.of("")
"""What is said where nothing is to be said."""
