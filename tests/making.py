"""The beacon, message, event and request that tests begin with where nothing about them is special."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import mailbeacon as mb

__all__ = ["BASE", "KEY", "NOON", "NOW", "SENT", "beacon", "click", "event", "hit", "message", "request"]

BASE = "https://t.example.com/m"
KEY = b"0123456789abcdef"
SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""When the message was sent."""
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""When the first event came, but for as many hours as its number."""
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""When what was done in a mail is counted from."""


def beacon(**options: object) -> mb.Beacon:
    """Return a beacon with one key, and settings as asked."""
    return mb.Beacon(**{"base_url": BASE, "secret_keys": [KEY], **options})  # type: ignore[arg-type]


def message(recipient: str = "u-17", **values: object) -> mb.Message:
    """Return a message of the campaign ``spring``, with other values as asked."""
    return mb.Message(**{"recipient": recipient, "campaign": "spring", "sent_at": SENT, **values})  # type: ignore[arg-type]


def event(number: int = 1, recipient: str | None = "u-1", **values: object) -> mb.Event:
    """Return the open with a number, one of each hour of the same mail, with other values as asked."""
    whole = {
        "id": f"e{number}",
        "kind": mb.Kind.OPEN,
        "received_at": NOW + timedelta(hours=number),
        "recipient": recipient,
    }
    return mb.Event(**{**whole, "campaign": "spring", "message_id": "m", **values})  # type: ignore[arg-type]


def hit(
    mail: str = "m1", kind: mb.Kind = mb.Kind.OPEN, *, minutes: float = 0, client: str = "Gmail", **values: object
) -> mb.Event:
    """Return what one recipient did in a mail so many minutes after noon, with other values as asked."""
    whole = {
        "kind": kind,
        "received_at": NOON + timedelta(minutes=minutes),
        "recipient": "u",
        "message_id": mail,
        "facts": mb.Facts(client=client),
    }
    return event(**{**whole, **values})  # type: ignore[arg-type]


def click(mail: str = "m1", link: int = 1, **values: object) -> mb.Event:
    """Return the click on a link of a mail, with other values as asked."""
    return hit(mail, mb.Kind.CLICK, link=link, url=f"https://example.com/{link}", **values)  # type: ignore[arg-type]


def request(url: str, method: str = "GET", **values: object) -> mb.Request:
    """Return what a client asked for, with other values as asked."""
    whole = {"url": url, "method": method, "address": "192.0.2.77", "received_at": NOW}
    return mb.Request(**{**whole, **values})  # type: ignore[arg-type]
