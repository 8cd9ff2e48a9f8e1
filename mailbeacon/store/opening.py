"""Open the stores that a file holds, whichever they are, without making any: for whoever has a file's name alone."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from os import PathLike
from pathlib import Path
from typing import Final

from mailbeacon.errors import DataError
from mailbeacon.store.checks import PATIENT_SECONDS, is_sqlite
from mailbeacon.store.consents import SqliteConsents
from mailbeacon.store.database import djangos
from mailbeacon.store.jsonl import JsonlSink
from mailbeacon.store.sqlite import SqliteHistory, SqliteSink

__all__ = ["open_stores"]

_WAIT: Final = timedelta(seconds=PATIENT_SECONDS)
_KINDS: Final = {
    "mailbeacon_events": SqliteSink,
    "mailbeacon_history": SqliteHistory,
    "mailbeacon_consents": SqliteConsents,
}

Stores = list[SqliteSink | SqliteHistory | SqliteConsents | JsonlSink]


def open_stores(path: str | PathLike[str], *, wait: timedelta = _WAIT) -> Stores:
    """Return the sink, the history and the consents of a SQLite file, or the sink of a file of JSON lines.

    Args:
        path: The file; it must be there.
        wait: How long a call waits while others write.

    Raises:
        OSError: If the file is not there or cannot be read.
        DataError: If it is a SQLite file without any table of ours.
    """
    import sqlite3

    file = Path(path)
    if not is_sqlite(file):
        return [JsonlSink(file)]
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            hint = djangos(connection)
    except sqlite3.Error as error:
        raise DataError(f"cannot use the SQLite file: {error}") from error
    found: Stores = [make(file, wait=wait) for name, make in _KINDS.items() if name in tables]
    if not found:
        raise DataError(f"the SQLite file holds no table of mailbeacon's{hint}")
    return found
