"""A sink and a history in SQLite: one file that several threads and several worker processes share.

sqlite3 is imported when the first one is opened. It leaves a host's own tables alone, and keeps to its own, whose names
begin with ``mailbeacon_``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import TYPE_CHECKING, Self
from weakref import WeakSet

from mailbeacon.errors import ConfigError, DataError
from mailbeacon.model import Event, Verdict
from mailbeacon.store.memory import check_bounds

if TYPE_CHECKING:
    import sqlite3

__all__ = ["SqliteHistory", "SqliteSink", "open_existing", "read_rows"]

_BUSY_SECONDS = 10.0
"""How long a writer waits for another process before it gives up."""
_PAUSE_SECONDS = 0.02
"""How long it waits between two tries where SQLite itself does not wait."""
_CACHED = 10_000
"""How many remembered events are kept parsed, for each worker asks for the same ones again and again."""

_EVENTS = """
    CREATE TABLE IF NOT EXISTS mailbeacon_events (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, campaign TEXT NOT NULL, recipient TEXT,
        event TEXT NOT NULL, verdict TEXT
    );
"""
_HISTORY = """
    CREATE TABLE IF NOT EXISTS mailbeacon_history (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, message_id TEXT, network_id TEXT, event TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS mailbeacon_history_message ON mailbeacon_history (message_id, number);
    CREATE INDEX IF NOT EXISTS mailbeacon_history_network ON mailbeacon_history (network_id, number);
"""
_LATEST = "SELECT id, event FROM mailbeacon_history WHERE {} = ? ORDER BY number DESC LIMIT ?"
_Values = Sequence[object]


class SqliteSink:
    """Keep events in a SQLite file, each id once.

    Args:
        path: The file; made if it is not there.

    Raises:
        ConfigError: For ``:memory:``, which threads and workers cannot share: that is what ``MemorySink`` is for.
        DataError: If the file cannot be opened, or is not SQLite's.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = _File(path, _EVENTS)

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        """Keep one event; an id that is known already is left as it is."""
        self.record_many([(event, verdict)])

    def record_many(self, pairs: Iterable[tuple[Event, Verdict | None]]) -> None:
        """Keep several events in one transaction: all or none."""
        rows = [
            (event.id, event.campaign, event.recipient, event.to_json(), verdict.to_json() if verdict else None)
            for event, verdict in pairs
        ]
        self._file.write(
            "INSERT INTO mailbeacon_events (id, campaign, recipient, event, verdict) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO NOTHING",
            rows,
        )

    def events(self) -> Iterator[tuple[Event, Verdict | None]]:
        """Read the events one by one, in the order they were written; what is written meanwhile may be among them.

        Raises:
            DataError: If a row cannot be read.
        """
        with closing(self._file.reader()) as reader:
            yield from read_rows(reader)

    def __len__(self) -> int:
        ((found,),) = self._file.read("SELECT count(*) FROM mailbeacon_events", ())
        return int(str(found))

    def close(self) -> None:
        """Close the file; the next event opens it again."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class SqliteHistory:
    """Remember recent events in a SQLite file, so that all workers judge by the same past.

    Args:
        path: The file; made if it is not there. It may be the sink's.
        events: How many events are remembered, the latest.
        per_message: How many events of a message are given, the latest.
        per_network: How many events of a network id are given, the latest.

    Raises:
        ConfigError: If a bound is below 1, or for ``:memory:``.
        DataError: If the file cannot be opened, or is not SQLite's.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        events: int = 100_000,
        per_message: int = 100,
        per_network: int = 50,
    ) -> None:
        check_bounds(events=events, per_message=per_message, per_network=per_network)
        self._bound = events
        self._limits = per_message, per_network
        self._file = _File(path, _HISTORY)
        self._event = lru_cache(maxsize=_CACHED)(Event.from_json)

    def recent(self, event: Event) -> tuple[Event, ...]:
        """Give the remembered events of the same mail or the same network id, each once, without ``event``."""
        of_message, of_network = self._limits
        rows = self._file.read(
            f"SELECT * FROM ({_LATEST.format('message_id')}) UNION ALL SELECT * FROM ({_LATEST.format('network_id')})",
            (_mail(event), of_message, event.facts.network_id or None, of_network),
        )
        found = {str(name): str(text) for name, text in rows}
        found.pop(event.id, None)
        return tuple([self._event(text) for text in found.values()])

    def add(self, event: Event) -> None:
        """Remember an event, and forget the oldest beyond the bound."""
        row = (event.id, _mail(event), event.facts.network_id or None, event.to_json())
        self._file.write(
            "INSERT INTO mailbeacon_history (id, message_id, network_id, event) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO NOTHING",
            [row],
            after=f"DELETE FROM mailbeacon_history WHERE number <="
            f" (SELECT max(number) FROM mailbeacon_history) - {self._bound:d}",
        )

    def close(self) -> None:
        """Close the file; the next event opens it again."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _mail(event: Event) -> str | None:
    """Name an event's mail: one message id may serve a whole mailing, whose readers have nothing to do with each other."""
    return json.dumps([event.message_id, event.recipient]) if event.message_id else None


class _File:
    """Hold one connection to a database file, for one thread at a time; a forked process opens its own."""

    def __init__(self, path: str | os.PathLike[str], schema: str) -> None:
        if not isinstance(path, str | os.PathLike) or str(path) in ("", ":memory:") or str(path).startswith("file:"):
            raise ConfigError("path must name a file: threads and workers cannot share a database in memory")
        self._path = Path(path)
        self._schema = schema
        self.unlock()
        _files.add(self)
        self._connection: sqlite3.Connection | None = None
        self._inherited: sqlite3.Connection | None = None
        self._process = 0
        self.reader().close()

    def unlock(self) -> None:
        """Take a new lock, as a forked process must."""
        self._lock = RLock()

    def write(self, statement: str, rows: Sequence[_Values], *, after: str = "") -> None:
        """Run a statement for each row in one transaction."""
        found = [tuple(_storable(value) for value in row) for row in rows]
        with self._lock:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(statement, found)
                if after:
                    connection.execute(after)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def read(self, statement: str, values: _Values) -> list[tuple[object, ...]]:
        """Give all rows of a short query."""
        with self._lock:
            return self._open().execute(statement, [_storable(value) for value in values]).fetchall()

    def reader(self) -> sqlite3.Connection:
        """Open a connection of its own, so that a long reading keeps no writer waiting."""
        import sqlite3

        try:
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise DataError(f"cannot open the SQLite file: {error}") from error
        try:
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(self._schema)
        except sqlite3.Error as error:
            connection.close()
            raise DataError(f"cannot use the SQLite file: {error}") from error
        return connection

    def close(self) -> None:
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        process = os.getpid()
        if self._connection is None or self._process != process:
            self._inherited = self._connection  # closing what belongs to the parent could cost it its locks
            self._connection, self._process = self.reader(), process
        return self._connection


_files: WeakSet[_File] = WeakSet()


def _unlock_in_child() -> None:
    """Make new locks in a forked process: a thread that held one was left behind in the parent."""
    for file in _files:
        file.unlock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_in_child)


def open_existing(path: Path) -> sqlite3.Connection:
    """Open a sink's file for reading only; unlike a sink this makes neither file nor table.

    Where SQLite cannot put its own files beside it, as on a read-only disk, nobody can be writing: it is read as it is.

    Raises:
        DataError: If it cannot be opened, or is not a sink's.
    """
    import sqlite3

    found = ""
    log = path.with_name(f"{path.name}-wal")
    for mode in ("mode=rw", *([] if log.exists() else ["immutable=1"])):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=_BUSY_SECONDS)
        try:
            connection.execute("PRAGMA query_only = ON")
            ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'mailbeacon_events'")
        except sqlite3.Error as error:
            found = str(error)
        else:
            if tables:
                return connection
            found = "it holds no table of events"
        connection.close()
    raise DataError(f"cannot use the SQLite file: {found}")


def read_rows(connection: sqlite3.Connection) -> Iterator[tuple[Event, Verdict | None]]:
    """Read the events of an open file, in the order they were written.

    Raises:
        DataError: If a row cannot be read.
    """
    import sqlite3

    number = 0
    try:
        rows = connection.execute("SELECT number, event, verdict FROM mailbeacon_events ORDER BY number")
        for row in rows:
            number, event, verdict = row
            yield Event.from_json(event), Verdict.from_json(verdict) if verdict is not None else None
    except DataError as error:
        raise DataError(f"cannot read row {number} of mailbeacon_events: {error}") from error
    except sqlite3.Error as error:
        raise DataError(f"cannot read the SQLite file beyond row {number}: {error}") from error


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work side by side.

    SQLite does not wait here while another connection is about to write, as it does elsewhere: two workers that begin
    with the same new file would meet.
    """
    import sqlite3

    end = monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() >= end:
                raise
            sleep(_PAUSE_SECONDS)
        else:
            return


def _storable(value: object) -> object:
    """Give a value as SQLite takes it: a lone surrogate is written as an escape."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
