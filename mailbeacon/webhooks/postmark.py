"""Postmark's webhooks."""

from __future__ import annotations

from collections.abc import Iterator

from mailbeacon.model import Kind
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report, one

__all__ = ["PROVIDER"]

KINDS = {
    "Delivery": Kind.DELIVERED,
    "Bounce": Kind.BOUNCED,
    "SpamComplaint": Kind.COMPLAINED,
    "Open": Kind.OPEN,
    "Click": Kind.CLICK,
    "SubscriptionChange": Kind.UNSUBSCRIBE,
    "Inbound": None,
}
BOUNCES = {
    "HardBounce": Kind.BOUNCED,
    "BadEmailAddress": Kind.BOUNCED,
    "SoftBounce": Kind.DEFERRED,
    "Transient": Kind.DEFERRED,
    "DnsError": Kind.DEFERRED,
    "Undeliverable": Kind.DEFERRED,
    "AutoResponder": None,
    "AddressChange": None,
    "ChallengeVerification": None,
    "Blocked": Kind.REJECTED,
    "ManuallyDeactivated": Kind.REJECTED,
    "DMARCPolicy": Kind.REJECTED,
    "SpamNotification": Kind.REJECTED,
    "VirusNotification": Kind.REJECTED,
    "TemplateRenderingFailed": Kind.REJECTED,
    "SMTPApiError": Kind.REJECTED,
    "SpamComplaint": Kind.COMPLAINED,
    "Unsubscribe": Kind.UNSUBSCRIBE,
    "Subscribe": Kind.SUBSCRIBED,
}
SUPPRESSIONS = {"HardBounce": Kind.BOUNCED, "SpamComplaint": Kind.COMPLAINED, "ManualSuppression": Kind.UNSUBSCRIBE}


def _kind(event: Fields) -> Kind | None:
    kind = KINDS.get(event.text("RecordType"), Kind.UNKNOWN)
    if kind is Kind.BOUNCED:
        return BOUNCES.get(event.text("Type"), Kind.UNKNOWN)
    if kind is Kind.UNSUBSCRIBE:
        if not event.flag("SuppressSending"):
            return Kind.SUBSCRIBED
        return SUPPRESSIONS.get(event.text("SuppressionReason"), kind)
    return kind


def _read(event: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    yield Report(
        kind=_kind(event),
        at=event.iso("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt"),
        id=event.text("ID"),
        address=event.text("Recipient", "Email"),
        message=event.text("MessageID"),
        campaign=event.text("Tag"),
        carried=(event.get("Metadata"),),
        url=event.text("OriginalLink"),
        user_agent=event.text("UserAgent"),
        ip=event.within("Geo").text("IP"),
    )


PROVIDER = Provider(
    name="postmark",
    title="Postmark",
    kinds=KINDS,
    finer=BOUNCES,
    finer_field="Type",
    carried="`Metadata`",
    signed="nothing: Basic Auth in the webhook's URL, or a header field of your own",
    source="Postmark developer documentation, webhooks, 2026",
    split=one,
    read=_read,
)
