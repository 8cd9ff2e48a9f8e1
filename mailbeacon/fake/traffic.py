"""A small scene ready to use: a beacon for tests, a sample newsletter, and its made-up traffic."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailbeacon.beacon import Beacon
from mailbeacon.fake.audiences import audience
from mailbeacon.fake.converting import to_events
from mailbeacon.fake.hits import GroundTruth, Hit
from mailbeacon.fake.playing import Clock
from mailbeacon.fake.scenes import simulate
from mailbeacon.model import Event
from mailbeacon.store import MemorySink
from mailbeacon.template import Template

__all__ = ["NEWSLETTER", "SENT_AT", "Traffic", "sample_beacon", "sample_traffic"]

SENT_AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
"""When sample mails are sent: a Tuesday morning."""

NEWSLETTER = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>The Allotment Letter</title></head>
<body>
<h1>The Allotment Letter</h1>
<p>Frost is near. <a href="https://example.com/frost">Cover your beds</a> this week.</p>
<p><a href="https://example.com/seeds">Order seeds for spring</a>, and read
<a href="https://example.com/garlic">why garlic goes in now</a>.</p>
<p><a href="https://example.com/swap">Come to the tool swap</a> on Saturday.</p>
<p><a href="https://example.com/unsubscribe">Unsubscribe</a></p>
</body>
</html>
"""
"""A short newsletter with four links and a way to leave."""


def sample_beacon(moment: datetime = SENT_AT) -> tuple[Beacon, MemorySink, Clock]:
    """Return a beacon for tests, with a fixed key, the sink it records to, and its clock.

    Args:
        moment: Where the clock stands.
    """
    sink, clock = MemorySink(), Clock(moment)
    beacon = Beacon(
        "https://t.example.com/m", secret_keys=[b"a key for tests, no secret at all"], sink=sink, clock=clock
    )
    return beacon, sink, clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A scene that is ready to use.

    Attributes:
        beacon: The beacon that signed the mails.
        template: The newsletter.
        hits: The requests with their truths, in order of time.
    """

    beacon: Beacon
    template: Template
    hits: tuple[Hit, ...] = field(repr=False)

    def events(self) -> list[tuple[Event, GroundTruth]]:
        """Return the hits' events with their truths."""
        return list(to_events(self.hits, self.beacon))

    def deliver(self) -> None:
        """Have the beacon handle all hits, so that its sink has them."""
        for hit in self.hits:
            self.beacon.handle(hit.request)


def sample_traffic(beacon: Beacon, name: str = "consumer", *, seed: int = 1, recipients: int = 300) -> Traffic:
    """Play the sample newsletter to a preset audience.

    Args:
        beacon: Signs the mails.
        name: The audience's name.
        seed: The same seed gives the same hits.
        recipients: How many.

    Raises:
        ConfigError: If there is no such audience.
    """
    template = beacon.compile(NEWSLETTER, campaign="allotment")
    hits = simulate(beacon, template, audience(name), recipients=recipients, seed=seed, sent_at=SENT_AT)
    return Traffic(beacon=beacon, template=template, hits=tuple(hits))
