"""Lists that go with events: who belongs to which group, who subscribed when, whose clock is where. CSV files with a head line.

Reads; decides nothing about anybody.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from mailbeacon.cli.console import CommandError, read_bytes, shown
from mailbeacon.counting import Subscriber
from mailbeacon.model import Level

__all__ = ["read_groups", "read_pairs", "read_subscribers"]

_MOST_BYTES = 500_000_000
_KEY = "recipient"


def _rows(path: Path, *needed: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Read rows with the number of their line.

    Raises:
        CommandError: If the file is no such table.
    """
    name = shown(str(path))
    try:
        text = read_bytes(path, _MOST_BYTES).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        missing = [one for one in (_KEY, *needed) if one not in (reader.fieldnames or ())]
        if missing:
            raise CommandError(f"{name} has no column {missing[0]!r}: its first line must name the columns")
        for row in reader:
            yield reader.line_num, {key: value or "" for key, value in row.items() if key is not None}
    except (UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{name} is no CSV file in UTF-8") from error


def read_groups(path: Path) -> dict[str, dict[str, str]]:
    """Read the groups of recipients: each column beside ``recipient`` is a kind of group.

    Raises:
        CommandError: If the file is no such table.
    """
    found: dict[str, dict[str, str]] = {}
    for _, row in _rows(path):
        for kind, group in row.items():
            if kind != _KEY:
                found.setdefault(kind, {})[row[_KEY]] = group
    if not found:
        raise CommandError(f"{shown(str(path))} names no groups: it needs a column beside {_KEY!r}")
    return found


def read_pairs(path: Path, column: str) -> dict[str, str]:
    """Read one column by recipient.

    Raises:
        CommandError: If the file is no such table.
    """
    return {row[_KEY]: row[column] for _, row in _rows(path, column)}


def read_subscribers(path: Path) -> list[Subscriber]:
    """Read subscribers: ``recipient``, ``added_at``, and if known ``mails`` and ``level``.

    Raises:
        CommandError: If the file is no such table.
    """
    return [_subscriber(row, f"{shown(str(path))}, line {line}") for line, row in _rows(path, "added_at")]


def _subscriber(row: dict[str, str], where: str) -> Subscriber:
    try:
        added = datetime.fromisoformat(row["added_at"])
        level = row.get("level", "")
        return Subscriber(
            recipient=row[_KEY],
            added_at=added if added.tzinfo is not None else added.replace(tzinfo=UTC),
            level=Level[level.upper()] if level else Level.FULL,
            mails=int(row["mails"]) if row.get("mails") else None,
        )
    except (ValueError, KeyError) as error:
        raise CommandError(
            f"{where}: added_at must be a date, mails a number, and level one of {', '.join(Level.__members__)}"
        ) from error
