"""Where a run over a stream is: enough to go on after it was killed, whatever became of the files meanwhile.

A file is known by its first bytes, so that it is found again under another name, copied, or compressed; its inode only says
where to look first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from mailbeacon.errors import DataError
from mailbeacon.logs.files import STDIN, open_log

__all__ = ["Checkpoint", "Mark", "print_of", "resumed"]

_NAME = "checkpoint.json"
_PRINT = 4_096
"""How many of a file's first bytes tell it from others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in a file, and what its lines were up to there.

    Attributes:
        path: The file's name.
        inode: Its inode; 0 where it has none.
        size: How many of its first bytes were looked at.
        digest: Their digest.
        offset: Where to read on, in bytes.
        lines: How many lines stand before that.
        events: How many of them were events.
        errors: How many could not be read.
        done: How many events were handed on: some of them stand behind ``offset`` and are read again.
        told: Up to which line those that could not be read were handed on.
    """

    path: str
    inode: int = 0
    size: int = 0
    digest: str = ""
    offset: int = 0
    lines: int = 0
    events: int = 0
    errors: int = 0
    done: int = 0
    told: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How far a run has come.

    Attributes:
        number: How many checkpoints there were; files of judged events bear it.
        boundary: What came before it is judged.
        late: How many events came too late for their stretch of time.
        rejects: How many bytes of the file of rejects belong to it.
        files: Where each file is.
    """

    number: int = 0
    boundary: datetime | None = None
    late: int = 0
    rejects: int = 0
    files: tuple[Mark, ...] = field(default=())

    def save(self, out: Path) -> None:
        """Write it; whatever happens, the last one or this one is there."""
        values = asdict(self) | {"v": 1, "boundary": self.boundary.isoformat() if self.boundary else None}
        part = out / f".{_NAME}.part"
        with part.open("w", encoding="utf-8") as file:
            json.dump(values, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out / _NAME)

    @classmethod
    def load(cls, out: Path) -> Checkpoint:
        """Read it; without one a run begins.

        Raises:
            DataError: If it cannot be read.
        """
        try:
            text = (out / _NAME).read_text("utf-8")
        except FileNotFoundError:
            return cls()
        try:
            values = json.loads(text)
            if values.pop("v") != 1:
                raise DataError("the checkpoint is of a newer version")
            boundary = values.pop("boundary")
            files = tuple(Mark(**one) for one in values.pop("files"))
            return cls(**values, files=files, boundary=datetime.fromisoformat(boundary) if boundary else None)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError("the checkpoint cannot be read: judge anew without --resume") from error

    @staticmethod
    def forget(out: Path) -> None:
        """Remove it, so that the next run begins anew."""
        (out / _NAME).unlink(missing_ok=True)


def print_of(path: str, most: int = _PRINT) -> tuple[int, str]:
    """Return how many of a file's first bytes there are, unpacked, and their digest."""
    if path == STDIN:
        return 0, ""
    with closing(open_log(path)) as file:
        data = file.read(most)
    return len(data), blake2b(data, digest_size=16).hexdigest()


def resumed(paths: Sequence[str], marks: Iterable[Mark]) -> list[Mark]:
    """Return where to read on in each file: in those that are given, and in those that were moved away meanwhile."""
    left = list(paths)
    found: list[Mark] = []
    for mark in marks:
        path = next((path for path in _candidates(mark, left) if _same(mark, path)), None)
        if path is not None:
            found.append(replace(mark, path=path))
            if path in left:
                left.remove(path)
    return [*found, *(begun(path) for path in left)]


def begun(path: str) -> Mark:
    """Return the beginning of a file."""
    if path == STDIN:
        return Mark(path=path)
    size, digest = print_of(path)
    return Mark(path=path, inode=Path(path).stat().st_ino, size=size, digest=digest)


def _candidates(mark: Mark, paths: Sequence[str]) -> Iterable[str]:
    """Return where a file may be now: among those given, or beside its old place, as rotation leaves it."""
    yield from sorted(paths, key=lambda path: path != mark.path)
    old = Path(mark.path)
    with suppress(OSError):
        beside = [path for path in old.parent.iterdir() if path.name.startswith(old.name) and str(path) not in paths]
        yield from map(str, sorted(beside, key=lambda path: path.stat().st_ino != mark.inode))


def _same(mark: Mark, path: str) -> bool:
    if not mark.size or path == STDIN:
        return False
    with suppress(OSError, EOFError):
        return print_of(path, mark.size) == (mark.size, mark.digest)
    return False
