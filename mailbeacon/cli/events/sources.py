"""Where events come from: files of sinks, several of them, or standard input; and one line where that cannot be.

Judges and counts nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from mailbeacon.cli.console import CommandError, Progress, reason, shown
from mailbeacon.errors import DataError
from mailbeacon.model import Event, Verdict
from mailbeacon.store import StoredRow, cut_by_time, read_between, read_events, read_rows_between
from mailbeacon.store.checks import is_sqlite
from mailbeacon.store.lines import first_numbers, pair_of
from mailbeacon.store.reading import count_events

__all__ = ["INPUT_NAME", "EventReader", "Pair", "broken_text", "check_files", "is_timed", "tell_numbers"]

T = TypeVar("T")
Pair = tuple[Event, Verdict | None]
INPUT_NAME: Final = "-"
"""Stands for standard input, one line of JSON for each event as a ``JsonlSink`` writes it."""
_ENDINGS: Final = (".sqlite", ".sqlite3", ".db")
_SHOW_EVERY: Final = 1_000


_listeners: list[Callable[[int], object]] = []


def tell_numbers(listener: Callable[[int], object]) -> None:
    """Report to somebody, in place of the terminal, how many events are read: for a process that works for another."""
    _listeners[:] = [listener]


@dataclass(slots=True)
class EventReader:
    """What is read, and what was met on the way.

    Attributes:
        paths: The files.
        margin: How many seconds before and after the stretch are read too.
        between: The stretch, in Unix time; ``None`` for all.
        number: How many events were read.
        twice: How many of them were in another file too, and are left out.
        errors: What cannot be read, by file.
    """

    paths: Sequence[Path]
    margin: float = 0.0
    between: tuple[float | None, float | None] | None = None
    number: int = 0
    twice: int = 0
    errors: dict[str, list[DataError]] = field(default_factory=dict)
    _progress: Progress = field(default_factory=Progress)

    def pairs(self) -> Iterator[Pair]:
        """Read all events: a SQLite file in the order of time, lines as they were written, several files side by side.

        Raises:
            CommandError: If a file cannot be read, or there is no event at all.
        """
        return self._watched(self._once())

    def rows(self) -> Iterator[StoredRow]:
        """Read what figures need of the one file, whose rows have their time beside them.

        Raises:
            CommandError: As :meth:`pairs`.
        """
        first, last = self.between or (None, None)
        return self._watched(self._read(self.paths[0], partial(read_rows_between, first=first, last=last)))

    def again(self, pairs: Sequence[Pair]) -> Iterator[Pair]:
        """Return what was read before, to be judged now, and how far that is."""
        for some in self._batches(iter(pairs), len(pairs), "judged"):
            yield from some

    def _watched(self, found: Iterator[T]) -> Iterator[T]:
        """Count what is read, and say how far it is."""
        total = self._total() if self._progress.is_seen and not _listeners else 0
        for some in self._batches(found, total, "read"):
            self.number += len(some)
            yield from some
        if not self.number and self.between is None:
            raise CommandError(self._nothing())

    def _batches(self, found: Iterator[T], total: int, what: str) -> Iterator[list[T]]:
        number = 0
        try:
            while some := list(islice(found, _SHOW_EVERY)):
                number += len(some)
                of = f" of {total:,} ({min(number / total, 1.0):.0%})" if total else ""
                if _listeners:
                    _listeners[0](number)
                else:
                    self._progress.show(f"{number:,}{of} events {what}")
                yield some
        finally:
            self._progress.clear()

    def _total(self) -> int:
        """Return how many rows and lines there are in all; 0 where that cannot be known."""
        if self.between is not None or any(str(path) == INPUT_NAME for path in self.paths):
            return 0
        try:
            return sum(map(count_events, self.paths))
        except (OSError, ValueError, DataError):
            return 0  # what is wrong is said when it is read

    @property
    def broken(self) -> str:
        """What cannot be read, in one sentence; empty where all can."""
        return broken_text(self.errors)

    def _once(self) -> Iterator[Pair]:
        """Leave out events that another file has too; within a file a sink keeps each once."""
        if len(self.paths) == 1:
            yield from self._file(self.paths[0])
            return
        seen: set[int] = set()
        for pair in merge(*map(self._file, self.paths), key=lambda pair: pair[0].received_at):
            name = hash(pair[0].id)
            if name in seen:
                self.twice += 1
                continue
            seen.add(name)
            yield pair

    def _file(self, path: Path) -> Iterator[Pair]:
        if self.between is None:
            return self._read(path, _read_pairs)
        first, last = self.between
        low, high = None if first is None else first - self.margin, None if last is None else last + self.margin
        return self._read(path, partial(read_between, first=low, last=high))

    def _read(self, path: Path, read: Callable[..., Iterator[T]]) -> Iterator[T]:
        name = shown(str(path))
        errors = self.errors.setdefault(name, [])
        try:
            yield from read(path, on_broken=errors.append)
        except OSError as error:
            raise CommandError(f"cannot read {name}: {reason(error)}") from error
        except DataError as error:
            raise CommandError(f"{name}: {error.why}") from error
        except ValueError as error:  # a zero byte in the name
            raise CommandError("cannot read a file of this name") from error

    def _nothing(self) -> str:
        """Return why there is no event."""
        path = self.paths[0]
        name = shown(str(path))
        errors = self.errors.get(name, [])
        if errors and path.suffix.lower() in _ENDINGS:
            return f"{name} is not a SQLite database"
        if errors:
            return f"{name} holds no event that can be read: {errors[0]}"
        if str(path) == INPUT_NAME:
            return "standard input holds no event"
        return f"{name} is empty" if not path.stat().st_size else f"{name} holds no event"


def check_files(paths: Iterable[Path]) -> None:
    """See that no file is named twice.

    Raises:
        CommandError: If one is.
    """
    given = [str(path) for path in paths]
    twice = next((name for name in given if given.count(name) > 1), None)
    if twice is not None:
        raise CommandError(f"{shown(twice)} is given twice")


def is_timed(path: Path) -> bool:
    """Check whether a file is SQLite's, and all its rows have their time beside them."""
    try:
        if str(path) == INPUT_NAME or not is_sqlite(path):
            return False
        cut_by_time(path, 1)
    except (OSError, ValueError, DataError):
        return False
    return True


def _read_pairs(path: Path, on_broken: Callable[[DataError], object]) -> Iterator[Pair]:
    """Read in the order of time where rows have one; lines and an old file's rows in the order they were written."""
    if str(path) == INPUT_NAME:
        return _lines(on_broken)
    return (read_between if is_timed(path) else read_events)(path, on_broken=on_broken)


def _lines(on_broken: Callable[[DataError], object]) -> Iterator[Pair]:
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            pair = pair_of(line)
        except DataError as error:
            on_broken(DataError(f"line {number}: {error}", number=number))
            continue
        if pair is not None:
            yield pair


def broken_text(errors: Mapping[str, Sequence[DataError]]) -> str:
    """Return what cannot be read of some files, in one sentence; empty where all can."""
    return "; ".join(_broken(name, found) for name, found in errors.items() if found)


def _broken(name: str, errors: Sequence[DataError]) -> str:
    """Return a warning that names the broken lines or rows."""
    if len(errors) == 1:
        return f"{name}, {errors[0]}: not counted"
    numbers = first_numbers([error.number for error in errors])
    return f"{name}: {len(errors):,} lines cannot be read and are not counted: {numbers}"
