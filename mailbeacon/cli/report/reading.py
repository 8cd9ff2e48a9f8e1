"""Read a file of events, with progress, and say in one line why that cannot be done.

Judges and counts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mailbeacon.cli.console import Progress, Refused, reason, shown
from mailbeacon.errors import DataError
from mailbeacon.model import Event
from mailbeacon.store import read_events

__all__ = ["Stored", "read"]

_ENDINGS = (".sqlite", ".sqlite3", ".db")
_SHOW_EVERY = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Hold what a file holds.

    Attributes:
        events: In the order they were written.
        broken: What cannot be read, in one sentence; empty where all can.
    """

    events: list[Event]
    broken: str = ""


def read(path: Path) -> Stored:
    """Read all events.

    Raises:
        Refused: If there are none.
    """
    name = shown(str(path))
    errors: list[str] = []
    try:
        events = _events(path, errors)
    except OSError as error:
        raise Refused(f"cannot read {name}: {reason(error)}") from error
    except DataError as error:
        raise Refused(f"{name}: {error}") from error
    except ValueError as error:  # a zero byte in the name
        raise Refused("cannot read a file of this name") from error
    if events:
        return Stored(events=events, broken=_told(name, errors))
    if errors and path.suffix.lower() in _ENDINGS:
        raise Refused(f"{name} is not a SQLite database")
    if errors:
        raise Refused(f"{name} holds no event that can be read: {errors[0]}")
    raise Refused(f"{name} is empty" if not path.stat().st_size else f"{name} holds no event")


def _events(path: Path, errors: list[str]) -> list[Event]:
    progress, events = Progress(), []
    try:
        for event, _ in read_events(path, on_broken=lambda error: errors.append(str(error))):
            events.append(event)
            if not len(events) % _SHOW_EVERY:
                progress.show(f"{len(events):,} events read")
    finally:
        progress.clear()
    return events


def _told(name: str, errors: list[str]) -> str:
    """Say which lines or rows are broken; each error begins with that word and its number."""
    if not errors:
        return ""
    if len(errors) == 1:
        return f"{name}, {errors[0]}: not counted"
    what = errors[0].split()[0]
    numbers = ", ".join(error.split(":")[0].removeprefix(f"{what} ") for error in errors[:10])
    return f"{name}: {len(errors):,} {what}s cannot be read and are not counted: {numbers}{', …' if len(errors) > 10 else ''}"
