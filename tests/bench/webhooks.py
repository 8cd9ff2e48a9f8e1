"""How long a receiver takes to check and read posts of a thousand events, half of them opens and clicks.

Run: python tests/bench/webhooks.py [--quick]. Prints a table; asserts nothing.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime, timedelta

import mailbeacon as mb
from mailbeacon import fake, webhooks

SENT = datetime(2026, 11, 27, 6, tzinfo=UTC)
NOW = SENT + timedelta(hours=4)
AGENTS = [
    f"Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0" for version in range(110, 146)
]
KINDS = (mb.Kind.DELIVERED, mb.Kind.OPEN, mb.Kind.DEFERRED, mb.Kind.CLICK)
TARGET = 50
"""Milliseconds for a thousand events."""


def events(number: int) -> list[mb.Event]:
    """Return events of as many mails."""
    return [
        mb.Event(
            id=str(one),
            kind=KINDS[one % 4],
            received_at=SENT + timedelta(seconds=one),
            recipient=f"u-{one}",
            campaign="spring",
            sent_at=SENT,
            url="https://shop.example.com/a?b=1&c=2",
            address=f"198.51.{one // 250 % 250}.{one % 250}",
            user_agent=AGENTS[one % len(AGENTS)],
        )
        for one in range(number)
    ]


def key_of(name: str, keys: fake.WebhookKeys) -> dict[str, object]:
    """Return what the receiver is given."""
    if name in fake.CERTIFICATE_URL:
        return {"key": webhooks.Sns(certificate=keys.public, topics=[fake.TOPIC])}
    return {"key": keys.public} if webhooks.PROVIDERS[name].verifier else {"password": keys.public}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see that it runs")
    options = parser.parse_args()
    number, rounds = (20, 1) if options.quick else (1_000, 9)
    beacon = mb.Beacon("https://t.example.com/m", secret_keys=[bytes(range(32))], clock=lambda: NOW)
    print(
        f"{'provider':11} {'posts':>6} {'events':>7} {'best ms':>8} {'median ms':>10}   at most {TARGET} for 1,000 in one post"
    )
    for name in webhooks.PROVIDERS:
        keys = fake.webhook_keys(name)
        url = "https://host.example.com/hook"
        posts = fake.webhooks(name, events(number), key=keys.private, beacon=beacon, url=url)
        hook = webhooks.receiver(
            name, beacon, kinds="all", url=url, recipient_of=lambda address: address[:8], **key_of(name, keys)
        )
        times = []
        for _ in range(rounds):
            start = time.process_time()
            read = sum(len(hook.read(post)) for post in posts)
            times.append((time.process_time() - start) * 1_000)
        print(f"{name:11} {len(posts):6} {read:7} {min(times):8.1f} {sorted(times)[len(times) // 2]:10.1f}", flush=True)


if __name__ == "__main__":
    main()
