"""A sink of one JSON object per line: easy to append, to rotate, to copy and to read with anything.

It does not index, and it does not write an event's fields in any form but the model's own JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from io import FileIO
from os import SEEK_END, PathLike
from pathlib import Path
from threading import Lock
from typing import Self

from mailbeacon.errors import ConfigError, DataError
from mailbeacon.model import Event, Verdict, read_json

__all__ = ["JsonlSink"]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class JsonlSink:
    """Append events to a file, each handed to the operating system before ``record`` returns.

    The file is opened at the first event. A line that a crash left unfinished is closed before the next one is written,
    so that it costs no other event, and reading tells its number.

    Args:
        path: The file; made if it is not there.

    Raises:
        ConfigError: If ``path`` is no path.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        if not isinstance(path, str | PathLike):
            raise ConfigError(f"path must name a file, got {type(path).__name__}")
        self._path = Path(path)
        self._lock = Lock()
        self._file: FileIO | None = None
        self._torn = False

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        """Append one event.

        Raises:
            OSError: If the file cannot be opened, or the disk is full.
        """
        self._append(_line(event, verdict))

    def record_many(self, pairs: Iterable[tuple[Event, Verdict | None]]) -> None:
        """Append several events in one write.

        Raises:
            OSError: If the file cannot be opened, or the disk is full.
        """
        self._append(b"".join([_line(event, verdict) for event, verdict in pairs]))

    def events(
        self, *, on_broken: Callable[[DataError], object] | None = None
    ) -> Iterator[tuple[Event, Verdict | None]]:
        """Read the events, each id once, in the order they were written; a file that is not there holds none.

        Args:
            on_broken: Is told of each line that cannot be read. Without it, such lines are reported together at the
                end, after all that can be read has been given.

        Raises:
            DataError: If lines cannot be read and there is no ``on_broken``; it names their numbers.
        """
        if not self._path.exists():
            return
        seen: set[str] = set()
        broken: list[int] = []
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    pair = _pair(line)
                except DataError as error:
                    broken.append(number)
                    if on_broken:
                        on_broken(DataError(f"line {number}: {error}"))
                    continue
                if pair and pair[0].id not in seen:
                    seen.add(pair[0].id)
                    yield pair
        if broken and not on_broken:
            raise DataError(_report(broken))

    def close(self) -> None:
        """Close the file; the next event opens it again, as after a rotation."""
        with self._lock:
            if self._file:
                self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, text: bytes) -> None:
        with self._lock:
            file = self._file or self._open()
            if self._torn:
                text = b"\n" + text
            self._torn = True
            done = file.write(text)
            while done < len(text):
                done += file.write(text[done:])
            self._torn = False

    def _open(self) -> FileIO:
        """Open the file for appending, and see whether its last line is whole."""
        file = self._file = FileIO(self._path, "a+")
        if file.seek(0, SEEK_END):
            file.seek(-1, SEEK_END)
            self._torn = file.read(1) != b"\n"
        return file


def _line(event: Event, verdict: Verdict | None) -> bytes:
    whole = {"event": event.to_dict(), "verdict": verdict.to_dict() if verdict else None}
    return (_encode(whole) + "\n").encode("utf-8", "backslashreplace")  # a lone surrogate becomes JSON's own escape


def _pair(line: bytes) -> tuple[Event, Verdict | None] | None:
    """Read one line; ``None`` for an empty one.

    Raises:
        DataError: If it is broken.
    """
    if not line.strip():
        return None
    values = read_json(line, "an event")
    event, verdict = values.get("event"), values.get("verdict")
    if not isinstance(event, dict) or not (verdict is None or isinstance(verdict, dict)):
        raise DataError("not an event with its verdict")
    return Event.from_dict(event), Verdict.from_dict(verdict) if verdict is not None else None


def _report(broken: list[int]) -> str:
    named = ", ".join(map(str, broken[:10])) + (", …" if len(broken) > 10 else "")
    return f"cannot read line {named}" if len(broken) == 1 else f"cannot read {len(broken)} lines: {named}"
