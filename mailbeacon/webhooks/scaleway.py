"""Scaleway Transactional Email, through its Topics and Events, which have the form of SNS."""

from __future__ import annotations

from collections.abc import Iterator

from mailbeacon.model import Kind
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report
from mailbeacon.webhooks.sns import SCALEWAY, enveloped, sns_verifier, subscription

__all__ = ["PROVIDER"]

KINDS = {
    "email_queued": None,
    "email_delivered": Kind.DELIVERED,
    "email_deferred": Kind.DEFERRED,
    "email_dropped": Kind.BOUNCED,
    "email_mailbox_not_found": Kind.BOUNCED,
    "email_spam": Kind.REJECTED,
    "email_blocklisted": Kind.REJECTED,
}
"""``email_spam`` is the receiving server's word, not a reader's complaint."""


def _read(event: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    yield Report(
        kind=KINDS.get(event.text("type"), Kind.UNKNOWN),
        at=event.iso("created_at"),
        id=event.text("id"),
        address=event.text("email_to"),
        message=event.text("email_id"),
        carried=(event.get("email_headers"),),
    )


PROVIDER = Provider(
    name="scaleway",
    title="Scaleway",
    kinds=KINDS,
    carried="`email_headers`",
    signed="in the form of SNS; how Scaleway's own certificates are named is not documented",
    source="Scaleway documentation, webhook events payloads of Transactional Email, 2026",
    split=enveloped,
    read=_read,
    verifier=sns_verifier(SCALEWAY),
    set_up=subscription(SCALEWAY),
)
