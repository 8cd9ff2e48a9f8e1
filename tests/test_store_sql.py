"""Sinks and histories in SQL databases: SQLite, and real servers of PostgreSQL and MariaDB where they are installed."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest
from servers import Server, mariadb, postgresql, program

from mailbeacon.errors import ConfigError, DataError, StoreError
from mailbeacon.model import Actor, Event, Facts, Verdict
from mailbeacon.privacy import Retention, erase_person, export_person, retain
from mailbeacon.store import SpoolSink
from tests.making import NOW, event

sa = pytest.importorskip("sqlalchemy", reason="SqlSink needs sqlalchemy")
from mailbeacon.store.sql import SqlHistory, SqlSink  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="servers are started as on POSIX")

VERDICT = Verdict(actor=Actor.SCANNER, confidence=0.9, version="1")
SOON = timedelta(minutes=2)
"""Long enough for any machine: a wait that only ends what hangs."""


def _server(name: str, programs: list[str], start) -> Iterator[Server]:
    missing = [one for one in programs if program(one) is None]
    if missing:
        pytest.skip(f"a real {name} needs {missing[0]}, which is not installed")
    with start() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    yield from _server("PostgreSQL", ["initdb", "postgres"], postgresql)


@pytest.fixture(scope="session")
def maria() -> Iterator[Server]:
    yield from _server("MariaDB", ["mariadb-install-db", "mariadbd"], mariadb)


@contextmanager
def beside(url: str) -> Iterator[sa.Connection]:
    """Yield a connection beside those of the stores, in one transaction."""
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgres", "maria"])
def url(request, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'e.sqlite'}"
        return
    found = request.getfixturevalue(request.param).url
    yield found
    with beside(found) as connection:
        for table in ("events", "history", "last_opens"):
            connection.execute(sa.text(f"DROP TABLE IF EXISTS mailbeacon_{table}"))


@pytest.fixture
def sink(url) -> Iterator[SqlSink]:
    with SqlSink(url, wait=SOON) as found:
        yield found


@pytest.fixture
def history(url) -> Iterator[SqlHistory]:
    with SqlHistory(url, per_message=3, per_network=2, wait=SOON) as found:
        yield found


def test_events_come_back_as_they_were_each_id_once_in_order(sink):
    odd = event(3, recipient="NUL \0 and \U0001f331", campaign="ünï", user_agent="broken \udc80", url="x" * 70_000)
    pairs = [(event(1), VERDICT), (event(2, recipient=None), None), (odd, VERDICT)]
    sink.record(*pairs[0])
    sink.record_many([*pairs, (event(1, campaign="other"), None)])
    assert list(sink.events()) == pairs
    assert len(sink) == 3


def test_names_that_differ_in_case_alone_are_two(sink):
    sink.record_many([(event(1, id="a", recipient="ann"), None), (event(2, id="A", recipient="ANN"), None)])
    assert [one.id for one, _ in sink.of_recipient("ann")] == ["a"]
    assert sink.erase("ANN") == 1
    assert [one.id for one, _ in sink.events()] == ["a"]


def test_a_batch_is_all_or_none(sink):
    with pytest.raises(StoreError):
        sink.record_many([(event(1), None), (event(2, campaign=None), None)])
    assert len(sink) == 0


def test_a_row_that_cannot_be_read_hides_no_other(sink, url):
    sink.record_many([(event(number), None) for number in range(1, 4)])
    with beside(url) as connection:
        connection.execute(sa.text("UPDATE mailbeacon_events SET event = '{}' WHERE id = 'e2'"))
    told: list[DataError] = []
    assert [one.id for one, _ in sink.events(on_broken=told.append)] == ["e1", "e3"]
    assert str(told[0]).startswith("row 2: ")
    with pytest.raises(DataError, match="row 2"):
        list(sink.events())


def test_erasing_and_forgetting_by_time(sink):
    sink.record_many([(event(number, recipient=f"u-{number % 2}"), None) for number in range(6)])
    sink.put_last_open("u-1", date(2026, 3, 2))
    assert [one.id for one, _ in sink.of_recipient("u-1")] == ["e1", "e3", "e5"]
    assert sink.erase("u-1") == 3
    assert list(sink.last_opens()) == []
    assert sink.drop_before(NOW + timedelta(hours=4)) == 2
    assert [one.id for one, _ in sink.events()] == ["e4"]


def test_only_the_latest_day_of_an_open_is_kept(sink):
    for name, day in [("ann", 2), ("ann", 5), ("ann", 3), ("ben", 1), ("ben", 1)]:
        sink.put_last_open(name, date(2026, 3, day))
    assert list(sink.last_opens()) == [("ann", date(2026, 3, 5)), ("ben", date(2026, 3, 1))]


def test_workers_that_keep_the_first_day_of_the_same_people_at_once_lose_none(url):
    with SqlSink(url, wait=SOON) as first, SqlSink(url, wait=SOON) as second:
        list(first.last_opens())

        def work(worker: int) -> None:
            for number in range(20):
                (first, second)[worker % 2].put_last_open(f"u-{number}", date(2026, 3, 1 + worker))

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(work, range(4))) == [None] * 4
        assert dict(first.last_opens()) == {f"u-{number}": date(2026, 3, 4) for number in range(20)}


def test_a_day_waits_in_the_spool_until_the_database_is_back(postgres, tmp_path):
    with SqlSink(postgres.url) as kept, SpoolSink(kept, tmp_path) as sink:
        list(kept.last_opens())
        postgres.stop()
        try:
            sink.put_last_open("u-17", date(2026, 3, 2))
            assert not sink.flush(timedelta(milliseconds=20))
        finally:
            postgres.start()
        assert sink.flush(SOON)
        assert dict(kept.last_opens()) == {"u-17": date(2026, 3, 2)}
        kept.erase("u-17")


def test_threads_and_a_second_sink_that_begins_at_once_lose_nothing_and_double_nothing(url):
    with SqlSink(url, wait=SOON) as first, SqlSink(url, wait=SOON) as second:

        def work(worker: int) -> None:
            for number in range(40):
                (first, second)[worker % 2].record(event(number + 20 * worker), VERDICT)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        assert {one.id for one, _ in first.events()} == {f"e{number}" for number in range(100)}
        assert len(first) == 100


def test_a_history_gives_what_bears_on_an_event_within_bounds(history):
    def seen(number: int, message: str = "", network: str = "", recipient: str = "u-1") -> Event:
        return event(number, message_id=message, facts=Facts(network_id=network), recipient=recipient)

    for number in range(6):
        history.add(seen(number, "m", f"n{number}"))
        history.add(seen(number, "m", f"n{number}"))
        history.add(seen(10 + number, f"m{number}", "n"))
    history.add(seen(20, "m", "else", "ben"))
    history.add(seen(21))
    found = history.recent(seen(99, "m", "n"))
    assert {one.id for one in found} == {"e3", "e4", "e5", "e14", "e15"}
    assert seen(5, "m", "n5") in found
    assert {one.id for one in history.recent(seen(5, "m"))} == {"e3", "e4"}
    assert history.recent(seen(98)) == ()
    assert history.erase("u-1") == 13
    assert [one.id for one in history.recent(seen(97, "m", recipient="ben"))] == ["e20"]


def test_a_history_forgets_the_oldest(url, monkeypatch):
    monkeypatch.setattr("mailbeacon.store.sql._PRUNE_EVERY", 10)
    with SqlHistory(url, events=5, wait=SOON) as history:
        for number in range(20):
            history.add(event(number))
        assert {one.id for one in history.recent(event(99))} == {f"e{number}" for number in range(15, 20)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_worker_has_connections_of_its_own(sink):
    sink.record(event(1), None)
    child = os.fork()
    if not child:
        try:
            sink.record(event(2), None)
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    sink.record(event(3), None)
    assert {one.id for one, _ in sink.events()} == {"e1", "e2", "e3"}


@pytest.mark.parametrize("server", ["postgres", "maria"])
def test_a_server_that_is_restarted_in_the_middle_costs_no_event_behind_a_spool(server, request, tmp_path, monkeypatch):
    monkeypatch.setattr("mailbeacon.store.spool._LAST_PAUSE_SECONDS", 0.2)
    running: Server = request.getfixturevalue(server)
    waits: list[float] = []
    with SqlSink(running.url) as kept, SpoolSink(kept, tmp_path) as spool:
        kept.erase("restart")
        done = False

        def load() -> None:
            number = 0
            while not done or number < 500:
                begin = monotonic()
                spool.record(event(number, id=f"r{number}", recipient="restart"), VERDICT)
                waits.append(monotonic() - begin)
                number += 1
                if number % 50 == 0 or number > 500:  # however long the server takes
                    spool.flush(timedelta(milliseconds=5))

        thread = Thread(target=load)
        thread.start()
        try:
            running.stop(signal.SIGINT if server == "postgres" else signal.SIGTERM)
            running.start()
        finally:
            done = True
            thread.join()
        assert spool.flush(SOON)
        stored = [one.id for one, _ in kept.of_recipient("restart")]
        kept.erase("restart")
    assert sorted(stored) == sorted(f"r{number}" for number in range(len(waits)))
    assert max(waits) < 30  # a machine may be busy


def test_a_database_that_does_not_answer_holds_a_reply_no_longer_than_it_may(postgres):
    with SqlSink(postgres.url, wait=SOON) as first, SqlHistory(postgres.url, wait=SOON) as second:
        first.record_many([])
        assert len(first) == 0
        second.add(event(0))
    with SqlSink(postgres.url) as sink, SqlHistory(postgres.url) as history:
        with beside(postgres.url) as other:
            other.execute(sa.text("LOCK TABLE mailbeacon_events, mailbeacon_history IN ACCESS EXCLUSIVE MODE"))
            for act in (
                lambda: sink.record(event(1), None),
                lambda: history.recent(event(1)),
                lambda: history.add(event(1)),
            ):
                begin = monotonic()
                with pytest.raises(StoreError, match="250 ms"):
                    act()
                assert monotonic() - begin < 60  # a machine may be busy; the lock has no end
        for store in (sink, history):
            store._tables.within._pool.shutdown()  # what was given up goes on until the lock is gone
            store._tables.within._renew()
            store.erase("u-1")


def test_errors_name_the_database_and_not_what_was_to_be_kept(tmp_path):
    with SqlSink("postgresql+psycopg://ann:secret@127.0.0.1:9/none", wait=SOON) as sink:
        with pytest.raises(StoreError, match=r"127\.0\.0\.1:9/none") as found:
            sink.record(event(1), None)
        assert "secret" not in str(found.value)
        assert "u-1" not in str(found.value)


@pytest.mark.parametrize("wrong", [3, None, "no url", "nodriver://x"], ids=repr)
def test_what_is_no_engine_is_refused(wrong):
    with pytest.raises(ConfigError):
        SqlSink(wrong)


def test_rights_hold_in_a_database_as_in_a_file(url):
    """A copy, what is older loses its recipient and then goes, and erasure takes the last open with it."""
    with SqlSink(url, wait=SOON) as sink, SqlHistory(url, wait=SOON) as history:
        for number, name in enumerate(("u-1", "u-2", "u-1")):
            sink.record(event(number, recipient=name), VERDICT)
            history.add(event(number, recipient=name))
        sink.put_last_open("u-1", date(2026, 3, 20))
        assert export_person("u-1", sink, history).count('"event"') == 2
        later = NOW + timedelta(days=10)
        bare = [Retention(after=timedelta(days=10, hours=-1), drop="recipient")]
        assert [one.count for one in retain(bare, later, sink, history) if one.what == "events"] == [1, 1]
        kept = {one.id: (one.recipient, one.message_id, verdict) for one, verdict in sink.events()}
        assert kept["e0"] == (None, "", VERDICT)
        assert [one.id for one, _ in sink.of_recipient("u-1")] == ["e2"]
        assert [one.id for one, _ in history.of_recipient("u-1")] == ["e2"]
        assert [one.count for one in retain(bare, later, sink, history)] == [0, 0, 0]
        assert {one.what: one.count for one in erase_person("u-1", sink, history)[:2]} == {"last opens": 1, "events": 1}
        assert list(sink.last_opens()) == []
        assert list(history.of_recipient("u-1")) == []
        assert retain([Retention(after=timedelta(0))], later, sink)[0].count == 2
        assert len(sink) == 0


def test_a_recipient_that_no_database_takes_as_it_is_is_found_and_erased_too(url):
    """PostgreSQL has no NUL, and none of them a lone surrogate."""
    odd = "u \0 \udc80"
    with SqlSink(url, wait=SOON) as sink, SqlHistory(url, wait=SOON) as history:
        sink.record(event(1, recipient=odd), VERDICT)
        history.add(event(1, recipient=odd))
        sink.put_last_open(odd, date(2026, 3, 20))
        assert [[one.recipient for one, _ in store.of_recipient(odd)] for store in (sink, history)] == [[odd]] * 2
        assert json.loads(export_person(odd, sink, history))["last_open"] == "2026-03-20"
        assert [one.count for one in erase_person(odd, sink, history)] == [1, 1, 1]
        assert [list(sink.events()), list(sink.last_opens()), list(history.of_recipient(odd))] == [[]] * 3


REFUSALS = {
    "sqlite": ["CREATE TRIGGER no BEFORE DELETE ON {0} WHEN OLD.id = 'e2' BEGIN SELECT RAISE(ABORT, 'no'); END"],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
        "CREATE TRIGGER no BEFORE DELETE ON {0} FOR EACH ROW WHEN (OLD.id = 'e2') EXECUTE FUNCTION no()",
    ],
    "mariadb": [
        "CREATE TRIGGER no BEFORE DELETE ON {0} FOR EACH ROW IF OLD.id = 'e2' THEN SIGNAL SQLSTATE '45000'; END IF"
    ],
}
"""What makes a database refuse to let one row go."""


@pytest.mark.parametrize("table", ["mailbeacon_events", "mailbeacon_history"])
def test_erasure_and_retention_in_a_database_are_all_or_nothing(url, table):
    """The last of three rows cannot be deleted: the last open and the rows before it are there as they were."""
    with SqlSink(url, wait=SOON) as sink, SqlHistory(url, wait=SOON) as history:
        for number in range(3):
            sink.record(event(number, recipient="u-1"), VERDICT)
            history.add(event(number, recipient="u-1"))
        sink.put_last_open("u-1", date(2026, 3, 20))
        with beside(url) as connection:
            for statement in REFUSALS[connection.dialect.name.replace("mysql", "mariadb")]:
                connection.exec_driver_sql(statement.format(table))
        store = sink if table == "mailbeacon_events" else history
        for way in (
            lambda: erase_person("u-1", store),
            lambda: retain([Retention(after=timedelta(days=1))], NOW + timedelta(days=9), store),
        ):
            with pytest.raises(StoreError):
                way()
            assert [one.id for one, _ in store.of_recipient("u-1")] == ["e0", "e1", "e2"]
            assert dict(sink.last_opens()) == {"u-1": date(2026, 3, 20)}


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("mailbeacon_events", "recipient"),
        ("mailbeacon_events", "received_at"),
        ("mailbeacon_history", "recipient"),
        ("mailbeacon_last_opens", "recipient"),
    ],
)
def test_what_is_asked_of_one_person_or_a_time_has_an_index(url, table, column):
    with SqlSink(url, wait=SOON) as sink, SqlHistory(url, wait=SOON) as history:
        sink.record(event(1))
        history.add(event(1))
    with beside(url) as connection:
        look = sa.inspect(connection)
        keys = [one["column_names"] for one in look.get_indexes(table)] + [
            look.get_pk_constraint(table)["constrained_columns"]
        ]
    assert column in [names[0] for names in keys]
