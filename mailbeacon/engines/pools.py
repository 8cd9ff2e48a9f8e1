"""Processes beside this one, which end without a word when Ctrl-C ends this one; where one is killed, the error says so."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from mailbeacon.engines.steps import collect_rarely
from mailbeacon.errors import MailbeaconError

if TYPE_CHECKING:
    from ctypes import Array, c_ulonglong

__all__ = ["StoppedError", "Team", "begin", "show_read", "undisturbed", "unless_killed"]

T = TypeVar("T")
_LOOK_EVERY = 0.2


class StoppedError(Exception):
    """Another process of the team has failed, or whoever asked has gone."""


class Team:
    """Processes that each have a piece of the work: what one keeps between two steps is there in the second.

    A context; what ends it early stops them all.

    Args:
        number: How many.
    """

    def __init__(self, number: int) -> None:
        context = get_context("spawn")
        self._read = context.RawArray("Q", number + 1)  # how far each is; the last number says that all shall stop
        self._stack = ExitStack()
        self._pools = [
            self._stack.enter_context(ProcessPoolExecutor(1, context, _begin, (self._read, place)))
            for place in range(number)
        ]

    def __enter__(self) -> Team:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._read[-1] = kind is not None
        self._stack.close()

    def each(
        self, step: Callable[..., T], *columns: Iterable[object], progress: Callable[[int], object] | None = None
    ) -> list[T]:
        """Return what a step makes of each process's values.

        Args:
            step: A function of a module.
            columns: Its values, one for each process.
            progress: What is shown how far they are together, as :func:`show_read` says in each.

        Raises:
            MailbeaconError: If one was killed.
        """
        with undisturbed():
            futures = [pool.submit(step, *values) for pool, *values in zip(self._pools, *columns, strict=True)]
        left = set(futures)
        with unless_killed():
            while left:
                done, left = wait(futures, _LOOK_EVERY if progress else None, FIRST_EXCEPTION)
                for one in done:
                    one.result()
                if progress is not None:
                    progress(sum(self._read[:-1]))
            return [one.result() for one in futures]


class _Here:
    """Where this process shows how far it is."""

    read: Array[c_ulonglong] | None = None
    place: int = 0


def show_read(number: int) -> None:
    """Show the first process how much this one has read.

    Raises:
        StoppedError: If all shall stop.
    """
    if _Here.read is not None:
        _Here.read[_Here.place] = number
        if _Here.read[-1]:
            raise StoppedError


def _begin(read: Array[c_ulonglong], place: int) -> None:
    begin()
    _Here.read, _Here.place = read, place


def begin() -> None:
    """Make a worker ready: from now on Ctrl-C ends it without a word, for the first process has it too and says so."""
    collect_rarely()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep what is started here from hearing of Ctrl-C, which a terminal sends to all: each would end with a traceback."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def unless_killed() -> Iterator[None]:
    """Turn the death of a process, which systems kill where memory runs out, into a plain error.

    Raises:
        MailbeaconError: If one was.
    """
    try:
        yield
    except BrokenProcessPool as error:
        raise MailbeaconError(
            "one of the processes was killed, perhaps because memory ran out: try fewer workers"
        ) from error
