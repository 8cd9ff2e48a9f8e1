"""What the tests of webhooks share: one host, its mails, keys for each provider, and posts written by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache

import mailbeacon as mb
from mailbeacon import fake, webhooks
from mailbeacon.fake import WebhookKeys
from tests import making

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
SENT_AT = NOW - timedelta(hours=2)
NAMES = list(webhooks.PROVIDERS)
SIGNED = [name for name, one in webhooks.PROVIDERS.items() if one.verifier is not None]
UNSIGNED = [name for name in NAMES if name not in SIGNED]
HOOK = "https://host.example.com/hook"
DESTINATION = "https://shop.example.com/a?b=1&c=2"
PAGE = "https://shop.example.com/a"
BEACON = making.beacon(clock=lambda: NOW)
ADA = mb.Message(recipient="u-17", campaign="spring", sent_at=SENT_AT, variant="b")
MARK = BEACON.metadata(ADA)
APPLE = "Mozilla/5.0"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def reported(kind: mb.Kind, name: str = "1", **changes: object) -> mb.Event:
    """Return an event of Ada's mail, as a provider might report it."""
    reader = {"address": "198.51.100.7", "user_agent": FIREFOX} if kind in (mb.Kind.OPEN, mb.Kind.CLICK) else {}
    url = {"url": DESTINATION} if kind is mb.Kind.CLICK else {}
    told = {"id": name, "kind": kind, "received_at": NOW - timedelta(minutes=1), "message_id": "", "sent_at": SENT_AT}
    return making.event(recipient="u-17", **{**told, "variant": "b", **reader, **url, **changes})


@cache
def keys(name: str) -> WebhookKeys:
    """Return a provider's keys: making a public one takes a while."""
    return fake.webhook_keys(name)


def check(name: str, made: WebhookKeys | None = None) -> object:
    """Return what the receiver of a provider takes as ``key``."""
    public = (made or keys(name)).public
    return webhooks.Sns(certificate=public, topics=[fake.TOPIC]) if name in fake.CERTIFICATE_URL else public


def receiver(name: str, **options: object) -> webhooks.Receiver:
    """Return a receiver of everything, which knows a provider's key, or its password."""
    what = "key" if name in SIGNED else "password"
    given = {"kinds": "all", what: check(name), "url": HOOK, **options}
    return webhooks.receiver(name, options.pop("beacon", BEACON), **{k: v for k, v in given.items() if k != "beacon"})


def opened(name: str, **options: object) -> webhooks.Receiver:
    """Return a receiver of everything that checks nothing."""
    return webhooks.receiver(name, BEACON, unsigned=True, **{"kinds": "all", **options})


def posted(
    name: str, *events: mb.Event, made: WebhookKeys | None = None, beacon: mb.Beacon = BEACON
) -> list[mb.Request]:
    """Return signed posts of events."""
    return fake.webhooks(name, events, key=(made or keys(name)).private, beacon=beacon, url=HOOK)


def post(values: object, **headers: str) -> mb.Request:
    """Return a post with a JSON body, unsigned."""
    body = values if isinstance(values, bytes) else json.dumps(values).encode()
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return mb.Request(url=HOOK, method="POST", headers=fields, body=body, received_at=NOW)


def changed(request: mb.Request, **changes: object) -> mb.Request:
    """Return a request with other values."""
    names = ("url", "method", "headers", "address", "received_at", "body")
    return mb.Request(**{**{name: getattr(request, name) for name in names}, **changes})
