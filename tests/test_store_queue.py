"""The sink with a queue: no caller waits for a slow sink, and no event is lost in silence."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from threading import Event as Signal
from threading import Thread, current_thread, get_ident

import pytest

import mailbeacon as mb
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Event, Verdict
from mailbeacon.store import JsonlSink, MemorySink, QueueSink
from tests import making
from tests.making import event

ROOT = Path(__file__).resolve().parent.parent
HUMAN = Verdict(actor=Actor.HUMAN)
SOON = timedelta(minutes=2)
NOT_LONG = timedelta(0)


class Gated:
    """A sink that takes nothing until its gate is opened, and remembers by which thread each event came."""

    def __init__(self) -> None:
        self.gate = Signal()
        self.entered = Signal()
        self.kept: list[tuple[str, int]] = []

    def record(self, event: Event, verdict: Verdict) -> None:
        self.entered.set()
        if current_thread().name == "mailbeacon sink":
            opened = self.gate.wait(SOON.total_seconds())
            self.gate.set()  # a test that fails ends soon all the same
            assert opened
        self.kept.append((event.id, get_ident()))

    @property
    def ids(self) -> list[str]:
        return [name for name, _ in self.kept]


class Leaving:
    """A sink that asks its thread to leave, once."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def record(self, event: Event, verdict: Verdict) -> None:
        if not self.kept:
            self.kept.append("")
            raise SystemExit
        self.kept.append(event.id)


def test_a_sink_that_asks_to_exit_costs_its_own_event_alone(caplog):
    leaving = Leaving()
    sink = QueueSink(leaving)
    for number in range(4):
        sink.record(event(number), HUMAN)
    assert sink.flush(SOON)
    sink.close()
    assert leaving.kept == ["", "e1", "e2", "e3"]
    assert [record.getMessage() for record in caplog.records] == [
        "the sink, so event e0 is not kept, failed: SystemExit"
    ]


@pytest.mark.parametrize("wrong", [{"patience": 0.05}, {"patience": timedelta(-1)}, {"size": 0}, {"size": True}])
def test_bounds_that_cannot_be_are_refused(wrong):
    with pytest.raises(ConfigError):
        QueueSink(MemorySink(), **wrong)


class Closing(MemorySink):
    """A sink that closes the queue before it."""

    queue: QueueSink

    def record(self, event: Event, verdict: Verdict) -> None:
        super().record(event, verdict)
        self.queue.close()


def test_a_sink_may_close_its_queue():
    closing = Closing()
    closing.queue = QueueSink(closing)
    closing.queue.record(event(1), HUMAN)
    assert closing.queue.flush(SOON)
    assert len(closing) == 1


def test_case_22_a_redirect_does_not_wait_for_a_slow_sink():
    slow = Gated()
    with QueueSink(slow) as sink:
        beacon = making.beacon(sink=sink)
        url = beacon.click_url(mb.Message(recipient="u-1", campaign="spring"), "https://shop.example/")
        assert beacon.handle(mb.Request(url=url)).status == 302
        assert slow.kept == []
        slow.gate.set()


def test_a_caller_does_not_wait_for_a_slow_sink_and_the_order_is_kept():
    slow = Gated()
    with QueueSink(slow) as sink:
        for number in range(50):
            sink.record(event(number), HUMAN)
        assert slow.kept == []  # recorded, though the sink has not even begun to return
        assert not sink.flush(NOT_LONG)
        slow.gate.set()
        assert sink.flush(SOON)
        assert sink.waiting == 0
        assert slow.ids == [f"e{number}" for number in range(50)]
        assert {thread for _, thread in slow.kept} != {get_ident()}


def test_a_full_queue_hands_over_in_the_callers_own_thread():
    slow = Gated()
    sink = QueueSink(slow, size=2, patience=NOT_LONG)
    sink.record(event(0), HUMAN)
    assert slow.entered.wait(SOON.total_seconds())  # the worker holds the first, two may wait
    for number in (1, 2, 3):
        sink.record(event(number), HUMAN)
    assert slow.kept == [("e3", get_ident())]
    slow.gate.set()
    sink.close()
    assert slow.ids == ["e3", "e0", "e1", "e2"]


def test_a_caller_waits_for_room_before_it_does_the_work_itself():
    slow = Gated()
    sink = QueueSink(slow, size=1, patience=SOON)
    sink.record(event(0), HUMAN)
    assert slow.entered.wait(SOON.total_seconds())
    sink.record(event(1), HUMAN)
    late = Thread(target=sink.record, args=(event(2), HUMAN))
    late.start()
    slow.gate.set()
    late.join()
    sink.close()
    assert slow.ids == ["e0", "e1", "e2"]
    assert get_ident() not in {thread for _, thread in slow.kept}


def test_close_hands_over_what_waits_and_a_late_event_is_handed_over_at_once():
    slow = Gated()
    sink = QueueSink(slow)
    for number in range(3):
        sink.record(event(number), HUMAN)
    slow.gate.set()
    sink.close()
    assert slow.ids == ["e0", "e1", "e2"]
    sink.record(event(3), HUMAN)
    assert slow.kept[-1] == ("e3", get_ident())
    sink.close()
    assert sink.flush(NOT_LONG)


def test_what_the_sink_raises_is_logged_by_name_and_stops_nothing(caplog):
    class Picky(MemorySink):
        def record(self, event: Event, verdict: Verdict | None = None) -> None:
            if event.id == "e1":
                raise OSError("no room for u-1 at 192.0.2.1")
            super().record(event, verdict)

    kept, lost = Picky(), []
    told = lambda event, verdict: lost.append((event.id, verdict))  # noqa: E731
    with caplog.at_level(logging.ERROR, "mailbeacon"), QueueSink(kept, on_lost=told) as sink:
        for number in range(3):
            sink.record(event(number), HUMAN)
        assert sink.flush(SOON)
    assert [one.id for one, _ in kept.events()] == ["e0", "e2"]
    assert lost == [("e1", HUMAN)]
    assert [entry.getMessage() for entry in caplog.records] == ["the sink, so event e1 is not kept, failed: OSError"]


def test_in_the_callers_thread_an_error_is_the_callers():
    def refuse(*_: object) -> None:
        raise OSError

    kept = MemorySink()
    kept.record = refuse  # type: ignore[method-assign]
    sink = QueueSink(kept)
    sink.close()
    with pytest.raises(OSError):
        sink.record(event(1), HUMAN)


def test_where_no_thread_can_be_started_the_caller_does_the_work(monkeypatch):
    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", refuse)
    kept = MemorySink()
    with QueueSink(kept) as sink:
        sink.record(event(1), HUMAN)
        assert len(kept) == 1
        assert sink.flush(NOT_LONG)


def test_a_worker_that_died_is_followed_by_another():
    kept = MemorySink()
    sink = QueueSink(kept)
    dead = Thread(target=int)
    dead.start()
    dead.join()
    sink._worker = dead
    sink.record(event(1), HUMAN)
    assert sink.flush(SOON)
    assert len(kept) == 1
    sink.close()


def test_many_threads_lose_nothing_and_double_nothing(tmp_path):
    with JsonlSink(tmp_path / "events") as kept, QueueSink(kept, size=3, patience=timedelta(milliseconds=1)) as sink:

        def send(first: int) -> None:
            for number in range(first, first + 200):
                sink.record(event(number), HUMAN)

        threads = [Thread(target=send, args=(first,)) for first in range(0, 1600, 200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sink.flush(SOON)
        lines = (tmp_path / "events").read_bytes().splitlines()
    assert len(lines) == 1600
    assert len({one.id for one, _ in kept.events()}) == 1600


def test_a_redirect_goes_out_while_the_sink_is_still_at_work():
    """Case 22 of other systems' faults: the redirect waits for the callback."""
    slow = Gated()
    with QueueSink(slow) as sink:
        beacon = making.beacon(secret_keys=[bytes(range(16))], sink=sink)
        url = beacon.click_url(mb.Message(recipient="u", campaign="c"), "https://shop.example.com/")
        reply = beacon.handle(mb.Request(url=url, address="192.0.2.1"))
        assert (reply.status, dict(reply.headers)["Location"]) == (302, "https://shop.example.com/")
        assert slow.kept == []
        slow.gate.set()
    assert len(slow.kept) == 1


@pytest.mark.parametrize("wrong", [{"size": 0}, {"size": 1.5}, {"patience": timedelta(seconds=-1)}], ids=str)
def test_bounds_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ConfigError):
        QueueSink(MemorySink(), **wrong)


_START = """
import atexit, os, sys, threading
from datetime import UTC, datetime
from mailbeacon.model import Actor, Event, Kind, Verdict
from mailbeacon.store import CallbackSink, QueueSink

gate = threading.Event()

def keep(event, verdict):
    gate.wait()
    os.write(1, f"{event.id} {os.getpid() == first}\\n".encode())

def event(number):
    return Event(id=f"e{number}", kind=Kind.OPEN, received_at=datetime(2026, 11, 24, tzinfo=UTC))

first = os.getpid()
sink = QueueSink(CallbackSink(keep))
sink.record(event(1), Verdict(actor=Actor.HUMAN))
"""


def _printed(code: str) -> list[str]:
    command = [sys.executable, "-W", "ignore", "-c", _START + code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_what_waits_when_python_exits_is_handed_over():
    assert _printed("sink.record(event(2), None)\natexit.register(gate.set)") == ["e1 True", "e2 True"]


@pytest.mark.skipif(not hasattr(sys, "abiflags"), reason="no fork")
def test_a_forked_process_hands_over_its_own_events_and_not_its_parents():
    code = """
child = os.fork()
gate.set()
if not child:
    sink.record(event(2), None)
    os._exit(0 if sink.flush() else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    assert sorted(_printed(code)) == ["e1 True", "e2 False"]
