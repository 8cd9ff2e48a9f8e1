"""Unisender Go and UniOne."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import md5

from mailbeacon.model import Kind
from mailbeacon.model.record import Json
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report, Verify, one
from mailbeacon.webhooks.signatures import key_bytes, same

__all__ = ["PROVIDER"]

KINDS = {
    "sent": Kind.SENT,
    "delivered": Kind.DELIVERED,
    "opened": Kind.OPEN,
    "clicked": Kind.CLICK,
    "unsubscribed": Kind.UNSUBSCRIBE,
    "subscribed": Kind.SUBSCRIBED,
    "spam": Kind.COMPLAINED,
    "soft_bounced": Kind.DEFERRED,
    "hard_bounced": Kind.BOUNCED,
}
IGNORED = ("transactional_spam_block",)
_DIGEST = re.compile(r"[0-9a-fA-F]{32}")


def _split(post: Post) -> Iterable[Json]:
    whole = one(post)
    if "events_by_user" not in post.fields.values:
        return [] if set(post.fields.values) <= {"auth"} else whole
    return [event for user in post.fields.items("events_by_user") for event in Fields(user).items("events")]


def _read(event: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    data = event.within("event_data") if "event_data" in event.values else event
    info = data.within("delivery_info")
    ignored = event.text("event_name") in IGNORED
    yield Report(
        kind=None if ignored else KINDS.get(data.text("status"), Kind.UNKNOWN),
        at=data.iso("event_time"),
        address=data.text("email"),
        message=data.text("job_id"),
        carried=(data.get("metadata"),),
        url=data.text("url"),
        user_agent=info.text("user_agent"),
        ip=info.text("ip"),
    )


def _verifier(key: object) -> Verify:
    secret = key_bytes(key)

    def holds(post: Post) -> bool:
        auth = post.fields.text("auth")
        if not _DIGEST.fullmatch(auth):
            return False
        data = post.body.replace(auth.encode(), secret, 1)
        return same(auth.lower(), md5(data, usedforsecurity=False).hexdigest())

    return holds


PROVIDER = Provider(
    name="unisender",
    title="Unisender Go, UniOne",
    kinds=KINDS,
    carried="`metadata`",
    signed="MD5 over the body with the API key in place of the digest: weak, so have `password` too",
    source="UniOne and Unisender Go web API reference, webhooks, 2026",
    split=_split,
    read=_read,
    verifier=_verifier,
)
