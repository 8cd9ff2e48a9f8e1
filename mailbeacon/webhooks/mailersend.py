"""MailerSend's activity webhooks."""

from __future__ import annotations

from collections.abc import Iterator

from mailbeacon.model import Kind
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report, one
from mailbeacon.webhooks.signatures import body_hmac

__all__ = ["PROVIDER"]

KINDS = {
    "activity.sent": Kind.SENT,
    "activity.delivered": Kind.DELIVERED,
    "activity.soft_bounced": Kind.DEFERRED,
    "activity.deferred": Kind.DEFERRED,
    "activity.hard_bounced": Kind.BOUNCED,
    "activity.opened": Kind.OPEN,
    "activity.opened_unique": Kind.OPEN,
    "activity.clicked": Kind.CLICK,
    "activity.clicked_unique": Kind.CLICK,
    "activity.unsubscribed": Kind.UNSUBSCRIBE,
    "activity.spam_complaint": Kind.COMPLAINED,
    "activity.survey_opened": None,
    "activity.survey_submitted": None,
}
IGNORED = ("sender_identity.", "maintenance.", "inbound_forward.", "email_single.", "bulk_email.", "email_list.")


def _read(event: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    word, data = event.text("type"), event.within("data")
    morph, email = data.within("morph"), data.within("email")
    yield Report(
        kind=None if word.startswith(IGNORED) else KINDS.get(word, Kind.UNKNOWN),
        at=data.iso("created_at") or event.iso("created_at"),
        id=data.text("id"),
        address=email.within("recipient").text("email"),
        message=email.within("message").text("id"),
        campaign=email.only("tags"),
        carried=(email.get("tags"), email.get("headers")),
        url=morph.text("url"),
        ip=morph.text("ip"),
    )


PROVIDER = Provider(
    name="mailersend",
    title="MailerSend",
    kinds=KINDS,
    carried="`data.email.tags`",
    signed="HMAC-SHA256 over the raw body",
    source="MailerSend developers, webhooks, 2026",
    split=one,
    read=_read,
    verifier=body_hmac("signature", "x-mailersend-signature"),
)
