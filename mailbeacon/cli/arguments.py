"""Read what is typed after an option: numbers of recipients, moments.

Raises ``argparse``'s own error, which names the option.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

__all__ = ["MOST_RECIPIENTS", "add_events", "directory", "from_one", "least", "moment", "recipients", "workers"]

MOST_RECIPIENTS: Final = 1_000_000
_MOST_WORKERS: Final = 64
_YEARS: Final = range(1971, 3000)


def recipients(text: str) -> int:
    """Read how many made-up recipients are wanted."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= MOST_RECIPIENTS:
        raise ArgumentTypeError(f"must be a whole number from 1 to {MOST_RECIPIENTS:,}")
    return number


def directory(text: str) -> Path:
    """Read a folder's name: no name at all would be the current folder."""
    if not text.strip():
        raise ArgumentTypeError("must be a folder's name")
    return Path(text)


def moment(text: str) -> datetime:
    """Read a date, which is its first moment, or a date with a time; without an offset it is UTC.

    Example:
        >>> moment("2026-11-17").isoformat()
        '2026-11-17T00:00:00+00:00'
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise ArgumentTypeError("must be a date such as 2026-11-17 or 2026-11-17T09:00+01:00")
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def least(text: str) -> int:
    """Read the least number of messages a row may be about."""
    if not (text.isascii() and text.isdecimal() and len(text) < 7):
        raise ArgumentTypeError("must be a whole number from 0")
    return int(text)


def from_one(text: str) -> int:
    """Read a number that says how many of something are asked for."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text)):
        raise ArgumentTypeError("must be a whole number from 1")
    return int(text)


def workers(text: str) -> int:
    """Read how many processes may share the work."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:4]) <= _MOST_WORKERS and len(text) < 4):
        raise ArgumentTypeError(f"must be a whole number from 1 to {_MOST_WORKERS}")
    return int(text)


def add_events(parser: ArgumentParser) -> None:
    """Add the files of events, and what becomes of the verdicts in them."""
    parser.add_argument(
        "events",
        nargs="+",
        type=Path,
        metavar="EVENTS",
        help="what a SqliteSink or JsonlSink wrote: EVENTS.sqlite or EVENTS.jsonl; - for lines on standard input",
    )
    parser.add_argument(
        "--stored-verdicts",
        action="store_true",
        help="keep every verdict as it is stored (default: only those of a host's own rules)",
    )
