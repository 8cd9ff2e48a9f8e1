"""The spool: an event is in a file before the reply goes out, and in the sink exactly once, whatever dies meanwhile."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from threading import Event as Signal
from threading import Lock, Thread

import pytest

import mailbeacon as mb
from mailbeacon.errors import ConfigError, StoreError
from mailbeacon.model import Actor, Event, Verdict
from mailbeacon.store import JsonlSink, MemorySink, SpoolSink, SqliteSink, spool_files
from mailbeacon.store import spool as module
from mailbeacon.store.lines import line_of, written
from tests import making
from tests.making import event

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX locks")

ROOT = Path(__file__).resolve().parent.parent
HUMAN = Verdict(actor=Actor.HUMAN)
SOON = timedelta(minutes=2)


def names(sink: MemorySink | JsonlSink | SqliteSink) -> list[str]:
    return [one.id for one, _ in sink.events()]


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


class Away(MemorySink):
    """A sink that is away until it is let back, and takes nothing meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.back = Signal()
        self.asked = Signal()

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        self.asked.set()
        if not self.back.is_set():
            raise OSError("no route to the database")
        super().record(event, verdict)

    def record_many(self, pairs: Iterable[tuple[Event, Verdict | None]]) -> None:
        for pair in pairs:
            self.record(*pair)


class Counting:
    """A sink that counts what it is given, and refuses by a rule."""

    def __init__(self, refuses=lambda count, event: False) -> None:
        self.calls = 0
        self.given: list[str] = []
        self._refuses = refuses

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        self.calls += 1
        if self._refuses(self.calls, event):
            raise ValueError("refused for u-1")
        self.given.append(event.id)


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch):
    monkeypatch.setattr(module, "_FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(module, "_LAST_PAUSE_SECONDS", 0.002)
    monkeypatch.setattr(module, "_ADOPT_SECONDS", 0.01)
    monkeypatch.setattr(module, "_END_SECONDS", SOON.total_seconds())  # nor a thread that a busy machine left behind


def test_events_come_to_the_sink_in_order_and_the_folder_is_empty_afterwards(tmp_path):
    with SqliteSink(tmp_path / "e.sqlite") as kept, SpoolSink(kept, tmp_path / "spool") as sink:
        for number in range(250):
            sink.record(event(number), HUMAN)
        assert sink.flush(SOON)
        assert names(kept) == [f"e{number}" for number in range(250)]
        assert sink.waiting == 0
        sink.close()
        assert list((tmp_path / "spool").iterdir()) == []


def test_each_event_has_its_own_verdict_however_many_there_are(tmp_path):
    """A verdict's JSON is remembered by the object, and numbers of objects are used again."""
    sink = JsonlSink(tmp_path / "events.jsonl")
    with SpoolSink(sink, tmp_path / "spool") as spool:
        for number in range(3_000):
            spool.record(event(number), Verdict(actor=Actor.HUMAN, confidence=number / 3_000))
        assert spool.flush(SOON)
    assert [verdict.confidence for _, verdict in sink.events()] == [number / 3_000 for number in range(3_000)]
    sink.close()


def test_folder_and_files_are_for_the_owner_alone(tmp_path):
    away = Away()
    sink = SpoolSink(away, tmp_path / "spool")
    sink.record(event(1), HUMAN)
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "spool").iterdir()} == {0o600}
    away.back.set()
    sink.close()


def test_case_22_a_redirect_waits_for_no_sink_and_the_event_is_on_disk_before_it(tmp_path):
    away = Away()
    with SpoolSink(away, tmp_path) as sink:
        beacon = making.beacon(sink=sink)
        url = beacon.click_url(mb.Message(recipient="u-1", campaign="spring"), "https://shop.example/")
        assert beacon.handle(mb.Request(url=url)).status == 302
        (file,) = tmp_path.glob("*.spool")
        assert b"https://shop.example/" in file.read_bytes()
        away.back.set()
        assert sink.flush(SOON)
    assert len(away) == 1


def test_a_sink_that_was_away_gets_everything_once_it_is_back(tmp_path):
    away = Away()
    with SpoolSink(away, tmp_path) as sink:
        for number in range(300):
            sink.record(event(number), HUMAN)
        assert away.asked.wait(SOON.total_seconds())
        assert names(away) == []
        away.back.set()
        assert sink.flush(SOON)
    assert names(away) == [f"e{number}" for number in range(300)]


def test_more_than_memory_holds_is_read_back_from_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_REMEMBERED", 10)
    away = Away()
    with SpoolSink(away, tmp_path) as sink:
        for number in range(500):
            sink.record(event(number, user_agent="é\n"), HUMAN)
        away.back.set()
        assert sink.flush(SOON)
        sink.record(event(500), HUMAN)
        assert sink.flush(SOON)
    assert list(away.events())[:500] == [(event(n, user_agent="é\n"), HUMAN) for n in range(500)]
    assert len(away) == 501


def test_a_sink_that_fails_every_third_time_loses_nothing_and_doubles_nothing(tmp_path):
    picky = Counting(lambda count, event: count % 3 == 0)
    with SpoolSink(picky, tmp_path) as sink:
        for number in range(400):
            sink.record(event(number), HUMAN)
        assert sink.flush(SOON)
    assert sorted(picky.given) == sorted(f"e{number}" for number in range(400))


def test_an_event_the_sink_never_takes_is_put_aside_and_holds_up_no_other(tmp_path, caplog):
    picky = Counting(lambda count, event: event.id == "e1")
    with SpoolSink(picky, tmp_path) as sink:
        for number in range(20):
            sink.record(event(number), HUMAN)
        for number in range(20, 400):  # others go on coming
            sink.record(event(number), HUMAN)
        while sink.waiting:
            sink.record(event(1000 + picky.calls), HUMAN)
            sink.flush(timedelta(milliseconds=20))
    assert set(picky.given) >= {f"e{number}" for number in range(400) if number != 1}
    assert len(picky.given) == len(set(picky.given))
    assert [one.id for one, _ in JsonlSink(tmp_path / "refused.jsonl").events()] == ["e1"]
    assert "event e1" in caplog.text
    assert "u-1" not in caplog.text


def test_beyond_its_bound_events_go_to_the_sink_at_once(tmp_path):
    away = Away()
    sink = SpoolSink(away, tmp_path, max_bytes=1)
    with pytest.raises(OSError, match="no route"):
        sink.record(event(1), HUMAN)
    away.back.set()
    sink.record(event(2), HUMAN)
    assert names(away) == ["e2"]
    sink.close()


needs_room = pytest.mark.skipif(not spool_files._HAS_NAMELESS, reason="this system keeps no room back")


def fill(sink: SpoolSink, monkeypatch) -> None:
    """Let nobody write anything into a file but into room that is its own already."""
    write = os.pwrite

    def within(descriptor: int, data: bytes, at: int) -> int:
        if at + len(data) > os.fstat(descriptor).st_blocks * 512:
            raise OSError(errno.ENOSPC, "no space left on device")
        return write(descriptor, data, at)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "pwrite", within)
    monkeypatch.setattr(os, "posix_fallocate", full)


@needs_room
def test_a_disk_that_others_filled_is_gone_on_with_in_the_room_kept_back(tmp_path, monkeypatch, caplog):
    """Room that is kept becomes the file itself: nobody else can take it, and it is kept as long as the disk is full."""
    away = Away()
    with SpoolSink(away, tmp_path) as sink:
        sink.record(event(0), HUMAN)
        fill(sink, monkeypatch)
        for number in range(1, 20):
            sink.record(event(number), HUMAN)
        assert "in the room it kept back" in caplog.text
        (_, kept) = sorted(tmp_path.glob("*.spool"), key=lambda path: path.stat().st_size)
        assert kept.stat().st_blocks * 512 >= module._RESERVE_BYTES
        assert mode_of(kept) == 0o600
        away.back.set()
        assert sink.flush(SOON)
        assert names(away) == [f"e{number}" for number in range(20)]
        assert [*tmp_path.glob("*.spool")] == [kept]
        sink.record(event(20), HUMAN)
        assert sink.flush(SOON)
        assert kept.stat().st_blocks * 512 >= module._RESERVE_BYTES
        monkeypatch.undo()
        assert sink.flush(SOON)  # there is room again, and is kept back apart
        sink.record(event(21), HUMAN)
        assert sink.flush(SOON)
        assert kept.stat().st_size < 1_000
        assert sink.waiting == 0
    assert names(away) == [f"e{number}" for number in range(22)]
    assert [*tmp_path.iterdir()] == []


@needs_room
def test_a_process_whose_first_event_comes_on_a_full_disk_has_its_room_already(tmp_path, monkeypatch):
    away = Away()
    with SpoolSink(away, tmp_path) as sink:
        fill(sink, monkeypatch)
        for number in range(20):
            sink.record(event(number), HUMAN)
        away.back.set()
        assert sink.flush(SOON)
    assert names(away) == [f"e{number}" for number in range(20)]


def test_a_process_whose_first_event_comes_when_no_file_can_be_made_has_its_file_already(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> int:
        raise StoreError(errno.EROFS, "read-only", "spool")

    away = Away()
    with SpoolSink(away, tmp_path) as sink:
        with monkeypatch.context() as read_only:
            read_only.setattr(spool_files, "open_private", refuse)
            sink.record(event(1), HUMAN)
        away.back.set()
        assert sink.flush(SOON)
    assert names(away) == ["e1"]


@pytest.mark.parametrize("end", [SpoolSink.close, SpoolSink.__del__], ids=["closed", "forgotten"])
def test_a_spool_that_nobody_used_leaves_nothing(tmp_path, end):
    sink = SpoolSink(MemorySink(), tmp_path)
    assert len([*tmp_path.glob("*.spool")]) == 1
    end(sink)
    assert [*tmp_path.iterdir()] == []


@needs_room
def test_a_file_that_is_deleted_on_a_full_disk_is_gone_on_with_in_the_room_kept_back(tmp_path, monkeypatch):
    away = Away()
    with SpoolSink(away, tmp_path) as sink:
        sink.record(event(0), HUMAN)
        fill(sink, monkeypatch)
        (file,) = tmp_path.glob("*.spool")
        file.unlink()
        sink._next_look = 0.0
        sink.record(event(1), HUMAN)
        away.back.set()
        assert sink.flush(SOON)
    assert names(away) == ["e0", "e1"]


@needs_room
@pytest.mark.parametrize("emptied", [False, True], ids=["with events", "half emptied"])
def test_what_a_dead_process_left_in_room_it_kept_is_handed_over_once(emptied, tmp_path):
    reserve = spool_files.Reserve(tmp_path, 1 << 20)
    assert reserve.hold()
    segment = reserve.take()
    assert segment is not None
    lines = [line_of(written(event(number), HUMAN)) for number in range(2_000)]
    for line in lines:
        segment.append(line)
    if emptied:
        os.pwrite(segment._descriptor, spool_files._HEAD % segment.written, 0)
        os.pwrite(segment._descriptor, bytes(5_000), spool_files._HEAD_BYTES)
        os.pwrite(segment._descriptor, bytes(5_000), segment.written - 5_000)
    else:
        segment.advance(spool_files._HEAD_BYTES + len(lines[0]))
    segment.forget()
    kept = MemorySink()
    with SpoolSink(kept, tmp_path) as sink:
        assert sink.flush(SOON)
    assert names(kept) == ([] if emptied else [f"e{number}" for number in range(1, 2_000)])
    assert [*tmp_path.iterdir()] == []


@needs_room
def test_room_that_is_kept_goes_with_its_process(tmp_path):
    reserve = spool_files.Reserve(tmp_path, 1 << 20)
    assert reserve.hold()
    assert reserve.hold()
    assert [*tmp_path.iterdir()] == []
    reserve.release()
    assert reserve.take() is None
    assert reserve.hold()
    reserve.release()


def test_a_full_disk_costs_no_event(tmp_path, caplog):
    """The limit on a file's size stands for a full disk: the write fails, in the middle of a line too."""
    kept, away = MemorySink(), Away()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    away.record_many = None  # type: ignore[assignment]
    sink = SpoolSink(away, tmp_path)
    sink.record(event(0), HUMAN)
    (file,) = tmp_path.glob("*.spool")
    try:
        sink._reserve.release()
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 50, before[1]))
        with pytest.raises(OSError, match="no route"):
            sink.record(event(1), HUMAN)  # neither place takes it: the caller is told
        away.back.set()
        sink.record(event(2), HUMAN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)
    sink.record(event(3), HUMAN)
    assert sink.flush(SOON)
    sink.close()
    assert sorted(names(away)) == ["e0", "e2", "e3"]
    assert names(kept) == []
    assert "event e1" in caplog.text


@pytest.mark.parametrize(
    "lose", [Path.unlink, lambda path: path.rename(path.with_name("moved"))], ids=["gone", "moved"]
)
def test_a_spool_file_that_is_deleted_or_moved_costs_no_event(tmp_path, lose):
    away = Away()
    with SpoolSink(away, tmp_path) as sink:
        sink.record(event(1), HUMAN)
        (file,) = tmp_path.glob("*.spool")
        lose(file)
        sink.record(event(2), HUMAN)
        away.back.set()
        assert sink.flush(SOON)
    assert sorted(names(away)) == ["e1", "e2"]


def test_what_cannot_be_read_of_a_dead_process_is_put_aside_and_hides_nothing(tmp_path, caplog):
    kept = MemorySink()
    sink = SpoolSink(Away(), tmp_path)
    for number in range(3):
        sink.record(event(number), HUMAN)
    (file,) = tmp_path.glob("*.spool")
    lines = file.read_bytes().splitlines(keepends=True)
    sink.close(timedelta())
    for old in tmp_path.iterdir():
        old.unlink()
    (tmp_path / "1-a.spool").write_bytes(lines[0] + lines[1] + b"\0\0\n" + lines[2] + lines[3][:20])
    with SpoolSink(kept, tmp_path) as sink:
        assert sink.flush(SOON)
    assert names(kept) == ["e0", "e1"]
    assert (tmp_path / "refused.jsonl").read_bytes().startswith(b"\0\0\n" + lines[3][:20])
    assert [path.name for path in tmp_path.iterdir()] == ["refused.jsonl"]


def test_threads_lose_nothing_and_double_nothing(tmp_path):
    with SqliteSink(tmp_path / "e.sqlite") as kept, SpoolSink(kept, tmp_path / "spool") as sink:

        def send(first: int) -> None:
            for number in range(first, first + 200):
                sink.record(event(number), HUMAN)

        threads = [Thread(target=send, args=(first,)) for first in range(0, 1600, 200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sink.flush(SOON)
        assert sorted(names(kept)) == sorted(f"e{number}" for number in range(1600))


def test_a_closed_spool_hands_over_at_once_and_leaves_the_rest_to_the_next(tmp_path):
    away, kept = Away(), MemorySink()
    sink = SpoolSink(away, tmp_path)
    sink.record(event(1), HUMAN)
    sink.close(timedelta())
    away.back.set()
    sink.record(event(2), HUMAN)
    assert "e2" in names(away)
    with SpoolSink(kept, tmp_path) as following:
        assert following.flush(SOON)
    assert sorted({*names(kept), *names(away)}) == ["e1", "e2"]


@pytest.mark.parametrize(
    "wrong", [{"max_bytes": 0}, {"sink": MemorySink}, {"sink": 3}, {"folder": 3}, {"folder": ""}], ids=str
)
def test_what_makes_no_sense_is_refused(wrong, tmp_path):
    with pytest.raises(ConfigError):
        SpoolSink(**{"sink": MemorySink(), "folder": tmp_path, **wrong})


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file/spool"):
        SpoolSink(MemorySink(), tmp_path / "file" / "spool")


_START = """
import os, sys
from datetime import UTC, datetime, timedelta
from mailbeacon.model import Actor, Event, Kind, Verdict
from mailbeacon.store import CallbackSink, SpoolSink, SqliteSink

def event(name):
    return Event(id=name, kind=Kind.OPEN, received_at=datetime(2026, 11, 24, tzinfo=UTC))

SpoolSink.close.__defaults__ = (timedelta(minutes=2),)  # a busy machine may need more than the five seconds at exit
kept = SqliteSink("e.sqlite", wait=timedelta(minutes=2))
sink = SpoolSink(kept, "spool")
"""
_ENDLESS = """
number = 0
while True:
    sink.record(event(f"{sys.argv[1]}-{number}"), None)
    os.write(1, b"%d\\n" % number)
    number += 1
"""


def start(code: str, folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-W", "ignore", "-c", _START + code, *arguments]
    return subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE)


def test_killed_processes_lose_nothing_and_double_nothing(tmp_path):
    """``kill -9`` in the middle of their work, one after another, while others use the same folder."""
    answered: set[str] = set()
    lock = Lock()

    def run(name: str) -> None:
        with start(_ENDLESS, tmp_path, name) as process:
            assert process.stdout is not None
            seen = [process.stdout.readline() for _ in range(300)]
            process.kill()
            seen += process.stdout.readlines()
        with lock:
            answered.update(f"{name}-{int(line)}" for line in seen if line.endswith(b"\n"))

    threads = [Thread(target=run, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with SqliteSink(tmp_path / "e.sqlite") as kept, SpoolSink(kept, tmp_path / "spool") as sink:
        assert sink.flush(SOON)
        stored = names(kept)
    assert len(answered) >= 1200
    assert answered <= set(stored)
    assert len(stored) == len(set(stored))
    assert not (tmp_path / "spool" / "refused.jsonl").exists()


def test_a_forked_process_has_a_file_of_its_own_and_hands_over_only_that(tmp_path):
    code = """
sink.record(event("parent"), None)
child = os.fork()
sink.record(event("child" if not child else "parent again"), None)
if not child:
    os._exit(0 if sink.flush() else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    with start(code, tmp_path) as process:
        assert process.wait(SOON.total_seconds()) == 0
    with SqliteSink(tmp_path / "e.sqlite") as kept:
        assert sorted(names(kept)) == ["child", "parent", "parent again"]


@pytest.mark.parametrize("told", ["", "from mailbeacon.store import forking; forking._renewals.clear()"])
def test_processes_forked_before_the_first_event_do_not_share_a_file(tmp_path, told):
    """uWSGI loads an application, forks its workers and does not tell Python."""
    code = f"""
{told}
from threading import Thread
children = []
for child in "abc":
    children.append(os.fork())
    if not children[-1]:
        def work(thread):
            for number in range(50):
                sink.record(event(f"{{child}}-{{thread}}-{{number}}"), None)
        threads = [Thread(target=work, args=(thread,)) for thread in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        os._exit(0 if sink.flush() else 1)
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
"""
    with start(code, tmp_path) as process:
        assert process.wait(SOON.total_seconds()) == 0
    with SqliteSink(tmp_path / "e.sqlite") as kept, SpoolSink(kept, tmp_path / "spool") as sink:
        assert sink.flush(SOON)
        assert len(kept) == 600
    assert [*(tmp_path / "spool").iterdir()] == []


def test_what_waits_when_python_exits_is_handed_over(tmp_path):
    with start("for n in range(50): sink.record(event(str(n)), None)", tmp_path) as process:
        assert process.wait(SOON.total_seconds()) == 0
    with SqliteSink(tmp_path / "e.sqlite") as kept:
        assert len(kept) == 50
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_worker_that_died_is_followed_by_another(tmp_path):
    kept = MemorySink()
    with SpoolSink(kept, tmp_path / "spool") as sink:
        dead = Thread(target=int)
        dead.start()
        dead.join()
        sink._worker = dead
        sink.record(event(1), HUMAN)
        assert sink.flush(SOON)
        assert names(kept) == ["e1"]
