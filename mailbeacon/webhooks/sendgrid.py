"""SendGrid: the Event Webhook."""

from __future__ import annotations

from collections.abc import Iterator

from mailbeacon.model import Hint, Kind
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report, Verify, each, machine_open
from mailbeacon.webhooks.signatures import ecdsa_key, unbase64

__all__ = ["PROVIDER"]

KINDS = {
    "processed": Kind.SENT,
    "delivered": Kind.DELIVERED,
    "deferred": Kind.DEFERRED,
    "bounce": Kind.BOUNCED,
    "dropped": Kind.REJECTED,
    "open": Kind.OPEN,
    "click": Kind.CLICK,
    "spamreport": Kind.COMPLAINED,
    "unsubscribe": Kind.UNSUBSCRIBE,
    "group_unsubscribe": Kind.UNSUBSCRIBE,
    "group_resubscribe": Kind.SUBSCRIBED,
}
BOUNCES = {"bounce": Kind.BOUNCED, "blocked": Kind.DEFERRED}
FLAGS = {"sg_machine_open": Hint.PROVIDER_MACHINE, "sg_machine_open, agent Mozilla/5.0": Hint.PROVIDER_PROXY}
SIGNATURE = "x-twilio-email-event-webhook-signature"
STAMP = "x-twilio-email-event-webhook-timestamp"


def _read(event: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    kind = KINDS.get(event.text("event"), Kind.UNKNOWN)
    if kind is Kind.BOUNCED:
        kind = BOUNCES.get(event.text("type"), kind)
    agent = event.text("useragent")
    yield Report(
        kind=kind,
        at=event.seconds("timestamp"),
        id=event.text("sg_event_id"),
        address=event.text("email"),
        message=event.text("smtp-id") or event.text("sg_message_id").partition(".")[0],
        campaign=event.only("category"),
        carried=(event.values,),
        url=event.text("url"),
        user_agent=agent,
        ip=event.text("ip"),
        hints=machine_open(agent) if kind is Kind.OPEN and event.flag("sg_machine_open") else frozenset(),
    )


def _verifier(key: object) -> Verify:
    check = ecdsa_key(key)

    def holds(post: Post) -> bool:
        stamp = post.headers.get(STAMP, "").encode("utf-8", "replace")
        return check(unbase64(post.headers.get(SIGNATURE, "")), stamp + post.body)

    return holds


PROVIDER = Provider(
    name="sendgrid",
    title="SendGrid",
    kinds=KINDS,
    finer=BOUNCES,
    finer_field="type",
    flags=FLAGS,
    carried="unique arguments (`custom_args`), which stand in the event itself",
    signed="ECDSA P-256 with SHA-256 over the timestamp and the raw body; the key is the console's public key",
    source="Twilio SendGrid, Event Webhook reference and security features, 2026",
    split=each,
    read=_read,
    verifier=_verifier,
)
