"""Hosts that other processes can make too: a beacon by the name of a function."""

from __future__ import annotations

import os
from multiprocessing import parent_process

from mailbeacon import Beacon
from tests.making import beacon

KEY = b"a key for tests, no secret at all"


def plain() -> Beacon:
    """The beacon of the sample traffic."""
    return beacon(secret_keys=[KEY])


def killed() -> Beacon:
    """The same, but for the other processes, which are killed when they make it."""
    if parent_process() is not None:
        os._exit(9)
    return plain()
