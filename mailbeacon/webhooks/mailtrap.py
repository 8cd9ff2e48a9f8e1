"""Mailtrap's webhooks, as JSON or JSON Lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mailbeacon.errors import WebhookError
from mailbeacon.model import Kind
from mailbeacon.model.record import Json
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report, read_json
from mailbeacon.webhooks.signatures import body_hmac

__all__ = ["PROVIDER"]

KINDS = {
    "delivery": Kind.DELIVERED,
    "open": Kind.OPEN,
    "click": Kind.CLICK,
    "unsubscribe": Kind.UNSUBSCRIBE,
    "spam": Kind.COMPLAINED,
    "soft bounce": Kind.DEFERRED,
    "bounce": Kind.BOUNCED,
    "suspension": Kind.DEFERRED,
    "reject": Kind.REJECTED,
}
IGNORED = ("inbound",)


def _split(post: Post) -> Iterable[Json]:
    try:
        whole = read_json(post.body)
    except WebhookError:
        lines = [line for line in post.body.splitlines() if line.strip()]
        found = [_line(line) for line in lines]
        if not any(found):
            raise
        return found
    if isinstance(whole, dict) and "events" in whole:
        events = whole["events"]
        if not isinstance(events, list):
            raise WebhookError("events is not a list")
        return events
    return whole if isinstance(whole, list) else [whole] if whole else []


def _line(line: bytes) -> Json:
    """Return a line's event; a broken line is none, and costs no other."""
    try:
        return read_json(line)
    except WebhookError:
        return None


def _read(event: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    word = event.text("event")
    yield Report(
        kind=None if word.startswith(IGNORED) else KINDS.get(word, Kind.UNKNOWN),
        at=event.seconds("timestamp"),
        id=event.text("event_id"),
        address=event.text("email"),
        message=event.text("message_id"),
        campaign=event.text("category"),
        carried=(event.get("custom_variables"),),
        url=event.text("url"),
        user_agent=event.text("user_agent"),
        ip=event.text("ip"),
    )


PROVIDER = Provider(
    name="mailtrap",
    title="Mailtrap",
    kinds=KINDS,
    carried="`custom_variables`",
    signed="HMAC-SHA256 over the raw body; the secret's 32 letters are used as text",
    source="Mailtrap documentation, webhooks, 2026",
    split=_split,
    read=_read,
    verifier=body_hmac("mailtrap-signature"),
)
