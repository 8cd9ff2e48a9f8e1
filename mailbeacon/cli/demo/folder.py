"""The demonstration's folder: everything is written beside it first, and put in place when it is whole.

An earlier demonstration's files are replaced; files that no demonstration wrote are not, nor those of one that still runs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mailbeacon.cli.console import CommandError, reason, shown

__all__ = ["EVENTS", "KEY", "MAIL", "REPORT", "Folder", "claim", "open_folder"]

EVENTS: Final = "events.sqlite"
MAIL: Final = "mail.html"
REPORT: Final = "report.html"
KEY: Final = "demo.key"
"""The demonstration's own key. Where it lies, the other files are a demonstration's."""
_FILES: Final = (KEY, MAIL, REPORT, EVENTS)
_TRACES: Final = (f"{EVENTS}-wal", f"{EVENTS}-shm")
"""What SQLite leaves beside a file when a process ends in the middle: it would be taken for the new file's."""
_HIDDEN: Final = ".new-"


class Folder:
    """The two places: where files are made, and where they go.

    Attributes:
        path: Where they go.
        made: Where they are made.
    """

    def __init__(self, path: Path, made: Path) -> None:
        self.path = path
        self.made = made

    def write(self, name: str, data: bytes) -> None:
        """Make a file that only its owner may read."""
        with open(self.made / name, "xb", opener=_private) as file:
            file.write(data)

    def put_in_place(self) -> None:
        """Move what was made to where it goes.

        Raises:
            CommandError: If something that no demonstration wrote is there.
        """
        _check(self.path)
        for trace in _TRACES:
            (self.path / trace).unlink(missing_ok=True)
        for name in _FILES:
            (self.made / name).replace(self.path / name)


@contextmanager
def claim(path: Path) -> Iterator[None]:
    """Make the folder if need be, and hold it against other demonstrations until the block ends.

    What it made goes again if nothing comes of it. What killed runs left goes where the folder could be locked, for only
    then is it known that they are dead.

    Raises:
        CommandError: If the folder cannot be made, or another demonstration holds it.
    """
    made: list[Path] = []
    lock = None
    try:
        with _as_command_error(path):
            made += [one for one in (path, *path.parents) if not one.exists()]
            path.mkdir(parents=True, exist_ok=True)
        try:
            lock = _lock(path)
        except CommandError:
            made.clear()  # whoever made them, they are the other's now
            raise
        if lock is not None:
            _sweep(path)
        yield
    except BaseException:
        for one in made:
            with suppress(OSError):
                one.rmdir()
        raise
    finally:
        if lock is not None:
            os.close(lock)


@contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """Make a hidden folder inside the folder, which is gone when the block ends.

    Raises:
        CommandError: If it cannot be written to, or holds files of these names that no demonstration wrote.
    """
    with _as_command_error(path):
        _check(path)
        with TemporaryDirectory(prefix=_HIDDEN, dir=path) as hidden:
            yield Folder(path, Path(hidden))


@contextmanager
def _as_command_error(path: Path) -> Iterator[None]:
    """Raise a one-line ``CommandError`` where a folder cannot be written to."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        raise CommandError(f"cannot write to {shown(str(path))}: {reason(error)}") from error


def _check(path: Path) -> None:
    """Raise unless what is to be replaced are a demonstration's files: none is without its key, and none is a folder."""
    known = (path / KEY).is_file()
    for name in (*_FILES, *_TRACES):
        found = path / name
        if found.exists() and not (known and found.is_file()):
            raise CommandError(f"{shown(str(path))} holds a {name} that no demonstration wrote: give another --out")


def _lock(path: Path) -> int | None:
    """Lock a folder; the system unlocks it when this process ends, however it ends.

    Returns:
        The open folder; ``None`` where folders cannot be locked.

    Raises:
        CommandError: If another process holds it.
    """
    try:
        import fcntl  # Windows has none

        opened = os.open(path, os.O_RDONLY)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(opened)
        if isinstance(error, BlockingIOError):
            raise CommandError(f"another demonstration is using {shown(str(path))}: give another --out") from error
        return None  # some network drives know no such locks
    return opened


def _sweep(path: Path) -> None:
    """Take away the hidden folders of runs that were killed, and nothing that only bears such a name."""
    ours = {*_FILES, *_TRACES, f"{EVENTS}-journal"}
    for old in path.glob(f"{_HIDDEN}????????"):
        with suppress(OSError):
            if not old.is_symlink() and {one.name for one in old.iterdir()} <= ours:
                shutil.rmtree(old)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
