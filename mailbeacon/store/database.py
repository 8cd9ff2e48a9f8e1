"""One SQLite file that several threads and several worker processes share: opening, waiting, writing, reading.

sqlite3 is imported when a file is opened. Knows no event. It leaves a host's own tables alone; ours have names that
begin with ``mailbeacon_``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from itertools import chain
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from mailbeacon.errors import ConfigError, DataError, StoreError
from mailbeacon.store.checks import PATIENT_SECONDS, SHORT_WAIT, check_wait
from mailbeacon.store.files import ensure_private, is_still_at
from mailbeacon.store.forking import after_fork

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Database", "djangos", "in_transaction", "open_existing", "plain", "storable"]

_PAUSE_SECONDS: Final = 0.02
"""How long is waited between two tries where SQLite itself does not wait."""
_LEFTOVERS: Final = ("-wal", "-shm", "-journal")
"""The endings of the files SQLite puts beside its own. Source: SQLite, Temporary Files Used By SQLite, 2026."""

_AT_ONCE: Final = (64, 8, 1)
"""How many rows a statement inserts: few sizes, for each is a statement that SQLite has to understand first."""

Values = Sequence[object]
Migrate = Callable[["sqlite3.Connection"], None]


class Database:
    """One connection to a database file, for one thread at a time; a forked process opens its own.

    A file that was moved or deleted meanwhile is noticed before the next event is written, and a new one begun.

    Args:
        path: The file; made if it is not there, for its owner alone. A symbolic link is refused.
        schema: The statements that make our tables where they are not there.
        migrate: Brings tables of an older version up to date.
        wait: How long a statement waits, for other threads and other processes together.
        log_pages: How many pages wait in the log before the writer brings them into the file, which waits for the disk.

    Raises:
        ConfigError: For a database in memory, or a wait that makes no sense.
        DataError: If the file is not SQLite's.
        StoreError: If it cannot be opened.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        schema: str,
        *,
        migrate: Migrate | None = None,
        wait: timedelta = SHORT_WAIT,
        log_pages: int = 1000,
    ) -> None:
        if not isinstance(path, str | os.PathLike) or str(path) in ("", ":memory:") or str(path).startswith("file:"):
            raise ConfigError("path must name a file: threads and workers cannot share a database in memory")
        self.path = Path(path)
        self._schema = schema
        self._migrate = migrate
        self._wait_seconds = check_wait(wait)
        self._log_pages = log_pages
        self.unlock()
        after_fork(self, Database.unlock)
        self._connection: sqlite3.Connection | None = None
        self._inherited: sqlite3.Connection | None = None
        self._process = 0
        self._opened: os.stat_result | None = None
        self.connect(PATIENT_SECONDS).close()

    def unlock(self) -> None:
        """Take a new lock, as a forked process must."""
        self._lock = RLock()

    def write(self, statement: str, rows: Sequence[Values], *, after: str = "") -> int:
        """Run a statement for each row in one transaction, and return how many rows of the table it changed.

        Raises:
            StoreError: If the file cannot be written, or not within the time to wait.
        """
        found = [[storable(value) for value in row] for row in rows]

        def work(connection: sqlite3.Connection) -> int:
            changed = connection.executemany(statement, found).rowcount
            if after:
                connection.execute(after)
            return changed

        with self._ready() as connection:
            if len(found) == 1 and not after:  # one statement is a transaction of its own
                return connection.execute(statement, found[0]).rowcount
            return in_transaction(connection, work)

    def insert(self, statement: str, rows: Sequence[Values]) -> None:
        """Insert rows in one transaction, many by one statement.

        Around each statement Python lets other threads run, and to change threads costs more than to insert a row.

        Args:
            statement: With ``{}`` where the groups of values go.
            rows: All as long as each other.

        Raises:
            StoreError: If the file cannot be written, or not within the time to wait.
        """
        found = [tuple([storable(value) for value in row]) for row in rows]

        def work(connection: sqlite3.Connection) -> int:
            left = found
            for size in _AT_ONCE:
                if whole := len(left) // size * size:
                    parts = [tuple(chain.from_iterable(left[at : at + size])) for at in range(0, whole, size)]
                    connection.executemany(statement.format(_groups(size, len(left[0]))), parts)
                    left = left[whole:]
            return len(found)

        with self._ready() as connection:
            if len(found) == 1:  # one statement is a transaction of its own
                work(connection)
            elif found:
                in_transaction(connection, work)

    def change(self, work: Callable[[sqlite3.Connection], int]) -> int:
        """Run work that takes rows out or changes them in one transaction; what is gone is overwritten in the file.

        No reader of a mail waits for that, so it is as patient with other processes as opening the file is.

        Raises:
            StoreError: If the file cannot be written.
        """
        with self._ready(max(self._wait_seconds, PATIENT_SECONDS)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            try:
                changed = in_transaction(connection, work)
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.execute("PRAGMA secure_delete = OFF")
        return changed

    def read(self, statement: str, values: Values = ()) -> list[tuple[object, ...]]:
        """Return all rows of a short query.

        Raises:
            StoreError: If the file cannot be read, or not within the time to wait.
        """
        with self._ready(look=False) as connection:  # what is read of a moved file is as good
            return connection.execute(statement, [storable(value) for value in values]).fetchall()

    def connect(self, seconds: float = PATIENT_SECONDS) -> sqlite3.Connection:
        """Open a connection of its own, so that a long reading keeps no writer waiting.

        Args:
            seconds: How long it waits for other processes.

        Raises:
            DataError: If the file is not SQLite's.
            StoreError: If it cannot be opened.
        """
        import sqlite3

        ensure_private(self.path, *_LEFTOVERS, seconds=seconds)
        try:
            connection = sqlite3.connect(self.path, timeout=seconds, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: cannot open the SQLite file: {error}") from error
        with _closed_on_error(connection):
            self._set_up(connection, seconds)
        return connection

    def _set_up(self, connection: sqlite3.Connection, seconds: float) -> None:
        import sqlite3

        try:
            _write_ahead(connection, seconds)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {self._log_pages:d}")
            connection.executescript(self._schema)
            if self._migrate:
                self._migrate(connection)
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self.path}: cannot use the SQLite file: {_said(error)}") from error
        except sqlite3.Error as error:
            raise DataError(f"cannot use the SQLite file: {error}", file=str(self.path)) from error

    def close(self) -> None:
        """Close the file; the next statement opens it again."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
                self._connection = None

    def __del__(self) -> None:
        """Close what nobody closed, where it is this process's: Python 3.13 and newer warn otherwise."""
        connection: sqlite3.Connection | None = getattr(self, "_connection", None)
        if connection is not None and self._process == os.getpid():
            with suppress(Exception):  # Python may be about to exit
                connection.close()

    @contextmanager
    def _ready(self, seconds: float | None = None, *, look: bool = True) -> Iterator[sqlite3.Connection]:
        """Yield the connection to one thread, with as much time to wait as is left; ``look`` whether the file is still there."""
        import sqlite3

        usual = self._wait_seconds
        whole = usual if seconds is None else seconds
        end = monotonic() + whole
        if not self._lock.acquire(timeout=whole):
            raise StoreError(f"{self.path}: other threads are still writing")
        try:
            left = max(end - monotonic(), 0.0)
            connection = self._open(left, look=look)
            if not 0.9 * usual <= left <= usual:  # other threads took a part of it, or it is another
                connection.execute(f"PRAGMA busy_timeout = {1000 * left:.0f}")
                try:
                    yield connection
                finally:
                    connection.execute(f"PRAGMA busy_timeout = {1000 * usual:.0f}")
            else:
                yield connection
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {_said(error)}") from error
        finally:
            self._lock.release()

    def _open(self, seconds: float, *, look: bool) -> sqlite3.Connection:
        process = os.getpid()
        if self._connection is not None and self._process != process:
            self._inherited = self._connection  # closing what belongs to the parent could cost it its locks
            self._connection = None
        if self._connection is not None and look and not (self._opened and is_still_at(self.path, self._opened)):
            self._leave_moved_file()
        if self._connection is None:
            connection = self.connect(seconds)
            with _closed_on_error(connection):
                connection.execute(f"PRAGMA busy_timeout = {1000 * self._wait_seconds:.0f}")
                opened = self.path.lstat()
            self._connection, self._process, self._opened = connection, process, opened
        return self._connection

    def _leave_moved_file(self) -> None:
        """Bring what waits in the log into the file that was moved, while it is still known, and leave it."""
        import sqlite3

        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
        self._connection = None


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """Close a new connection if something goes wrong before anybody has it."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


@lru_cache(maxsize=16)
def _groups(rows: int, width: int) -> str:
    """Return the places of the values of some rows in a statement."""
    return ", ".join([f"({', '.join('?' * width)})"] * rows)


def in_transaction(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], int]) -> int:
    """Return what the work returns, all of it done or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return done


def open_existing(path: Path, table: str) -> sqlite3.Connection:
    """Open a file for reading only; unlike :class:`Database` this makes neither file nor table.

    Where SQLite cannot put its own files beside it, as on a read-only disk, nobody can be writing: it is read as it is.

    Raises:
        DataError: If it cannot be opened, or has no such table.
    """
    import sqlite3

    found = ""
    log = path.with_name(f"{path.name}-wal")
    for mode in ("mode=rw", *([] if log.exists() else ["immutable=1"])):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=PATIENT_SECONDS)
        with _closed_on_error(connection):
            try:
                connection.execute("PRAGMA query_only = ON")
                ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = ?", (table,))
                if tables:
                    return connection
                found = f"it holds no table of events{djangos(connection)}"
            except sqlite3.Error as error:
                found = str(error)
        connection.close()
    raise DataError(f"cannot use the SQLite file: {found}", file=str(path))


def djangos(connection: sqlite3.Connection) -> str:
    """Return what to do with a database in which Django keeps the events; empty for any other."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'mailbeacon_event'").fetchone():
        return ""
    return ", but Django's own: use manage.py mailbeacon_report, mailbeacon_erase or mailbeacon_retain"


def _said(error: sqlite3.Error) -> str:
    """Return what SQLite says, but no text that it could not read: that may name a person."""
    return str(error).partition(" with text ")[0]


def storable(value: object) -> object:
    """Return a value as a database takes it: a lone surrogate is written as an escape."""
    if not isinstance(value, str) or value.isascii():  # which a text knows of itself
        return value
    return value.encode("utf-8", "backslashreplace").decode()


def plain(value: str | None) -> str | None:
    """Return a text as every database takes it: PostgreSQL has no NUL."""
    return None if value is None else str(storable(value)).replace("\0", "\\x00")


def _write_ahead(connection: sqlite3.Connection, seconds: float) -> None:
    """Set the journal so that readers and a writer work side by side.

    SQLite does not wait here while another connection is about to write, as it does elsewhere: two workers that begin
    with the same new file would meet.
    """
    import sqlite3

    end = monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() >= end:
                raise
            sleep(_PAUSE_SECONDS)
        else:
            return
