"""Running coroutines in tests: in a thread of their own, for the main one may have a browser's loop running."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["run"]

T = TypeVar("T")


def run(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end, and return what it returns."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
