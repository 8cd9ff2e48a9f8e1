"""Show made-up posts to django-anymail's own views and to ours, and print what each says of them, as JSON.

A program of its own, for Django is configured once in a process.
"""

from __future__ import annotations

import json
import sys
import warnings
from base64 import b64encode
from importlib import import_module

import django
from django.conf import settings

if __name__ == "__main__":
    settings.configure(ALLOWED_HOSTS=["*"], USE_TZ=True, INSTALLED_APPS=["anymail"])
    django.setup()

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import tracking
from django.test import RequestFactory
from hooks import APPLE, BEACON, FIREFOX, HOOK, keys, opened, posted, receiver, reported

import mailbeacon as mb
from mailbeacon import webhooks
from mailbeacon.errors import ForgedWebhook
from mailbeacon.model import Hint

SECRET = "mailbeacon:" + keys("brevo").private
BASIC = "Basic " + b64encode(SECRET.encode()).decode()
VIEWS = {
    "ses": ("amazon_ses", "AmazonSESTrackingWebhookView", ""),
    "sendgrid": ("sendgrid", "SendGridTrackingWebhookView", "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY"),
    "mailgun": ("mailgun", "MailgunTrackingWebhookView", "MAILGUN_WEBHOOK_SIGNING_KEY"),
    "postmark": ("postmark", "PostmarkTrackingWebhookView", ""),
    "sparkpost": ("sparkpost", "SparkPostTrackingWebhookView", ""),
    "brevo": ("brevo", "BrevoTrackingWebhookView", ""),
    "mailjet": ("mailjet", "MailjetTrackingWebhookView", ""),
    "mandrill": ("mandrill", "MandrillCombinedWebhookView", "MANDRILL_WEBHOOK_KEY"),
    "resend": ("resend", "ResendTrackingWebhookView", ""),
    "mailersend": ("mailersend", "MailerSendTrackingWebhookView", "MAILERSEND_SIGNING_SECRET"),
    "mailtrap": ("mailtrap", "MailtrapTrackingWebhookView", "MAILTRAP_TRACKING_SECRET"),
    "postal": ("postal", "PostalTrackingWebhookView", "POSTAL_WEBHOOK_KEY"),
    "unisender": ("unisender_go", "UnisenderGoTrackingWebhookView", "UNISENDER_GO_API_KEY"),
}
"""anymail's module, its view, and the option that takes the provider's key."""


def cases() -> dict[str, mb.Event]:
    """Return what is posted, by what it is called in the table."""
    machine, proxy = (mb.Facts(hints=frozenset({hint})) for hint in (Hint.PROVIDER_MACHINE, Hint.PROVIDER_PROXY))
    return {
        "sent": reported(mb.Kind.SENT),
        "delivered": reported(mb.Kind.DELIVERED),
        "soft bounce": reported(mb.Kind.DEFERRED),
        "hard bounce": reported(mb.Kind.BOUNCED),
        "rejected": reported(mb.Kind.REJECTED),
        "complaint": reported(mb.Kind.COMPLAINED),
        "unsubscribe": reported(mb.Kind.UNSUBSCRIBE),
        "open": reported(mb.Kind.OPEN),
        "machine's open": reported(mb.Kind.OPEN, facts=machine),
        "Apple's open": reported(mb.Kind.OPEN, facts=proxy, user_agent=APPLE),
        "click": reported(mb.Kind.CLICK, user_agent=FIREFOX),
        "machine's click": reported(mb.Kind.CLICK, facts=machine),
    }


def shown(request: mb.Request, name: str) -> list[object]:
    """Return the events that anymail's view makes of a post, with the name it calls the provider by."""
    module, view, option = VIEWS[name]
    options = {option: keys(name).public} if option else {}
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MANDRILL_WEBHOOK_URL": HOOK, **options}
    code = import_module(f"anymail.webhooks.{module}")
    if name == "ses":  # its settings for boto3, which reading a post does not need
        code._get_anymail_boto3_params = lambda kwargs: ({}, {})
    headers = {"Authorization": BASIC, "x-amz-sns-message-id": "", **dict(request.fields)}
    if name == "ses":
        headers["x-amz-sns-message-id"] = json.loads(request.body)["MessageId"]
    sort = headers.pop("content-type")
    found: list[object] = []

    def note(sender: object, event: object, esp_name: str, **more: object) -> None:
        found.append((event, esp_name))

    asked = RequestFactory().post("/hook", data=request.body, content_type=sort, headers=headers)
    tracking.connect(note, weak=False)
    try:
        getattr(code, view).as_view()(asked)
    finally:
        tracking.disconnect(note)
    return found


def summary(found: mb.Event | None) -> dict[str, object] | None:
    """Return what is compared of our event."""
    if found is None:
        return None
    hints = sorted(found.facts.hints & {Hint.PROVIDER_MACHINE, Hint.PROVIDER_PROXY})
    actor = mb.classify(found).actor.value if found.kind in (mb.Kind.OPEN, mb.Kind.CLICK) else ""
    return {
        "kind": found.kind.value,
        "id": found.id,
        "hints": hints,
        "actor": actor,
        "whose": found.recipient,
        "url": found.url,
    }


def row(name: str, one: mb.Event) -> dict[str, object] | None:
    """Show one post to both."""
    requests = posted(name, one)
    if not requests:
        return None
    told = shown(requests[0], name)
    [direct] = receiver(name).read(requests[0])
    through = [webhooks.anymail.event(event, BEACON, esp_name=esp_name, kinds="all") for event, esp_name in told]
    guessed = [webhooks.anymail.event(event, BEACON, kinds="all") for event, _ in told]
    return {
        "anymail": [event.event_type for event, _ in told],
        "ours": summary(direct),
        "through": [summary(found) for found in through],
        "guessed": [summary(found) for found in guessed],
    }


def altered(name: str) -> dict[str, bool]:
    """Show a post whose recipient was changed to both, and tell who took it."""
    [request] = posted(name, reported(mb.Kind.DELIVERED))
    forged = mb.Request(
        url=HOOK, method="POST", headers=request.fields, body=request.body.replace(b"example.com", b"example.org"),
        received_at=request.received_at,
    )  # fmt: skip
    taken = {}
    for who, take in (("anymail", lambda: shown(forged, name)), ("ours", lambda: receiver(name).read(forged))):
        try:
            taken[who] = bool(take())
        except (AnymailWebhookValidationFailure, ForgedWebhook):
            taken[who] = False
    return taken


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    assert opened  # every provider has a receiver without a check too
    rows = {name: {what: row(name, one) for what, one in cases().items()} for name in VIEWS}
    sys.stdout.write(json.dumps({"rows": rows, "altered": {name: altered(name) for name in VIEWS}}))
