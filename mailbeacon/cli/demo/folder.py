"""The demonstration's folder: everything is written beside it first, and put in place when it is whole.

An earlier demonstration's files are replaced; files that no demonstration wrote are not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mailbeacon.cli.console import Refused, reason, shown

__all__ = ["EVENTS", "KEY", "MAIL", "REPORT", "Folder", "open_folder"]

EVENTS: Final = "events.sqlite"
MAIL: Final = "mail.html"
REPORT: Final = "report.html"
KEY: Final = "demo.key"
"""The demonstration's own key. Where it lies, the other files are a demonstration's."""
_FILES: Final = (KEY, MAIL, REPORT, EVENTS)
_TRACES: Final = ("-wal", "-shm")
"""What SQLite leaves beside a file when a process ends in the middle: it would be taken for the new file's."""


class Folder:
    """Hold the two places: where files are made, and where they go.

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
        """Move what was made to where it goes."""
        for trace in _TRACES:
            (self.path / f"{EVENTS}{trace}").unlink(missing_ok=True)
        for name in _FILES:
            (self.made / name).replace(self.path / name)


@contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """Make the folder if need be, and a hidden one inside it that is gone when the block ends.

    Raises:
        Refused: If it cannot be written to, or holds files of these names that no demonstration wrote.
    """
    name = shown(str(path))
    try:
        with _made(path), TemporaryDirectory(prefix=".new-", dir=path) as hidden:
            yield Folder(path, Path(hidden))
    except OSError as error:
        if error.filename is None:
            raise
        raise Refused(f"cannot write to {name}: {reason(error)}") from error


@contextmanager
def _made(path: Path) -> Iterator[None]:
    """Make a folder, and take it away again if nothing comes of it."""
    new = not path.exists()
    path.mkdir(parents=True, exist_ok=True)
    if not (path / KEY).exists():
        strange = next((one for one in _FILES if (path / one).exists()), "")
        if strange:
            raise Refused(f"{shown(str(path))} holds a {strange} that no demonstration wrote: give another --out")
    try:
        yield
    except BaseException:
        if new:
            with suppress(OSError):
                path.rmdir()
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
