"""Azure Communication Services, through Event Grid, in its own schema or as CloudEvents."""

from __future__ import annotations

import json
from collections.abc import Iterator

from mailbeacon.model import Kind
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report, clean, each
from mailbeacon.webhooks.results import Events, reply

__all__ = ["PROVIDER", "VALIDATION"]

DELIVERY = "Microsoft.Communication.EmailDeliveryReportReceived"
ENGAGEMENT = "Microsoft.Communication.EmailEngagementTrackingReportReceived"
VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
KINDS = {
    "Delivered": Kind.DELIVERED,
    "Expanded": None,
    "OutForDelivery": None,
    "Suppressed": Kind.REJECTED,
    "Bounced": Kind.BOUNCED,
    "Quarantined": Kind.REJECTED,
    "FilteredSpam": Kind.REJECTED,
    "Failed": Kind.BOUNCED,
    "View": Kind.OPEN,
    "view": Kind.OPEN,
    "Click": Kind.CLICK,
    "click": Kind.CLICK,
}
FAILURES = {"5": Kind.BOUNCED, "4": Kind.DEFERRED}
"""How the status message of a failure begins."""


def _read(event: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    sort, data = event.text("eventType", "type"), event.within("data")
    words = {DELIVERY: "status", ENGAGEMENT: "engagementType"}
    kind = None if sort == VALIDATION else KINDS.get(data.text(words.get(sort, "")), Kind.UNKNOWN)
    if data.text("status") == "Failed" and sort == DELIVERY:
        kind = FAILURES.get(data.within("deliveryStatusDetails").text("statusMessage")[:1], Kind.DEFERRED)
    addresses = _addresses(data)
    if kind in (Kind.OPEN, Kind.CLICK) and len(addresses) > 1:
        addresses = [""]  # one of them did it, and nothing says which
    for address in addresses:
        yield Report(
            kind=kind,
            at=data.iso(
                "deliveryAttemptTimestamp", "deliveryAttemptTimeStamp", "userActionTimestamp", "userActionTimeStamp"
            )
            or event.iso("eventTime", "time"),
            id=event.text("id"),
            address=address,
            shared=len(addresses) > 1,
            message=data.text("messageId", "internetMessageId"),
            url=data.text("engagementContext") if kind is Kind.CLICK else "",
            user_agent=data.text("userAgent"),
        )


def _set_up(post: Post) -> Events | None:
    """Return the code by which Event Grid learns that the webhook is the host's."""
    first = Fields(post.json[0] if isinstance(post.json, list) and post.json else None)
    if first.text("eventType") != VALIDATION:
        return None
    code = {"validationResponse": first.within("data").text("validationCode")}
    return Events(reply=reply(200, ("Content-Type", "application/json"), body=json.dumps(code).encode()))


def _addresses(data: Fields) -> list[str]:
    """Return whom a report is of: one by the schema; several in a list or a text are each a report of their own."""
    given = [clean(one) for one in data.items("recipient") if isinstance(one, str)] or [data.text("recipient")]
    found = [address.strip() for one in given for address in one.replace(";", ",").split(",")]
    return list(dict.fromkeys(address for address in found if address)) or [""]


PROVIDER = Provider(
    name="azure",
    title="Azure Communication Services",
    kinds=KINDS,
    finer=FAILURES,
    finer_field="data.deliveryStatusDetails.statusMessage begins with",
    carried="nothing comes back: use `recipient_of`",
    signed="nothing: a secret in the webhook's URL or in a header field of the delivery",
    source="Microsoft Learn, Azure Communication Services, email events; Event Grid, webhook event delivery, 2026",
    split=each,
    read=_read,
    password_in_query=True,
    set_up=_set_up,
)
