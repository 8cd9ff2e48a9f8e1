"""Go through a SQLite table of events and change or drop some of them, all in one transaction.

What was deleted is overwritten in the file, so that it cannot be read there any more.
Source: SQLite, PRAGMA secure_delete, 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mailbeacon.model import Event, Kind
from mailbeacon.store.changes import EventChange, outcome
from mailbeacon.store.database import Database, storable

if TYPE_CHECKING:
    import sqlite3

__all__ = ["BATCH", "OLDER", "delete", "rework"]

BATCH: Final = 1000
OLDER: Final = (
    "SELECT received_at, number, event FROM {} WHERE received_at >= ? AND (received_at > ? OR number > ?)"
    " AND received_at <= ? ORDER BY received_at, number LIMIT ?"
)
"""Selects a table's next older rows by its index of times, so that a long history of young ones is not read."""
_NEXT: Final = "SELECT 0, number, event FROM {} WHERE number > ? ORDER BY number LIMIT ?"


def delete(database: Database, *statements: tuple[str, tuple[object, ...]]) -> int:
    """Run statements that delete, in one transaction, and return how many rows the last one took out."""

    def work(connection: sqlite3.Connection) -> int:
        found = 0
        for statement, values in statements:
            found = connection.execute(statement, [storable(value) for value in values]).rowcount
        return found

    return database.change(work)


def rework(
    database: Database,
    table: str,
    before: datetime,
    change: EventChange,
    kinds: Collection[Kind],
    columns: Callable[[Event], dict[str, object]],
    *,
    timed: bool = False,
) -> int:
    """Change or drop the events of a table that were received before a moment; rows that cannot be read stay.

    Args:
        database: The file.
        table: One with the columns ``number`` and ``event``.
        before: The moment.
        change: As of :data:`EventChange`.
        kinds: Of which kinds; empty for all.
        columns: Gives the table's other columns that hang on the event.
        timed: The table has a column ``received_at`` with an index.

    Returns:
        How many rows were changed or dropped.
    """

    def work(connection: sqlite3.Connection) -> int:
        done, time, last = 0, float("-inf"), 0
        while rows := connection.execute(
            (OLDER if timed else _NEXT).format(table),
            (time, time, last, before.timestamp(), BATCH) if timed else (last, BATCH),
        ).fetchall():
            time, last, _ = rows[-1]
            done += sum(_put(connection, number, text) for _, number, text in rows)
        return done

    def _put(connection: sqlite3.Connection, number: int, text: str) -> bool:
        is_changed, new = outcome(text, before, change, kinds)
        if not is_changed:
            return False
        if new is None:
            connection.execute(f"DELETE FROM {table} WHERE number = ?", (number,))
            return True
        values = {"event": new.to_json(), **columns(new)}
        names = ", ".join(f"{name} = ?" for name in values)
        connection.execute(
            f"UPDATE {table} SET {names} WHERE number = ?", [*(storable(value) for value in values.values()), number]
        )
        return True

    return database.change(work)
