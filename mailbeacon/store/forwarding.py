"""What sinks have in common that hand events to another sink in a thread of their own."""

from __future__ import annotations

import atexit
from inspect import iscoroutinefunction
from threading import Thread

from mailbeacon.errors import ConfigError
from mailbeacon.model import Sink
from mailbeacon.store.closeable import Closeable

__all__ = ["Forwarder"]


class Forwarder(Closeable):
    """The sink, and the thread, which begins with the first event, and in a forked process, which has none, anew with its first.

    Args:
        sink: Where events go.
        thread: The thread's name.

    Raises:
        ConfigError: If the sink is none, or one to be awaited, which no thread does.
    """

    def __init__(self, sink: Sink, thread: str) -> None:
        if isinstance(sink, type) or not callable(getattr(sink, "record", None)):
            raise ConfigError("sink must be an object with a method record")
        if iscoroutinefunction(sink.record):
            raise ConfigError("a sink whose record is async needs no spool and no queue before it")
        self._sink = sink
        self._thread_name = thread
        self._closed = False
        self._worker: Thread | None = None

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
