"""What sinks have in common that hand events to another sink in a thread of their own."""

from __future__ import annotations

import atexit
from datetime import date
from threading import Thread

from mailbeacon.errors import ConfigError
from mailbeacon.model import Sink
from mailbeacon.model.protocols import hand_last_open
from mailbeacon.store.closeable import Closeable

__all__ = ["Forwarder"]


class Forwarder(Closeable):
    """The thread, and what is not for it: the days of last opens, of which there are few, and each replaces one.

    The thread begins with the first event, and in a forked process, which has none, anew with its first.

    Args:
        sink: Where events go.
        thread: The thread's name.

    Raises:
        ConfigError: If the sink is none.
    """

    def __init__(self, sink: Sink, thread: str) -> None:
        if isinstance(sink, type) or not callable(getattr(sink, "record", None)):
            raise ConfigError("sink must be an object with a method record")
        self._sink = sink
        self._thread_name = thread
        self._closed = False
        self._worker: Thread | None = None

    def put_last_open(self, recipient: str, day: date) -> None:
        """Hand the day of a person's last open over, here and now.

        Raises:
            TypeError: If the other sink keeps no such days.
        """
        hand_last_open(self._sink, recipient, day)

    def _has_worker(self) -> bool:
        """Start the thread where there is none; return whether there is one now."""
        if self._worker is None or not self._worker.is_alive():
            worker = Thread(target=self._work, name=self._thread_name, daemon=True)
            try:
                worker.start()
            except RuntimeError:  # no more threads, or Python is about to exit
                return False
            self._worker = worker
            atexit.unregister(self.close)
            atexit.register(self.close)
        return True

    def _work(self) -> None:
        raise NotImplementedError
