"""What a forked process must make anew: threads, locks and connections, which stayed with its parent."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

__all__ = ["after_fork"]

T = TypeVar("T")
_renewals: WeakKeyDictionary[Any, Callable[[Any], object]] = WeakKeyDictionary()


def after_fork(one: T, renew: Callable[[T], object]) -> None:
    """Call ``renew(one)`` in each forked process, for as long as the object lives."""
    _renewals[one] = renew


def _renew_in_child() -> None:
    for one, renew in list(_renewals.items()):
        renew(one)


if hasattr(os, "register_at_fork"):  # once: what is registered there is never taken out again
    os.register_at_fork(after_in_child=_renew_in_child)
