"""Made-up posts of providers' webhooks, signed, for the tests of whoever receives them. Sends nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import blake2b

from mailbeacon.beacon import Beacon
from mailbeacon.errors import ConfigError
from mailbeacon.fake.posts import POSTS
from mailbeacon.fake.reports import TOPIC, Json, ProviderEvent
from mailbeacon.fake.signing import CERTIFICATE_URL, Body, signed
from mailbeacon.model import Event, Hint, Message, Request

__all__ = ["webhooks"]

_AGENT = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_APPLE = "Mozilla/5.0"
_ADDRESS = "192.0.2.7"
_MOST = 1_000
"""Events in one post, where a provider puts many into one. Source: Mandrill's documentation, 2026: its most."""
_BATCHED = frozenset({"sendgrid", "sparkpost", "mailjet", "mandrill", "mailtrap", "unisender", "azure"})


def webhooks(
    provider: str, events: Iterable[Event], *, key: str = "", beacon: Beacon | None = None, url: str = ""
) -> list[Request]:
    """Return what a provider would post of events, signed.

    Args:
        provider: As ``mailbeacon.webhooks.receiver`` takes it.
        events: What happened; those of a kind the provider has no word for are left out. A hint of the facts that a
            provider called it a machine raises the provider's own flag.
        key: What it signs with, such as ``webhook_keys(provider).private``, or the password; empty for unsigned posts.
        beacon: Writes each mail's metadata; without it no receiver can tell whose mail it was.
        url: The webhook's own address.

    Returns:
        One request for each post; providers that put many events into one do so.

    Raises:
        ConfigError: If there is no such provider, or the key is none of its.
    """
    write = POSTS.get(provider)
    if write is None:
        raise ConfigError(f"there is no provider {provider!r:.40}: choose one of {', '.join(POSTS)}")
    hook = url or f"https://host.example.com/webhooks/{provider}"
    found = [(event, write(_provider_event(event, beacon))) for event in events]
    posts = [(event, values) for event, values in found if values]
    return [_post(provider, batch, key, hook) for batch in _batches(posts, _MOST if provider in _BATCHED else 1)]


_Written = tuple[Event, dict[str, Json]]


def _batches(posts: list[_Written], size: int) -> Iterator[list[_Written]]:
    for at in range(0, len(posts), size):
        yield posts[at : at + size]


def _post(provider: str, batch: list[_Written], key: str, hook: str) -> Request:
    at = max(event.received_at for event, _ in batch)
    name = _name("post", *(event.id for event, _ in batch))
    values = _wrapped(provider, [values for _, values in batch], name, at)
    body, headers = signed(provider, Body(values=values, name=name, at=at, url=hook), key)
    sort = "application/x-www-form-urlencoded" if provider == "mandrill" else "application/json"
    return Request(
        url=hook, method="POST", headers={"Content-Type": sort, **headers}, body=body, received_at=at, address=""
    )


def _wrapped(provider: str, written: list[dict[str, Json]], name: str, at: datetime) -> Json:
    if provider in ("ses", "scaleway"):
        return {
            "Type": "Notification",
            "MessageId": name,
            "TopicArn": TOPIC,
            "Message": json.dumps(written[0]),
            "Timestamp": at.isoformat(),
            "SigningCertURL": CERTIFICATE_URL[provider],
        }
    if provider == "mailtrap":
        return {"events": written}
    if provider == "unisender":
        return {"events_by_user": [{"user_id": 1, "events": written}]}
    return written if provider in _BATCHED else written[0]


def _provider_event(event: Event, beacon: Beacon | None) -> ProviderEvent:
    hints = event.facts.hints
    proxy = Hint.PROVIDER_PROXY in hints
    return ProviderEvent(
        kind=event.kind,
        at=event.received_at,
        id=_name("event", event.id),
        address=f"{_name('address', event.recipient or '')[:12]}@example.com",
        message=_name("message", *map(str, (event.campaign, event.message_id, event.recipient))),
        campaign=event.campaign,
        metadata={} if beacon is None else beacon.metadata(_message(event), longest=80),
        url=event.url,
        agent=event.user_agent or (_APPLE if proxy else _AGENT),
        ip=event.address or _ADDRESS,
        machine=Hint.PROVIDER_MACHINE in hints,
        proxy=proxy,
    )


def _message(event: Event) -> Message:
    return Message(
        recipient=event.recipient or "",
        campaign=event.campaign,
        id=event.message_id,
        variant=event.variant,
        sent_at=event.sent_at,
        metadata=event.metadata,
    )


def _name(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
