"""From django-anymail's tracking signal to an event, with what the signal itself drops.

Imports neither Django nor django-anymail: whatever has the fields of its ``AnymailTrackingEvent`` will do. What a provider
flags and its reader's address are taken from ``esp_event``, the provider's own words; the rest from the signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from mailbeacon.beacon import Beacon
from mailbeacon.errors import WebhookError
from mailbeacon.model import Event, Kind, Request
from mailbeacon.webhooks.providers import PROVIDERS
from mailbeacon.webhooks.reading import Fields, Post, Report
from mailbeacon.webhooks.translating import Kinds, RecipientOf, Translator, wanted

__all__ = ["TrackingEvent", "event"]

KINDS: Mapping[str, Kind | None] = {
    "queued": None,
    "sent": Kind.SENT,
    "rejected": Kind.REJECTED,
    "failed": Kind.REJECTED,
    "bounced": Kind.BOUNCED,
    "deferred": Kind.DEFERRED,
    "delivered": Kind.DELIVERED,
    "autoresponded": None,
    "opened": Kind.OPEN,
    "clicked": Kind.CLICK,
    "complained": Kind.COMPLAINED,
    "unsubscribed": Kind.UNSUBSCRIBE,
    "subscribed": Kind.SUBSCRIBED,
    "inbound": None,
}
"""anymail's words, for providers this package does not know. Source: django-anymail 15.2, signals."""
_NAMES = {"amazonses": "ses", "sendinblue": "brevo", "unisendergo": "unisender"}
"""anymail's names of providers that are not the same here, without blanks and in lower case."""
_TELLTALES = {
    "sg_event_id": "sendgrid",
    "sg_message_id": "sendgrid",
    "event-data": "mailgun",
    "RecordType": "postmark",
    "msys": "sparkpost",
    "ts_epoch": "brevo",
    "mj_campaign_id": "mailjet",
    "msg": "mandrill",
    "webhook_id": "mailersend",
    "custom_variables": "mailtrap",
    "payload": "postal",
    "mail": "ses",
    "job_id": "unisender",
}
"""A field that only one provider's events have."""


class TrackingEvent(Protocol):
    """What is read of an ``AnymailTrackingEvent``."""

    event_type: str
    timestamp: datetime | None
    event_id: str | None
    esp_event: object
    recipient: str | None
    metadata: object
    tags: object
    click_url: str | None
    user_agent: str | None
    message_id: str | None


def event(
    tracking_event: TrackingEvent,
    beacon: Beacon,
    *,
    esp_name: str = "",
    kinds: Kinds = "delivery",
    recipient_of: RecipientOf | None = None,
) -> Event | None:
    """Return the event of one of anymail's tracking events, redacted; ``None`` where there is none to record.

    The same report read by :func:`mailbeacon.webhooks.receiver` has the same id, so a host may go from one to the other.

    Args:
        tracking_event: As the signal ``anymail.signals.tracking`` gives it.
        beacon: Whose mails they are.
        esp_name: As the signal gives it; without it the provider is told by its fields.
        kinds: As for ``receiver``.
        recipient_of: As for ``receiver``.

    Raises:
        WebhookError: If ``recipient_of`` fails, so that the report must come again.
    """
    raw = tracking_event.esp_event if isinstance(tracking_event.esp_event, dict) else {}
    name = _provider_name(esp_name, raw)
    arrived = beacon.settings.clock()
    reader = Translator(beacon, name or "anymail", kinds=wanted(kinds), recipient_of=recipient_of)
    try:
        found = reader.event(_report(tracking_event, raw, name, arrived), arrived)
    except WebhookError as error:
        if error.status != 200:
            raise
        return None
    return reader.finished(found) if isinstance(found, Event) else None


def _provider_name(esp_name: str, raw: Mapping[str, object]) -> str:
    plain = esp_name.lower().replace(" ", "")
    name = _NAMES.get(plain, plain)
    if name in PROVIDERS:
        return name
    if str(raw.get("type")).startswith("email.") and "data" in raw:
        return "resend"
    return next((provider for field, provider in _TELLTALES.items() if field in raw), "")


def _report(tracked: TrackingEvent, raw: Mapping[str, object], name: str, arrived: datetime) -> Report:
    """Return what the provider's own words say, completed by what anymail made of them."""
    carried = (tracked.metadata, tracked.tags)
    address, at = str(tracked.recipient or ""), tracked.timestamp
    if name and raw:
        post = Post(Request(url="", method="POST", body=b"{}"), arrived)
        reports = list(PROVIDERS[name].read(Fields(raw), post))
        own = next((one for one in reports if one.address == address), reports[0] if reports else None)
        if own is not None:
            identity = own.id or str(tracked.event_id or "")
            return replace(own, id=identity, at=own.at or at, carried=(*own.carried, *carried))
    return Report(
        kind=KINDS.get(tracked.event_type, Kind.UNKNOWN),
        at=at,
        id=str(tracked.event_id or ""),
        address=address,
        message=str(tracked.message_id or ""),
        carried=carried,
        url=tracked.click_url or "",
        user_agent=tracked.user_agent or "",
    )
