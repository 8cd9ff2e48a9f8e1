"""What is found out about events at a first look: what each has in common with others, and which belong together.

Counts and weighs nothing.
"""

from __future__ import annotations

from collections.abc import Hashable

from mailbeacon.judging.around import Wait
from mailbeacon.judging.grouping import Chains
from mailbeacon.judging.neighbours import CARRIERS
from mailbeacon.judging.rules import Rule
from mailbeacon.model import AgentKind, Event, Hint, Kind, Verdict

__all__ = ["Case", "Seen"]

_READ = frozenset({Kind.OPEN, Kind.CLICK, Kind.LEAVE_PAGE, Kind.UNSUBSCRIBE})
_PROXIES = frozenset({AgentKind.PRIVACY_PROXY, AgentKind.IMAGE_PROXY, AgentKind.PREFETCH})


class Case:
    """Hold what events of one kind with the same facts have in common, and the verdicts found so far."""

    __slots__ = (
        "alone",
        "crowd",
        "delivers",
        "found",
        "near",
        "opens",
        "prior",
        "reads",
        "timed",
        "trapped",
        "version",
    )

    def __init__(self, event: Event, prior: float | None, found: list[tuple[Rule, str]], version: str) -> None:
        facts = event.facts
        self.prior = prior
        self.found = found
        self.version = version
        self.reads = event.kind in _READ
        self.delivers = event.kind is Kind.DELIVERED
        self.timed = event.kind is not Kind.UNSUBSCRIBE and self.reads
        self.trapped = self.reads and Hint.HONEYPOT in facts.hints
        self.opens = event.kind is Kind.OPEN
        self.crowd = self.timed and facts.agent not in _PROXIES and facts.network.kind not in CARRIERS
        self.alone: list[Verdict | None] = [None] * len(Wait)
        self.near: dict[tuple[object, ...], Verdict] = {}


class Seen:
    """Hold what one look at every event gives: case, wait and verdict on it alone, and which belong together.

    Of events of which nobody may be told apart, none belong together.

    Attributes:
        near: The mails where a click came not long after another.
        close: The mails where that says something: it came quickly, or not for the first time; or where an open came.
        trapped: The mails with a hit on a hidden link.
        quick: The networks from which two recipients' hits came in quick succession.
    """

    __slots__ = (
        "cases",
        "close",
        "deliveries",
        "messages",
        "near",
        "networks",
        "quick",
        "trapped",
        "verdicts",
        "waits",
    )

    def __init__(self, size: int) -> None:
        self.cases: list[Case] = []
        self.waits: list[int] = []
        self.verdicts: list[Verdict] = []
        self.messages = Chains(size)
        self.networks = Chains(size)
        self.near: set[Hashable] = set()
        self.close: set[Hashable] = set()
        self.trapped: set[Hashable] = set()
        self.quick: set[str] = set()
        self.deliveries = False
