"""The files of a spool: one a process, that holds what the process recorded and its sink does not have yet.

A segment begins with how far the sink has come (a number of fixed width), then one line an event. Its process holds a lock
on it as long as it lives; a segment without a lock was left by a process that died, and whoever locks it may finish it.
Behind the lines there may be room that is kept for more, which reads as zeros. What is written here survives the death of a
process at any moment, not the loss of power.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

from mailbeacon.errors import StoreError
from mailbeacon.store.files import is_still_at, open_private, try_lock

__all__ = ["Reserve", "Segment", "orphans"]

_ENDING: Final = ".spool"
_HEAD: Final = b"mailbeacon spool 1 %016d\n"
_HEAD_BYTES: Final = len(_HEAD % 0)
_READ_BYTES: Final = 1 << 18
_HAS_NAMELESS: Final = hasattr(os, "O_TMPFILE") and Path("/proc/self/fd").is_dir()
"""Whether the system has files without a name that can get one. Source: Linux, open(2), O_TMPFILE, 2026."""


class Segment:
    """One open segment, for one thread at a time.

    Attributes:
        path: Its file.
        written: The end of the last whole line.
        done: The end of the last line the sink has.
        keeps_room: Whether it holds on to the room on the disk that it has.
    """

    def __init__(self, path: Path, descriptor: int, *, keeps_room: bool = False) -> None:
        self.path = path
        self.keeps_room = keeps_room
        self._descriptor = descriptor
        self._opened = os.fstat(descriptor)
        head = os.pread(descriptor, _HEAD_BYTES, 0)[-17:-1]
        self.written = _end_of_lines(descriptor, self._opened.st_size)
        self.done = max(int(head), _HEAD_BYTES) if head.isdigit() else _HEAD_BYTES
        if self.done > self.written:  # it was killed while it emptied the file
            self.written = self.done

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

    def unsent(self) -> Iterator[tuple[bytes, int]]:
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
            if self.keeps_room:
                os.pwrite(self._descriptor, _HEAD % end, 0)  # first: whoever finds it half empty finds nothing to do
                os.pwrite(self._descriptor, bytes(self.written - _HEAD_BYTES), _HEAD_BYTES)
            else:
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

    It is a file without a name, so that the system takes it back from a process that dies. When it is needed it gets one,
    and becomes a segment: the room is never let go, so that nobody else can take it first.

    Args:
        folder: On the disk.
        size: How many bytes are kept back.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._size = size
        self._descriptor = -1

    def hold(self) -> bool:
        """Keep the room back, if it is not yet, and the system and the disk have it; return whether it is."""
        if self._descriptor >= 0 or not _HAS_NAMELESS:
            return self._descriptor >= 0
        with suppress(OSError):
            descriptor = os.open(self._folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self._size)
                os.pwrite(descriptor, _HEAD % _HEAD_BYTES, 0)
            except OSError:
                os.close(descriptor)
            else:
                self._descriptor = descriptor
        return self._descriptor >= 0

    def take(self) -> Segment | None:
        """Return the room as a segment, locked for this process; ``None`` where there is none."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return None
        path = self._folder / f"{os.getpid()}-{uuid4().hex}{_ENDING}"
        try:
            if not try_lock(descriptor):
                raise StoreError(f"{path}: cannot be locked")
            os.link(
                f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor
            )  # given, or the link's own text is linked
            return Segment(path, descriptor, keeps_room=True)
        except OSError:
            os.close(descriptor)
            return None

    def release(self) -> None:
        """Free the room."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _end_of_lines(descriptor: int, size: int) -> int:
    """Return where the lines of a file end: before the zeros of room that is kept."""
    while size > _HEAD_BYTES:
        start = max(size - _READ_BYTES, _HEAD_BYTES)
        data = os.pread(descriptor, size - start, start).rstrip(b"\0")
        if data:
            return start + len(data)
        size = start
    return _HEAD_BYTES


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
