"""Processes beside this one, which end without a word when Ctrl-C ends this one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from mailbeacon.engines.steps import collect_rarely

__all__ = ["begin", "undisturbed"]


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


def begin() -> None:
    """Make a worker ready: from now on Ctrl-C ends it without a word, for the first process has it too and says so."""
    collect_rarely()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
