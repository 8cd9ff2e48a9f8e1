"""One event with its verdict as one line of JSON, and back: what a file of lines and a spool are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from threading import local
from typing import Final, TypeVar

from mailbeacon.caches import Cache
from mailbeacon.errors import DataError
from mailbeacon.model import Event, Verdict, read_json
from mailbeacon.store.canonical import read_event, read_verdict

__all__ = [
    "Pair",
    "Written",
    "broken_report",
    "each_of",
    "first_numbers",
    "line_of",
    "pair_of",
    "pairs_of",
    "read_pair",
    "text_of",
    "written",
]

T = TypeVar("T")
Pair = tuple[Event, Verdict | None]
"""What a sink is given, and gives back."""
Written = tuple[Event, Verdict | None, str, str | None]
"""An event and its verdict, and the JSON of each: making it is most of the work of keeping an event, and is done once."""

_MOST_NAMED: Final = 10
_last = local()
"""The event a thread wrote last, and its JSON: an event never changes, so that this can only be right."""
_verdicts: Cache[int, tuple[Verdict, str]] = Cache(1024)
"""Verdicts and their JSON, by the number of the object, which no other has as long as it is kept here."""

_BOTH: Final = re.compile(rb'\{"event":(\{.*\}),"verdict":(\{.*\}|null)\}\s*\Z')
"""A line as :func:`line_of` writes it; both parts are read as JSON afterwards."""


def written(event: Event, verdict: Verdict | None) -> Written:
    """Return an event and its verdict with their JSON."""
    return event, verdict, text_of(event), _text_of_verdict(verdict) if verdict else None


def text_of(event: Event) -> str:
    """Return an event's JSON; asked twice in a row by one thread, as by a sink and then a history, it is made once."""
    if getattr(_last, "event", None) is not event:
        _last.event, _last.text = event, event.to_json()
    found: str = _last.text
    return found


def _text_of_verdict(verdict: Verdict) -> str:
    """Return a verdict's JSON; a judge gives the same few verdicts again and again, each as one object."""
    name = id(verdict)
    return (_verdicts.get(name) or _verdicts.put(name, (verdict, verdict.to_json())))[1]


def line_of(one: Written) -> bytes:
    """Return the line of one event, with its end."""
    _, _, event, verdict = one
    line = f'{{"event":{event},"verdict":{verdict or "null"}}}\n'
    return line.encode("utf-8", "backslashreplace")  # a lone surrogate becomes JSON's own escape


def pair_of(line: bytes) -> Pair | None:
    """Return what a line says; ``None`` for an empty one.

    Raises:
        DataError: If it is broken.
    """
    if not line.strip():
        return None
    found = _BOTH.match(line)
    if found is not None:
        with suppress(DataError, UnicodeDecodeError):
            event, verdict = found[1].decode(), found[2].decode()
            return read_event(event), read_verdict(verdict) if verdict != "null" else None
    return _any_pair(line)


def _any_pair(line: bytes) -> Pair:
    """Return what a line in another form says, or say what is wrong with it."""
    values = read_json(line, "an event")
    event, verdict = values.get("event"), values.get("verdict")
    if not isinstance(event, dict) or not (verdict is None or isinstance(verdict, dict)):
        raise DataError("not an event with its verdict")
    return Event.from_dict(event), Verdict.from_dict(verdict) if verdict is not None else None


def first_numbers(numbers: Sequence[int]) -> str:
    """Return the first ten of some numbers, with a sign that there are more."""
    return ", ".join(map(str, numbers[:_MOST_NAMED])) + (", …" if len(numbers) > _MOST_NAMED else "")


def broken_report(numbers: Iterable[int], what: str) -> str:
    """Return the sentence that names what cannot be read: the numbers of lines or rows."""
    found = list(numbers)
    named = first_numbers(found)
    return f"cannot read {what} {named}" if len(found) == 1 else f"cannot read {len(found)} {what}s: {named}"


def pairs_of(
    rows: Iterable[tuple[int, str, str | None]],
    on_broken: Callable[[DataError], object] | None = None,
) -> Iterator[Pair]:
    """Return the pairs of rows, as :func:`each_of` does."""
    return each_of(rows, read_pair, on_broken)


def read_pair(event: str, verdict: str | None) -> Pair:
    """Return the event and the verdict of their JSON.

    Raises:
        DataError: If one of them cannot be read.
    """
    return read_event(event), read_verdict(verdict) if verdict is not None else None


def each_of(
    rows: Iterable[tuple[int, str, str | None]],
    read: Callable[[str, str | None], T],
    on_broken: Callable[[DataError], object] | None = None,
) -> Iterator[T]:
    """Return what rows of a database say, each a number, an event's JSON and its verdict's.

    Args:
        rows: In the order in which they are to be given.
        read: Takes the two texts and gives what they say.
        on_broken: Is told of each row that cannot be read. Without it, such rows are reported together at the end.

    Raises:
        DataError: If rows cannot be read and there is no ``on_broken``; it names their numbers.
    """
    broken: list[int] = []
    for number, event, verdict in rows:
        try:
            found = read(event, verdict)
        except DataError as error:
            broken.append(number)
            if on_broken:
                on_broken(DataError(f"row {number}: {error}", number=number))
            continue
        yield found
    if broken and not on_broken:
        raise DataError(broken_report(broken, "row"))
