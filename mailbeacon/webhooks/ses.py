"""Amazon SES: event publishing and notifications, through SNS or as SNS delivers them raw."""

from __future__ import annotations

from collections.abc import Iterator

from mailbeacon.model import Kind
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report, clean
from mailbeacon.webhooks.sns import AMAZON, envelope, enveloped, sns_verifier, subscription

__all__ = ["PROVIDER"]

KINDS = {
    "Send": Kind.SENT,
    "Delivery": Kind.DELIVERED,
    "DeliveryDelay": Kind.DEFERRED,
    "Bounce": Kind.BOUNCED,
    "Complaint": Kind.COMPLAINED,
    "Reject": Kind.REJECTED,
    "Rendering Failure": Kind.REJECTED,
    "RenderingFailure": Kind.REJECTED,
    "Open": Kind.OPEN,
    "Click": Kind.CLICK,
    "Subscription": Kind.UNSUBSCRIBE,
    "Received": None,
}
BOUNCES = {"Permanent": Kind.BOUNCED, "Transient": Kind.DEFERRED, "Undetermined": Kind.DEFERRED}
PARTS = {
    "Send": "send",
    "Delivery": "delivery",
    "DeliveryDelay": "deliveryDelay",
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Reject": "reject",
    "Rendering Failure": "failure",
    "RenderingFailure": "failure",
    "Open": "open",
    "Click": "click",
    "Subscription": "subscription",
}
CONCERNED = {
    "Delivery": "recipients",
    "DeliveryDelay": "delayedRecipients",
    "Bounce": "bouncedRecipients",
    "Complaint": "complainedRecipients",
}
"""Where a kind lists the recipients it concerns; the others concern all, but for opens and clicks, which name none."""


def _read(event: Fields, post: Post) -> Iterator[Report]:
    word = event.text("eventType", "notificationType")
    kind = KINDS.get(word, Kind.UNKNOWN)
    part, mail, notification = event.within(PARTS.get(word, "")), event.within("mail"), envelope(post)
    if kind is Kind.BOUNCED:
        kind = BOUNCES.get(part.text("bounceType"), Kind.DEFERRED)
    addresses = [_address(one) for one in mail.items("destination")]
    concerned = [_address(one) for one in part.items(CONCERNED.get(word, ""))]
    if not concerned:
        named_by_none = kind in (Kind.OPEN, Kind.CLICK) and len(addresses) > 1
        concerned = [""] if named_by_none or not addresses else addresses
    for address in concerned:
        yield Report(
            kind=kind,
            at=part.iso("timestamp") or notification.iso("Timestamp") or mail.iso("timestamp"),
            id=notification.text("MessageId"),
            address=address,
            shared=len(addresses) > 1,
            message=mail.text("messageId"),
            carried=(mail.get("tags"), mail.get("headers")),
            url=part.text("link"),
            user_agent=part.text("userAgent"),
            ip=part.text("ipAddress"),
        )


def _address(value: object) -> str:
    return clean(value) if isinstance(value, str) else Fields(value).text("emailAddress")


PROVIDER = Provider(
    name="ses",
    title="Amazon SES",
    kinds=KINDS,
    finer=BOUNCES,
    finer_field="bounce.bounceType",
    carried="`mail.tags`, `mail.headers`",
    signed="by SNS: RSA with SHA-1 or SHA-256 over named fields, checked with the certificate the host supplies",
    source="Amazon SES developer guide, contents of event data published to SNS, 2026",
    split=enveloped,
    read=_read,
    verifier=sns_verifier(AMAZON),
    set_up=subscription(AMAZON),
)
