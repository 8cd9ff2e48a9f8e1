"""Read the events of a SQLite sink in the order of time, whole or a stretch of time at a time: for large files.

Neither holds more than one row, and several processes may read stretches of the same file side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import TypeVar

from mailbeacon.errors import DataError
from mailbeacon.store.database import open_existing
from mailbeacon.store.lines import Pair, each_of, read_pair
from mailbeacon.store.rows import StoredRow, read_row
from mailbeacon.store.sqlite import TABLE

__all__ = ["cut_by_time", "read_between", "read_rows_between"]

T = TypeVar("T")


def cut_by_time(path: str | PathLike[str], parts: int) -> list[float]:
    """Return the borders between so many stretches of about as many events each, in Unix time; fewer where few fit.

    Raises:
        DataError: If the file is not a sink's, or is an old one whose rows have no time beside them.
    """
    import sqlite3

    try:
        with closing(open_existing(Path(path), TABLE)) as connection:
            ((rows, timed),) = connection.execute(f"SELECT count(*), count(received_at) FROM {TABLE}")
            if rows != timed:
                raise DataError("the file has rows without their time: open it once with SqliteSink")
            found = [
                connection.execute(
                    f"SELECT received_at FROM {TABLE} ORDER BY received_at LIMIT 1 OFFSET ?", (rows * part // parts,)
                ).fetchone()
                for part in range(1, parts)
            ]
    except sqlite3.Error as error:
        raise DataError("the file has rows without their time: open it once with SqliteSink") from error
    return sorted({border for (border,) in filter(None, found)})


def read_between(
    path: str | PathLike[str],
    first: float | None = None,
    last: float | None = None,
    *,
    on_broken: Callable[[DataError], object] | None = None,
) -> Iterator[Pair]:
    """Read the events received from one moment on and before another, in the order of time.

    Args:
        path: The file of a :class:`SqliteSink`.
        first: In Unix time; ``None`` for the beginning.
        last: In Unix time, itself not included; ``None`` for the end.
        on_broken: Is told of each row that cannot be read; without it they are reported together at the end.

    Raises:
        DataError: If the file is not a sink's, or rows cannot be read and there is no ``on_broken``.
    """
    return _between(path, first, last, read_pair, on_broken)


def read_rows_between(
    path: str | PathLike[str],
    first: float | None = None,
    last: float | None = None,
    *,
    on_broken: Callable[[DataError], object] | None = None,
) -> Iterator[StoredRow]:
    """Read of the same rows what :func:`mailbeacon.counting.tally_rows` needs, in any order: in a third of the time."""
    return _between(path, first, last, read_row, on_broken, in_order=False)


def _between(
    path: str | PathLike[str],
    first: float | None,
    last: float | None,
    read: Callable[[str, str | None], T],
    on_broken: Callable[[DataError], object] | None,
    *,
    in_order: bool = True,
) -> Iterator[T]:
    import sqlite3

    low, high = (float("-inf") if first is None else first), (float("inf") if last is None else last)
    whole = not in_order and first is last is None  # then the file is read from front to end
    where = "? < ?" if whole else "received_at >= ? AND received_at < ?"
    order = "ORDER BY received_at, number" if in_order else ""
    with closing(open_existing(Path(path), TABLE)) as connection:
        try:
            rows = connection.execute(f"SELECT number, event, verdict FROM {TABLE} WHERE {where} {order}", (low, high))
            yield from each_of(rows, read, on_broken)
        except sqlite3.Error as error:
            raise DataError(f"cannot read the SQLite file to its end: {error}") from error
