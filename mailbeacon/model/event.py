"""What happened, and what is known of who did it: events and their facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from mailbeacon.model.drafts import draft_of
from mailbeacon.model.message import check_aware
from mailbeacon.model.record import Record
from mailbeacon.model.words import AgentKind, Channel, Hint, Kind, Level, NetworkKind

__all__ = ["Event", "EventDraft", "Facts", "FactsDraft", "Mail", "Network", "put_facts"]

Mail = tuple[str, str, str | None]
"""What one mail is: campaign, message id and recipient."""


def _hints(values: Iterable[str]) -> frozenset[Hint]:
    if not isinstance(values, list | tuple | frozenset):
        raise TypeError("expected a list")
    known = Hint._value2member_map_
    return frozenset(Hint(value) for value in values if value in known)


def _headers(pairs: Iterable[Iterable[str]]) -> tuple[tuple[str, str], ...]:
    found = tuple((name, value) for name, value in pairs)
    if not all(name.__class__ is value.__class__ is str for name, value in found):
        raise TypeError("expected texts")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Network(Record):
    """Name who runs the network a request came from, and what it is used for."""

    operator: str = ""
    kind: NetworkKind = NetworkKind.UNKNOWN

    _readers: ClassVar[Mapping[str, Callable[..., object]]] = {"kind": NetworkKind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts(Record):
    """Hold everything a verdict needs, and nothing that names a person.

    Attributes:
        agent: What the user agent says it is.
        client: The mail client's, browser's or bot's name; empty when unknown.
        client_version: Its major version, as text.
        system: The operating system's name.
        device: ``desktop``, ``phone``, ``tablet``; empty when unknown.
        network: Who runs the network, and its kind.
        network_id: A keyed digest of the address that changes every day; empty when the address is unknown.
        agent_id: A keyed digest of the user agent that changes every day, to tell clients of one message apart.
        hints: Flags from method, headers and user agent.
        country: ISO 3166 two-letter code; empty when unknown, and for proxies, relays and scanners.
        region: The region's name.
        city: The city's name.
        rules: The version of the rule data the facts were made with.
        networks: The version of the network data.
    """

    agent: AgentKind = AgentKind.UNKNOWN
    client: str = ""
    client_version: str = ""
    system: str = ""
    device: str = ""
    network: Network = Network()
    network_id: str = ""
    agent_id: str = ""
    hints: frozenset[Hint] = frozenset()
    country: str = ""
    region: str = ""
    city: str = ""
    rules: str = ""
    networks: str = ""

    _readers: ClassVar[Mapping[str, Callable[..., object]]] = {
        "agent": AgentKind,
        "network": Network.from_dict,
        "hints": _hints,
    }

    def changed(self, **changes: object) -> Facts:
        """Give a copy with other values: ``dataclasses.replace`` in a fifth of the time."""
        copy: Any = FactsDraft()
        copy.agent = self.agent
        copy.client = self.client
        copy.client_version = self.client_version
        copy.system = self.system
        copy.device = self.device
        copy.network = self.network
        copy.network_id = self.network_id
        copy.agent_id = self.agent_id
        copy.hints = self.hints
        copy.country = self.country
        copy.region = self.region
        copy.city = self.city
        copy.rules = self.rules
        copy.networks = self.networks
        for name, value in changes.items():
            setattr(copy, name, value)
        copy.__class__ = Facts
        made: Facts = copy
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Record):
    """Hold one thing that happened to one mail.

    Attributes:
        id: A digest that is the same whenever the same source is read again.
        kind: What happened.
        received_at: When, with a time zone.
        recipient: The host's name for the recipient; ``None`` when nobody may be told apart.
        campaign: The campaign of the message token.
        message_id: The mail's name (see :attr:`Message.message_id`).
        variant: The arm of an experiment.
        sent_at: When the mail was sent, from the token.
        expired: Whether the token was older than the host counts.
        link: The link's number, from 1; ``None`` when no link was clicked.
        url: The link's destination.
        channel: The part of the mail the link stood in.
        method: The HTTP method.
        level: How much may be known, by what was signed and what the host says.
        facts: What is known of who did it.
        address: The client's address; empty after redaction.
        user_agent: The user agent; empty after redaction.
        headers: The header fields of the allow-list; empty after redaction.
        source: Where the event came from: ``request``, ``log``, or a provider's name.
    """

    id: str
    kind: Kind
    received_at: datetime
    recipient: str | None = None
    campaign: str = ""
    message_id: str = ""
    variant: str = ""
    sent_at: datetime | None = None
    expired: bool = False
    link: int | None = None
    url: str = ""
    channel: Channel = Channel.HTML
    method: str = ""
    level: Level = Level.FULL
    facts: Facts = Facts()
    address: str = field(default="", repr=False)
    user_agent: str = field(default="", repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    source: str = "request"

    _readers: ClassVar[Mapping[str, Callable[..., object]]] = {
        "kind": Kind,
        "received_at": datetime.fromisoformat,
        "sent_at": datetime.fromisoformat,
        "channel": Channel,
        "level": Level,
        "facts": Facts.from_dict,
        "headers": _headers,
    }

    def __post_init__(self) -> None:
        check_aware(self.received_at, "received_at")
        if self.sent_at is not None:
            check_aware(self.sent_at, "sent_at")

    @property
    def mail(self) -> Mail:
        """What one mail is, everywhere: campaign, message id and recipient, for one id may serve a whole mailing."""
        return self.campaign, self.message_id, self.recipient

    def changed(self, **changes: object) -> Event:
        """Give a copy with other values: ``dataclasses.replace`` without the checks, in a fifth of the time."""
        made = self.stripped(self.address, self.user_agent, self.headers)
        for name, value in changes.items():
            object.__setattr__(made, name, value)
        return made

    def stripped(self, address: str, user_agent: str, headers: tuple[tuple[str, str], ...]) -> Event:
        """Give a copy with less of what came with the request, or none of it."""
        copy: Any = EventDraft()
        copy.id = self.id
        copy.kind = self.kind
        copy.received_at = self.received_at
        copy.recipient = self.recipient
        copy.campaign = self.campaign
        copy.message_id = self.message_id
        copy.variant = self.variant
        copy.sent_at = self.sent_at
        copy.expired = self.expired
        copy.link = self.link
        copy.url = self.url
        copy.channel = self.channel
        copy.method = self.method
        copy.level = self.level
        copy.facts = self.facts
        copy.address = address
        copy.user_agent = user_agent
        copy.headers = headers
        copy.source = self.source
        copy.__class__ = Event
        made: Event = copy
        return made


EventDraft = draft_of(Event)
put_facts: Callable[[Event, Facts], None] = vars(Event)["facts"].__set__
"""Put the facts into an event that was just made and nobody has seen yet: the one field that is known later."""
FactsDraft = draft_of(Facts)
