"""The scenes of ``mailbeacon.fake`` as judged events with the truth beside them, whole and live.

Whole: all events judged together. Live: each request answered as it comes, its verdict knowing only what came before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import mailbeacon as mb
from mailbeacon import fake, networks
from mailbeacon.errors import MissingExtra
from mailbeacon.judging import Classifier
from mailbeacon.model import Actor, AgentKind, Event, Hint, Kind, NetworkKind, Networks, Request, Verdict
from tests.scenes import LATE, LATE_RENTED, UNDECIDABLE, LabelledEvent

__all__ = ["AUDIENCES", "FIRST", "NAMELESS", "TIMES", "UNTOLD", "live", "network_data", "scene", "whole"]

SENT = datetime(2026, 11, 3, 9, tzinfo=UTC)
LINKS = 8
TIMES = ("fine", "whole seconds", "log")
"""What is known of a request: all; all, but its time in whole seconds; what an access log keeps."""
AUDIENCES = (fake.CONSUMER, fake.BUSINESS, fake.GATEWAYS, fake.INTERNAL)
BURSTS = frozenset(f"scanner-{style}" for style in ("burst", "head", "scattered", "leaving", "named", "sandbox"))
LONE = frozenset({"scanner-single", "scanner-pixel", "one link, from anywhere", "rented, one link and its pixel"})
BARE = frozenset({"user-agent", "referer"})
FIRST = "machine: burst's first click, live: full browser, unknown network"
"""What a live verdict cannot tell from a person's: a single click as yet, with nothing that came before it."""
NAMELESS = "machine: no user agent, unknown network, log"
"""What may be anybody whose user agent was not sent or not kept."""
UNTOLD = frozenset({UNDECIDABLE, LATE_RENTED, FIRST, NAMELESS})
"""What nobody can tell from what a person does, and is counted by itself."""
WHO = {Actor.HUMAN: "person", Actor.IMAGE_PROXY: "person", Actor.PRIVACY_PROXY: "nobody knows"}


def network_data() -> dict[str, Networks]:
    """Return the network data to judge with: the large table where it is installed, the package's own, and none."""
    found: dict[str, Networks] = {}
    try:
        found["iporigin"] = networks.from_iporigin()
    except MissingExtra:
        print("iporigin is not installed: its rows are left out")
    return {**found, "own table": networks.builtin(), "none": networks.Table([], version="none")}


def scene(
    audience: fake.Audience,
    recipients: int,
    seed: int,
    *,
    table: Networks | None = None,
    known: str = "fine",
    links: int = LINKS,
) -> list[LabelledEvent]:
    """Return a scene's events with the truth; ``known`` is one of ``TIMES``."""
    beacon, headers = _beacon(table), known != "log"
    hits = _hits(beacon, audience, recipients, seed, known=known, links=links)
    return [_told(event, truth, headers=headers) for event, truth in fake.to_events(hits, beacon)]


def whole(
    audience: fake.Audience,
    recipients: int,
    seed: int,
    *,
    table: Networks | None = None,
    known: str = "fine",
    links: int = LINKS,
) -> list[tuple[LabelledEvent, Verdict]]:
    """Judge a scene's events all together."""
    told = scene(audience, recipients, seed, table=table, known=known, links=links)
    return list(zip(told, Classifier().classify_all(one.event for one in told), strict=True))


def live(
    audience: fake.Audience, recipients: int, seed: int, *, table: Networks | None = None
) -> list[tuple[LabelledEvent, Verdict]]:
    """Let a beacon handle a scene's requests one by one; what it records has no address and no user agent."""
    recorded: list[tuple[Event, Verdict]] = []
    beacon = _beacon(table, on_event=lambda event, verdict: recorded.append((event, verdict)))
    found = []
    followed: set[str] = set()
    for hit in _hits(beacon, audience, recipients, seed, known="fine", links=LINKS):
        beacon.handle(hit.request)
        for event, verdict in recorded:
            told = _told(event, hit.truth, headers=True)
            if "machine: burst" in told.does and _plain(event, headers=True) and followed.isdisjoint(_names(event)):
                told = replace(told, does=FIRST)
            found.append((told, verdict))
            if event.kind is not Kind.OPEN:
                followed.update(_names(event))
        recorded.clear()
    return found


def _names(event: Event) -> tuple[str, str]:
    """Name the mail and the network: a verdict may rest on any earlier click that shares one of them."""
    return event.message_id, event.facts.network_id


def _plain(event: Event, *, headers: bool) -> bool:
    """Check whether a click has all that a browser sends, as far as that is known, and comes from an unknown network."""
    full = Hint.SEC_FETCH in event.facts.hints or not headers
    return full and event.facts.network.kind is NetworkKind.UNKNOWN


def _late_rented(event: Event, *, headers: bool) -> bool:
    """Check whether a click came late, from rented servers, with all that a browser sends, as far as that is known."""
    full = Hint.SEC_FETCH_USER in event.facts.hints or not headers
    late = event.sent_at is not None and event.received_at - event.sent_at >= LATE
    return full and late and event.facts.network.kind is NetworkKind.HOSTING


def _beacon(table: Networks | None, **more: object) -> mb.Beacon:
    return mb.Beacon(
        "https://t.example.com/m", secret_keys=[b"0123456789abcdef0123456789abcdef"], networks=table, **more
    )


def _hits(
    beacon: mb.Beacon, audience: fake.Audience, recipients: int, seed: int, *, known: str, links: int
) -> Iterator[fake.Hit]:
    """Yield a scene's hits; an access log keeps user agent, Referer and whole seconds."""
    html = "".join(f'<a href="https://example.com/{number}">Read {number}</a>' for number in range(links))
    template = beacon.compile(f"<html><body>{html}</body></html>", campaign="spring")
    for hit in fake.simulate(beacon, template, audience, recipients=recipients, seed=seed, sent_at=SENT, leave=True):
        yield hit if known == "fine" else replace(hit, request=_logged(hit.request, known))


def _logged(request: Request, known: str) -> Request:
    moment = request.received_at
    if known == "whole seconds":
        return replace(request, received_at=moment and moment.replace(microsecond=0))
    kept = {name: value for name, value in request.fields.items() if name.lower() in BARE}
    return replace(request, headers=kept, headers_known=BARE, received_at=moment and moment.replace(microsecond=0))


def _told(event: Event, truth: fake.GroundTruth, *, headers: bool) -> LabelledEvent:
    """Name what somebody did; what one event cannot tell from a person's click has a name of its own."""
    behaviour, clicks = truth.behaviour, event.kind is not Kind.OPEN
    does = f"{WHO.get(truth.actor, 'machine')}: {behaviour}, {event.kind.value}"
    if truth.actor is Actor.SCANNER and clicks and behaviour in BURSTS:
        does = f"machine: burst, {behaviour}"
    elif truth.actor is Actor.SCANNER and clicks and behaviour in LONE:
        does = UNDECIDABLE if _plain(event, headers=headers) else does
        does = LATE_RENTED if _late_rented(event, headers=headers) else does
    elif clicks and not headers and does.startswith("machine") and event.facts.agent is AgentKind.UNKNOWN:
        does = NAMELESS if event.facts.network.kind is NetworkKind.UNKNOWN else does
    return LabelledEvent(event=event, does=does, truth=truth.actor)
