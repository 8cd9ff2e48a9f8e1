"""The day of a last open goes the way of an event: through the spool's file and the queue, and no later day is overwritten."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Event as Signal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.errors import ConfigError, StoreError
from mailbeacon.model import Actor, Event, Kind, Level, Verdict
from mailbeacon.privacy import Retention, erase_person, export_person, retain
from mailbeacon.store import CallbackSink, JsonlSink, MemorySink, QueueSink, SpoolSink, SqliteSink
from mailbeacon.store import spool as module
from tests import making
from tests.making import event

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX locks")

ROOT = Path(__file__).resolve().parent.parent
HUMAN = Verdict(actor=Actor.HUMAN)
SOON = timedelta(minutes=2)
SHORT = timedelta(milliseconds=1)
TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch):
    monkeypatch.setattr(module, "_FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(module, "_LAST_PAUSE_SECONDS", 0.002)
    monkeypatch.setattr(module, "_ADOPT_SECONDS", 0.01)
    monkeypatch.setattr(module, "_END_SECONDS", SOON.total_seconds())


class Away(MemorySink):
    """A sink that is away until it is let back."""

    def __init__(self) -> None:
        super().__init__()
        self.back = Signal()

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        self._look()
        super().record(event, verdict)

    def put_last_open(self, recipient: str, day: date) -> None:
        self._look()
        super().put_last_open(recipient, day)

    def _look(self) -> None:
        if not self.back.is_set():
            raise OSError("no route to u-17")


class Picky(MemorySink):
    """A sink that refuses some of what it is asked to keep, and notes what it took."""

    def __init__(self, refuses) -> None:
        super().__init__()
        self._refuses = refuses
        self._calls = 0
        self.took: list[object] = []

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        self._try(event.id)
        super().record(event, verdict)

    def put_last_open(self, recipient: str, day: date) -> None:
        self._try(recipient)
        super().put_last_open(recipient, day)

    def _try(self, name: str) -> None:
        self._calls += 1
        if self._refuses(self._calls, name):
            raise ValueError(f"refused for {name}")
        self.took.append(name)


def opened(beacon: mb.Beacon, recipient: str = "u-17", day: date = TODAY) -> int:
    """Let a person of whom only the day is kept open a mail, and return the reply's status."""
    url = beacon.open_url(mb.Message(recipient=recipient, campaign="spring", opens=Level.DATE))
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return beacon.handle(mb.Request(url=url, received_at=moment, headers={"User-Agent": "Mozilla/5.0"})).status


@contextmanager
def locked(path: Path):
    """Lock a database as another program does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_database_locked_for_longer_than_a_reply_waits_costs_no_day(tmp_path):
    lost = []
    with SqliteSink(tmp_path / "e.sqlite", wait=SHORT) as kept, SpoolSink(kept, tmp_path / "spool") as sink:
        beacon = making.beacon(sink=sink, on_lost=lambda *given: lost.append(given))
        with locked(tmp_path / "e.sqlite"):
            assert opened(beacon) == 200
            assert not sink.flush(timedelta(milliseconds=20))
            assert sink.waiting == 1
        assert sink.flush(SOON)
        assert dict(kept.last_opens()) == {"u-17": TODAY}
        assert lost == []
        assert sink.waiting == 0
        assert len(kept) == 0


def test_a_day_is_in_the_file_before_the_reply_and_only_the_day(tmp_path):
    away = Away()
    with SpoolSink(away, tmp_path) as sink:
        assert opened(making.beacon(sink=sink)) == 200
        (file,) = tmp_path.glob("*.spool")
        (line,) = file.read_bytes().splitlines()[1:]
        assert line == b'{"last_open": {"recipient": "u-17", "day": "2026-11-24"}}'
        away.back.set()
        assert sink.flush(SOON)
    assert dict(away.last_opens()) == {"u-17": TODAY}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.one_of(st.integers(0, 9), st.tuples(st.text(max_size=5), st.integers(0, 90))), max_size=30),
    st.sampled_from([1, 3, 5_000]),
    st.booleans(),
)
def test_events_and_days_come_to_the_sink_whatever_came_between(monkeypatch, tmp_path, given, remembered, is_away):
    """The last open is the latest day, whether it is handed over from memory or read back, and after failures too."""
    monkeypatch.setattr(module, "_REMEMBERED", remembered)
    away, names, days = Away(), {}, {}
    if not is_away:
        away.back.set()
    with SpoolSink(away, tmp_path) as sink:
        for one in given:
            if isinstance(one, int):
                sink.record(event(one), HUMAN)
                names[f"e{one}"] = None
                continue
            name, day = one[0], TODAY + timedelta(days=one[1])
            sink.put_last_open(name, day)
            days[name] = max(day, days.get(name, day))
        away.back.set()
        assert sink.flush(SOON)
        assert sink.waiting == 0
    assert dict(away.last_opens()) == days
    assert [one.id for one, _ in away.events()] == [*names]


def test_a_sink_that_fails_first_or_every_third_time_loses_no_day_and_doubles_no_event(tmp_path):
    picky = Picky(lambda calls, name: calls < 4 or calls % 3 == 0)
    with SpoolSink(picky, tmp_path) as sink:
        for number in range(100):
            sink.record(event(number), HUMAN)
            sink.put_last_open(f"u-{number}", TODAY)
        assert sink.flush(SOON)
    assert dict(picky.last_opens()) == {f"u-{number}": TODAY for number in range(100)}
    taken = [name for name in picky.took if str(name).startswith("e")]
    assert sorted(taken) == sorted(f"e{number}" for number in range(100))


def test_a_day_that_is_never_taken_is_put_aside_without_its_name_in_the_log(tmp_path, caplog):
    picky = Picky(lambda calls, name: name == "u-17")
    with SpoolSink(picky, tmp_path) as sink:
        sink.put_last_open("u-17", TODAY)
        numbers = count()
        while sink.waiting:
            sink.record(event(next(numbers)), HUMAN)  # others go on coming
            sink.flush(timedelta(milliseconds=20))
    assert b'"u-17"' in (tmp_path / "refused.jsonl").read_bytes()
    assert "the sink refused the day of a last open 20 times" in caplog.text
    assert "u-17" not in caplog.text
    assert len(picky.took) == len(set(picky.took))


def test_older_files_bring_no_earlier_day_back(tmp_path):
    """Dead processes' files are handed over in the order of their names, which is not that of the days."""
    head = b"mailbeacon spool 1 %016d\n" % 36
    for name, day in (("1-a", "2026-11-24"), ("1-b", "2026-11-26"), ("1-c", "2026-11-25"), ("1-d", "2026-11-26")):
        line = f'{{"last_open": {{"recipient": "u-17", "day": "{day}"}}}}\n'
        (tmp_path / f"{name}.spool").write_bytes(head + line.encode())
    kept = MemorySink()
    with SpoolSink(kept, tmp_path) as sink:
        assert sink.flush(SOON)
    assert dict(kept.last_opens()) == {"u-17": date(2026, 11, 26)}
    assert [*tmp_path.iterdir()] == []


def test_a_file_of_version_0_2_0_is_handed_over(tmp_path):
    old = (
        b'mailbeacon spool 1 %016d\n{"event":{"v":1,"id":"e7","kind":"open","received_at":"2026-11-24T09:00:00+00:00",'
        b'"recipient":"u-1","campaign":"spring"},"verdict":null}\n'
    )
    (tmp_path / "7-a.spool").write_bytes(old % 36)
    kept = MemorySink()
    with SpoolSink(kept, tmp_path) as sink:
        assert sink.flush(SOON)
    assert [(one.id, one.campaign) for one, _ in kept.events()] == [("e7", "spring")]


@pytest.mark.parametrize("broken", [b"7", b'{"recipient":"u-1"}', b'{"recipient":7,"day":"2026-11-24"}', b"{"])
def test_a_day_that_cannot_be_read_is_put_aside_and_hides_nothing(tmp_path, broken):
    head = b"mailbeacon spool 1 %016d\n" % 36
    line = b'{"last_open": {"recipient": "u-17", "day": "2026-11-24"}}\n'
    (tmp_path / "1-a.spool").write_bytes(head + b'{"last_open":' + broken + b"}\n" + line)
    kept = MemorySink()
    with SpoolSink(kept, tmp_path) as sink:
        assert sink.flush(SOON)
    assert dict(kept.last_opens()) == {"u-17": TODAY}
    assert (tmp_path / "refused.jsonl").read_bytes() == b'{"last_open":' + broken + b"}\n"


@pytest.mark.parametrize("make", [QueueSink, lambda sink: SpoolSink(sink, "spool")], ids=["queue", "spool"])
def test_a_sink_that_keeps_no_days_is_an_error_at_once_and_nothing_waits(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with make(JsonlSink(tmp_path / "e.jsonl")) as sink:
        with pytest.raises(TypeError):
            sink.put_last_open("u-17", TODAY)
        assert sink.waiting == 0


def test_where_the_spool_is_full_and_the_sink_away_the_loss_is_told(tmp_path):
    lost, failed = [], []
    away = Away()
    with SpoolSink(away, tmp_path, max_bytes=1) as sink:
        beacon = making.beacon(
            sink=sink, on_lost=lambda event, verdict: lost.append(event), on_error=lambda what, _: failed.append(what)
        )
        assert opened(beacon) == 200
        away.back.set()
        assert opened(beacon, "u-18") == 200
    ((one,), (what,)) = lost, failed
    assert (one.recipient, one.received_at.date(), one.level) == ("u-17", TODAY, Level.DATE)
    assert "is not kept" in what
    assert dict(away.last_opens()) == {"u-18": TODAY}


def test_what_a_person_asks_for_reaches_a_day_that_waits(tmp_path):
    away = Away()
    with SpoolSink(away, tmp_path) as sink:
        sink.put_last_open("u-17", TODAY)
        sink.put_last_open("u-18", TODAY - timedelta(days=400))
        assert not sink.flush(timedelta(milliseconds=5))
        away.back.set()
        erase_person("u-17", sink, away)
        assert "2025" in export_person("u-18", away)
        assert "2026" not in export_person("u-17", away)
        sink.put_last_open("u-18", TODAY - timedelta(days=399))
        retain([Retention(after=timedelta(days=30))], datetime(2026, 11, 24, tzinfo=UTC), sink, away)
        assert dict(away.last_opens()) == {}
        assert sink.flush(SOON)
    assert dict(away.last_opens()) == {}


def test_what_waits_and_cannot_be_handed_over_is_no_erasure(tmp_path, monkeypatch):
    away = Away()
    with SpoolSink(away, tmp_path) as sink:
        sink.put_last_open("u-17", TODAY)
        with monkeypatch.context() as hurried:
            hurried.setattr("mailbeacon.privacy.rights._PATIENCE", SHORT)
            with pytest.raises(StoreError, match="still wait"):
                erase_person("u-17", sink, away)
        away.back.set()
        erase_person("u-17", sink, away)
    assert dict(away.last_opens()) == {}


def test_a_queue_keeps_no_reader_waiting_for_the_day_either():
    entered, gate = Signal(), Signal()

    class Slow(MemorySink):
        def put_last_open(self, recipient: str, day: date) -> None:
            entered.set()
            assert gate.wait(SOON.total_seconds())
            super().put_last_open(recipient, day)

    slow = Slow()
    with QueueSink(slow) as sink:
        assert opened(making.beacon(sink=sink)) == 200
        assert entered.wait(SOON.total_seconds())
        assert dict(slow.last_opens()) == {}
        gate.set()
        assert sink.flush(SOON)
        assert dict(slow.last_opens()) == {"u-17": TODAY}
    sink.put_last_open("u-18", TODAY)  # closed: here and now
    assert dict(slow.last_opens()) == {"u-17": TODAY, "u-18": TODAY}


def test_a_day_that_a_queue_loses_is_told_and_logged_without_its_name(caplog):
    lost, away = [], Away()
    with QueueSink(away, on_lost=lambda *given: lost.append(given)) as sink:
        sink.put_last_open("u-17", TODAY)
        assert sink.flush(SOON)
    ((one, verdict),) = lost
    assert (one.kind, one.recipient, one.received_at.date(), one.level) == (Kind.OPEN, "u-17", TODAY, Level.DATE)
    assert verdict.is_human is None
    assert [record.getMessage() for record in caplog.records] == [
        "the sink, so a last open is not kept, failed: OSError"
    ]


@pytest.mark.parametrize("make", [QueueSink, lambda sink: SpoolSink(sink, "spool")], ids=["queue", "spool"])
def test_a_sink_to_be_awaited_is_refused_where_nobody_would_await_it(make):
    class Async:
        async def record(self, event: Event, verdict: Verdict) -> None:
            raise AssertionError

    with pytest.raises(ConfigError, match="async"):
        make(Async())
    QueueSink(CallbackSink(print)).close()


_START = """
import os, signal, sys
from datetime import date, timedelta
from mailbeacon.store import MemorySink, SpoolSink, SqliteSink

day = date(2026, 11, 24)
SpoolSink.close.__defaults__ = (timedelta(minutes=2),)
kept = SqliteSink("e.sqlite", wait=timedelta(minutes=2))
sink = SpoolSink(kept, "spool")
"""


def run(code: str, folder: Path) -> int:
    command = [sys.executable, "-W", "ignore", "-c", _START + code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, check=False, timeout=600).returncode


def test_a_process_killed_before_it_handed_a_day_over_loses_none(tmp_path):
    code = """
sink.put_last_open("u-17", day)
sink.put_last_open("u-18", day)
os.kill(os.getpid(), signal.SIGKILL)
"""
    with SqliteSink(tmp_path / "e.sqlite") as kept:
        with locked(tmp_path / "e.sqlite"):
            assert run(code.replace("minutes=2", "seconds=0"), tmp_path) == -signal.SIGKILL
        assert dict(kept.last_opens()) == {}
        with SpoolSink(kept, tmp_path / "spool") as sink:
            assert sink.flush(SOON)
        assert dict(kept.last_opens()) == {"u-17": TODAY, "u-18": TODAY}


def test_a_forked_process_hands_over_its_own_days_and_the_latest_stays(tmp_path):
    code = """
sink.put_last_open("u-17", day)
child = os.fork()
sink.put_last_open("u-17" if not child else "u-18", day + timedelta(days=1))
if not child:
    os._exit(0 if sink.flush() else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    assert run(code, tmp_path) == 0
    with SqliteSink(tmp_path / "e.sqlite") as kept:
        assert dict(kept.last_opens()) == {"u-17": date(2026, 11, 25), "u-18": date(2026, 11, 25)}
