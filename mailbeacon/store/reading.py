"""Read the file of a sink, whichever it is, without changing it: for reports, exports and other programs.

Makes no file, and no table in somebody else's database. To write, open the sink.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import Final

from mailbeacon.errors import DataError
from mailbeacon.model import Event, Verdict
from mailbeacon.store.checks import is_sqlite
from mailbeacon.store.database import open_existing
from mailbeacon.store.jsonl import JsonlSink
from mailbeacon.store.sqlite import TABLE, read_rows

__all__ = ["count_events", "read_events"]

_BLOCK: Final = 1 << 20


def read_events(
    path: str | PathLike[str], *, on_broken: Callable[[DataError], object] | None = None
) -> Iterator[tuple[Event, Verdict | None]]:
    """Read the events of a ``SqliteSink`` or a ``JsonlSink``, in the order they were written.

    Args:
        path: The file; its first bytes say which of the two wrote it.
        on_broken: Is told of each line or row that cannot be read. Without it, they are reported together at the end,
            after all that can be read has been given.

    Raises:
        OSError: If the file is not there or cannot be read.
        DataError: If a SQLite file is not a sink's, or if lines or rows cannot be read and there is no ``on_broken``.
    """
    file = Path(path)
    if not is_sqlite(file):
        yield from JsonlSink(file).events(on_broken=on_broken)
        return
    with closing(open_existing(file, TABLE)) as connection:
        yield from read_rows(connection, on_broken=on_broken)


def count_events(path: str | PathLike[str]) -> int:
    """Return how many rows or lines :func:`read_events` would come by, without reading one.

    Raises:
        OSError: If the file is not there or cannot be read.
        DataError: If a SQLite file is not a sink's.
    """
    file = Path(path)
    if is_sqlite(file):
        import sqlite3

        with closing(open_existing(file, TABLE)) as connection:
            try:
                ((rows,),) = connection.execute(f"SELECT count(*) FROM {TABLE}")
                return int(rows)
            except sqlite3.Error as error:
                raise DataError(f"cannot read the SQLite file to its end: {error}") from error
    lines = 0
    for part in JsonlSink(file).files:
        with part.open("rb") as stream:
            while block := stream.read(_BLOCK):
                lines += block.count(b"\n")
    return lines
