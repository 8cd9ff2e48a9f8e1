"""A sink in the app's own table, on whatever database Django has."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from threading import current_thread, main_thread
from typing import Any, Final

from django.conf import settings
from django.db import connections, router, transaction
from django.utils.timezone import make_naive

from mailbeacon.errors import DataError, StoreError
from mailbeacon.model import Event, Kind, Verdict
from mailbeacon.store.changes import EventChange, outcome
from mailbeacon.store.checks import SHORT_WAIT, check_wait
from mailbeacon.store.database import plain, storable
from mailbeacon.store.days import Item
from mailbeacon.store.lines import Pair, Written, pairs_of, written
from mailbeacon.store.spool import SpoolSink

__all__ = ["ModelSink", "TableSpool"]

_SPOOL: Final = "mailbeacon"
"""How the names of our own threads begin: nobody else closes their connections, and no reader waits for them."""
_PATIENCE: Final = {
    "sqlite": ("PRAGMA busy_timeout", "PRAGMA busy_timeout = {:.0f}", 1000),
    "mysql": ("SELECT @@SESSION.innodb_lock_wait_timeout", "SET SESSION innodb_lock_wait_timeout = {:.0f}", 1),
}
"""How a connection is asked, and told, how long it waits for others, and in how many parts of a second."""


@contextmanager
def _as_store_errors() -> Iterator[None]:
    """Raise what the database cannot do now as an error that says what to do about it.

    Raises:
        StoreError: In place of Django's errors.
    """
    from django.db import DatabaseError, InterfaceError

    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        why = "it is not there yet: run manage.py migrate" if _is_missing(error) else type(error).__name__
        raise StoreError(f"the table of events: {why}") from error


class ModelSink:
    """Keep events in the app's table, each id once.

    Args:
        wait: How long a reply waits for the database, unless it is asked for in a transaction of the host's. MySQL and MariaDB
            count in whole seconds, from one.

    Raises:
        ConfigError: If ``wait`` makes no sense.
    """

    def __init__(self, *, wait: timedelta = SHORT_WAIT) -> None:
        self._wait_seconds = check_wait(wait)

    def __repr__(self) -> str:
        return "ModelSink()"

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        """Keep one event; an id that is known already is left as it is."""
        self.record_many([(event, verdict)])

    def record_many(self, pairs: Iterable[Pair]) -> None:
        """Keep several events in one transaction: all or none."""
        self.record_written([written(event, verdict) for event, verdict in pairs])

    def record_written(self, rows: Iterable[Written]) -> None:
        """Keep several events whose JSON is made already, in one transaction."""
        found = [_row(*row) for row in rows]
        self._do(lambda: _objects("Event").bulk_create(found, ignore_conflicts=True))

    def put_last_open(self, recipient: str, day: date) -> None:
        """Keep the day of a recipient's last open in place of the one before."""

        def put() -> None:
            _, is_new = _objects("LastOpen").get_or_create(recipient=plain(recipient), defaults={"day": day})
            if not is_new:  # in one statement, so that a later day of another process stays
                _objects("LastOpen").filter(recipient=plain(recipient), day__lt=day).update(day=day)

        self._do(put)

    def last_opens(self) -> Iterator[tuple[str, date]]:
        """Return each recipient of whom only the day is kept, with the day."""
        with _as_store_errors():
            return iter(_objects("LastOpen").order_by("recipient").values_list("recipient", "day"))

    def events(self, *, on_broken: Callable[[DataError], object] | None = None) -> Iterator[Pair]:
        """Read the events in the order they were written.

        Raises:
            DataError: If rows cannot be read and there is no ``on_broken``; it names their numbers.
        """
        return self._read({}, on_broken)

    def of_recipient(self, recipient: str) -> Iterator[Pair]:
        """Read the events of one recipient; rows that cannot be read are passed over."""
        return self._read({"recipient": plain(recipient)}, lambda _: None)

    def of_campaign(self, campaign: str) -> Iterator[Pair]:
        """Read the events of one campaign, and no others.

        Raises:
            DataError: As for :meth:`events`.
        """
        return self._read({"campaign": plain(campaign)}, None)

    def erase(self, recipient: str) -> int:
        """Take a recipient's events and last open out, and return how many events they were."""
        with _as_store_errors(), transaction.atomic(_alias()):
            _objects("LastOpen").filter(recipient=plain(recipient)).delete()
            return int(_objects("Event").filter(recipient=plain(recipient)).delete()[0])

    @_as_store_errors()
    def drop_before(self, moment: datetime) -> int:
        """Take out the events received before a moment, and return how many they were."""
        return int(_objects("Event").filter(received_at__lt=_in_column(moment)).delete()[0])

    def rework(self, before: datetime, change: EventChange, kinds: Collection[Kind] = ()) -> int:
        """Change or drop the events received before a moment, as ``SqliteSink.rework`` does."""
        done = 0
        with _as_store_errors(), transaction.atomic(_alias()):
            found = _objects("Event").filter(received_at__lt=_in_column(before))
            for row in found.values_list("pk", "event", "verdict").iterator():
                done += _reworked(row, before, change, kinds)
        return done

    @_as_store_errors()
    def drop_last_opens(self, before: date) -> int:
        """Take out the last opens on days before one, and return how many they were."""
        return int(_objects("LastOpen").filter(day__lt=before).delete()[0])

    @_as_store_errors()
    def __len__(self) -> int:
        return int(_objects("Event").count())

    def _read(self, where: dict[str, Any], on_broken: Callable[[DataError], object] | None) -> Iterator[Pair]:
        found = _objects("Event").filter(**where).order_by("pk").values_list("pk", "event", "verdict")
        with _as_store_errors():
            rows = found.iterator()
            yield from pairs_of(((number, event, verdict or None) for number, event, verdict in rows), on_broken)

    def _do(self, work: Callable[[], object]) -> None:
        """Do something in a transaction; in a thread of a spool, with a connection that is not kept for ever.

        Raises:
            StoreError: If the database cannot do it now.
        """
        is_ours = current_thread() is not main_thread() and current_thread().name.startswith(_SPOOL)
        try:
            with _as_store_errors(), transaction.atomic(_alias()) if is_ours else _hurried(self._wait_seconds):
                work()
        finally:
            if is_ours:
                connections.close_all()


class TableSpool(SpoolSink):
    """A spool that does nothing within a ``TestCase`` of Django's, whose transaction is rolled back.

    The thread would not see that transaction, and what waits after the last test would go to the database that is no test's.
    """

    def _is_kept(self, row: Item) -> bool:
        return not _is_in_a_test_case() and super()._is_kept(row)


def _is_in_a_test_case() -> bool:
    blocks = getattr(connections[_alias()], "atomic_blocks", ())
    return any(getattr(block, "_from_testcase", False) for block in blocks)


@contextmanager
def _hurried(seconds: float) -> Iterator[None]:
    """Do something in a transaction that waits no longer; inside one of the host's own, its patience holds."""
    connection = connections[_alias()]
    vendor = "" if connection.in_atomic_block else connection.vendor
    with connection.cursor() as cursor:
        usual = _told_to_wait(cursor, vendor, seconds)
        try:
            with transaction.atomic(_alias()):
                if vendor == "postgresql":  # ends with the transaction, so that a pooled connection keeps its own
                    cursor.execute(f"SET LOCAL statement_timeout = {max(1000 * seconds, 1):.0f}")
                yield
        finally:
            _told_to_wait(cursor, vendor, usual)


def _told_to_wait(cursor: Any, vendor: str, seconds: float) -> float:
    """Set how long a connection waits, and return how long it waited before, where it can be told."""
    if vendor not in _PATIENCE:
        return seconds
    ask, tell, parts = _PATIENCE[vendor]
    cursor.execute(ask)
    (usual,) = cursor.fetchone()
    cursor.execute(tell.format(max(seconds * parts, 1)))
    return float(usual) / parts


def _alias() -> str:
    """Return the name of the database that a host's routers give to the app's tables."""
    from mailbeacon.web.django import models

    found: str = router.db_for_write(models.Event)
    return found


def _is_missing(error: Exception) -> bool:
    """Check whether an error is that there is no table, as SQLite, PostgreSQL and MySQL say it."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return "no such table" in str(error) or state == "42P01" or error.args[:1] == (1146,)


def _objects(name: str) -> Any:
    """Return the manager of one of the app's models, which are not there before Django is set up."""
    from mailbeacon.web.django import models

    return getattr(models, name).objects


def _row(event: Event, verdict: Verdict | None, text: str, said: str | None) -> Any:
    from mailbeacon.web.django import models

    return models.Event(
        event_id=storable(event.id),
        kind=str(event.kind),
        campaign=plain(event.campaign),
        recipient=plain(event.recipient),
        received_at=_in_column(event.received_at),
        actor=str(verdict.actor) if verdict else "",
        is_human=verdict.is_human if verdict else None,
        url=plain(event.url),
        event=storable(text),
        verdict=storable(said or ""),
    )


def _reworked(row: tuple[int, str, str], before: datetime, change: EventChange, kinds: Collection[Kind]) -> bool:
    """Change or drop one row, and return whether anything was to be done; one that cannot be read stays."""
    number, text, said = row
    is_changed, new = outcome(text, before, change, kinds)
    if not is_changed:
        return False
    here = _objects("Event").filter(pk=number)
    if new is None:
        here.delete()
    else:
        fresh = _row(new, None, new.to_json(), said or None)
        here.update(recipient=fresh.recipient, url=fresh.url, event=fresh.event)
    return True


def _in_column(moment: datetime) -> datetime:
    """Return a moment as the host's database takes it: with ``USE_TZ = False`` local and without a zone."""
    return moment if settings.USE_TZ or moment.tzinfo is None else make_naive(moment)
