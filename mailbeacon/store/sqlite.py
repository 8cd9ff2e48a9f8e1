"""A sink and a history in SQLite: one file that several threads and several worker processes share."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import count
from json.encoder import encode_basestring_ascii as _quoted
from typing import TYPE_CHECKING, Final

from mailbeacon.caches import Cache
from mailbeacon.errors import DataError
from mailbeacon.model import Event, Kind, Verdict
from mailbeacon.store.canonical import read_event
from mailbeacon.store.changes import EventChange
from mailbeacon.store.checks import SHORT_WAIT, check_bounds
from mailbeacon.store.closeable import Closeable
from mailbeacon.store.database import Database, in_transaction, storable
from mailbeacon.store.lines import Pair, Written, pairs_of, text_of, written
from mailbeacon.store.rework import delete, rework

if TYPE_CHECKING:
    import sqlite3

__all__ = ["TABLE", "SqliteHistory", "SqliteSink", "read_rows"]

_CACHED: Final = 10_000
"""How many remembered events are kept parsed, for each worker asks for the same ones again and again."""
TABLE: Final = "mailbeacon_events"

_EVENTS: Final = """
    CREATE TABLE IF NOT EXISTS mailbeacon_events (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, campaign TEXT NOT NULL, recipient TEXT,
        event TEXT NOT NULL, verdict TEXT, received_at REAL
    );
    CREATE TABLE IF NOT EXISTS mailbeacon_last_opens (recipient TEXT PRIMARY KEY, day TEXT NOT NULL);
"""
_INDEXES: Final = """
    CREATE INDEX IF NOT EXISTS mailbeacon_events_recipient ON mailbeacon_events (recipient);
    CREATE INDEX IF NOT EXISTS mailbeacon_events_time ON mailbeacon_events (received_at);
"""
_FILL_TIMES: Final = (
    "UPDATE mailbeacon_events SET received_at = mailbeacon_time(json_extract(event, '$.received_at'))"
    " WHERE received_at IS NULL AND json_valid(event)"
)
_HISTORY: Final = """
    CREATE TABLE IF NOT EXISTS mailbeacon_history (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL, message_id TEXT, network_id TEXT, event TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS mailbeacon_history_message ON mailbeacon_history (message_id, number);
    CREATE INDEX IF NOT EXISTS mailbeacon_history_network ON mailbeacon_history (network_id, number);
    CREATE INDEX IF NOT EXISTS mailbeacon_history_recipient ON mailbeacon_history (json_extract(event, '$.recipient'));
"""
_LOG_PAGES: Final = 4000
"""Pages in the log: each hit writes the same few again, and a reply that waits for the disk should be rare."""
_PRUNE_EVERY: Final = 100
"""After how many events of a process the history forgets those beyond its bound."""
_LATEST: Final = "SELECT id, event FROM mailbeacon_history WHERE {} = ? ORDER BY number DESC LIMIT ?"


class SqliteSink(Closeable):
    """Keep events in a SQLite file, each id once.

    The table ``mailbeacon_events`` has an index on ``recipient`` and one on ``received_at`` (Unix time in seconds).

    Args:
        path: The file; made if it is not there, for its owner alone. A symbolic link is refused.
        wait: How long a reply waits while others write.

    Raises:
        ConfigError: For ``:memory:``, which threads and workers cannot share: that is what ``MemorySink`` is for.
        DataError: If the file is not SQLite's.
        StoreError: If it cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str], *, wait: timedelta = SHORT_WAIT) -> None:
        self._database = Database(path, _EVENTS, migrate=_bring_up_to_date, wait=wait, log_pages=_LOG_PAGES)

    def __repr__(self) -> str:
        return f"SqliteSink({str(self._database.path)!r})"

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        """Keep one event; an id that is known already is left as it is.

        Raises:
            StoreError: If it cannot be written, or not within the time to wait.
        """
        self.record_many([(event, verdict)])

    def record_many(self, pairs: Iterable[Pair]) -> None:
        """Keep several events in one transaction: all or none.

        Raises:
            StoreError: If they cannot be written, or not within the time to wait.
        """
        self.record_written([written(event, verdict) for event, verdict in pairs])

    def record_written(self, rows: Iterable[Written]) -> None:
        """Keep several events whose JSON is made already, in one transaction.

        Raises:
            StoreError: If they cannot be written, or not within the time to wait.
        """
        self._database.insert(
            "INSERT INTO mailbeacon_events (id, campaign, recipient, event, verdict, received_at)"
            " VALUES {} ON CONFLICT (id) DO NOTHING",
            [
                (event.id, event.campaign, event.recipient, text, said, event.received_at.timestamp())
                for event, _, text, said in rows
            ],
        )

    def events(self, *, on_broken: Callable[[DataError], object] | None = None) -> Iterator[Pair]:
        """Read the events one by one, in the order they were written; what is written meanwhile may be among them.

        Args:
            on_broken: Is told of each row that cannot be read. Without it, such rows are reported together at the end,
                after all that can be read has been given.

        Raises:
            DataError: If rows cannot be read and there is no ``on_broken``; it names their numbers.
        """
        with closing(self._database.connect()) as reader:
            yield from read_rows(reader, on_broken=on_broken)

    def of_recipient(self, recipient: str) -> Iterator[Pair]:
        """Read the events of one recipient; rows that cannot be read are passed over."""
        with closing(self._database.connect()) as reader:
            yield from read_rows(reader, recipient=recipient, on_broken=lambda _: None)

    def erase(self, recipient: str) -> int:
        """Take a recipient's events and last open out, and return how many events they were."""
        return delete(
            self._database,
            ("DELETE FROM mailbeacon_last_opens WHERE recipient = ?", (recipient,)),
            (f"DELETE FROM {TABLE} WHERE recipient = ?", (recipient,)),
        )

    def drop_before(self, moment: datetime) -> int:
        """Take out the events received before a moment, and return how many they were."""
        return delete(self._database, (f"DELETE FROM {TABLE} WHERE received_at < ?", (moment.timestamp(),)))

    def rework(self, before: datetime, change: EventChange, kinds: Collection[Kind] = ()) -> int:
        """Change or drop the events received before a moment, in one transaction.

        Args:
            before: The moment.
            change: Gives the event itself, another to keep in its place, or ``None`` to drop it.
            kinds: Only events of these kinds; empty for all.

        Returns:
            How many were changed or dropped; rows that cannot be read stay.
        """

        def columns(event: Event) -> dict[str, object]:
            return {"recipient": event.recipient}

        return rework(self._database, TABLE, before, change, kinds, columns, timed=True)

    def drop_last_opens(self, before: date) -> int:
        """Take out the last opens on days before one, and return how many they were."""
        return delete(self._database, ("DELETE FROM mailbeacon_last_opens WHERE day < ?", (before.isoformat(),)))

    def put_last_open(self, recipient: str, day: date) -> None:
        """Keep the day of a person's last open, in place of an earlier one (level DATE)."""
        self.put_last_opens([(recipient, day)])

    def put_last_opens(self, days: Iterable[tuple[str, date]]) -> None:
        """Keep the days of several people's last opens in one transaction.

        Raises:
            StoreError: If they cannot be written, or not within the time to wait.
        """
        self._database.write(
            "INSERT INTO mailbeacon_last_opens (recipient, day) VALUES (?, ?)"
            " ON CONFLICT (recipient) DO UPDATE SET day = max(day, excluded.day)",
            [(recipient, day.isoformat()) for recipient, day in days],
        )

    def last_opens(self) -> Iterator[tuple[str, date]]:
        """Return each recipient with the day of the last open, of those whose level is DATE."""
        for recipient, day in self._database.read(
            "SELECT recipient, day FROM mailbeacon_last_opens ORDER BY recipient", ()
        ):
            yield str(recipient), date.fromisoformat(str(day))

    def __len__(self) -> int:
        ((found,),) = self._database.read(f"SELECT count(*) FROM {TABLE}")
        return int(str(found))

    def close(self) -> None:
        """Close the file; the next event opens it again."""
        self._database.close()


class SqliteHistory(Closeable):
    """Remember recent events in a SQLite file, so that all workers judge by the same past.

    Args:
        path: The file; made if it is not there, for its owner alone. It may be the sink's.
        events: How many events are remembered, about, the latest.
        per_message: How many events of a message are given, the latest.
        per_network: How many events of a network id are given, the latest.
        wait: How long a reply waits while others write.

    Raises:
        ConfigError: If a bound is below 1, or for ``:memory:``.
        DataError: If the file is not SQLite's.
        StoreError: If it cannot be opened.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        events: int = 100_000,
        per_message: int = 100,
        per_network: int = 50,
        wait: timedelta = SHORT_WAIT,
    ) -> None:
        check_bounds(events=events, per_message=per_message, per_network=per_network)
        self._bound = events
        self._limits = per_message, per_network
        self._database = Database(path, _HISTORY, wait=wait, log_pages=_LOG_PAGES)
        self._added = count(1)
        self._events: Cache[str, Event] = Cache(_CACHED)
        self._ids: Cache[str, None] = Cache(_CACHED)

    def __repr__(self) -> str:
        return f"SqliteHistory({str(self._database.path)!r})"

    def recent(self, event: Event) -> tuple[Event, ...]:
        """Return the remembered events of the same mail or the same network id, each once, without ``event``."""
        of_message, of_network = self._limits
        rows = self._database.read(
            f"SELECT * FROM ({_LATEST.format('message_id')}) UNION ALL SELECT * FROM ({_LATEST.format('network_id')})",
            (_mail(event), of_message, event.facts.network_id or None, of_network),
        )
        found = {str(name): str(text) for name, text in rows}
        found.pop(event.id, None)
        known = self._events
        return tuple([known.get(text) or known.put(text, read_event(text)) for text in found.values()])

    def add(self, event: Event) -> None:
        """Remember an event, and now and then forget the oldest beyond the bound."""
        if event.id in self._ids:
            return  # whoever sends one form a thousand times does not push others out
        prune = next(self._added) % min(_PRUNE_EVERY, self._bound) == 0
        text = text_of(event)
        row = (event.id, _mail(event), event.facts.network_id or None, text)
        self._database.write(
            "INSERT INTO mailbeacon_history (id, message_id, network_id, event) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [row],
            after=f"DELETE FROM mailbeacon_history WHERE number <="
            f" (SELECT max(number) FROM mailbeacon_history) - {self._bound:d}"
            if prune
            else "",
        )
        self._events.put(text, event)  # this process need not read what it wrote
        self._ids.put(event.id, None)

    def erase(self, recipient: str) -> int:
        """Forget a recipient's events, and return how many they were."""
        found = len([*self.of_recipient(recipient)])
        self._ids.clear()
        delete(
            self._database,
            ("DELETE FROM mailbeacon_history WHERE json_extract(event, '$.recipient') = ?", (recipient,)),
        )
        return found

    def of_recipient(self, recipient: str) -> Iterator[Pair]:
        """Return the remembered events of one recipient, without verdicts."""
        rows = self._database.read(
            "SELECT event FROM mailbeacon_history WHERE json_extract(event, '$.recipient') = ? ORDER BY number",
            (recipient,),
        )
        found = {event.id: event for event in (Event.from_json(str(text)) for (text,) in rows)}
        return ((event, None) for event in found.values())

    def rework(self, before: datetime, change: EventChange, kinds: Collection[Kind] = ()) -> int:
        """Change or drop remembered events, as :meth:`SqliteSink.rework` does."""
        self._ids.clear()
        return rework(
            self._database,
            "mailbeacon_history",
            before,
            change,
            kinds,
            lambda event: {"message_id": _mail(event), "network_id": event.facts.network_id or None},
        )

    def close(self) -> None:
        """Close the file; the next event opens it again."""
        self._database.close()


def read_rows(
    connection: sqlite3.Connection,
    *,
    recipient: str | None = None,
    on_broken: Callable[[DataError], object] | None = None,
) -> Iterator[Pair]:
    """Read the events of an open file, in the order they were written.

    Args:
        connection: An open file that has the table.
        recipient: Only this recipient's; ``None`` for all.
        on_broken: Is told of each row that cannot be read; without it they are reported together at the end.

    Raises:
        DataError: If rows cannot be read and there is no ``on_broken``, or if the file itself breaks off.
    """
    import sqlite3

    where, values = ("", ()) if recipient is None else ("WHERE recipient = ?", (storable(recipient),))
    try:
        rows = connection.execute(f"SELECT number, event, verdict FROM {TABLE} {where} ORDER BY number", values)
        yield from pairs_of(rows, on_broken)
    except sqlite3.Error as error:
        raise DataError(f"cannot read the SQLite file to its end: {error}") from error


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Add the column of times to a table of version 0.1, and the indexes to every one."""
    if not _has_times(connection):
        in_transaction(connection, _add_times)
    connection.executescript(_INDEXES)


def _has_times(connection: sqlite3.Connection) -> bool:
    return "received_at" in {row[1] for row in connection.execute(f"PRAGMA table_info({TABLE})")}


def _add_times(connection: sqlite3.Connection) -> int:
    if _has_times(connection):  # another process was quicker
        return 0
    connection.execute(f"ALTER TABLE {TABLE} ADD COLUMN received_at REAL")
    connection.create_function("mailbeacon_time", 1, _unix_time)
    return connection.execute(_FILL_TIMES).rowcount


def _unix_time(text: object) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None


def _mail(event: Event) -> str | None:
    """Return the text that names an event's mail, a list in JSON; ``None`` where nothing names it."""
    if not event.message_id:
        return None
    campaign, message, recipient = [_quoted(name) if name is not None else "null" for name in event.mail]
    return f"[{campaign}, {message}, {recipient}]"
