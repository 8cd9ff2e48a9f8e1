"""A sink of one JSON object per line: easy to append, to rotate, to copy and to read with anything.

It does not index, and it does not write an event's fields in any form but the model's own JSON.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from os import PathLike
from pathlib import Path
from threading import Lock

from mailbeacon.errors import ConfigError, DataError, StoreError
from mailbeacon.model import Event, Kind, Verdict
from mailbeacon.store.changes import EventChange, applied
from mailbeacon.store.checks import PATIENT_SECONDS, SHORT_WAIT, check_bounds, check_wait
from mailbeacon.store.closeable import Closeable
from mailbeacon.store.files import append_whole, is_still_at, lock, open_private
from mailbeacon.store.lines import Pair, Written, broken_report, line_of, pair_of, written

__all__ = ["JsonlSink"]


class JsonlSink(Closeable):
    """Append events to a file, each handed to the operating system before ``record`` returns.

    The file is opened at the first event, for its owner alone. One that was moved or deleted meanwhile, as by a log
    rotation, is noticed, and a new one begun. What does not fit on a full disk is taken back whole, and a line that a crash
    left unfinished is closed before the next one is written, by whichever process: neither costs another event, and
    reading tells the number of such a line. Several processes may write to one file.

    Args:
        path: The file; made if it is not there. A symbolic link is refused.
        rotate_bytes: Once the file is larger, it becomes ``path.1``, ``path.2`` and so on, the newest with the highest
            number; ``None`` for one file. Reading reads them all; nothing is deleted.
        wait: How long ``record`` waits while another process rewrites the file.

    Raises:
        ConfigError: If ``path`` is no path, or a bound makes no sense.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        rotate_bytes: int | None = None,
        wait: timedelta = SHORT_WAIT,
    ) -> None:
        if not isinstance(path, str | PathLike):
            raise ConfigError(f"path must name a file, got {type(path).__name__}")
        if rotate_bytes is not None:
            check_bounds(rotate_bytes=rotate_bytes)
        self._path = Path(path)
        self._rotate_bytes = rotate_bytes
        self._wait_seconds = check_wait(wait)
        self._lock = Lock()
        self._file = -1
        self._opened: os.stat_result | None = None

    def __repr__(self) -> str:
        return f"JsonlSink({str(self._path)!r})"

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        """Append one event.

        Raises:
            OSError: If the file cannot be opened, or the disk is full.
        """
        self._append(line_of(written(event, verdict)))

    def record_many(self, pairs: Iterable[Pair]) -> None:
        """Append several events in one write.

        Raises:
            OSError: If the file cannot be opened, or the disk is full.
        """
        self.record_written([written(event, verdict) for event, verdict in pairs])

    def record_written(self, rows: Iterable[Written]) -> None:
        """Append several events whose JSON is made already, in one write.

        Raises:
            OSError: If the file cannot be opened, or the disk is full.
        """
        self._append(b"".join(map(line_of, rows)))

    def events(self, *, on_broken: Callable[[DataError], object] | None = None) -> Iterator[Pair]:
        """Read the events, each id once, in the order they were written; a file that is not there holds none.

        Args:
            on_broken: Is told of each line that cannot be read. Without it, such lines are reported together at the
                end, after all that can be read has been given.

        Raises:
            DataError: If lines cannot be read and there is no ``on_broken``; it names their numbers.
        """
        seen: set[str] = set()
        broken: list[int] = []
        for number, line in enumerate(self._lines(), 1):
            try:
                pair = pair_of(line)
            except DataError as error:
                broken.append(number)
                if on_broken:
                    on_broken(DataError(f"line {number}: {error}", number=number))
                continue
            if pair and pair[0].id not in seen:
                seen.add(pair[0].id)
                yield pair
        if broken and not on_broken:
            raise DataError(broken_report(broken, "line"))

    def of_recipient(self, recipient: str) -> Iterator[Pair]:
        """Read the events of one recipient; lines that cannot be read are passed over."""
        return (pair for pair in self.events(on_broken=_pass_over) if pair[0].recipient == recipient)

    def erase(self, recipient: str) -> int:
        """Take a recipient's events out of all files, and return how many lines went; broken lines stay.

        Raises:
            OSError: If a file cannot be written anew; it is then as it was.
        """
        return self._rewrite(lambda event: None if event.recipient == recipient else event)

    def drop_before(self, moment: datetime) -> int:
        """Take out the events received before a moment, and return how many lines went."""
        return self._rewrite(lambda event: None if event.received_at < moment else event)

    def rework(self, before: datetime, change: EventChange, kinds: Collection[Kind] = ()) -> int:
        """Change or drop the events received before a moment, one file after another; broken lines stay.

        Args:
            before: The moment.
            change: Gives the event itself, another to keep in its place, or ``None`` to drop it.
            kinds: Only events of these kinds; empty for all.

        Returns:
            How many lines were changed or went.
        """
        return self._rewrite(lambda event: applied(event, before, change, kinds))

    def close(self) -> None:
        """Close the file; the next event opens it again."""
        with self._lock:
            self._shut()

    @property
    def files(self) -> list[Path]:
        """The files there are, the oldest first."""
        found = []
        for path in self._path.parent.glob(f"{self._path.name}.*"):
            with suppress(ValueError):
                found.append((int(path.name[len(self._path.name) + 1 :]), path))
        return [path for _, path in sorted(found)] + [self._path] * self._path.exists()

    def _lines(self) -> Iterator[bytes]:
        with ExitStack() as stack:
            newest = None
            with suppress(FileNotFoundError):  # first: where it is rotated meanwhile, it is read all the same
                newest = stack.enter_context(self._path.open("rb"))
            for path in self.files:
                if path != self._path and not (newest and is_still_at(path, os.fstat(newest.fileno()))):
                    with path.open("rb") as file:
                        yield from file
            if newest:
                yield from newest

    def _append(self, text: bytes) -> None:
        with self._lock:
            while True:
                file = self._open()
                with lock(file, self._path, seconds=self._wait_seconds):
                    if self._opened is not None and is_still_at(self._path, self._opened):
                        try:
                            append_whole(file, text)
                        except OSError as error:
                            raise StoreError(error.errno, error.strerror, str(self._path)) from error
                        break
                self._shut()
                if not self._path.parent.is_dir():
                    raise StoreError(f"{self._path}: its folder is gone")
            if self._rotate_bytes is not None and os.fstat(file).st_size >= self._rotate_bytes:
                self._rotate(file)

    def _open(self) -> int:
        """Return the file opened for appending."""
        if self._file < 0:
            self._file = open_private(self._path, os.O_RDWR | os.O_APPEND)
            self._opened = os.fstat(self._file)
        return self._file

    def _shut(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file, self._opened = -1, None

    def _rotate(self, file: int) -> None:
        """Move the file to the next number; whoever else writes to it notices, and begins a new one."""
        with lock(file, self._path, seconds=PATIENT_SECONDS):
            if self._opened is not None and is_still_at(self._path, self._opened):
                numbered = [int(path.suffix[1:]) for path in self.files if path != self._path]
                self._path.rename(f"{self._path}.{max(numbered, default=0) + 1}")
        self._shut()

    def _rewrite(self, change: EventChange) -> int:
        with self._lock:
            self._shut()
            done = _rewrite(self._path, change)  # first: one that is rotated meanwhile has been seen to
            return done + sum(_rewrite(path, change) for path in self.files if path != self._path)


def _pass_over(_: DataError) -> None:
    """Ignore a line that cannot be read."""


def _rewrite(path: Path, change: EventChange) -> int:
    """Write a file anew with its events changed, while nobody can append to it; return how many lines differ or went."""
    while path.exists():
        try:
            old = open_private(path, create=False)
        except StoreError as error:
            if error.errno == errno.ENOENT:
                break  # somebody has just rotated it
            raise
        try:
            with lock(old, path, seconds=PATIENT_SECONDS):
                if is_still_at(path, os.fstat(old)):  # or somebody rotated it while we waited
                    return _copy(old, path, change)
        finally:
            os.close(old)
    return 0


def _copy(old: int, path: Path, change: EventChange) -> int:
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    done = 0
    try:
        with open(old, "rb", closefd=False) as lines, open(open_private(beside), "wb") as kept:  # noqa: PTH123
            for line in lines:
                new = _changed(line, change)
                done += new != line
                kept.write(new)
            kept.flush()
            os.fsync(kept.fileno())
        if done:
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return done


def _changed(line: bytes, change: EventChange) -> bytes:
    """Return the line of an event after the change; empty where it goes, and itself where nothing changes."""
    try:
        pair = pair_of(line)
    except DataError:
        return line
    if pair is None:
        return line
    new = change(pair[0])
    if new is None:
        return b""
    return line if new == pair[0] else line_of(written(new, pair[1]))
