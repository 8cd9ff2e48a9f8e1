"""Mailjet's Event API, version 1 (one event) and 2 (a list)."""

from __future__ import annotations

from collections.abc import Iterator

from mailbeacon.model import Kind
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report, each

__all__ = ["PROVIDER"]

KINDS = {
    "sent": Kind.DELIVERED,
    "open": Kind.OPEN,
    "click": Kind.CLICK,
    "bounce": Kind.BOUNCED,
    "blocked": Kind.REJECTED,
    "spam": Kind.COMPLAINED,
    "unsub": Kind.UNSUBSCRIBE,
}
"""Mailjet says ``sent`` once the receiving server has taken the mail."""
BOUNCES = {"true": Kind.BOUNCED, "false": Kind.DEFERRED}


def _read(event: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    kind = KINDS.get(event.text("event"), Kind.UNKNOWN)
    if kind is Kind.BOUNCED and "hard_bounce" in event.values:
        kind = BOUNCES["true" if event.flag("hard_bounce") else "false"]
    yield Report(
        kind=kind,
        at=event.seconds("time"),
        address=event.text("email"),
        message=event.text("MessageID", "Message_GUID"),
        campaign=event.text("customcampaign"),
        carried=(event.get("Payload"), event.get("CustomID")),
        url=event.text("url"),
        user_agent=event.text("agent"),
        ip=event.text("ip"),
    )


PROVIDER = Provider(
    name="mailjet",
    title="Mailjet",
    kinds=KINDS,
    finer=BOUNCES,
    finer_field="hard_bounce",
    carried="`Payload`, `CustomID`",
    signed="nothing: Basic Auth in the webhook's URL",
    source="Mailjet documentation, Event API, 2026",
    split=each,
    read=_read,
)
