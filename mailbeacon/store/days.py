"""The day of a person's last open on its way to a sink: what level DATE keeps, as one line of a spool and in a queue.

Takes no part in which day stays: a sink keeps the later of two, so that one may be handed to it twice, and in any order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from mailbeacon.errors import DataError
from mailbeacon.model import read_json
from mailbeacon.store.lines import Written, line_of, pair_of, written

__all__ = ["Day", "Item", "item_line", "item_of", "last_days"]


class Day(NamedTuple):
    """The day of a person's last open.

    Attributes:
        recipient: The host's own name for the person.
        day: In UTC.
    """

    recipient: str
    day: date


Item = Written | Day
"""What waits for a sink."""


def item_line(item: Item) -> bytes:
    """Return the line of an event or of a day, with its end."""
    if not isinstance(item, Day):
        return line_of(item)
    return json.dumps({"last_open": {"recipient": item.recipient, "day": item.day.isoformat()}}).encode() + b"\n"


def item_of(line: bytes) -> Item | None:
    """Return what a line says; ``None`` for an empty one.

    Raises:
        DataError: If it is broken.
    """
    if line.startswith(b'{"last_open":'):
        return _day_of(line)
    pair = pair_of(line)
    return None if pair is None else written(*pair)


def _day_of(line: bytes) -> Day:
    found = read_json(line, "a last open")["last_open"]
    recipient, day = (found.get("recipient"), found.get("day")) if isinstance(found, dict) else (None, None)
    try:
        if isinstance(recipient, str):
            return Day(recipient, date.fromisoformat(str(day)))
    except ValueError:
        pass
    raise DataError("not a recipient with a day")


def last_days(days: Iterable[Day]) -> list[Day]:
    """Return the latest day of each person."""
    latest: dict[str, Day] = {}
    for one in days:
        latest[one.recipient] = max(one, latest.get(one.recipient, one))
    return [*latest.values()]
