"""Waiting for slow things no longer than a reader may be kept waiting."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Final, TypeVar

from mailbeacon.errors import StoreError
from mailbeacon.store.checks import check_wait
from mailbeacon.store.forking import after_fork

__all__ = ["Bounded"]

_THREADS: Final = 8
T = TypeVar("T")


class Bounded:
    """Do things in threads of their own, and give up waiting for them after a while.

    What has not begun by then is not done at all; what has begun goes on, and its result is thrown away. A forked process
    has threads of its own.

    Args:
        wait: How long to wait.
        what: The name of what is waited for, for errors.
    """

    def __init__(self, wait: timedelta, what: str) -> None:
        self._seconds = check_wait(wait)
        self._what = what
        self._renew()
        after_fork(self, Bounded._renew)

    def __call__(self, function: Callable[[], T]) -> T:
        """Return what the function returns.

        Raises:
            StoreError: If it takes longer.
        """
        future: Future[T] = self._pool.submit(function)
        try:
            return future.result(self._seconds)
        except (TimeoutError, CancelledError) as error:
            future.cancel()
            raise StoreError(f"{self._what}: no answer within {1000 * self._seconds:.0f} ms") from error

    def close(self) -> None:
        """Allow the threads to end; the next call begins new ones."""
        pool = self._pool
        self._renew()
        pool.shutdown(wait=False, cancel_futures=True)

    def _renew(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="mailbeacon store")
