"""Resend, whose webhooks are signed in the way of Svix and Standard Webhooks."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from mailbeacon.errors import ConfigError
from mailbeacon.model import Kind
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report, Verify, clean, one
from mailbeacon.webhooks.signatures import key_bytes, same, unbase64

__all__ = ["PROVIDER"]

KINDS = {
    "email.sent": Kind.SENT,
    "email.scheduled": None,
    "email.delivered": Kind.DELIVERED,
    "email.delivery_delayed": Kind.DEFERRED,
    "email.bounced": Kind.BOUNCED,
    "email.complained": Kind.COMPLAINED,
    "email.opened": Kind.OPEN,
    "email.clicked": Kind.CLICK,
    "email.failed": Kind.REJECTED,
    "email.suppressed": Kind.REJECTED,
    "email.received": None,
}
BOUNCES = {"Permanent": Kind.BOUNCED, "Transient": Kind.DEFERRED, "Undetermined": Kind.DEFERRED}
IGNORED = ("suppression.", "contact.", "domain.")
SECONDS = 300
"""How far the signed time may lie from now. Source: Standard Webhooks' reference libraries, 2023."""


def _read(event: Fields, post: Post) -> Iterator[Report]:
    word, data = event.text("type"), event.within("data")
    kind = None if word.startswith(IGNORED) else KINDS.get(word, Kind.UNKNOWN)
    if kind is Kind.BOUNCED:
        kind = BOUNCES.get(data.within("bounce").text("type"), kind)
    details = data.within("click" if kind is Kind.CLICK else "open")
    recipients = [clean(value) for value in data.items("to") if isinstance(value, str)]
    yield Report(
        kind=kind,
        at=event.iso("created_at"),
        id=_header(post.headers, "id"),
        address=recipients[0] if len(recipients) == 1 else data.text("to"),
        shared=len(recipients) > 1,
        message=data.text("email_id", "message_id"),
        campaign=data.text("broadcast_id"),
        carried=(data.get("tags"), data.get("headers")),
        url=details.text("link"),
        user_agent=details.text("userAgent"),
        ip=details.text("ipAddress"),
    )


def _header(headers: Mapping[str, str], part: str) -> str:
    return headers.get(f"svix-{part}") or headers.get(f"webhook-{part}") or ""


def _verifier(key: object) -> Verify:
    secret = unbase64(key_bytes(key).decode("ascii", "replace").strip().removeprefix("whsec_"))
    if not secret:
        raise ConfigError("key must be the signing secret: whsec_ and base64")

    def holds(post: Post) -> bool:
        name, stamp, given = (_header(post.headers, part) for part in ("id", "timestamp", "signature"))
        if not _is_now(stamp, post.arrived):
            return False
        data = f"{name}.{stamp}.".encode("utf-8", "replace") + post.body
        wanted = "v1," + b64encode(hmac.digest(secret, data, "sha256")).decode()
        return any(same(one_of, wanted) for one_of in given.split())

    return holds


def _is_now(stamp: str, arrived: datetime) -> bool:
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        return False
    return abs(arrived.astimezone(UTC).timestamp() - int(stamp)) <= SECONDS


PROVIDER = Provider(
    name="resend",
    title="Resend",
    kinds=KINDS,
    finer=BOUNCES,
    finer_field="data.bounce.type",
    carried="`data.tags`, `data.headers`",
    signed="HMAC-SHA256 over id, timestamp and raw body (Standard Webhooks), at most five minutes old",
    source="Resend documentation, webhook event types, 2026; Standard Webhooks 1.0, 2023",
    split=one,
    read=_read,
    verifier=_verifier,
)
