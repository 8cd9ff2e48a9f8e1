"""Sinks give back what they were given, once; histories remember what bears on an event, within bounds."""

from __future__ import annotations

import json
import multiprocessing
import os
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event as Flag

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbeacon.errors import ConfigError, DataError, StoreError
from mailbeacon.model import Actor, AgentKind, Channel, Event, Facts, Hint, Kind, Level, Signal, Verdict
from mailbeacon.store import (
    CallbackSink,
    JsonlSink,
    MemoryHistory,
    MemorySink,
    SqliteHistory,
    SqliteSink,
    read_events,
)
from mailbeacon.store.sqlite import _mail
from tests.making import NOW, event

VERDICT = Verdict(actor=Actor.SCANNER, confidence=0.9, signals=(Signal(name="burst", weight=2.5),), version="1")


def stored(number: int = 1, *, message: str = "", network: str = "", **values: object) -> Event:
    """Return the open of a second, in a mail and from a network."""
    whole = {"received_at": NOW + timedelta(seconds=number), "recipient": "u", "campaign": "", "message_id": message}
    return event(number, **{**whole, "facts": Facts(network_id=network), **values})


SOON = timedelta(minutes=2)
"""A wait for others that only ends what hangs, however busy the machine."""


def make(kind: str, folder: Path):
    return {
        "memory": MemorySink,
        "jsonl": lambda: JsonlSink(folder / "events.jsonl", wait=SOON),
        "sqlite": lambda: SqliteSink(folder / "events.sqlite", wait=SOON),
    }[kind]()


SINKS = ["memory", "jsonl", "sqlite"]

texts = st.text(st.characters(), max_size=20)
moments = st.datetimes(timezones=st.just(UTC))
facts = st.builds(
    Facts, agent=st.sampled_from(AgentKind), client=texts, network_id=texts, hints=st.frozensets(st.sampled_from(Hint))
)
events = st.builds(
    Event,
    id=st.text(min_size=1, max_size=8),
    kind=st.sampled_from(Kind),
    received_at=moments,
    recipient=st.none() | texts,
    campaign=texts,
    message_id=texts,
    sent_at=st.none() | moments,
    expired=st.booleans(),
    link=st.none() | st.integers(1, 99),
    url=texts,
    channel=st.sampled_from(Channel),
    level=st.sampled_from(Level),
    facts=facts,
    address=texts,
    user_agent=texts,
    headers=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
)
verdicts = st.none() | st.builds(Verdict, actor=st.sampled_from(Actor), confidence=st.floats(0, 1), version=texts)


@pytest.mark.parametrize("kind", SINKS)
@settings(max_examples=40, deadline=None)
@given(pairs=st.lists(st.tuples(events, verdicts), max_size=6), batch=st.booleans())
def test_law_a_sink_gives_back_what_it_was_given_in_order_and_each_id_once(kind, pairs, batch):
    with TemporaryDirectory() as folder:
        sink = make(kind, Path(folder))
        if batch:
            sink.record_many(pairs)
        else:
            for pair in pairs:
                sink.record(*pair)
        first = {pair[0].id: pair for pair in reversed(pairs)}
        expected = [first[name] for name in dict.fromkeys(pair[0].id for pair in pairs)]
        assert list(sink.events()) == expected
        if kind != "memory":
            sink.close()
            again = make(kind, Path(folder))
            assert list(again.events()) == expected
            again.close()


@pytest.mark.parametrize("kind", SINKS)
def test_a_lone_surrogate_in_a_user_agent_costs_no_event(kind, tmp_path):
    sink = make(kind, tmp_path)
    odd = stored(user_agent="broken \udc80 agent")
    sink.record(odd, VERDICT)
    assert list(sink.events()) == [(odd, VERDICT)]
    getattr(sink, "close", int)()


@pytest.mark.parametrize("kind", SINKS)
def test_threads_lose_nothing_and_double_nothing(kind, tmp_path):
    sink = make(kind, tmp_path)

    def work(worker: int) -> None:
        for number in range(40):
            sink.record(stored(number + 20 * worker), VERDICT)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert {kept.id for kept, _ in sink.events()} == {f"e{number}" for number in range(100)}
    assert len(list(sink.events())) == 100
    getattr(sink, "close", int)()


def test_a_callback_sink_hands_over_each_event_and_lets_errors_through():
    heard = []
    CallbackSink(lambda *pair: heard.append(pair)).record(stored(), VERDICT)
    assert heard == [(stored(), VERDICT)]
    with pytest.raises(ZeroDivisionError):
        CallbackSink(lambda *_: 1 / 0).record(stored())


def test_jsonl_is_one_object_per_line_in_the_file_before_record_returns(tmp_path):
    with JsonlSink(tmp_path / "e") as sink:
        sink.record(stored(1), VERDICT)
        (line,) = (tmp_path / "e").read_text("utf-8").splitlines()
    assert json.loads(line)["event"]["id"] == "e1"
    assert json.loads(line)["verdict"]["actor"] == "scanner"


def test_a_jsonl_file_that_is_not_there_holds_no_events(tmp_path):
    assert list(JsonlSink(tmp_path / "none").events()) == []
    assert not (tmp_path / "none").exists()


def test_a_last_line_broken_by_a_crash_is_reported_with_its_number_after_all_others_were_given(tmp_path):
    path = tmp_path / "e"
    with JsonlSink(path) as sink:
        sink.record_many([(stored(1), VERDICT), (stored(2), None)])
    path.write_bytes(path.read_bytes()[:-9])
    found = []
    with pytest.raises(DataError, match=r"line 2\b"):
        found.extend(JsonlSink(path).events())
    assert found == [(stored(1), VERDICT)]


def test_an_event_written_after_a_crash_does_not_stick_to_the_broken_line(tmp_path):
    path = tmp_path / "e"
    path.write_bytes(b'{"event":{"v":1,"id"')
    with JsonlSink(path) as sink:
        sink.record(stored(7), VERDICT)
        told: list[DataError] = []
        assert list(sink.events(on_broken=told.append)) == [(stored(7), VERDICT)]
    assert [str(error).partition(":")[0] for error in told] == ["line 1"]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"\xff\xfe\x00", id="binary"),
        pytest.param(b"[]", id="not an object"),
        pytest.param(b'{"event":3}', id="no event"),
        pytest.param(b'{"event":{"v":99,"id":"x"},"verdict":null}', id="a newer version"),
        pytest.param(b'{"event":{"id":"x"},"verdict":null}', id="fields missing"),
    ],
)
def test_a_broken_line_in_the_middle_hides_no_other(tmp_path, line):
    path = tmp_path / "e"
    with JsonlSink(path) as sink:
        sink.record(stored(1))
    path.write_bytes(path.read_bytes() + line + b"\n" + path.read_bytes().replace(b"e1", b"e3"))
    told: list[DataError] = []
    assert [kept.id for kept, _ in JsonlSink(path).events(on_broken=told.append)] == ["e1", "e3"]
    assert str(told[0]).startswith("line 2: ")
    with pytest.raises(DataError, match="line 2"):
        list(JsonlSink(path).events())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a device that is always full")
def test_a_full_disk_is_an_error_of_record_not_silence():
    sink = JsonlSink("/dev/full")
    with pytest.raises(OSError, match="No space"):
        sink.record(stored())
    sink.close()


def test_a_disk_that_takes_a_line_in_pieces_gets_all_of_it(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr("os.write", lambda file, data: write(file, data[:7]))
    with JsonlSink(tmp_path / "e") as sink:
        sink.record(stored(1), VERDICT)
        assert list(sink.events()) == [(stored(1), VERDICT)]


def test_a_closed_jsonl_file_is_opened_again_as_after_a_rotation(tmp_path):
    path = tmp_path / "e"
    sink = JsonlSink(path)
    sink.record(stored(1))
    path.rename(tmp_path / "old")
    sink.close()
    sink.record(stored(2))
    sink.close()
    assert [kept.id for kept, _ in sink.events()] == ["e2"]


def test_a_sqlite_batch_is_all_or_none(tmp_path):
    def pairs():
        yield stored(1), VERDICT
        raise ZeroDivisionError

    with SqliteSink(tmp_path / "e.sqlite") as sink:
        with pytest.raises(ZeroDivisionError):
            sink.record_many(pairs())
        assert len(sink) == 0
        sink.record(stored(2))
        assert len(sink) == 1


def test_a_sqlite_transaction_that_fails_leaves_the_sink_usable(tmp_path):
    with SqliteSink(tmp_path / "e.sqlite") as sink:
        with pytest.raises(StoreError, match=r"e\.sqlite"):
            sink.record_many([(stored(0), None), (stored(1, campaign=None), None)])
        sink.record(stored(2))
        assert [kept.id for kept, _ in sink.events()] == ["e2"]


def test_sqlite_events_are_streamed_while_others_write(tmp_path):
    with SqliteSink(tmp_path / "e.sqlite") as sink:
        sink.record_many((stored(number), None) for number in range(500))
        reading = sink.events()
        assert next(reading)[0].id == "e0"
        sink.record(stored(500))
        assert sum(1 for _ in reading) >= 499


def test_sqlite_files_have_a_write_ahead_log_and_writers_wait_for_one_another(tmp_path):
    with SqliteSink(tmp_path / "e.sqlite") as sink:
        assert sink._database.read("PRAGMA busy_timeout") == [(250,)]
    with closing(sqlite3.connect(tmp_path / "e.sqlite")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("cls", [SqliteSink, SqliteHistory])
@pytest.mark.parametrize("path", [":memory:", "", "file:x?mode=memory"])
def test_a_database_in_memory_is_a_config_error(cls, path):
    with pytest.raises(ConfigError, match="must name a file"):
        cls(path)


@pytest.mark.parametrize("cls", [SqliteSink, SqliteHistory])
def test_a_file_that_is_not_sqlites_is_a_data_error_and_stays_as_it_is(cls, tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 400)
    with pytest.raises(DataError, match="SQLite"):
        cls(path)
    assert path.read_text() == "Dear reader, " * 400
    with pytest.raises(StoreError, match="no such folder"):
        cls(tmp_path / "no such folder" / "x")


def spoil(path: Path, name: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE mailbeacon_events SET event = '{}' WHERE id = ?", (name,))
        connection.commit()


@pytest.mark.parametrize(
    "read", [lambda path, **told: SqliteSink(path).events(**told), read_events], ids=["sink", "file"]
)
def test_a_row_that_cannot_be_read_hides_no_other_and_is_told_by_its_number(tmp_path, read):
    path = tmp_path / "e.sqlite"
    with SqliteSink(path) as sink:
        sink.record_many([(stored(number), VERDICT) for number in range(1, 6)])
    spoil(path, "e2")
    told: list[DataError] = []
    assert [kept.id for kept, _ in read(path, on_broken=told.append)] == ["e1", "e3", "e4", "e5"]
    assert [str(error).partition(":")[0] for error in told] == ["row 2"]
    found = []
    with pytest.raises(DataError, match=r"cannot read row 2$"):
        found.extend(read(path))
    assert [kept.id for kept, _ in found] == ["e1", "e3", "e4", "e5"]


def _fill(path: Path, start: int) -> None:
    with SqliteSink(path, wait=SOON) as sink, SqliteHistory(path, wait=SOON) as history:
        for number in range(start, start + 60):
            sink.record(stored(number))
            history.add(stored(number, message="m"))


def test_worker_processes_share_one_sqlite_file(tmp_path):
    path = tmp_path / "e.sqlite"
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_fill, args=(path, start)) for start in (0, 40)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with SqliteSink(path) as sink, SqliteHistory(path, per_message=500) as history:
        assert [worker.exitcode for worker in workers] == [0, 0]
        assert len(sink) == 100
        assert len(history.recent(stored(999, message="m"))) == 100


def test_a_new_file_that_another_worker_is_about_to_write_to_is_waited_for(tmp_path):
    path = tmp_path / "e.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(1) as pool:
        other.execute("CREATE TABLE host (x)")
        other.execute("BEGIN IMMEDIATE")  # here SQLite itself refuses WAL at once, whatever its timeout
        opened = pool.submit(SqliteSink, path)
        assert not wait([opened], timeout=0.2).done
        other.execute("COMMIT")
        opened.result().close()


def history_of(kind: str, folder: Path, **bounds: int):
    return MemoryHistory(**bounds) if kind == "memory" else SqliteHistory(folder / "h.sqlite", wait=SOON, **bounds)


HISTORIES = ["memory", "sqlite"]


@pytest.mark.parametrize("kind", HISTORIES)
def test_a_history_gives_events_of_the_message_and_of_the_network_each_once_and_not_the_event_itself(kind, tmp_path):
    history = history_of(kind, tmp_path)
    known = [
        stored(1, message="m", network="n"),
        stored(2, message="m", network="other"),
        stored(3, message="else", network="n"),
        stored(4, message="else", network="other"),
    ]
    for one in known:
        history.add(one)
        history.add(one)
    found = history.recent(known[0])
    assert sorted(one.id for one in found) == ["e2", "e3"]
    assert set(found) <= set(known)
    assert sorted(one.id for one in history.recent(stored(9, message="m", network="n"))) == ["e1", "e2", "e3"]
    getattr(history, "close", int)()


@pytest.mark.parametrize("kind", HISTORIES)
def test_events_without_message_or_network_are_not_taken_for_one_anothers(kind, tmp_path):
    history = history_of(kind, tmp_path)
    history.add(stored(1))
    assert history.recent(stored(2)) == ()
    getattr(history, "close", int)()


@pytest.mark.parametrize("kind", HISTORIES)
def test_a_history_gives_the_latest_of_a_message_and_of_a_network(kind, tmp_path):
    history = history_of(kind, tmp_path, per_message=3, per_network=2)
    for number in range(10):
        history.add(stored(number, message="m", network=f"n{number}"))
        history.add(stored(100 + number, message=f"m{number}", network="n"))
    assert {one.id for one in history.recent(stored(50, message="m"))} == {"e7", "e8", "e9"}
    assert {one.id for one in history.recent(stored(50, network="n"))} == {"e108", "e109"}
    getattr(history, "close", int)()


@pytest.mark.parametrize("kind", HISTORIES)
def test_readers_of_one_message_name_do_not_push_one_another_out(kind, tmp_path):
    history = history_of(kind, tmp_path, per_message=3)
    history.add(stored(1, message="spring", recipient="ann"))
    for number in range(2, 9):
        history.add(stored(number, message="spring", recipient=f"u{number}"))
    found = history.recent(stored(9, message="spring", recipient="ann"))
    assert [one.id for one in found] == ["e1"]
    getattr(history, "close", int)()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_worker_waits_for_no_thread_of_its_parent(tmp_path):
    history = SqliteHistory(tmp_path / "h.sqlite")
    locked, done = Flag(), Flag()

    def hold():
        with history._database._lock:
            locked.set()
            done.wait(120)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hold)
        locked.wait(120)
        worker = multiprocessing.get_context("fork").Process(target=history.add, args=(stored(1, message="m"),))
        worker.start()
        worker.join(60)
        done.set()
    assert worker.exitcode == 0
    assert [one.id for one in history.recent(stored(2, message="m"))] == ["e1"]
    history.close()


def test_a_memory_history_forgets_the_messages_not_asked_for_longest():
    history = MemoryHistory(messages=2)
    history.add(stored(1, message="a"))
    history.add(stored(2, message="b"))
    assert history.recent(stored(9, message="a"))
    history.add(stored(3, message="c"))
    assert [bool(history.recent(stored(9, message=name))) for name in "abc"] == [True, False, True]


def test_a_sqlite_history_forgets_the_oldest_events(tmp_path):
    with SqliteHistory(tmp_path / "h.sqlite", events=5) as history:
        for number in range(20):
            history.add(stored(number, message="m"))
        assert {one.id for one in history.recent(stored(99, message="m"))} == {f"e{number}" for number in range(15, 20)}


@pytest.mark.parametrize("kind", HISTORIES)
def test_a_form_that_is_sent_again_and_again_pushes_no_other_event_out(kind, tmp_path):
    """Who posts a form twice makes one event twice, at another moment."""
    history = history_of(kind, tmp_path, **({"events": 10} if kind == "sqlite" else {}), per_message=10)
    history.add(stored(1, message="other"))
    for second in range(50 if kind == "sqlite" else 1):
        history.add(stored(2, message="m", received_at=NOW + timedelta(seconds=second)))
    assert [one.id for one in history.recent(stored(9, message="other"))] == ["e1"]
    assert [one.id for one in history.recent(stored(9, message="m"))] == ["e2"]
    assert history.erase("u") == 2
    history.add(stored(2, message="m"))
    assert [one.id for one in history.recent(stored(9, message="m"))] == ["e2"]
    getattr(history, "close", int)()


def test_an_event_that_two_workers_added_is_given_once(tmp_path):
    with SqliteHistory(tmp_path / "h.sqlite") as first, SqliteHistory(tmp_path / "h.sqlite") as second:
        for history in (first, second):
            history.add(stored(1, message="m", network="n"))
        assert [one.id for one in first.recent(stored(2, message="m", network="n"))] == ["e1"]
        assert [one.id for one, _ in second.of_recipient("u")] == ["e1"]
        assert first.erase("u") == 1
        assert second.recent(stored(2, message="m", network="n")) == ()


def test_an_event_that_could_not_be_added_can_be_added_later(tmp_path):
    with SqliteHistory(tmp_path / "h.sqlite", wait=timedelta()) as history:
        with closing(sqlite3.connect(tmp_path / "h.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="locked"):
                history.add(stored(1, message="m"))
        history.add(stored(1, message="m"))
        assert [one.id for one in history.recent(stored(2, message="m"))] == ["e1"]


def test_a_history_of_an_earlier_version_goes_on(tmp_path):
    with closing(sqlite3.connect(tmp_path / "h.sqlite")) as old, old:
        old.execute(
            "CREATE TABLE mailbeacon_history (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, message_id TEXT,"
            " network_id TEXT, event TEXT NOT NULL)"
        )
        one = stored(1, message="m", recipient="ann")
        old.execute(
            "INSERT INTO mailbeacon_history (id, message_id, network_id, event) VALUES (?, ?, NULL, ?)",
            (one.id, json.dumps(one.mail), one.to_json()),
        )
    with SqliteHistory(tmp_path / "h.sqlite") as history:
        history.add(one)
        history.add(stored(2, message="m", recipient="ann"))
        assert [kept.id for kept in history.recent(stored(3, message="m", recipient="ann"))] == ["e2", "e1"]


@given(st.text() | st.none(), st.text(), st.text(min_size=1))
def test_the_name_of_a_mail_in_a_history_is_json(recipient, campaign, message):
    found = _mail(stored(1, message=message, recipient=recipient, campaign=campaign))
    assert found == json.dumps([campaign, message, recipient])


@pytest.mark.parametrize("bound", [0, -1, 1.5, "9"], ids=repr)
def test_a_bound_below_one_is_a_config_error(bound, tmp_path):
    with pytest.raises(ConfigError, match="per_message"):
        MemoryHistory(per_message=bound)
    with pytest.raises(ConfigError, match="per_message"):
        SqliteHistory(tmp_path / "h.sqlite", per_message=bound)


@pytest.mark.parametrize("kind", HISTORIES)
def test_threads_share_a_history(kind, tmp_path):
    history = history_of(kind, tmp_path, per_message=1000)

    def work(worker: int) -> None:
        for number in range(25):
            history.add(stored(100 * worker + number, message="m", network=f"n{number}"))
            history.recent(stored(0, message="m"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(1, 5)))
    assert len(history.recent(stored(0, message="m"))) == 100
    getattr(history, "close", int)()


def test_importing_the_store_does_not_import_sqlite3():
    import subprocess

    code = "import sys, mailbeacon.store; sys.exit('sqlite3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent, check=False).returncode == 0
