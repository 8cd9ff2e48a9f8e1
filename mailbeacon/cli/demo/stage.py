"""The stage of the demonstration: a beacon whose clock is set, a compiled newsletter, and readers who fetch.

Loopback addresses stand for the readers' through ``X-Forwarded-For``, which is believed because the peer is a trusted
proxy.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

from mailbeacon import fake
from mailbeacon.beacon import Beacon
from mailbeacon.cli.console import Progress, counted
from mailbeacon.cli.demo.server import Server
from mailbeacon.cli.fake import SENT_AT
from mailbeacon.cli.newsletter import Newsletter, compiled
from mailbeacon.model import Event, Kind, Message, Sink, Verdict
from mailbeacon.template import Template
from mailbeacon.web.wsgi import application

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["CAMPAIGN", "MOUNT", "Played", "Stage", "play", "set_stage", "time_rendering"]

CAMPAIGN: Final = "demo"
MOUNT: Final = "/m"
_PROXIES: Final = ("127.0.0.0/8",)
_FEW: Final = 300
"""Of more readers than these some click, whatever the seed."""
_TURNS: Final = 400
"""How often to try: even of scenes with one reader, some 30 in 1,000 hold a click."""
_STRIDE: Final = 1_000_003
"""So that one seed's further scenes are not those of its neighbours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the readers meet."""

    beacon: Beacon
    template: Template
    clock: fake.Clock
    events: list[Event]
    """The events recorded since somebody last looked."""

    def message(self, number: int) -> Message:
        """Return the mail of one recipient, from 0."""
        return Message(recipient=fake.recipient_name(number), campaign=CAMPAIGN, sent_at=SENT_AT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What the readers did.

    Attributes:
        requests: How many they sent.
        seconds: How long that took.
        truths: Who truly made each recorded event, by its id.
    """

    requests: int
    seconds: float
    truths: Mapping[str, fake.GroundTruth]


def set_stage(newsletter: Newsletter, url: str, key: str, sink: Sink) -> Stage:
    """Make a beacon and compile the newsletter.

    Args:
        newsletter: What is sent.
        url: The server's address.
        key: The signing key.
        sink: Where events go.

    Raises:
        CommandError: If the document cannot be proved unchanged.
    """
    clock = fake.Clock(SENT_AT)
    events: list[Event] = []

    def tell(event: Event, verdict: Verdict) -> None:  # noqa: ARG001 - the shape of the callback
        events.append(event)

    beacon = Beacon(f"{url}{MOUNT}", secret_keys=[key], trusted_proxies=_PROXIES, sink=sink, clock=clock, on_event=tell)
    template = compiled(beacon, newsletter, CAMPAIGN)
    return Stage(beacon=beacon, template=template, clock=clock, events=events)


def time_rendering(stage: Stage, newsletter: Newsletter, recipients: int) -> str:
    """Render the mail of every recipient, and tell how long that took and how much the mail grew."""
    render, message, result = stage.template.render, stage.message, ""
    start = time.perf_counter()
    for number in range(recipients):
        result = render(message(number))
    seconds = time.perf_counter() - start
    before, after = (len(newsletter.document.encode(text)) for text in (newsletter.html, result))
    return (
        f"Rendered {counted(recipients, 'mail')} in {seconds * 1e3:.1f} ms, {seconds / recipients * 1e6:.1f} µs each; "
        f"{before:,} bytes became {after:,} ({(after - before) / before:+.1%})."
    )


def play(stage: Stage, server: Server, recipients: int, seed: int) -> Played:
    """Fetch pixels and follow links over HTTP as the readers do, in the order of their time."""
    gate = _Gate(application(stage.beacon))
    server.set_app(gate)
    hits = _scene(stage, recipients, seed)
    truths: dict[str, fake.GroundTruth] = {}
    progress, requests = Progress(), 0
    start = time.perf_counter()
    try:
        for hit, _ in fake.play(hits, server.url, clock=stage.clock):
            requests += 1
            for event in stage.events:
                truths[event.id] = hit.truth
            stage.events.clear()
            progress.show(f"{requests:,} requests, {hit.request.received_at:%a %d %b %H:%M} in the readers' world")
    finally:
        gate.close()
        progress.clear()
    return Played(requests=requests, seconds=time.perf_counter() - start, truths=truths)


def _scene(stage: Stage, recipients: int, seed: int) -> Iterable[fake.Hit]:
    """Simulate the readers; a few of them are drawn anew, from the same seed, until a person clicks.

    Of thirty people one or none clicks, and a report without a click shows only half of what there is to see.
    """
    for turn in range(_TURNS):
        hits = fake.simulate(
            stage.beacon,
            stage.template,
            fake.audience("consumer"),
            recipients=recipients,
            seed=seed + turn * _STRIDE,
            sent_at=SENT_AT,
        )
        if recipients > _FEW or not stage.template.links:
            return hits
        scene = list(hits)
        if any(_is_click(stage.beacon, hit) for hit in scene):
            break
    return scene


def _is_click(beacon: Beacon, hit: fake.Hit) -> bool:
    """Check whether a hit is a person's click that may be recorded."""
    event = beacon.answer(hit.request).event
    return event is not None and event.kind is Kind.CLICK and hit.truth.is_human is True


class _Gate:
    """An application that answers one request at a time, and none once closed: after Ctrl-C nothing is written any more."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._lock = Lock()
        self._open = True

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            if self._open:
                return self._app(environ, start_response)
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return []

    def close(self) -> None:
        """Wait for the request that is being answered, and let no more in."""
        with self._lock:
            self._open = False
