"""The beacon, the message and the event that tests begin with where nothing about them is special."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import mailbeacon as mb

__all__ = ["BASE", "KEY", "NOW", "SENT", "beacon", "event", "message"]

BASE = "https://t.example.com/m"
KEY = b"0123456789abcdef"
SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""When the message was sent."""
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""When the first event came, but for as many hours as its number."""


def beacon(**options: object) -> mb.Beacon:
    """Return a beacon with one key, and settings as asked."""
    return mb.Beacon(BASE, **{"secret_keys": [KEY], **options})  # type: ignore[arg-type]


def message(recipient: str = "u-17", **values: object) -> mb.Message:
    """Return a message of the campaign ``spring``, with other values as asked."""
    return mb.Message(**{"recipient": recipient, "campaign": "spring", "sent_at": SENT, **values})  # type: ignore[arg-type]


def event(number: int = 1, recipient: str = "u-1", **values: object) -> mb.Event:
    """Return the open with a number, one of each hour of the same mail, with other values as asked."""
    whole = {
        "id": f"e{number}",
        "kind": mb.Kind.OPEN,
        "received_at": NOW + timedelta(hours=number),
        "recipient": recipient,
    }
    return mb.Event(**{**whole, "campaign": "spring", "message_id": "m", **values})  # type: ignore[arg-type]
