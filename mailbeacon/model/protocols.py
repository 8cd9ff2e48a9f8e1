"""What a host may supply: small protocols, checked by shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from mailbeacon.model.consents import Consent, Leave
from mailbeacon.model.event import Event
from mailbeacon.model.facts import Network
from mailbeacon.model.mail import Manifest
from mailbeacon.model.message import Message
from mailbeacon.model.verdict import Verdict
from mailbeacon.model.words import AgentKind, Hint, Kind, Level, Purpose

__all__ = [
    "AgentTable",
    "Allows",
    "Clock",
    "ConsentLookup",
    "History",
    "Judge",
    "KnownAgent",
    "LastOpens",
    "Located",
    "Locator",
    "Manifests",
    "MayRedirect",
    "Networks",
    "OnError",
    "OnEvent",
    "OnLeave",
    "Sink",
    "day_keeper",
]

Clock = Callable[[], datetime]
"""Returns the current moment, with a time zone."""
Allows = Callable[[Message, Kind], Level | bool]
"""Returns what a recipient allows today, for opens or clicks (``True`` is FULL, ``False`` NONE).

Both levels of the message are the one that was signed for that kind.
"""
Manifests = Callable[[str], Manifest | None]
"""Returns the merged manifest of a campaign with short links."""
MayRedirect = Callable[[str], bool]
"""Check whether a verified destination may still be redirected to (the host's own takedown)."""
OnLeave = Callable[[Leave], object]
"""Be told that a recipient leaves; called again whenever they use such a link again."""
OnEvent = Callable[[Event, Verdict], None]
"""Be told of an event: one that was recorded, or one that could not be."""
OnError = Callable[[str, BaseException], None]
"""Be told what failed, in words without token, address or recipient, and the exception."""


class KnownAgent(Protocol):
    """What a user agent is: :class:`mailbeacon.agents.Agent` has these."""

    @property
    def kind(self) -> AgentKind:
        """Proxy, mail client, browser or machine."""

    @property
    def client(self) -> str:
        """The name; empty when unknown."""

    @property
    def version(self) -> str:
        """The major version, as text."""

    @property
    def system(self) -> str:
        """The operating system; empty when unknown."""

    @property
    def device(self) -> str:
        """``desktop``, ``phone``, ``tablet``; empty when unknown."""

    @property
    def hints(self) -> frozenset[Hint]:
        """What contradicts itself, or is out of date."""


class AgentTable(Protocol):
    """A table of what user agents are, such as :class:`mailbeacon.agents.Agents`."""

    @property
    def version(self) -> str:
        """The version of its rules, for verdicts."""

    def identify(
        self, user_agent: str, *, requested_with: str = "", client_hints: str = "", platform: str = ""
    ) -> KnownAgent:
        """Return what a user agent is, with ``X-Requested-With``, ``Sec-CH-UA`` and ``Sec-CH-UA-Platform`` beside it."""


class Sink(Protocol):
    """Keep events. A sink that fails never breaks a reply."""

    def record(self, event: Event, verdict: Verdict) -> None:
        """Keep one event with its verdict; the same event id twice is kept once."""


@runtime_checkable
class LastOpens(Protocol):
    """Keep the day of each person's last open, and nothing else of it: what level DATE allows. A sink may do it too."""

    def put_last_open(self, recipient: str, day: date) -> None:
        """Keep a recipient's day in place of an earlier one; of two days the later stays."""


def day_keeper(sink: object) -> LastOpens:
    """Return a sink as what keeps the days of last opens.

    Raises:
        TypeError: If it keeps none.
    """
    if not isinstance(sink, LastOpens):
        raise TypeError("a sink without put_last_open keeps no dates")
    return sink


class ConsentLookup(Protocol):
    """A place to look up what a person answered, such as :class:`mailbeacon.store.SqliteConsents`."""

    def current(self, recipient: str, purpose: Purpose) -> Consent | None:
        """Return a person's last answer for a purpose; ``None`` for none."""


class History(Protocol):
    """Remember recent events, bounded, so that a verdict can see what came before."""

    def recent(self, event: Event) -> Iterable[Event]:
        """Return the earlier events that bear on ``event``: of its message, and of its network id."""

    def add(self, event: Event) -> None:
        """Remember a redacted event."""


class Networks(Protocol):
    """A table of who runs the network of an address."""

    @property
    def version(self) -> str:
        """The version of the data, for verdicts."""

    def lookup(self, address: str) -> Network:
        """Return the network of an IP address in text form; never raises."""


class Located(Protocol):
    """What is known of a place; each is empty where nothing is."""

    @property
    def country(self) -> str:
        """The country's ISO code."""

    @property
    def region(self) -> str:
        """The region's name."""

    @property
    def city(self) -> str:
        """The city's name."""


class Locator(Protocol):
    """A table of where addresses are, such as :class:`mailbeacon.networks.Geography`."""

    def locate(self, address: str) -> Located:
        """Return the place of an address; never raises."""


class Judge(Protocol):
    """What decides who made an event, given what came before."""

    def classify(self, event: Event, earlier: Iterable[Event] = ()) -> Verdict:
        """Return the verdict on one event."""

    def classify_all(self, events: Iterable[Event]) -> list[Verdict]:
        """Return the verdicts on events, in their order, each judged in the light of all."""
