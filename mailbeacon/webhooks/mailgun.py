"""Mailgun's webhooks, in their form of 2018 and later."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from mailbeacon.model import Hint, Kind
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report, Verify, one
from mailbeacon.webhooks.signatures import key_bytes, same

__all__ = ["PROVIDER"]

KINDS = {
    "accepted": None,
    "stored": None,
    "delivered": Kind.DELIVERED,
    "failed": Kind.BOUNCED,
    "rejected": Kind.REJECTED,
    "opened": Kind.OPEN,
    "clicked": Kind.CLICK,
    "unsubscribed": Kind.UNSUBSCRIBE,
    "complained": Kind.COMPLAINED,
}
FAILURES = {"permanent": Kind.BOUNCED, "temporary": Kind.DEFERRED}
FLAGS = {"apple": Hint.PROVIDER_PROXY, "gmail": Hint.PROVIDER_MACHINE, "generic": Hint.PROVIDER_MACHINE}
"""The words of ``client-info.bot``, on opens and clicks."""


def _read(event: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    data = event.within("event-data")
    kind = KINDS.get(data.text("event"), Kind.UNKNOWN)
    if kind is Kind.BOUNCED:
        kind = FAILURES.get(data.text("severity"), kind)
        if data.text("reason").startswith("suppress-"):
            kind = Kind.REJECTED
    client = data.within("client-info")
    hint = FLAGS.get(client.text("bot"))
    yield Report(
        kind=kind,
        at=data.seconds("timestamp"),
        id=event.within("signature").text("token"),
        address=data.text("recipient"),
        message=data.within("message", "headers").text("message-id"),
        campaign=data.only("tags"),
        carried=(data.get("user-variables"),),
        url=data.text("url"),
        user_agent=client.text("user-agent"),
        ip=data.text("ip"),
        hints=frozenset() if hint is None else frozenset({hint}),
    )


def _verifier(key: object) -> Verify:
    secret = key_bytes(key)

    def holds(post: Post) -> bool:
        # a subaccount's post has its parent's signature too, and the host may hold either key
        parts = [post.fields.within(name) for name in ("signature", "parent-signature")]
        return any(_signed(secret, part) for part in parts)

    return holds


def _signed(secret: bytes, part: Fields) -> bool:
    data = f"{part.text('timestamp')}{part.text('token')}".encode()
    return bool(part.text("token")) and same(part.text("signature"), hmac.digest(secret, data, "sha256").hex())


PROVIDER = Provider(
    name="mailgun",
    title="Mailgun",
    kinds=KINDS,
    finer=FAILURES,
    finer_field="severity",
    flags=FLAGS,
    carried="`user-variables`",
    signed="HMAC-SHA256 over a timestamp and a token, **not over the body**: whoever can read one post can write others, "
    "so have `password` too",
    source="Mailgun documentation, webhook payloads and securing webhooks, 2026",
    split=one,
    read=_read,
    verifier=_verifier,
)
