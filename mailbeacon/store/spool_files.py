"""The files of a spool: one a process, that holds what the process recorded and its sink does not have yet.

A segment begins with how far the sink has come (a number of fixed width), then one line an event. Its process holds a lock
on it as long as it lives; a segment without a lock was left by a process that died, and whoever locks it may finish it.
What is written here survives the death of a process at any moment, not the loss of power.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final, Self
from uuid import uuid4

from mailbeacon.errors import StoreError
from mailbeacon.store.files import is_still_at, open_private, try_lock

__all__ = ["Reserve", "Segment", "orphans"]

_ENDING: Final = ".spool"
_HEAD: Final = b"mailbeacon spool 1 %016d\n"
_HEAD_BYTES: Final = len(_HEAD % 0)
_READ_BYTES: Final = 1 << 18


class Segment:
    """One open segment, for one thread at a time.

    Attributes:
        path: Its file.
        written: The end of the last whole line.
        done: The end of the last line the sink has.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._opened = os.fstat(descriptor)
        head = os.pread(descriptor, _HEAD_BYTES, 0)
        self.written = max(self._opened.st_size, _HEAD_BYTES)
        self.done = _HEAD_BYTES
        if head[-17:-1].isdigit() and _HEAD_BYTES <= int(head[-17:-1]) <= self.written:
            self.done = int(head[-17:-1])

    @classmethod
    def begin(cls, folder: Path) -> Self:
        """Make a new segment, locked for this process.

        Raises:
            StoreError: If it cannot be made, as on a full disk.
        """
        hidden = folder / f".{os.getpid()}-{uuid4().hex}"  # not to be found before it is locked
        descriptor = open_private(hidden)
        try:
            if not try_lock(descriptor):
                raise StoreError(f"{hidden}: cannot be locked")
            os.pwrite(descriptor, _HEAD % _HEAD_BYTES, 0)
            path = hidden.with_name(hidden.name[1:] + _ENDING)
            hidden.rename(path)
            return cls(path, descriptor)
        except OSError as error:
            os.close(descriptor)
            hidden.unlink(missing_ok=True)
            if isinstance(error, StoreError):
                raise
            raise StoreError(error.errno, error.strerror, str(hidden)) from error

    @property
    def is_there(self) -> bool:
        """Whether the file is still where it was made."""
        return is_still_at(self.path, self._opened)

    @property
    def waiting_bytes(self) -> int:
        """How much the sink does not have yet."""
        return self.written - self.done

    def append(self, line: bytes) -> None:
        """Write one line behind the others; all of it, or nothing. Whether the file is there still, the caller looks.

        Raises:
            StoreError: If there is no room.
        """
        try:
            at, rest = self.written, line
            while rest:
                count = os.pwrite(self._descriptor, rest, at)
                at, rest = at + count, rest[count:]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.written)
            raise StoreError(error.errno, error.strerror, str(self.path)) from error
        self.written = at

    def lines(self) -> Iterator[tuple[bytes, int]]:
        """Return the lines the sink does not have yet, each with its end; one that was cut off by a crash last."""
        at, rest = self.done, b""
        while at + len(rest) < self.written:
            block = os.pread(self._descriptor, min(_READ_BYTES, self.written - at - len(rest)), at + len(rest))
            if not block:
                break
            whole, _, rest = (rest + block).rpartition(b"\n")
            for line in whole.split(b"\n") if whole else ():
                at += len(line) + 1
                yield line, at
        if rest:
            yield rest, at + len(rest)

    def advance(self, end: int) -> None:
        """Note that the sink has all up to ``end``; a segment without rest begins anew, so that it stays small."""
        if end >= self.written:
            os.ftruncate(self._descriptor, _HEAD_BYTES)
            self.written = end = _HEAD_BYTES
        os.pwrite(self._descriptor, _HEAD % end, 0)
        self.done = end

    def close(self) -> None:
        """Close the file, so that others may finish it; one without rest is deleted."""
        if self.waiting_bytes == 0 and self.is_there:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def forget(self) -> None:
        """Close the file in a forked process, where it is the parent's."""
        with suppress(OSError):
            os.close(self._descriptor)


class Reserve:
    """Room on the disk that this process keeps back, to go on when others have filled it.

    It is a file without a name, so that the system takes it back from a process that dies.

    Args:
        folder: On the disk.
        size: How many bytes are kept back.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._size = size
        self._file: IO[bytes] | None = None

    def hold(self) -> None:
        """Keep the room back, if it is not yet, and the system and the disk have it."""
        if self._file is not None or not hasattr(os, "posix_fallocate"):
            return
        with suppress(OSError):
            file = TemporaryFile(dir=self._folder)  # noqa: SIM115 - held until it is given up
            try:
                os.posix_fallocate(file.fileno(), 0, self._size)
            except OSError:
                file.close()
            else:
                self._file = file

    def release(self) -> bool:
        """Give the room up, and return whether any was held."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
        return file is not None


def orphans(folder: Path) -> Iterator[Segment]:
    """Lock and return the segments that no living process has, one after another."""
    for path in sorted(folder.glob(f"*{_ENDING}")):
        try:
            descriptor = open_private(path, create=False)
        except OSError:
            continue  # finished by another process meanwhile
        if try_lock(descriptor) and is_still_at(path, os.fstat(descriptor)):
            yield Segment(path, descriptor)
        else:
            os.close(descriptor)
