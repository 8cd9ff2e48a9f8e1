"""Opening files that hold recipients: for the owner alone, never through a symbolic link, and noticed when they are moved.

Knows no format. On systems without POSIX locks (Windows), processes that share a file are not told apart.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from time import monotonic, sleep
from typing import Final

from mailbeacon.errors import StoreError

try:
    import fcntl

    _HAS_LOCKS = True
except ImportError:  # Windows
    _HAS_LOCKS = False

__all__ = ["append_whole", "ensure_private", "is_still_at", "lock", "open_private", "replace_whole", "try_lock"]

_MODE: Final = 0o600
_SAFE: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_PAUSE_SECONDS: Final = 0.0005


def open_private(path: Path, flags: int = os.O_RDWR, *, create: bool = True) -> int:
    """Open a file, and make it readable for its owner alone where it is not there yet.

    A symbolic link in its place is refused: somebody else may have put it there. A file that is there keeps its mode.

    Args:
        path: The file.
        flags: As of ``os.open``, without those that create.
        create: Whether to make a file that is not there.

    Returns:
        A file descriptor, which child programs do not inherit.

    Raises:
        StoreError: If it cannot be opened; it names the file.
    """
    try:
        while True:
            try:
                return os.open(path, flags | _SAFE)
            except FileNotFoundError:
                if not create:
                    raise
            try:
                return os.open(path, flags | _SAFE | os.O_CREAT | os.O_EXCL, _MODE)
            except FileExistsError:
                if path.is_symlink():
                    raise StoreError(f"{path}: a symbolic link stands there, and is not followed") from None
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(error.errno, f"cannot open it: {error.strerror}", str(path)) from error


def ensure_private(path: Path, *leftovers: str, seconds: float) -> None:
    """Make an empty file for the owner alone where there is none, and insist that it is no symbolic link.

    Files left over from one that was deleted, with the given endings, are removed first, so that nothing of it comes back;
    only one process at a time does so.

    Args:
        path: The file.
        leftovers: Endings of the names of files beside it.
        seconds: How long to wait for another process that is just making it.

    Raises:
        StoreError: If it is a symbolic link, or the file cannot be made.
    """
    if _is_plain(path):
        return
    guard = path.with_name(f".{path.name}.lock")
    while True:
        held = open_private(guard)
        try:
            with lock(held, guard, seconds=seconds):
                if not is_still_at(guard, os.fstat(held)):
                    continue  # whoever held it is done, and has removed it
                try:
                    if not _is_plain(path):
                        for ending in leftovers:
                            path.with_name(path.name + ending).unlink(missing_ok=True)
                        os.close(open_private(path))
                finally:
                    guard.unlink(missing_ok=True)
                return
        finally:
            os.close(held)


def _is_plain(path: Path) -> bool:
    """Check whether a file is there.

    Raises:
        StoreError: If something else is, or it cannot be looked at.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(error.errno, f"cannot look at it: {error.strerror}", str(path)) from error
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"{path}: not a plain file; a symbolic link is not followed")
    return True


def replace_whole(path: Path, data: bytes, *, keeps_mode: bool = False) -> None:
    """Write a file for its owner alone, under a name nobody can foresee, and move it into place once it is whole.

    Args:
        path: Where it goes.
        data: What is in it.
        keeps_mode: Whether a file that it takes the place of leaves it its mode.

    Raises:
        OSError: If it cannot be written; nothing is left over then.
    """
    try:
        number, name = mkstemp(prefix=".new-", dir=path.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    fresh = Path(name)
    try:
        with open(number, "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(data)
        if keeps_mode:
            with suppress(FileNotFoundError):
                fresh.chmod(stat.S_IMODE(path.stat().st_mode))
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def is_still_at(path: Path, opened: os.stat_result) -> bool:
    """Check whether the file opened earlier is the one that stands at its path now: neither moved nor deleted."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return found.st_ino == opened.st_ino and found.st_dev == opened.st_dev


def append_whole(descriptor: int, lines: bytes) -> None:
    """Append lines to a file opened for reading and appending, which nobody else writes to meanwhile: all of them, or none.

    A line that is not finished, for a process died while it wrote it, is closed first.

    Raises:
        OSError: If there is no room.
    """
    end = os.lseek(descriptor, 0, os.SEEK_END)
    if end:
        os.lseek(descriptor, end - 1, os.SEEK_SET)
        if os.read(descriptor, 1) != b"\n":
            lines = b"\n" + lines
    try:
        while lines:
            lines = lines[os.write(descriptor, lines) :]
    except BaseException:
        with suppress(OSError):
            os.ftruncate(descriptor, end)
        raise


@contextmanager
def lock(descriptor: int, path: Path, *, seconds: float) -> Iterator[None]:
    """Lock an open file among processes, as long as the block runs.

    Raises:
        StoreError: If others hold it for longer than ``seconds``.
    """
    if not _HAS_LOCKS:
        yield
        return
    end = monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError as error:
            if monotonic() >= end:
                raise StoreError(f"{path}: another process keeps it locked") from error
            sleep(_PAUSE_SECONDS)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def try_lock(descriptor: int) -> bool:
    """Lock an open file for this process, until it is closed; return whether that could be done at once."""
    if not _HAS_LOCKS:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
