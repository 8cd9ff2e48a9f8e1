"""Files that hold recipients: for the owner alone, through no symbolic link, noticed when moved, never waited for long."""

from __future__ import annotations

import gc
import multiprocessing
import os
import resource
import signal
import sqlite3
import stat
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from mailbeacon.errors import ConfigError, StoreError
from mailbeacon.model import Actor, Verdict
from mailbeacon.store import JsonlSink, MemorySink, SqliteHistory, SqliteSink
from mailbeacon.store import jsonl as module
from mailbeacon.store.database import Database
from tests.making import NOW, event

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes, links and locks")

HUMAN = Verdict(actor=Actor.HUMAN)
SOON = timedelta(minutes=2)
"""A wait for others that only ends what hangs: a busy disk may hold the one that rewrites a file for a second."""


def jsonl(path: Path) -> JsonlSink:
    return JsonlSink(path)


SINKS = [pytest.param(jsonl, id="jsonl"), pytest.param(SqliteSink, id="sqlite")]
ERASING = [pytest.param(lambda _: MemorySink(), id="memory"), *SINKS]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("make", [*SINKS, pytest.param(SqliteHistory, id="history")])
def test_new_files_and_those_beside_them_are_for_the_owner_alone(make, tmp_path):
    before = os.umask(0)
    try:
        store = make(tmp_path / "events")
        store.add(event(1)) if isinstance(store, SqliteHistory) else store.record(event(1), HUMAN)
        found = {path.name: mode(path) for path in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert set(found.values()) == {0o600}
    assert ("events-wal" in found) is (make is not jsonl)


@pytest.mark.parametrize("make", [*SINKS, pytest.param(SqliteHistory, id="history")])
@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing"])
def test_a_symbolic_link_is_not_followed(make, there, tmp_path):
    target = tmp_path / "target"
    if there:
        target.write_bytes(b"")
    (tmp_path / "events").symlink_to(target)
    with pytest.raises(StoreError, match="events"):
        make(tmp_path / "events").record(event(1), HUMAN)
    assert not there or target.read_bytes() == b""
    assert there or not target.exists()


@pytest.mark.parametrize("make", SINKS)
def test_a_file_that_is_deleted_below_a_running_server_costs_no_later_event(make, tmp_path):
    path = tmp_path / "events"
    with make(path) as sink:
        sink.record(event(1), HUMAN)
        path.unlink()
        sink.record(event(2), HUMAN)
        assert [kept.id for kept, _ in sink.events()] == ["e2"]


@pytest.mark.parametrize("make", SINKS)
def test_a_file_that_is_moved_keeps_what_it_had_and_a_new_one_begins(make, tmp_path):
    path, moved = tmp_path / "events", tmp_path / "moved"
    with make(path) as sink:
        sink.record(event(1), HUMAN)
        path.rename(moved)
        sink.record(event(2), HUMAN)
        assert [kept.id for kept, _ in sink.events()] == ["e2"]
    with make(moved) as old:
        assert [kept.id for kept, _ in old.events()] == ["e1"]


@pytest.mark.parametrize("make", SINKS)
def test_two_workers_whose_file_is_moved_meet_again_in_the_new_one(make, tmp_path):
    path = tmp_path / "events"
    with make(path) as first, make(path) as second:
        first.record(event(1), HUMAN)
        second.record(event(2), HUMAN)
        path.rename(tmp_path / "moved")
        for number in range(3, 9):
            (first, second)[number % 2].record(event(number), HUMAN)
    with make(path) as sink:
        assert {kept.id for kept, _ in sink.events()} == {f"e{number}" for number in range(3, 9)}
    with make(tmp_path / "moved") as old:
        assert {kept.id for kept, _ in old.events()} == {"e1", "e2"}


@pytest.mark.parametrize("make", SINKS)
def test_a_folder_that_is_gone_is_an_error_that_names_the_file(make, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    with make(folder / "events") as sink:
        sink.record(event(1), HUMAN)
        folder.rename(tmp_path / "elsewhere")
        with pytest.raises(StoreError, match=r"folder/\.?events"):
            sink.record(event(2), HUMAN)


@pytest.mark.parametrize("use", ["record", "add", "recent"])
def test_a_locked_database_holds_a_reply_no_longer_than_it_may(use, tmp_path):
    path = tmp_path / "events"
    sink, history = SqliteSink(path), SqliteHistory(path)
    act: Callable[[], object] = {
        "record": lambda: sink.record(event(1), HUMAN),
        "add": lambda: history.add(event(1)),
        "recent": lambda: history.recent(event(1)),
    }[use]
    waited: list[float] = []
    failed: list[StoreError] = []

    def reply() -> None:
        begin = monotonic()
        try:
            act()
        except StoreError as error:
            failed.append(error)
        waited.append(monotonic() - begin)

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        threads = [Thread(target=reply) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        other.execute("ROLLBACK")
    assert len(failed) == (0 if use == "recent" else 6)  # with a write-ahead log, nobody keeps a reader waiting
    assert all("events" in str(error) for error in failed)
    assert max(waited) < 30  # 250 ms, and what a busy machine adds; ten seconds each, one after another, before
    act()
    sink.close()
    history.close()


def test_who_erases_waits_for_who_writes_longer_than_a_reply_does(tmp_path):
    """Nobody waits for it, and a busy disk may hold another process's write for longer than a reply may take."""
    path = tmp_path / "events"
    with SqliteSink(path) as sink, closing(sqlite3.connect(path, isolation_level=None)) as other:
        sink.record(event(1, "ann"), HUMAN)
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as pool:
            erased = pool.submit(sink.erase, "ann")
            assert not wait([erased], timeout=0.6).done
            other.execute("COMMIT")
            assert erased.result() == 1
        assert sink._database.read("PRAGMA busy_timeout") == [(250,)]


def test_a_file_of_the_first_version_gets_its_times_and_keeps_its_events(tmp_path):
    path = tmp_path / "events"
    with closing(sqlite3.connect(path)) as old:
        old.execute(
            "CREATE TABLE mailbeacon_events (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
            " campaign TEXT NOT NULL, recipient TEXT, event TEXT NOT NULL, verdict TEXT)"
        )
        for number in (1, 2):
            row = (number, f"e{number}", "spring", "u-1", event(number).to_json())
            old.execute("INSERT INTO mailbeacon_events VALUES (?, ?, ?, ?, ?, NULL)", row)
        old.commit()
    with SqliteSink(path) as sink:
        sink.record(event(3))
        assert [kept for kept, _ in sink.events()] == [event(1), event(2), event(3)]
        assert sink.drop_before(NOW + timedelta(hours=2)) == 1
        assert [kept.id for kept, _ in sink.events()] == ["e2", "e3"]


@pytest.mark.parametrize("make", ERASING)
def test_what_is_kept_of_a_recipient_can_be_read_and_erased(make, tmp_path):
    sink = make(tmp_path / "events")
    for number, recipient in enumerate(["ann", "ben", "ann", "cleo"]):
        sink.record(event(number, recipient), HUMAN)
    assert [kept.id for kept, _ in sink.of_recipient("ann")] == ["e0", "e2"]
    assert sink.erase("ann") == 2
    assert sink.erase("ann") == 0
    assert [kept.id for kept, _ in sink.events()] == ["e1", "e3"]
    assert sink.drop_before(NOW + timedelta(hours=2)) == 1
    sink.record(event(9, "dora"), HUMAN)
    assert [kept.id for kept, _ in sink.events()] == ["e3", "e9"]
    getattr(sink, "close", int)()


def test_a_history_forgets_a_recipient(tmp_path):
    with SqliteHistory(tmp_path / "h") as history:
        history.add(event(1, "ann"))
        history.add(event(2, "ben"))
        assert history.erase("ann") == 1
        assert history.recent(event(3, "ann")) == ()
        assert [kept.id for kept in history.recent(event(3, "ben"))] == ["e2"]


def test_what_does_not_fit_on_a_full_disk_costs_no_event_of_another_process(tmp_path):
    """The limit on a file's size stands for a full disk: a write ends in the middle of a line."""
    path = tmp_path / "events"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with JsonlSink(path) as first, JsonlSink(path) as second:
        first.record(event(1), HUMAN)
        size = path.stat().st_size
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + size // 2, before[1]))
            with pytest.raises(StoreError, match="events"):
                first.record_many([(event(2), HUMAN), (event(3), HUMAN)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, old)
        assert path.stat().st_size == size
        second.record(event(4), HUMAN)
        first.record(event(2), HUMAN)
        assert [kept.id for kept, _ in first.events()] == ["e1", "e4", "e2"]


def test_a_line_that_a_killed_process_left_costs_no_event_of_those_that_have_the_file_open(tmp_path):
    path = tmp_path / "events"
    with JsonlSink(path) as sink:
        sink.record(event(1), HUMAN)
        with path.open("ab") as other:
            other.write(b'{"event":{"v":1,"id":"half')
        sink.record(event(2), HUMAN)
        broken = []
        assert [kept.id for kept, _ in sink.events(on_broken=broken.append)] == ["e1", "e2"]
    assert [error.number for error in broken] == [2]


def test_a_file_of_lines_is_rotated_by_size_and_read_as_one(tmp_path):
    path = tmp_path / "events"
    with JsonlSink(path, rotate_bytes=500) as sink:
        for number in range(12):
            sink.record(event(number), HUMAN)
        assert [kept.id for kept, _ in sink.events()] == [f"e{number}" for number in range(12)]
        assert len(sink.files) > 3
        assert {mode(file) for file in sink.files} == {0o600}
        assert max(file.stat().st_size for file in sink.files) < 1000
        assert sink.erase("u-1") == 12
        assert list(sink.events()) == []
    with pytest.raises(ConfigError, match="rotate_bytes"):
        JsonlSink(path, rotate_bytes=0)


def _append(path: Path, start: int) -> None:
    with JsonlSink(path, rotate_bytes=4_000, wait=SOON) as sink:
        for number in range(start, start + 150):
            sink.record(event(number, "ann" if number % 2 else "ben"), HUMAN)


def test_processes_that_append_rotate_and_erase_at_once_lose_nothing_else(tmp_path):
    path = tmp_path / "events"
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_append, args=(path, start)) for start in (0, 1000)]
    for worker in workers:
        worker.start()
    with JsonlSink(path, wait=SOON) as sink:
        while any(worker.is_alive() for worker in workers):
            sink.erase("ann")
        sink.erase("ann")
        kept = [one.id for one, _ in sink.events()]
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert sorted(kept) == sorted(f"e{start + number}" for start in (0, 1000) for number in range(0, 150, 2))


def test_what_is_rotated_while_somebody_reads_is_read(tmp_path):
    path = tmp_path / "events"
    with JsonlSink(path) as sink:
        for number in range(3):
            sink.record(event(number), HUMAN)
            path.rename(f"{path}.{number + 1}")
        sink.record(event(3), HUMAN)
        reading = sink.events()
        found = [next(reading)[0].id]
        path.rename(f"{path}.4")
        sink.record(event(4), HUMAN)
        assert found + [kept.id for kept, _ in reading] == ["e0", "e1", "e2", "e3"]


def test_a_file_that_is_rotated_just_when_it_is_to_be_erased_from_is_erased_from(tmp_path, monkeypatch):
    path = tmp_path / "events"
    real = module.open_private

    def late(which: Path, *, create: bool = True) -> int:
        if not create and which == path and path.exists():
            path.rename(f"{path}.1")
        return real(which, create=create)

    with JsonlSink(path) as sink:
        sink.record(event(1, "ann"), HUMAN)
        monkeypatch.setattr(module, "open_private", late)
        assert sink.erase("ann") == 1
        assert list(sink.events()) == []


def test_a_connection_that_cannot_be_set_up_is_closed(tmp_path):
    """It would be left to the collector, and Python 3.13 warns of that."""
    seen: list[sqlite3.Connection] = []

    def fail(connection: sqlite3.Connection) -> None:
        seen.append(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Database(tmp_path / "events", "CREATE TABLE IF NOT EXISTS mailbeacon_x (y)", migrate=fail)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        seen[0].execute("SELECT 1")


def test_a_store_that_nobody_holds_any_more_leaves_no_connection_open(tmp_path):
    """Python 3.13 warns of one that is left to the collector."""
    sink = SqliteSink(tmp_path / "events.sqlite")
    assert len(sink) == 0
    connection = sink._database._connection
    del sink
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
