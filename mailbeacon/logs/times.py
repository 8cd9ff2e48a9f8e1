"""The ways access logs write a moment.

What is the same for many lines is read once: a log has a thousand lines for each of its seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache, partial

from mailbeacon.errors import ConfigError

__all__ = ["PRECISION", "Read", "Times", "clf", "from_epoch", "from_number", "iso"]

Read = Callable[[str], datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_DIGITS_OF_SECONDS = 11
"""Seconds since 1970 have at most so many digits until the year 5138; milliseconds and finer have more today."""


def clf(text: str, zone: tzinfo | None = None) -> datetime:
    """Read ``27/Nov/2026:04:01:50 +0000``, with or without parts of a second; without an offset in ``zone``."""
    within = _WITHIN.get(text[15:20])
    if within is None:
        raise ValueError("not a time such as 27/Nov/2026:04:01:50 +0000")
    return _hour(text[:15], text[20:], zone) + within


_WITHIN = {
    f"{minute:02}:{second:02}": timedelta(minutes=minute, seconds=min(second, 59))
    for minute in range(60)
    for second in range(61)  # a leap second is the last of its minute
}


@lru_cache(maxsize=4096)
def _hour(text: str, rest: str, zone: tzinfo | None) -> datetime:
    """Read the hour of ``27/Nov/2026:04:`` and what follows the seconds, in UTC."""
    month = _MONTHS.get(text[3:6])
    if month is None or text[2] != "/" or text[6] != "/" or text[11] != ":":
        raise ValueError("not a time such as 27/Nov/2026:04:01:50 +0000")
    fraction, _, offset = rest[1:].partition(" ") if rest[:1] == "." else ("", "", rest[1:])
    found = datetime(
        int(text[7:11]), month, int(text[:2]), int(text[12:14]), 0, 0, int(fraction.ljust(6, "0")[:6] or "0"),
        _offset(offset) if offset else zone or UTC,
    )  # fmt: skip
    return found.astimezone(UTC)


@lru_cache(maxsize=1024)
def _offset(text: str) -> tzinfo:
    if text in ("+0000", "-0000", "Z", "+00:00"):
        return UTC
    digits = text[1:].replace(":", "")
    if text[:1] not in ("+", "-") or len(digits) != 4 or not digits.isdecimal():
        raise ValueError("not an offset such as +0200")
    gone = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(gone if text[0] == "+" else -gone)


@lru_cache(maxsize=4096)
def iso(text: str, zone: tzinfo | None = None) -> datetime:
    """Read ISO 8601 as RFC 3339 writes it, finer than a microsecond too; without an offset in ``zone``."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone or UTC)).astimezone(UTC)


def from_number(text: str) -> datetime:
    """Read a number of seconds, milliseconds, microseconds or nanoseconds since 1970, which its size tells apart.

    Never through a float: one of nineteen digits has room for sixteen.
    """
    whole, _, fraction = text.partition(".")
    if not whole.isdecimal() or (fraction and not fraction.isdecimal()):
        raise ValueError("not a number of seconds since 1970")
    digits = len(whole)
    if digits <= _DIGITS_OF_SECONDS:
        return _EPOCH + timedelta(seconds=int(whole), microseconds=int(fraction.ljust(6, "0")[:6] or "0"))
    if digits <= _DIGITS_OF_SECONDS + 3:
        return _EPOCH + timedelta(milliseconds=int(whole), microseconds=int(fraction.ljust(3, "0")[:3] or "0"))
    return _EPOCH + timedelta(microseconds=int(whole) if digits <= _DIGITS_OF_SECONDS + 6 else int(whole) // 1000)


def from_epoch(value: object) -> datetime:
    """Read a moment as JSON has it: a number as text or not, or a text in ISO 8601."""
    if isinstance(value, float):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, int) and not isinstance(value, bool):
        return from_number(str(value))
    if not isinstance(value, str):
        raise ValueError("no time")
    return from_number(value) if value[:1].isdecimal() and "-" not in value else iso(value)


PRECISION = ("usec", "msec_epoch", "msec", "clf", "iso", "sec", "strftime")
"""The kinds of time fields that are a moment by themselves, the finest first."""


class Times:
    """Read the moment of a line from its time fields, of which there may be several.

    Args:
        fields: Kind and argument of each: ``clf``, ``iso``, ``sec``, ``msec`` (with a point), ``msec_epoch`` (a whole
            number), ``usec``, ``strftime`` (with its format), and of what adds to it ``msec_frac``, ``usec_frac``, ``zone``.
        zone: Of times without an offset.

    Raises:
        ConfigError: If no moment can be made of them.
    """

    def __init__(self, fields: Sequence[tuple[str, str]], zone: tzinfo | None) -> None:
        whole = [place for place, (kind, _) in enumerate(fields) if kind in PRECISION]
        if not whole:
            raise ConfigError("the log format has no time, and without it no line says when something happened")
        self._main = min(whole, key=lambda place: PRECISION.index(fields[place][0]))
        self._kind, self._format = fields[self._main]
        self._zone = zone
        kinds = [kind for kind, _ in fields]
        exact = self._kind in ("usec", "msec_epoch", "msec")
        self._fraction = -1 if exact else next((kinds.index(one) for one in _FRACTIONS if one in kinds), -1)
        self._offset = kinds.index("zone") if self._kind == "strftime" and "zone" in kinds else -1
        self.needs_zone = self._kind == "strftime" and self._offset < 0 and "%z" not in self._format
        whole_format = self._format if self._offset < 0 else f"{self._format} %z"
        self._read_anew: Read = partial(_read_as, self._kind, whole_format, zone)
        self._read: Read = partial(_read_remembered, self._kind, whole_format, zone)

    def plain(self) -> Read | None:
        """Return what reads the one field that matters, where one is enough."""
        if self._fraction >= 0 or self._offset >= 0:
            return None
        if self._kind == "clf":
            return clf if self._zone is None else partial(clf, zone=self._zone)
        return self._read_anew if self._kind in ("usec", "msec_epoch", "msec") else self._read

    @property
    def main(self) -> int:
        """Which of the fields that is."""
        return self._main

    def read(self, texts: Sequence[str]) -> datetime:
        """Return the moment of the fields' texts, in the order they were given in."""
        text = texts[self._main]
        found = self._read(text if self._offset < 0 else f"{text} {texts[self._offset]}")
        if self._fraction < 0:
            return found
        return found.replace(microsecond=int(texts[self._fraction].ljust(6, "0")[:6]))


def _read_as(kind: str, format: str, zone: tzinfo | None, text: str) -> datetime:  # noqa: A002 - the word of the field
    if kind == "clf":
        return clf(text, zone)
    if kind == "iso":
        return iso(text, zone)
    if kind != "strftime":
        return from_number(text)
    found = datetime.strptime(text, format)
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone or UTC)).astimezone(UTC)


_read_remembered = lru_cache(maxsize=4096)(_read_as)  # many lines have the same second
_FRACTIONS = ("usec_frac", "msec_frac")
