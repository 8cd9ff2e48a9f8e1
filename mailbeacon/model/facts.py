"""What is known of who did something: the facts a verdict rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from mailbeacon.model.record import Record
from mailbeacon.model.words import AgentKind, Hint, NetworkKind

__all__ = ["Facts", "Network"]


def _hints(values: Iterable[str]) -> frozenset[Hint]:
    if not isinstance(values, list | tuple | frozenset):
        raise TypeError("expected a list")
    known = Hint._value2member_map_
    return frozenset(Hint(value) for value in values if value in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network(Record):
    """Who runs the network a request came from, and what it is used for."""

    operator: str = ""
    kind: NetworkKind = NetworkKind.UNKNOWN


_NO_NETWORK = Network()


class OpenFacts(Record):
    """Facts while they are made: the same slots, which may still be written to; the reason is that of ``OpenEvent``."""

    __slots__ = (
        "agent",
        "agent_id",
        "city",
        "client",
        "client_version",
        "country",
        "device",
        "hints",
        "network",
        "network_id",
        "networks",
        "region",
        "rules",
        "system",
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Facts(OpenFacts):
    """Everything a verdict needs, and nothing that names a person.

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
        networks: The version of the network data that was asked; empty where there was none, or no address to ask about.
    """

    agent: AgentKind = AgentKind.UNKNOWN
    client: str = ""
    client_version: str = ""
    system: str = ""
    device: str = ""
    network: Network = _NO_NETWORK
    network_id: str = ""
    agent_id: str = ""
    hints: frozenset[Hint] = frozenset()
    country: str = ""
    region: str = ""
    city: str = ""
    rules: str = ""
    networks: str = ""

    _readers: ClassVar[Mapping[str, Callable[..., object]]] = {"hints": _hints}

    def __new__(
        cls,
        *,
        agent: AgentKind = AgentKind.UNKNOWN,
        client: str = "",
        client_version: str = "",
        system: str = "",
        device: str = "",
        network: Network = _NO_NETWORK,
        network_id: str = "",
        agent_id: str = "",
        hints: frozenset[Hint] = frozenset(),
        country: str = "",
        region: str = "",
        city: str = "",
        rules: str = "",
        networks: str = "",
    ) -> Self:
        """Make facts."""
        self: Any = OpenFacts()
        self.agent = agent
        self.client = client
        self.client_version = client_version
        self.system = system
        self.device = device
        self.network = network
        self.network_id = network_id
        self.agent_id = agent_id
        self.hints = hints
        self.country = country
        self.region = region
        self.city = city
        self.rules = rules
        self.networks = networks
        self.__class__ = cls
        return self  # type: ignore[no-any-return]

    def changed(self, **changes: object) -> Facts:
        """Return a copy with other values: as :meth:`Event.changed`."""
        copy: Any = OpenFacts()
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
        return copy  # type: ignore[no-any-return]
