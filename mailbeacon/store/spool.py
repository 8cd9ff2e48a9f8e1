"""A sink that keeps each event, and each day of a last open, in a file before the reply goes out: another sink gets it later.

No reply waits for the other sink, and no event is lost when a process or the whole server is killed, when the other sink
fails or is away for hours, or when its disk is full. Does not outlive the loss of power for the last seconds.
"""

from __future__ import annotations

import atexit
import logging
import os
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from itertools import islice
from os import PathLike
from pathlib import Path
from threading import Condition, Lock, current_thread
from time import monotonic
from typing import Final

from mailbeacon.errors import ConfigError, StoreError
from mailbeacon.model import Event, Sink, Verdict
from mailbeacon.model.protocols import day_keeper
from mailbeacon.store.checks import check_bounds
from mailbeacon.store.days import Day, Item, item_line
from mailbeacon.store.forking import after_fork
from mailbeacon.store.forwarding import Forwarder
from mailbeacon.store.handover import Handover, named, title
from mailbeacon.store.lines import Pair, written
from mailbeacon.store.spool_files import Reserve, Segment, orphans

__all__ = ["SpoolSink"]

_log = logging.getLogger("mailbeacon")
_BATCH: Final = 500
"""Events handed over at once: a transaction's cost shared by many, and no thread of replies kept waiting for long."""
_LOOK_SECONDS: Final = 0.1
"""How often it looks whether its file is still there: what waits in one that is not can be read all the same."""
_RESERVE_BYTES: Final = 8 * 1024 * 1024
"""Room on the disk that each process keeps back: about eight thousand events on a full disk."""
_REMEMBERED: Final = 5_000
"""Events kept in memory too, so that they need not be read back."""
_LINGER_SECONDS: Final = 0.25
"""How long the thread waits for a batch to grow."""
_ADOPT_SECONDS: Final = 2.0
"""How often it looks for what processes left that died."""
_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS = 0.1, 5.0
"""How long it waits after a failure: the first time, and at most."""
_END_SECONDS: Final = 1.0
"""How long ``close`` waits for what the thread is just doing."""
_EXIT_PATIENCE: Final = timedelta(seconds=5)

_forked: Final = Lock()
"""Held while a process makes what is its own."""

_Waiting = tuple[Item, int]


class SpoolSink(Forwarder):
    """Keep events, and days of last opens, in a file of this process, and hand them to another sink in batches, in a thread.

    ``record`` returns when the operating system has the event: a process that is killed then loses nothing. The next
    process that uses the folder, or one that runs beside it, hands over what was left. The other sink gets each event once,
    and once more only if a process is killed between its taking a batch and the note of that: sinks that keep an id once,
    as all of this package do, hold each event exactly once.

    Several processes share a folder; each has a file of its own in it, and keeps back 8 MB of the disk (where the system can)
    for when others fill it. When ``max_bytes`` of a process wait, or the disk has not even those 8 MB, events are handed over in
    the caller's own thread, as if there were no spool; what the other sink then raises, the caller gets. What the other sink
    refuses again and again while it takes other events, and lines that cannot be read, are put aside in ``refused.jsonl`` in
    the folder, and logged.

    The file and the room are there as soon as the spool is made, in a forked process as soon as it begins, or with its first
    event where a server forks without telling Python (uWSGI without ``--lazy-apps``). The thread begins with the first event.
    When Python exits, it has five seconds for what waits; the rest is handed over by the next process.

    Args:
        sink: Where the events go; its ``record_many`` is used where it has one, or ``record_written``, which is given the JSON
            too, so that it is made once; for days ``put_last_opens``. It stays the caller's to close, after ``close``.
        folder: Made if it is not there, for its owner alone; on a disk of this machine.
        max_bytes: How much may wait in this process's file.

    Raises:
        ConfigError: If an argument makes no sense.
        StoreError: If the folder cannot be made.
    """

    def __init__(self, sink: Sink, folder: str | PathLike[str], *, max_bytes: int = 256 * 1024 * 1024) -> None:
        check_bounds(max_bytes=max_bytes)
        super().__init__(sink, "mailbeacon spool")
        if not isinstance(folder, str | PathLike) or not str(folder):
            raise ConfigError("folder must name a folder")
        self._folder = Path(folder)
        self._max_bytes = max_bytes
        self._make_folder()
        self._segments: list[Segment] = []
        """In the order of their events: the last is written to, and where there are others, they are handed over first."""
        self._reserve = Reserve(self._folder, min(max_bytes, _RESERVE_BYTES))
        self._renew()
        after_fork(self, SpoolSink._renew)

    def __repr__(self) -> str:
        return f"SpoolSink({self._sink!r}, {str(self._folder)!r})"

    def record(self, event: Event, verdict: Verdict | None = None) -> None:
        """Keep one event in the file; where that cannot be done, hand it over here and now.

        Raises:
            Exception: What the other sink raises, where the file cannot take the event.
        """
        if not self._is_kept(written(event, verdict)):
            self._sink.record(event, verdict)  # type: ignore[arg-type]  # every sink of ours takes None

    def record_many(self, pairs: Sequence[Pair]) -> None:
        """Keep several events."""
        for event, verdict in pairs:
            self.record(event, verdict)

    def put_last_open(self, recipient: str, day: date) -> None:
        """Keep the day of a person's last open in the file; where that cannot be done, hand it over here and now.

        Raises:
            TypeError: If the other sink keeps no such days.
            Exception: What the other sink raises, where the file cannot take the day.
        """
        keeper = day_keeper(self._sink)
        if not self._is_kept(Day(recipient, day)):
            keeper.put_last_open(recipient, day)

    def flush(self, timeout: timedelta | None = None) -> bool:
        """Wait until the other sink has all that came before this call, and all that dead processes left.

        Args:
            timeout: How long to wait; ``None`` for as long as it takes.

        Returns:
            Whether it has.
        """
        self._stay_apart()
        with self._changed:
            if not self._has_worker():
                return False
            goal = self._taken
            self._looks += 1
            look = self._looks
            self._changed.notify_all()
            return self._changed.wait_for(
                lambda: self._done >= goal and self._looked >= look,
                None if timeout is None else timeout.total_seconds(),
            )

    def close(self, patience: timedelta = _EXIT_PATIENCE) -> None:
        """Hand over what waits, for as long as ``patience``; the rest stays in the file, for the next process."""
        self._stay_apart()
        with self._changed:
            worker = self._worker
            if worker is not None and worker is not current_thread():
                self._hurry = True
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._done >= self._taken, patience.total_seconds())
            self._closed = True
            self._changed.notify_all()
        if worker is not None and worker is not current_thread():
            worker.join(_END_SECONDS)
        elif worker is None:
            self._leave()
        atexit.unregister(self.close)

    @property
    def sink(self) -> Sink:
        """The other sink, to read from after ``flush``."""
        return self._sink

    @property
    def waiting(self) -> int:
        """How many events and days of this process the other sink does not have yet."""
        return self._taken - self._done

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(error.errno, error.strerror, str(self._folder)) from error

    def _renew(self) -> None:
        """Begin with nothing; in a forked process the file is the parent's, and so is what waits."""
        for segment in self._segments:
            segment.forget()
        self._reserve.release()  # the parent holds its own
        self._segments = []
        self._changed = Condition()
        self._remembered: deque[_Waiting] = deque()
        self._has_gap = False
        self._taken: int = 0
        self._done: int = 0
        self._looks: int = 0
        self._looked: int = 0
        self._handover = Handover(self._sink, self._folder)
        self._next_adoption = self._next_look = 0.0
        self._hurry = False
        self._worker = None
        if not self._closed:
            with suppress(OSError):  # now: when the first event comes the disk may be full
                self._begin_again()
        self._process = os.getpid()

    def _stay_apart(self) -> None:
        """Begin anew where a server forked without telling Python, as uWSGI does: two processes must not share a file."""
        if os.getpid() != self._process:
            with _forked:
                if os.getpid() != self._process:
                    self._renew()

    def _leave(self) -> None:
        """Let go of the files: one with a rest is for whoever uses the folder next."""
        while self._segments:
            self._segments.pop().close()
        self._reserve.release()

    def __del__(self) -> None:
        """Let go of the files of a spool that nobody used or closed."""
        with suppress(Exception):  # Python may be about to exit
            if self._worker is None and os.getpid() == self._process:
                self._leave()

    def _is_kept(self, row: Item) -> bool:
        """Write an event or a day into the file; return whether it is there."""
        line = item_line(row)
        self._stay_apart()
        try:
            with self._changed:
                return self._spooled(row, line)
        except StoreError as error:
            _log.warning("the spool, so %s goes to the sink at once, failed: %s", title(row), error)
        return False

    def _spooled(self, row: Item, line: bytes) -> bool:
        """Write a line into the file, if there is room and somebody to hand it over."""
        if self._closed or not self._has_worker():
            return False
        now = monotonic()
        if not self._segments or now >= self._next_look:
            self._next_look = now + _LOOK_SECONDS
            if not self._segments or not self._segments[-1].is_there:
                self._begin_again()
        if self._waiting_bytes + len(line) > self._max_bytes:
            return False
        end = self._append(line)
        if self._has_gap or len(self._remembered) >= _REMEMBERED:
            self._has_gap = True
        else:
            self._remembered.append((row, end))
        self._taken += 1
        if self._taken - self._done in (1, _BATCH):
            self._changed.notify_all()
        return True

    @property
    def _waiting_bytes(self) -> int:
        return sum([segment.waiting_bytes for segment in self._segments])

    def _append(self, line: bytes) -> int:
        """Write a line, and return where it ends; on a full disk, into the room that was kept back."""
        segment = self._segments[-1]
        try:
            segment.append(line)
        except StoreError as error:
            room = self._reserve.take()
            if room is None:
                raise
            _log.warning("the spool goes on in the room it kept back: %s", error)
            segment = room
            self._go_on_in(room)
            segment.append(line)
        return segment.written

    def _go_on_in(self, segment: Segment) -> None:
        """Write to another file from now on; what waits is read back, for what is remembered is of one file."""
        self._has_gap = self._waiting_bytes > 0
        self._remembered.clear()
        self._segments.append(segment)

    def _begin_again(self) -> None:
        """Begin a file; what waits in one that was moved or deleted is still to be read, and is copied."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            segment = Segment.begin(self._folder)
        except StoreError:
            room = self._reserve.take()
            if room is None:
                raise
            segment = room
        self._reserve.hold()
        if self._segments:
            lost = self._segments[-1]
            _log.warning("%s was moved or deleted: a new one begins with what waited in it", lost.path)
            try:
                for line, _ in lost.unsent():
                    segment.append(line + b"\n")
            except StoreError:
                segment.advance(segment.written)
                segment.close()
                raise
            self._segments.pop().close()
        self._go_on_in(segment)
        self._has_gap = self._waiting_bytes > 0

    def _work(self) -> None:
        """Hand over batches for as long as the process lives; after a failure, wait a little longer each time."""
        pause = 0.0
        while not self._wait_for_work(pause):
            try:
                all_well = self._adopt()
                all_well = self._hand_over_own() and all_well
            except BaseException as error:  # SystemExit too: who dies here would leave the rest waiting
                all_well = False
                with suppress(Exception):
                    _log.error("the spool could not hand over, and tries again: %s", named(error))
            pause = 0.0 if all_well else min(max(2 * pause, _FIRST_PAUSE_SECONDS), _LAST_PAUSE_SECONDS)

        with self._changed:
            self._leave()

    def _wait_for_work(self, pause: float) -> bool:
        """Wait for events and for a batch to grow, or after a failure; return whether it is time to end."""
        with self._changed:
            if pause:
                self._changed.wait_for(lambda: self._closed, pause)
            else:
                self._changed.wait_for(
                    lambda: self._closed or self._taken > self._done or self._looks > self._looked, _ADOPT_SECONDS
                )
                self._changed.wait_for(self._is_batch, _LINGER_SECONDS)
            return self._closed

    def _is_batch(self) -> bool:
        hurries = self._closed or self._hurry or self._looks > self._looked
        return hurries or self.waiting not in range(1, _BATCH)

    def _hand_over_own(self) -> bool:
        """Hand over the next events of this process's file; return whether the sink took what it was given."""
        with self._changed:
            while len(self._segments) > 1 and not self._segments[0].waiting_bytes:
                self._segments.pop(0).close()
            segment = self._segments[0] if self._segments else None
            batch = self._next_batch(segment) if segment is not None else []
        taken = self._handover.give([row for row, _ in batch])
        with self._changed:
            if taken and segment is not None and segment in self._segments:
                segment.advance(batch[taken - 1][1])
                for _ in range(min(taken, len(self._remembered))):
                    self._remembered.popleft()
                self._has_gap = self._has_gap and self._waiting_bytes > 0
                self._done += taken
            self._changed.notify_all()
        return taken == len(batch)

    def _next_batch(self, segment: Segment) -> list[_Waiting]:
        """Return the next events, from memory or, where there were too many for it, read back."""
        if self._remembered:
            return list(islice(self._remembered, _BATCH + self._handover.ahead))
        before = segment.done
        batch = self._handover.read(segment, _BATCH)
        if segment.done != before and not self._waiting_bytes:
            self._done = self._taken  # what was left could not be read
        return batch

    def _adopt(self) -> bool:
        """Hand over what processes left that died; return whether all of it was taken."""
        if self._looked >= self._looks and monotonic() < self._next_adoption:
            return True
        with self._changed:
            look = self._looks
            if self._done == self._taken and not self._closed and self._reserve.hold():
                for segment in self._segments:
                    segment.keeps_room = False  # there is other room now
        all_taken = all(self._finish(segment) for segment in orphans(self._folder))
        with self._changed:
            if all_taken:
                self._looked = look
                self._next_adoption = monotonic() + _ADOPT_SECONDS
            self._changed.notify_all()
        return all_taken

    def _finish(self, segment: Segment) -> bool:
        """Hand over what is in another process's file; return whether all was taken."""
        try:
            while batch := self._handover.read(segment, _BATCH):
                taken = self._handover.give([row for row, _ in batch])
                if taken:
                    segment.advance(batch[taken - 1][1])
                if taken < len(batch):
                    return False
        finally:
            segment.close()
        return True
