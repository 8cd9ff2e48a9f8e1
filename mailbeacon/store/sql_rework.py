"""Go through a table of events in a SQL database and change or drop some of them, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from mailbeacon.errors import DataError, MissingExtra
from mailbeacon.model import Event, Kind
from mailbeacon.store.database import storable
from mailbeacon.store.rework import Change, applied

try:
    import sqlalchemy as sa
except ImportError as missing:
    raise MissingExtra("sql", purpose="a store in a SQL database") from missing

__all__ = ["rework"]

_BATCH: Final = 1000


def rework(
    table: sa.Table,
    before: datetime,
    change: Change,
    kinds: Collection[Kind],
    columns: Callable[[Event], dict[str, object]],
) -> Callable[[sa.Connection], int]:
    """Return the work on one connection that changes or drops events; rows that cannot be read stay.

    Args:
        table: One with the columns ``number`` and ``event``.
        before: Only events received before this moment.
        change: Gives an event, the one to keep in its place, or ``None`` to drop it.
        kinds: Of which kinds; empty for all.
        columns: Gives the table's other columns that hang on the event.
    """

    def put(connection: sa.Connection, number: int, text: str) -> bool:
        try:
            event = Event.from_json(text)
        except DataError:
            return False
        new = applied(event, before, change, kinds)
        if new is event or new == event:
            return False
        here = table.c.number == number
        if new is None:
            connection.execute(sa.delete(table).where(here))
        else:
            values = {"event": storable(new.to_json()), **columns(new)}
            connection.execute(sa.update(table).where(here).values(values))
        return True

    def work(connection: sa.Connection) -> int:
        done, last = 0, 0
        while rows := connection.execute(
            sa.select(table.c.number, table.c.event).where(table.c.number > last).order_by(table.c.number).limit(_BATCH)
        ).all():
            last = rows[-1][0]
            done += sum([put(connection, number, text) for number, text in rows])
        return done

    return work
