"""The words of a report: every string of the page in a language, and how that language writes numbers and days.

English is the language the strings are written in. Another is a mapping from them, with the same places; what a mapping
lacks stays English.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from mailbeacon.counting import Interval, Sentence
from mailbeacon.counting.sentences import written

__all__ = ["ENGLISH", "Texts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """A language.

    Attributes:
        language: Its code, such as ``en`` (RFC 5646).
        words: The English strings and what they are in this language.
        thousands: What stands between thousands.
        point: What stands before decimals.
        day: A day, as of ``strftime``.
        minute: A day with hours and minutes.
        weekdays: Their short names, Monday first.
    """

    language: str = "en"
    words: Mapping[str, str] = field(default_factory=dict, repr=False)
    thousands: str = ","
    point: str = "."
    day: str = "%Y-%m-%d"
    minute: str = "%Y-%m-%d %H:%M"
    weekdays: tuple[str, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

    def say(self, text: str, **values: object) -> str:
        """Return a string or a sentence in this language, with its values as the language writes them."""
        pattern, found = (text.pattern, text.values) if isinstance(text, Sentence) else (text, values)
        said = self.words.get(pattern, pattern)
        return said.format(**{name: self.value(value) for name, value in found.items()}) if found else said

    def value(self, value: object) -> str:
        """Return a value as it is written: numbers, days, moments and intervals."""
        if isinstance(value, datetime):
            return value.strftime(self.minute)
        if isinstance(value, date):
            return value.strftime(self.day)
        if isinstance(value, Interval):
            return self.bounds(value)
        return written(value, thousands=self.thousands, point=self.point)

    def number(self, value: int) -> str:
        """Return a whole number, in groups of three."""
        return written(value, thousands=self.thousands, point=self.point)

    def share(self, value: float | None, *, digits: int = 1) -> str:
        """Return a share as a percentage; a dash for none."""
        return "–" if value is None else f"{100 * value:.{digits}f}".replace(".", self.point) + " %"

    def bounds(self, interval: Interval) -> str:
        """Return an interval as ``12.3 to 14.5 %``."""
        low, high = (f"{100 * bound:.1f}".replace(".", self.point) for bound in (interval.low, interval.high))
        return self.words.get("{low} to {high} %", "{low} to {high} %").format(low=low, high=high)


ENGLISH = Texts()
"""The language the strings are written in."""
