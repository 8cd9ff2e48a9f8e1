"""What the arguments of stores must be, how long is waited where nobody says, and which kind of file one is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from mailbeacon.errors import ConfigError
from mailbeacon.model.message import check_bounds

__all__ = ["PATIENT_SECONDS", "SHORT_WAIT", "check_bounds", "check_wait", "is_sqlite"]

SHORT_WAIT: Final = timedelta(milliseconds=250)
"""How long a reply's path waits for a store."""
PATIENT_SECONDS: Final = 10.0
"""How long is waited for another process where no reader waits."""


_SQLITE: Final = b"SQLite format 3\0"
"""Source: SQLite, Database File Format, section 1.3, 2026."""


def check_wait(wait: timedelta) -> float:
    """Return how long to wait, in seconds.

    Raises:
        ConfigError: If it is no ``timedelta`` of zero or more.
    """
    if not isinstance(wait, timedelta) or wait < timedelta():
        raise ConfigError("wait must be a timedelta of zero or more")
    return wait.total_seconds()


def is_sqlite(path: Path) -> bool:
    """Check whether a file is SQLite's.

    Raises:
        OSError: If it is not there or cannot be read.
    """
    with path.open("rb") as stream:
        return stream.read(len(_SQLITE)) == _SQLITE
