"""Go through a table of events in a SQL database and change or drop some of them, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from mailbeacon.errors import MissingExtra
from mailbeacon.model import Event, Kind
from mailbeacon.store.changes import EventChange, outcome
from mailbeacon.store.database import storable
from mailbeacon.store.rework import BATCH

try:
    import sqlalchemy as sa
except ImportError as missing:
    raise MissingExtra("sql", purpose="a store in a SQL database") from missing

__all__ = ["rework"]


def rework(
    table: sa.Table,
    before: datetime,
    change: EventChange,
    kinds: Collection[Kind],
    columns: Callable[[Event], dict[str, object]],
) -> Callable[[sa.Connection], int]:
    """Return the work on one connection that changes or drops events; rows that cannot be read stay.

    Args:
        table: One with the columns ``number`` and ``event``, and where it has ``received_at``, an index on it.
        before: Only events received before this moment.
        change: Gives an event, the one to keep in its place, or ``None`` to drop it.
        kinds: Of which kinds; empty for all.
        columns: Gives the table's other columns that hang on the event.
    """

    def put(connection: sa.Connection, number: int, text: str) -> bool:
        is_changed, new = outcome(text, before, change, kinds)
        if not is_changed:
            return False
        here = table.c.number == number
        if new is None:
            connection.execute(sa.delete(table).where(here))
        else:
            values = {"event": storable(new.to_json()), **columns(new)}
            connection.execute(sa.update(table).where(here).values(values))
        return True

    def work(connection: sa.Connection) -> int:
        done, time, last = 0, 0.0, 0
        while rows := connection.execute(_older(table, before, time, last)).all():
            time, last, _ = rows[-1]
            done += sum([put(connection, number, text) for _, number, text in rows])
        return done

    return work


def _older(table: sa.Table, before: datetime, time: float, last: int) -> sa.Select[Any]:
    """Select the next rows after one, of the older ones alone where the table has a column of times."""
    number = table.c.number
    if "received_at" not in table.c:
        return sa.select(sa.literal(0.0), number, table.c.event).where(number > last).order_by(number).limit(BATCH)
    at = table.c.received_at
    query = sa.select(at, number, table.c.event).where(at >= time, sa.or_(at > time, number > last))
    return query.where(at <= before.timestamp()).order_by(at, number).limit(BATCH)
