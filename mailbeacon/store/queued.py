"""A sink that lets no reply wait: events go to another sink in a thread of its own.

Keeps nothing itself, on no disk: what waits when the machine fails is gone. It is bounded, and loses nothing in silence.
"""

from __future__ import annotations

import atexit
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from threading import Condition, current_thread
from uuid import uuid4

from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Event, Kind, Level, Sink, Verdict
from mailbeacon.model.protocols import day_keeper
from mailbeacon.store.checks import check_bounds
from mailbeacon.store.days import Day
from mailbeacon.store.forking import after_fork
from mailbeacon.store.forwarding import Forwarder

__all__ = ["QueueSink"]

_log = logging.getLogger("mailbeacon")
_Item = tuple[Event, Verdict] | Day


class QueueSink(Forwarder):
    """Hand events, and the days of last opens, to another sink in a worker thread, in the order they came.

    ``record`` comes back at once while there is room. When ``size`` events wait, it waits up to ``patience`` for room,
    and then hands the event over in the caller's own thread, as if there were no queue; so it does after ``close``, and
    where no thread can be started. What the other sink raises in the worker is logged under ``mailbeacon``, by the
    event's id and the error's name alone; in the caller's thread it is raised.

    The thread begins with the first event, and in a forked process anew with its first. When Python exits, what waits is
    handed over first. Where Python does not get to exit (``os._exit``, a process of ``multiprocessing``, a kill), call
    ``flush`` or ``close`` yourself.

    Args:
        sink: Where the events go. It stays the caller's: to read from, after ``flush``, and to close, after ``close``.
        size: How many events may wait.
        patience: How long a caller waits for room.
        on_lost: Is told of each event the other sink did not take in the worker, after that was logged; of a day as an
            open on it, at level DATE, by nobody known.

    Raises:
        ConfigError: If ``size`` is below 1, or ``patience`` below 0.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        size: int = 10_000,
        patience: timedelta = timedelta(milliseconds=50),
        on_lost: Callable[[Event, Verdict], object] | None = None,
    ) -> None:
        check_bounds(size=size)
        super().__init__(sink, "mailbeacon sink")
        if not isinstance(patience, timedelta) or patience < timedelta(0):
            raise ConfigError("patience must be a timedelta of zero or more")
        self._size = size
        self._patience = patience.total_seconds()
        self._on_lost = on_lost
        self._renew()
        after_fork(self, QueueSink._renew)

    def __repr__(self) -> str:
        return f"QueueSink({self._sink!r})"

    def record(self, event: Event, verdict: Verdict) -> None:
        """Put one event into the queue for the worker; where there is no room, hand it over here and now."""
        if not self._takes((event, verdict)):
            self._sink.record(event, verdict)

    def put_last_open(self, recipient: str, day: date) -> None:
        """Put the day of a person's last open into the queue; where there is no room, hand it over here and now.

        Raises:
            TypeError: If the other sink keeps no such days.
        """
        keeper = day_keeper(self._sink)
        if not self._takes(Day(recipient, day)):
            keeper.put_last_open(recipient, day)

    def _takes(self, item: _Item) -> bool:
        """Put one thing into the queue, where there is room within the caller's patience."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._waiting) < self._size, self._patience)
            if not self._closed and len(self._waiting) < self._size and self._has_worker():
                self._waiting.append(item)
                self._taken += 1
                self._changed.notify_all()
                return True
        return False

    def flush(self, timeout: timedelta | None = None) -> bool:
        """Wait until all that came before this call is handed over.

        Args:
            timeout: How long to wait; ``None`` for as long as it takes.

        Returns:
            Whether it is.
        """
        with self._changed:
            goal = self._taken
            return self._changed.wait_for(
                lambda: self._done >= goal, None if timeout is None else timeout.total_seconds()
            )

    def close(self) -> None:
        """Hand over what waits, and end the worker; events that come later are handed over at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            worker = self._worker
        if worker is not None and worker is not current_thread():
            worker.join()
        atexit.unregister(self.close)

    @property
    def waiting(self) -> int:
        """How many events and days wait for the worker now."""
        return len(self._waiting)

    def _renew(self) -> None:
        """Begin with nothing; a forked process has no worker, and what waits is its parent's to hand over."""
        self._changed = Condition()
        self._waiting: deque[_Item] = deque()
        self._taken = self._done = 0
        self._worker = None

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                item = self._waiting.popleft()
                self._changed.notify_all()
            try:
                if isinstance(item, Day):
                    day_keeper(self._sink).put_last_open(*item)
                else:
                    self._sink.record(*item)
            except BaseException as error:  # SystemExit too: who dies here would leave the rest waiting
                self._lose(item, error)
            finally:
                with self._changed:
                    self._done += 1
                    self._changed.notify_all()

    def _lose(self, item: _Item, error: BaseException) -> None:
        """Report that the sink did not take something; never raises."""
        event, verdict = (_opened_on(item), Verdict(actor=Actor.UNKNOWN)) if isinstance(item, Day) else item
        what = "a last open" if isinstance(item, Day) else f"event {event.id}"
        with suppress(Exception):
            _log.error("the sink, so %s is not kept, failed: %s", what, type(error).__name__)
        with suppress(Exception):
            if self._on_lost is not None:
                self._on_lost(event, verdict)


def _opened_on(day: Day) -> Event:
    """Return what a day says as an event."""
    moment = datetime.combine(day.day, time(tzinfo=UTC))
    return Event(id=uuid4().hex, kind=Kind.OPEN, received_at=moment, recipient=day.recipient, level=Level.DATE)
