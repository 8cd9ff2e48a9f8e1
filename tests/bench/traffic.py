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
from mailbeacon.judging import Classifier, Fit, classify_all
from mailbeacon.model import Event, Kind, Networks, Request, Verdict
from tests.bench.untold import name
from tests.scenes import LabelledEvent

__all__ = ["AUDIENCES", "TIMES", "live", "network_data", "scene", "whole"]

SENT = datetime(2026, 11, 3, 9, tzinfo=UTC)
LINKS = 8
BARE = frozenset({"user-agent", "referer"})
TIMES = ("fine", "whole seconds", "log")
"""What is known of a request: all; all, but its time in whole seconds; what an access log keeps."""
AUDIENCES = (fake.CONSUMER, fake.BUSINESS, fake.GATEWAYS, fake.INTERNAL)


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
    return [
        LabelledEvent(event=event, does=name(event, truth, headers=headers), truth=truth.actor)
        for event, truth in fake.to_events(hits, beacon)
    ]


def whole(
    audience: fake.Audience,
    recipients: int,
    seed: int,
    *,
    table: Networks | None = None,
    known: str = "fine",
    links: int = LINKS,
    fit: bool = False,
) -> list[tuple[LabelledEvent, Verdict]]:
    """Judge a scene's events all together; with ``fit``, by what they say of their own list."""
    told = scene(audience, recipients, seed, table=table, known=known, links=links)
    return list(zip(told, classify_all((one.event for one in told), fit=fit), strict=True))


def live(
    audience: fake.Audience, recipients: int, seed: int, *, table: Networks | None = None, fit: bool = False
) -> list[tuple[LabelledEvent, Verdict]]:
    """Let a beacon handle a scene's requests one by one; what it records has no address and no user agent.

    With ``fit``, its judge has learned from the verdicts it gave, live, on the list's mailing before.
    """
    judge = Classifier()
    if fit:
        before = live(audience, recipients, seed + 1000, table=table)
        judge = Fit().take((told.event, verdict) for told, verdict in before).classifier()
    recorded: list[tuple[Event, Verdict]] = []
    beacon = _beacon(table, judge=judge, on_event=lambda event, verdict: recorded.append((event, verdict)))
    found = []
    followed: dict[str, set[int | None]] = {}
    for hit in _hits(beacon, audience, recipients, seed, known="fine", links=LINKS):
        beacon.handle(hit.request)
        for event, verdict in recorded:
            earlier = max(len(followed.get(one, ())) for one in _names(event))
            does = name(event, hit.truth, headers=True, before=earlier)
            found.append((LabelledEvent(event=event, does=does, truth=hit.truth.actor), verdict))
            if event.kind is not Kind.OPEN:
                for one in _names(event):
                    followed.setdefault(one, set()).add(event.link)
        recorded.clear()
    return found


def _names(event: Event) -> tuple[str, str]:
    """Name the mail and the network: a verdict may rest on any earlier click that shares one of them."""
    return event.message_id, event.facts.network_id


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
