"""Made-up mixed business traffic, with the truth beside it: what judging is measured against.

Draws from the timings and shares that senders and vendors reported (sources beside the numbers). It cannot know what no
one measured: how people's clicks are spaced is a modest guess, on the wide side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from mailbeacon.model import Actor, AgentKind, Event, Facts, Hint, Kind, Network, NetworkKind

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOSTING = [Network(operator=name, kind=NetworkKind.HOSTING) for name in ("Microsoft", "Amazon", "Google", "OVH")]
GOOGLE = Network(operator="Google", kind=NetworkKind.MAIL)
YAHOO = Network(operator="Yahoo", kind=NetworkKind.MAIL)
APPLE = Network(operator="Apple", kind=NetworkKind.RELAY)
ZSCALER = Network(operator="Zscaler", kind=NetworkKind.CORPORATE_PROXY)
FULL = frozenset({Hint.SEC_FETCH, Hint.SEC_FETCH_USER})
BARE = frozenset({Hint.NO_SEC_FETCH, Hint.NO_ACCEPT_LANGUAGE})
_MACHINES = frozenset({Actor.SCANNER, Actor.PREFETCH, Actor.PREVIEW, Actor.CRAWLER, Actor.SCRIPT})
UNDECIDABLE = "machine: one click, full browser, unknown network"
"""The behaviour that one event cannot tell from a person's."""
LATE_RENTED = "machine: one late click from rented servers, as through a VPN"
"""The behaviour that one event cannot tell from that of a person behind a VPN, or on a desktop in the cloud."""
SCATTERED = "machine: burst, scattered over networks on no list, with one browser's user agent"
"""What whoever holds a copy of the mail could send: it is unknown, and no more."""
FEW = "machine: few links at a reader's pace, full browser, unknown network"
"""What a reader does, who follows some of a mail's links one by one."""
LATE = timedelta(minutes=10)
A_HAND = 0.3
"""The least time in seconds between two links that somebody follows. Source: Card, Moran, Newell, "The keystroke-level model",
Communications of the ACM 23 (1980): to point at a target alone takes 0.8 to 1.5 s."""
_MANY = 8
"""Of so many links or more, who follows all one by one is no reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledEvent:
    """An event, what it did, and who it truly was."""

    event: Event
    does: str
    truth: Actor

    @property
    def machine(self) -> bool:
        """Whether no person stood behind it."""
        return self.truth in _MACHINES


class Mailing:
    """Make the events of one mailing to a business list, seeded.

    With ``one_agent`` all browsers have the same user agent, as those that tell no more than their major version do, and
    people click within a minute of a scanner's visit to their mail.
    """

    def __init__(
        self, seed: int, *, with_networks: bool = True, with_headers: bool = True, one_agent: bool = False
    ) -> None:
        self.random = Random(seed)
        self.with_networks = with_networks
        self.with_headers = with_headers
        self.one_agent = one_agent
        self.serial = 0
        self.links = 0

    def told(self, recipients: int) -> list[LabelledEvent]:
        """Return all events of a mailing, in order of time."""
        found = [told for number in range(recipients) for told in self.one(number)]
        return sorted(found, key=lambda told: (told.event.received_at, told.event.id))

    def one(self, number: int) -> Iterator[LabelledEvent]:
        """Return the events of one recipient's mail."""
        draw = self.random
        self.links = links = draw.choice((1, 3, 5, 8, 12, 20))
        sent = START + timedelta(seconds=number // 20)
        person = f"office{draw.randrange(30)}" if draw.random() < 0.4 else f"home{number}"
        # About four in ten clicks are scanners': a burst has some 8 clicks, so few recipients need to be behind one.
        if draw.random() < 0.026:
            scan = list(self.burst(number, sent, links))
            yield from scan
            if self.one_agent:
                yield from self.beside(number, sent, person, links, scan[0].event.received_at)
        if draw.random() < 0.008:
            yield from self.lone_scan(number, sent, links)
        if draw.random() < 0.45:
            yield from self.look(number, sent, person)
        if draw.random() < 0.22:
            yield from self.read(number, sent, person, links)

    def burst(self, number: int, sent: datetime, links: int) -> Iterator[LabelledEvent]:
        """Return a scanner's visit. Starts and pace: craft-campaign issue 546, 836 bursts, 2025."""
        draw = self.random
        moment = sent + timedelta(seconds=self._start())
        network = draw.choice(HOSTING) if draw.random() < 0.75 else Network()
        style = draw.random()
        client, agent = f"scan{number}", f"chrome{draw.randrange(90, 140)}"
        hints = FULL if draw.random() < 0.6 else BARE
        pace = 0.1 if style < 0.85 else 3.0
        scattered = 0.6 < style < 0.75
        for link in draw.sample(range(1, links + 1), links):
            moment += timedelta(seconds=draw.random() * 2 * pace)
            name = f"{client}.{link}" if scattered else client
            does = "machine: burst" if links >= 3 else "machine: scan of a mail with one link"
            plain = hints is FULL or not self.with_headers
            if plain and (network.kind is NetworkKind.UNKNOWN or not self.with_networks):
                does = UNDECIDABLE if links == 1 else SCATTERED if scattered else does
                does = FEW if 1 < links < _MANY and pace > 1 else does
            elif links == 1 and plain and moment - sent >= LATE and network.kind is NetworkKind.HOSTING:
                does = LATE_RENTED
            yield self._told(does, Actor.SCANNER, number, sent, moment, link, network, name, agent, hints)
        if draw.random() < 0.5:
            moment += timedelta(seconds=draw.expovariate(1 / 9))
            does = "machine: pixel after a burst"
            yield self._told(does, Actor.SCANNER, number, sent, moment, 0, network, client, agent)

    def lone_scan(self, number: int, sent: datetime, links: int) -> Iterator[LabelledEvent]:
        """Return a scanner that follows a single link."""
        draw = self.random
        moment = sent + timedelta(seconds=self._start())
        known = draw.random() < 0.6
        network = draw.choice(HOSTING) if known else Network()
        full = draw.random() < 0.6
        decidable = (known and self.with_networks) or not (full or not self.with_headers)
        does = "machine: one click, hosting network or bare headers" if decidable else UNDECIDABLE
        if known and self.with_networks and (full or not self.with_headers) and moment - sent >= LATE:
            does = LATE_RENTED
        hints = FULL if full else BARE
        link = draw.randint(1, links)
        yield self._told(does, Actor.SCANNER, number, sent, moment, link, network, f"one{number}", "chrome120", hints)

    def look(self, number: int, sent: datetime, person: str) -> Iterator[LabelledEvent]:
        """Return an open. Shares: Litmus, March 2022; prefetch: Bird, 9.8 billion opens, 2021."""
        draw = self.random
        moment = sent + timedelta(seconds=draw.lognormvariate(8, 1.8))
        does, truth, agent, network = draw.choices(
            (
                ("Apple's privacy proxy", Actor.PRIVACY_PROXY, AgentKind.PRIVACY_PROXY, APPLE),
                ("person: Gmail's proxy", Actor.IMAGE_PROXY, AgentKind.IMAGE_PROXY, GOOGLE),
                ("person: Yahoo's proxy", Actor.IMAGE_PROXY, AgentKind.IMAGE_PROXY, YAHOO),
                ("machine: Gmail's prefetch", Actor.PREFETCH, AgentKind.PREFETCH, GOOGLE),
                ("person: mail client opens", Actor.HUMAN, AgentKind.MAIL_CLIENT, Network()),
                ("person: browser opens", Actor.HUMAN, AgentKind.BROWSER, Network()),
                ("person: Outlook.com opens", Actor.HUMAN, AgentKind.BROWSER, HOSTING[0]),
            ),
            (45, 27, 4, 1, 11, 5, 3),
        )[0]
        name = person if truth is Actor.HUMAN else f"{network.operator}{draw.randrange(40)}"
        told = self._told(does, truth, number, sent, moment, 0, network, name, agent.value)
        facts = replace(told.event.facts, agent=agent)
        yield replace(told, event=replace(told.event, facts=facts))

    def read(self, number: int, sent: datetime, person: str, links: int) -> Iterator[LabelledEvent]:
        """Return a person's clicks: late, few, and with seconds or minutes between, now and then two at once."""
        draw = self.random
        moment = sent + timedelta(seconds=15 + draw.lognormvariate(8.3, 1.9))
        network = draw.choices((Network(), APPLE, ZSCALER), (88, 4, 8))[0]
        hints = FULL | {Hint.WEBMAIL_REFERER} if draw.random() < 0.2 else FULL
        hints = frozenset() if draw.random() < 0.05 else hints
        count = min(links, draw.choices((1, 2, 3, 5), (72, 17, 8, 3))[0])
        hasty = draw.random() < 0.03
        for link in draw.sample(range(1, links + 1), count):
            agent = f"own{number % 40}"
            yield self._told("person: clicks", Actor.HUMAN, number, sent, moment, link, network, person, agent, hints)
            pause = A_HAND + draw.expovariate(1 / (1 - A_HAND)) if hasty else draw.lognormvariate(3.0, 1.0)
            moment += timedelta(seconds=pause)

    def beside(self, number: int, sent: datetime, person: str, links: int, start: datetime) -> Iterator[LabelledEvent]:
        """Return a person's click within a minute of a burst, before it or after it."""
        moment = max(sent + timedelta(seconds=5), start + timedelta(seconds=self.random.uniform(-60, 60)))
        does, link = "person: clicks beside a burst", self.random.randint(1, links)
        yield self._told(does, Actor.HUMAN, number, sent, moment, link, Network(), person, "own", FULL)

    def _start(self) -> float:
        """Draw a burst's start: 0.5 % within 10 s, 2.6 % within 20 s, median 43 s, 31 % after a minute."""
        draw = self.random.random()
        points = ((0.0, 1), (0.005, 10), (0.026, 20), (0.5, 43), (0.69, 60), (0.9, 300), (0.97, 3600), (1.0, 40000))
        for (low, start), (high, end) in pairwise(points):
            if draw <= high:
                return start + (end - start) * (draw - low) / (high - low)
        return 60.0

    def _told(
        self,
        does: str,
        truth: Actor,
        number: int,
        sent: datetime,
        moment: datetime,
        link: int,
        network: Network,
        client: str,
        agent: str,
        hints: frozenset[Hint] = frozenset(),
    ) -> LabelledEvent:
        self.serial += 1
        facts = Facts(
            agent=AgentKind.BROWSER,
            network=network if self.with_networks else Network(),
            network_id=client,
            agent_id="browser" if self.one_agent and agent.startswith(("own", "chrome")) else agent,
            hints=hints if self.with_headers else frozenset({Hint.HEADERS_UNKNOWN}),
            rules="scene",
            networks="scene" if self.with_networks else "",
        )
        event = Event(
            id=f"e{self.serial}",
            kind=Kind.CLICK if link else Kind.OPEN,
            received_at=moment,
            recipient=f"u{number}",
            campaign="scene",
            message_id=f"m{number}",
            sent_at=sent,
            link=link or None,
            links=self.links,
            facts=facts,
        )
        return LabelledEvent(event=event, does=does, truth=truth)
