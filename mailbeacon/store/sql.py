"""A sink and a history in PostgreSQL, MySQL, MariaDB or SQLite, through SQLAlchemy 2 (the extra ``sql``).

Tables have names that begin with ``mailbeacon_`` and are made where they are not there; none of the host's is touched.
Does not migrate anything, and opens no connection before it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Final, TypeVar

from mailbeacon.errors import ConfigError, DataError, MissingExtra, StoreError
from mailbeacon.model import Event, Kind, Verdict
from mailbeacon.store.bounded import Bounded
from mailbeacon.store.changes import EventChange
from mailbeacon.store.checks import SHORT_WAIT, check_bounds
from mailbeacon.store.closeable import Closeable
from mailbeacon.store.database import plain, storable
from mailbeacon.store.forking import after_fork
from mailbeacon.store.lines import Pair, Written, pairs_of, text_of, written
from mailbeacon.store.sql_rework import rework
from mailbeacon.store.sql_tables import EVENTS, HISTORY, LAST_OPENS

try:
    import sqlalchemy as sa
    from sqlalchemy.dialects import mysql, postgresql, sqlite
except ImportError as missing:
    raise MissingExtra("sql", purpose="a store in a SQL database") from missing

__all__ = ["SqlHistory", "SqlSink"]

_PRUNE_EVERY: Final = 500
"""After how many events the history forgets those beyond its bound."""
_TRIES: Final = 4
T = TypeVar("T")
Values = Sequence[dict[str, object]]


class _Tables:
    """One engine, and the tables in it.

    Args:
        engine: The host's engine, or the URL of a database.
        tables: What is made where it is not there, at the first use.
        wait: How long a reply waits.
    """

    def __init__(self, engine: sa.Engine | str, tables: Sequence[sa.Table], wait: timedelta) -> None:
        if not isinstance(engine, sa.Engine | str):
            raise ConfigError(f"engine must be an SQLAlchemy Engine or a database URL, got {type(engine).__name__}")
        try:
            self.engine = sa.create_engine(engine) if isinstance(engine, str) else engine
        except (sa.exc.ArgumentError, ImportError) as error:
            raise ConfigError("engine must be a database URL whose driver is installed") from error
        self._name = self.engine.url.render_as_string(hide_password=True)
        self._tables = tables
        self._made = False
        self.within = Bounded(wait, self._name)
        after_fork(self, _Tables._leave)

    def __str__(self) -> str:
        return f"{self.engine.url.drivername!r}, {self.engine.url.database!r}"  # never the password

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """Do something in one transaction, and again where the server had closed the connection or chose it as a victim.

        Raises:
            StoreError: If the database cannot do it now.
        """
        tries = 0
        while True:
            tries += 1
            try:
                self._make()
                with self.engine.begin() as connection:
                    return work(connection)
            except (
                sa.exc.OperationalError,
                sa.exc.InterfaceError,
            ) as error:  # a closed connection, a deadlock: the next try has another chance
                if tries == _TRIES:
                    raise StoreError(f"{self._name}: {_named(error)}") from error
            except sa.exc.SQLAlchemyError as error:
                raise StoreError(f"{self._name}: {_named(error)}") from error

    def delete(self, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
        """Delete rows, and return how many they were."""
        return self.run(lambda connection: connection.execute(sa.delete(table).where(where)).rowcount)

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        self.within.close()
        self.engine.dispose()

    def _make(self) -> None:
        if not self._made:
            with suppress(sa.exc.DBAPIError):  # two workers make the same table at once: the second look finds it
                EVENTS.metadata.create_all(self.engine, tables=self._tables)
            EVENTS.metadata.create_all(self.engine, tables=self._tables)
            self._made = True

    def _leave(self) -> None:
        """Forget the parent's connections in a forked process, without closing them."""
        self.engine.dispose(close=False)


class SqlSink(Closeable):
    """Keep events in a table of a SQL database, each id once.

    On a web server put a ``SpoolSink`` before it: then no reply waits for the database at all, and none of its failures
    costs an event.

    Args:
        engine: The host's SQLAlchemy engine, or the URL of a database, such as ``postgresql+psycopg://…``.
        wait: How long a reply waits for ``record``; the event may still be kept afterwards.

    Raises:
        ConfigError: If it is neither, or the driver is not installed.
        MissingExtra: Without SQLAlchemy, when the module is imported.
    """

    def __init__(self, engine: sa.Engine | str, *, wait: timedelta = SHORT_WAIT) -> None:
        self._tables = _Tables(engine, [EVENTS, LAST_OPENS], wait)

    def __repr__(self) -> str:
        return f"SqlSink({self._tables})"

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        """Keep one event; an id that is known already is left as it is.

        Raises:
            StoreError: If it cannot be kept, or not within the time to wait.
        """
        self._tables.within(lambda: self.record_many([(event, verdict)]))

    def record_many(self, pairs: Iterable[Pair]) -> None:
        """Keep several events in one transaction: all or none.

        Raises:
            StoreError: If they cannot be kept.
        """
        self.record_written([written(event, verdict) for event, verdict in pairs])

    def record_written(self, rows: Iterable[Written]) -> None:
        """Keep several events whose JSON is made already, in one transaction.

        Raises:
            StoreError: If they cannot be kept.
        """
        found = [_row(*row) for row in rows]
        if found:
            self._tables.run(lambda connection: _insert_new(connection, EVENTS, found))

    def put_last_open(self, recipient: str, day: date) -> None:
        """Keep the date of a recipient's last open in place of the one before, and nothing else of it.

        Raises:
            StoreError: If it cannot be kept, or not within the time to wait.
        """
        self._tables.within(lambda: self.put_last_opens([(recipient, day)]))

    def put_last_opens(self, days: Iterable[tuple[str, date]]) -> None:
        """Keep the days of several people's last opens in one transaction.

        Raises:
            StoreError: If they cannot be kept.
        """
        rows: Values = [
            {"recipient": plain(name), "day": day.isoformat()} for name, day in sorted(days)
        ]  # no deadlocks
        if rows:
            self._tables.run(lambda connection: _put_later_days(connection, rows))

    def last_opens(self) -> Iterator[tuple[str, date]]:
        """Return each recipient of whom only the date is kept, with the date."""
        query = sa.select(LAST_OPENS.c.recipient, LAST_OPENS.c.day).order_by(LAST_OPENS.c.recipient)
        rows = self._tables.run(lambda connection: connection.execute(query).all())
        return ((str(recipient), date.fromisoformat(day)) for recipient, day in rows)

    def events(self, *, on_broken: Callable[[DataError], object] | None = None) -> Iterator[Pair]:
        """Read the events one by one, in the order they were written.

        Args:
            on_broken: Is told of each row that cannot be read. Without it, such rows are reported together at the end,
                after all that can be read has been given.

        Raises:
            DataError: If rows cannot be read and there is no ``on_broken``; it names their numbers.
            StoreError: If the database cannot be read.
        """
        return self._read(sa.true(), on_broken)

    def of_recipient(self, recipient: str) -> Iterator[Pair]:
        """Read the events of one recipient; rows that cannot be read are passed over."""
        return self._read(EVENTS.c.recipient == plain(recipient), lambda _: None)

    def erase(self, recipient: str) -> int:
        """Take a recipient's events and last open out, and return how many events they were."""

        def work(connection: sa.Connection) -> int:
            connection.execute(sa.delete(LAST_OPENS).where(LAST_OPENS.c.recipient == plain(recipient)))
            return connection.execute(sa.delete(EVENTS).where(EVENTS.c.recipient == plain(recipient))).rowcount

        return self._tables.run(work)

    def drop_before(self, moment: datetime) -> int:
        """Take out the events received before a moment, and return how many they were."""
        return self._tables.delete(EVENTS, EVENTS.c.received_at < moment.timestamp())

    def rework(self, before: datetime, change: EventChange, kinds: Collection[Kind] = ()) -> int:
        """Change or drop the events received before a moment, as ``SqliteSink.rework`` does."""
        work = rework(EVENTS, before, change, kinds, lambda event: {"recipient": plain(event.recipient)})
        return self._tables.run(work)

    def drop_last_opens(self, before: date) -> int:
        """Take out the last opens on days before one, and return how many they were."""
        return self._tables.delete(LAST_OPENS, LAST_OPENS.c.day < before.isoformat())

    def __len__(self) -> int:
        found = self._tables.run(lambda connection: connection.scalar(sa.select(sa.func.count()).select_from(EVENTS)))
        return int(found or 0)

    def close(self) -> None:
        """Close all connections of the engine; the next use opens new ones."""
        self._tables.close()

    def _read(self, where: sa.ColumnElement[bool], on_broken: Callable[[DataError], object] | None) -> Iterator[Pair]:
        query = sa.select(EVENTS.c.number, EVENTS.c.event, EVENTS.c.verdict).where(where).order_by(EVENTS.c.number)
        self._tables.run(lambda _: None)
        with self._tables.engine.connect() as connection:
            rows = connection.execution_options(yield_per=1000).execute(query)
            yield from pairs_of(((row[0], row[1], row[2]) for row in rows), on_broken)


class SqlHistory(Closeable):
    """Remember recent events in a SQL database, so that the workers of several machines judge by the same past.

    Each recorded event costs two round trips to the database before its reply.

    Args:
        engine: The host's SQLAlchemy engine, or the URL of a database. It may be the sink's.
        events: How many events are remembered, about, the latest.
        per_message: How many events of a message are given, the latest.
        per_network: How many events of a network id are given, the latest.
        wait: How long a reply waits for each; the verdict is then made without what came before.

    Raises:
        ConfigError: If a bound is below 1, or the engine is none.
    """

    def __init__(
        self,
        engine: sa.Engine | str,
        *,
        events: int = 100_000,
        per_message: int = 100,
        per_network: int = 50,
        wait: timedelta = SHORT_WAIT,
    ) -> None:
        check_bounds(events=events, per_message=per_message, per_network=per_network)
        self._bound = events
        self._limits = per_message, per_network
        self._tables = _Tables(engine, [HISTORY], wait)
        self._added = count(1)

    def __repr__(self) -> str:
        return f"SqlHistory({self._tables})"

    def recent(self, event: Event) -> tuple[Event, ...]:
        """Return the remembered events of the same mail or the same network id, each once, without ``event``.

        Raises:
            StoreError: If there is no answer within the time to wait.
        """
        of_message, of_network = self._limits
        chosen = sa.union_all(
            _latest(HISTORY.c.mail, _mail(event), of_message),
            _latest(HISTORY.c.network_id, event.facts.network_id, of_network),
        )
        rows = self._tables.within(
            lambda: self._tables.run(lambda connection: connection.execute(chosen).mappings().all())
        )
        found = {str(row["id"]): str(row["event"]) for row in rows}
        found.pop(event.id, None)
        return tuple([Event.from_json(text) for text in found.values()])

    def add(self, event: Event) -> None:
        """Remember an event, and now and then forget the oldest beyond the bound.

        Raises:
            StoreError: If it cannot be kept, or not within the time to wait.
        """
        row = {"id": event.id, "event": storable(text_of(event)), **_recalled(event)}
        prune = next(self._added) % _PRUNE_EVERY == 0

        def put(connection: sa.Connection) -> None:
            _insert_new(connection, HISTORY, [row])
            if prune:
                last = connection.scalar(sa.select(sa.func.max(HISTORY.c.number))) or 0
                connection.execute(sa.delete(HISTORY).where(HISTORY.c.number <= last - self._bound))

        self._tables.within(lambda: self._tables.run(put))

    def erase(self, recipient: str) -> int:
        """Forget a recipient's events, and return how many they were."""
        return self._tables.delete(HISTORY, HISTORY.c.recipient == plain(recipient))

    def of_recipient(self, recipient: str) -> Iterator[Pair]:
        """Return the remembered events of one recipient, without verdicts."""
        query = sa.select(HISTORY.c.event).where(HISTORY.c.recipient == plain(recipient))
        rows = self._tables.run(lambda connection: connection.execute(query.order_by(HISTORY.c.number)).all())
        return ((Event.from_json(text), None) for (text,) in rows)

    def rework(self, before: datetime, change: EventChange, kinds: Collection[Kind] = ()) -> int:
        """Change or drop remembered events, as ``SqliteSink.rework`` does."""
        return self._tables.run(rework(HISTORY, before, change, kinds, _recalled))

    def close(self) -> None:
        """Close all connections of the engine; the next use opens new ones."""
        self._tables.close()


def _row(event: Event, verdict: Verdict | None, text: str, said: str | None) -> dict[str, object]:
    return {
        "id": storable(event.id),
        "kind": str(event.kind),
        "campaign": plain(event.campaign),
        "recipient": plain(event.recipient),
        "received_at": event.received_at.timestamp(),
        "actor": str(verdict.actor) if verdict else None,
        "event": storable(text),
        "verdict": storable(said),
    }


def _recalled(event: Event) -> dict[str, object]:
    """Return the columns by which a history finds an event."""
    network = event.facts.network_id or None
    return {"mail": _mail(event), "network_id": network, "recipient": plain(event.recipient)}


def _insert_new(connection: sa.Connection, table: sa.Table, rows: Values, key: str = "id") -> None:
    """Insert rows, but for those whose key is there."""
    dialect = connection.dialect.name
    if dialect in ("mysql", "mariadb"):  # INSERT IGNORE would hide every other error too
        mine = mysql.insert(table)
        connection.execute(mine.on_duplicate_key_update({key: mine.inserted[key]}), rows)
    elif dialect == "postgresql":
        connection.execute(postgresql.insert(table).on_conflict_do_nothing(index_elements=[key]), rows)
    elif dialect == "sqlite":
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(index_elements=[key]), rows)
    else:
        raise StoreError(f"{dialect} is not among the databases this store knows")


def _put_later_days(connection: sa.Connection, rows: Values) -> None:
    """Keep the later of two days of each recipient, whatever other workers do meanwhile."""
    _insert_new(connection, LAST_OPENS, rows, "recipient")
    known = LAST_OPENS.c
    name: sa.BindParameter[str] = sa.bindparam("name")
    day: sa.BindParameter[str] = sa.bindparam("later")
    connection.execute(
        sa.update(LAST_OPENS).where(known.recipient == name, known.day < day).values(day=day),
        [{"name": row["recipient"], "later": row["day"]} for row in rows],
    )


def _latest(column: sa.Column[str], value: str | None, most: int) -> sa.Select[tuple[str, str]]:
    """Select the latest events with a value; none has the empty one."""
    where = column == value if value else sa.false()
    inner = sa.select(HISTORY.c.id, HISTORY.c.event).where(where).order_by(HISTORY.c.number.desc()).limit(most)
    found = inner.subquery()
    return sa.select(found.c.id, found.c.event)


def _mail(event: Event) -> str | None:
    """Return the digest that names an event's mail; ``None`` where nothing names it."""
    named = repr(event.mail).encode("utf-8", "backslashreplace")
    return sha256(named).hexdigest() if event.message_id else None


def _named(error: sa.exc.SQLAlchemyError) -> str:
    """Return what went wrong by its name alone: a driver's message may repeat values."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else None
    return type(cause or error).__name__
