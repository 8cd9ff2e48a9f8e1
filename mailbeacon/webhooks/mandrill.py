"""Mandrill (Mailchimp Transactional)."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable, Iterator

from mailbeacon.errors import WebhookError
from mailbeacon.model import Hint, Kind
from mailbeacon.model.record import Json
from mailbeacon.webhooks.reading import MACHINE, Fields, Post, Provider, Report, Verify, read_json
from mailbeacon.webhooks.signatures import key_bytes, same

__all__ = ["PROVIDER"]

KINDS = {
    "send": Kind.SENT,
    "delivered": Kind.DELIVERED,
    "deferral": Kind.DEFERRED,
    "soft_bounce": Kind.DEFERRED,
    "hard_bounce": Kind.BOUNCED,
    "open": Kind.OPEN,
    "click": Kind.CLICK,
    "spam": Kind.COMPLAINED,
    "unsub": Kind.UNSUBSCRIBE,
    "reject": Kind.REJECTED,
    "whitelist": None,
    "allowlist": None,
    "blacklist": None,
    "denylist": None,
    "inbound": None,
}
FLAGS = {"robot": Hint.PROVIDER_MACHINE}
"""The words of ``user_agent_parsed.type``, on opens and clicks."""
SIGNATURE = "x-mandrill-signature"
TEST_KEY = b"test-webhook"
"""What the empty batch of a hook's test is signed with. Source: Mailchimp Transactional, webhooks overview, 2026."""


def _split(post: Post) -> Iterable[Json]:
    events = read_json(post.form.get("mandrill_events", ""))
    if not isinstance(events, list):
        raise WebhookError("mandrill_events is not a list")
    return events


def _read(event: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    kind = KINDS.get(event.text("event", "type"), Kind.UNKNOWN)
    message = event.within("msg")
    robot = event.within("user_agent_parsed").text("type").lower() in FLAGS
    yield Report(
        kind=kind,
        at=event.seconds("ts"),
        address=message.text("email"),
        message=event.text("_id") or message.text("_id"),
        campaign=message.only("tags"),
        carried=(message.get("metadata"), message.get("tags")),
        url=event.text("url"),
        user_agent=event.text("user_agent"),
        ip=event.text("ip"),
        hints=MACHINE if robot else frozenset(),
    )


def _verifier(key: object) -> Verify:
    secret = key_bytes(key)

    def holds(post: Post) -> bool:
        form = post.form
        data = (post.hook + "".join(name + form[name] for name in sorted(form))).encode("utf-8", "replace")
        keys = [secret, TEST_KEY] if form.get("mandrill_events") == "[]" else [secret]
        given = post.headers.get(SIGNATURE, "")
        return any(same(given, b64encode(hmac.digest(one, data, "sha1")).decode()) for one in keys)

    return holds


PROVIDER = Provider(
    name="mandrill",
    title="Mandrill",
    kinds=KINDS,
    flags=FLAGS,
    carried="`msg.metadata`, `msg.tags`",
    signed="HMAC-SHA1 over the webhook's own URL (`url=`) and the form's fields",
    source="Mailchimp Transactional documentation, webhooks; authenticating webhook requests, 2026",
    split=_split,
    read=_read,
    verifier=_verifier,
    signs_url=True,
)
