"""Django's own table on real database servers: what is kept, how long a reader waits, and what is said before ``migrate``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from time import monotonic

import djangosite
import pytest
from servers import Server, mariadb, postgresql, program

from mailbeacon.errors import StoreError
from tests.making import event

django = pytest.importorskip("django", reason="the Django app needs django")
djangosite.ready()

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import override_settings  # noqa: E402

from mailbeacon.web.django.sinks import ModelSink  # noqa: E402

OTHER = "events"
"""The database that only the app's tables are in."""
MISSING = "it is not there yet: run manage.py migrate"


class Router:
    """A host's router: the app's tables are in another database."""

    def db_for_read(self, model, **_):
        return OTHER if model._meta.app_label == "mailbeacon" else None

    db_for_write = db_for_read


def served(kind: str) -> Iterator[tuple[Server, dict[str, object]]]:
    programs, driver, start = {
        "postgresql": (["initdb", "postgres"], "psycopg", postgresql),
        "mysql": (["mariadb-install-db", "mariadbd"], "pymysql", mariadb),
    }[kind]
    if missing := [one for one in programs if program(one) is None]:
        pytest.skip(f"a real server needs {missing[0]}, which is not installed")
    found = pytest.importorskip(driver, reason=f"Django needs {driver} for it")
    if kind == "mysql":
        found.version_info = (2, 2, 7, "final", 0)  # as Django wants of mysqlclient, for which this one stands in
        found.install_as_MySQLdb()
    with start() as server:
        where, _, name = server.url.rpartition("/")
        user, _, place = where.partition("://")[2].partition("@")
        host, _, port = place.partition(":")
        yield server, {"ENGINE": f"django.db.backends.{kind}", "NAME": name.partition("?")[0], "USER": user.partition(":")[0],
                       "PASSWORD": user.partition(":")[2], "HOST": host, "PORT": port}  # fmt: skip


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def database(request) -> Iterator[str]:
    """Yield the kind of a server whose database Django has for the app's tables alone, not yet migrated."""
    for _, options in served(request.param):
        connections.settings[OTHER] = connections.configure_settings({"default": {}, OTHER: options})[OTHER]
        with override_settings(DATABASE_ROUTERS=[Router()]):
            yield request.param
        connections[OTHER].close()
        del connections[OTHER]
        del connections.settings[OTHER]


def test_what_is_kept_how_long_is_waited_and_what_is_said(database):
    sink = ModelSink(wait=timedelta(milliseconds=10))
    for use in (lambda: sink.record(event(1)), lambda: list(sink.events()), lambda: sink.erase("u-1")):
        with pytest.raises(StoreError, match=MISSING):
            use()
    call_command("migrate", database=OTHER, verbosity=0)
    connection = connections[OTHER]
    ask = "SHOW statement_timeout" if database == "postgresql" else "SELECT @@SESSION.innodb_lock_wait_timeout"
    with connection.cursor() as cursor:
        cursor.execute(
            "SET statement_timeout = 60000" if database == "postgresql" else "SET innodb_lock_wait_timeout = 60"
        )
        cursor.execute(ask)
        usual = cursor.fetchone()
    sink.record(event(1))
    with closing(connection.copy()) as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("INSERT INTO mailbeacon_event (event_id, kind, campaign, received_at, actor, url, event, verdict) "
                           "VALUES ('e2', 'open', '', '2026-01-01 00:00:00', '', '', '', '')")  # fmt: skip
        begin = monotonic()
        with pytest.raises(StoreError, match="the table of events: OperationalError"):
            sink.record(event(2))
        assert monotonic() - begin < 30  # a minute is the host's own
        other.rollback()
    with connection.cursor() as cursor:
        cursor.execute(ask)
        assert cursor.fetchone() == usual
    sink.record(event(2))
    assert [one.id for one, _ in sink.events()] == ["e1", "e2"]
