"""Hosts that other processes can make too: a beacon by the name of a function."""

from __future__ import annotations

from mailbeacon import Beacon
from tests.making import beacon

KEY = b"a key for tests, no secret at all"


def plain() -> Beacon:
    """The beacon of the sample traffic."""
    return beacon(secret_keys=[KEY])
