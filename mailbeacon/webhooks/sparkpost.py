"""SparkPost, now Bird: batches of message and engagement events."""

from __future__ import annotations

from collections.abc import Iterator

from mailbeacon.model import Hint, Kind
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report, each, machine_open

__all__ = ["PROVIDER"]

KINDS = {
    "injection": Kind.SENT,
    "delivery": Kind.DELIVERED,
    "delay": Kind.DEFERRED,
    "bounce": Kind.BOUNCED,
    "out_of_band": Kind.BOUNCED,
    "spam_complaint": Kind.COMPLAINED,
    "policy_rejection": Kind.REJECTED,
    "generation_failure": Kind.REJECTED,
    "generation_rejection": Kind.REJECTED,
    "open": Kind.OPEN,
    "initial_open": Kind.OPEN,
    "amp_open": Kind.OPEN,
    "amp_initial_open": Kind.OPEN,
    "click": Kind.CLICK,
    "amp_click": Kind.CLICK,
    "list_unsubscribe": Kind.UNSUBSCRIBE,
    "link_unsubscribe": Kind.UNSUBSCRIBE,
    "sms_status": None,
    "relay_injection": None,
    "relay_delivery": None,
    "relay_tempfail": None,
    "relay_permfail": None,
    "relay_rejection": None,
    "relay_message": None,
}
BOUNCES = {
    "1": Kind.DEFERRED,
    "10": Kind.BOUNCED,
    "20": Kind.DEFERRED,
    "21": Kind.DEFERRED,
    "22": Kind.DEFERRED,
    "23": Kind.DEFERRED,
    "24": Kind.DEFERRED,
    "25": Kind.REJECTED,
    "30": Kind.BOUNCED,
    "40": Kind.DEFERRED,
    "50": Kind.REJECTED,
    "51": Kind.REJECTED,
    "52": Kind.REJECTED,
    "53": Kind.REJECTED,
    "54": Kind.REJECTED,
    "60": None,
    "70": Kind.DEFERRED,
    "80": Kind.SUBSCRIBED,
    "90": Kind.UNSUBSCRIBE,
    "100": None,
}
"""A block (50 to 54) is reported once no try is left."""
FLAGS = {"is_prefetched": Hint.PROVIDER_MACHINE, "is_prefetched, agent Mozilla/5.0": Hint.PROVIDER_PROXY}


def _read(wrapped: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    for event in map(Fields, wrapped.within("msys").values.values()):
        kind = KINDS.get(event.text("type"), Kind.UNKNOWN)
        if kind is Kind.BOUNCED:
            kind = BOUNCES.get(event.text("bounce_class"), Kind.DEFERRED)
        agent = event.text("user_agent")
        yield Report(
            kind=kind,
            at=event.seconds("timestamp") or event.iso("timestamp"),
            id=event.text("event_id"),
            address=event.text("raw_rcpt_to", "rcpt_to"),
            message=event.text("transmission_id", "message_id"),
            campaign=event.text("campaign_id"),
            carried=(event.get("rcpt_meta"), event.get("rcpt_tags")),
            url=event.text("target_link_url"),
            user_agent=agent,
            ip=event.text("ip_address"),
            hints=machine_open(agent) if kind is Kind.OPEN and event.flag("is_prefetched") else frozenset(),
        )


PROVIDER = Provider(
    name="sparkpost",
    title="SparkPost (Bird)",
    kinds=KINDS,
    finer=BOUNCES,
    finer_field="bounce_class",
    flags=FLAGS,
    carried="`rcpt_meta`, `rcpt_tags`",
    signed="nothing: Basic Auth, a bearer token, or a header field of your own",
    source="SparkPost API reference, events and webhooks; bounce classification codes, 2026",
    split=each,
    read=_read,
    token_header="x-messagesystems-webhook-token",
)
