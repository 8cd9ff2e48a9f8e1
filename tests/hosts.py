"""Hosts that other processes can make too: a beacon by the name of a function."""

from __future__ import annotations

from mailbeacon import Beacon

KEY = b"a key for tests, no secret at all"


def plain() -> Beacon:
    """The beacon of the sample traffic."""
    return Beacon("https://t.example.com/m", secret_keys=[KEY])
