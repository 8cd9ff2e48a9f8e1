"""Events → verdicts: one, or a million at once.

A verdict depends on the event's kind, a few of its facts, how long it came after the delivery, and what was counted
around it; so each different case is weighed once and remembered. Reads no clock and keeps no event.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from math import inf
from types import MappingProxyType

from mailbeacon.errors import ConfigError
from mailbeacon.judging.around import Around, Counts, Wait
from mailbeacon.judging.behaviour import BEHAVIOUR_RULES
from mailbeacon.judging.neighbours import (
    CARRIERS,
    Neighbourhood,
    Shared,
    count_company,
    count_message,
    count_network,
    count_order,
)
from mailbeacon.judging.rules import Needs, Rule
from mailbeacon.judging.single import SINGLE_RULES
from mailbeacon.judging.streaming import Judged, Revision, stream
from mailbeacon.judging.weighing import DEFAULT_PRIORS, unread, weigh
from mailbeacon.judging.windows import Windows
from mailbeacon.model import AgentKind, Event, Hint, Kind, Verdict

__all__ = ["DEFAULT_RULES", "RULES_VERSION", "Classifier"]

DEFAULT_RULES: tuple[Rule, ...] = (*SINGLE_RULES, *BEHAVIOUR_RULES)
"""The rules a classifier has when none are given."""

RULES_VERSION = "2026.11"
"""The version of the rules and weights in this package."""

_READ = frozenset({Kind.OPEN, Kind.CLICK, Kind.LEAVE_PAGE, Kind.UNSUBSCRIBE})
_PROXIES = frozenset({AgentKind.PRIVACY_PROXY, AgentKind.IMAGE_PROXY, AgentKind.PREFETCH})
_MOST_CASES = 20_000
_LATE = Wait.LATE
_Key = tuple[str, str, str, str, frozenset[Hint], str, str]


class _Case:
    """Hold what events of one kind with the same facts have in common, and the verdicts found so far."""

    __slots__ = (
        "alone",
        "crowd",
        "delivers",
        "follows",
        "found",
        "near",
        "opens",
        "prior",
        "reads",
        "timed",
        "trap",
        "version",
    )

    def __init__(self, event: Event, prior: float | None, found: list[tuple[Rule, str]], version: str) -> None:
        facts = event.facts
        self.prior = prior
        self.found = found
        self.version = version
        self.reads = event.kind in _READ
        self.delivers = event.kind is Kind.DELIVERED
        self.opens = event.kind is Kind.OPEN
        self.follows = self.reads and not self.opens
        self.timed = event.kind is not Kind.UNSUBSCRIBE and self.reads
        self.crowd = self.timed and facts.agent not in _PROXIES and facts.network.kind not in CARRIERS
        self.trap = Hint.HONEYPOT in facts.hints
        self.alone: list[Verdict | None] = [None] * len(Wait)
        self.near: dict[tuple[int, tuple[tuple[str, int], ...]], Verdict] = {}


class Classifier:
    """Say who made each event.

    Args:
        rules: The evidence to look for; a host's own may be added to :data:`DEFAULT_RULES`.
        windows: The windows, counts and borders.
        priors: Log-odds of a machine before any evidence, by kind of event; other kinds are not judged.
        links: How many links a campaign's mail has, where the host knows it; else ``windows.many_links`` counts as all.

    Raises:
        ConfigError: If two rules share a name.
    """

    def __init__(
        self,
        rules: Iterable[Rule] = DEFAULT_RULES,
        *,
        windows: Windows | None = None,
        priors: Mapping[Kind, float] = DEFAULT_PRIORS,
        links: Mapping[str, int] | None = None,
    ) -> None:
        self.rules = tuple(rules)
        self.windows = windows or Windows()
        self.priors: Mapping[Kind, float] = MappingProxyType(dict(priors))
        self._links = dict(links or {})
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise ConfigError(f"two rules share the name {max(names, key=names.count)!r}")
        self._on_facts = [rule for rule in self.rules if rule.needs is Needs.FACTS]
        self._on_around = [rule for rule in self.rules if rule.needs is Needs.AROUND]
        self._on_event = [rule for rule in self.rules if rule.needs is Needs.EVENT]
        self._cases: dict[_Key, _Case] = {}
        self.version = self._name()

    def classify(self, event: Event, earlier: Iterable[Event] = ()) -> Verdict:
        """Give the verdict on one event.

        Args:
            event: The event; only its facts, kind, times and names of mail and link are read.
            earlier: Any other events known so far, in any order; those of other messages and networks change nothing.

        Returns:
            What :meth:`classify_all` says of the event when it sees all of them.
        """
        related = _related(event, earlier) if earlier else []
        if related or self._on_event:
            return self.classify_all([*related, event])[-1]
        case = self._case(event)
        wait = self._wait(event) if case.timed else 0
        return case.alone[wait] or self._alone(case, event, wait)

    def classify_all(self, events: Iterable[Event]) -> list[Verdict]:
        """Give the verdicts on many events, each in the light of all the others, later ones too.

        Args:
            events: In any order.

        Returns:
            One verdict for each event, in the order given; the order changes none.
        """
        given = list(events)
        order = sorted(range(len(given)), key=[event.received_at for event in given].__getitem__)
        found = self._judge([given[place] for place in order])
        verdicts = list(found)
        for place, verdict in zip(order, found, strict=True):
            verdicts[place] = verdict
        return verdicts

    def stream(self, events: Iterable[Event], hold: timedelta) -> Iterator[Judged | Revision]:
        """Judge a long log in bounded memory.

        Args:
            events: In order of time, or late by at most ``hold``.
            hold: How long to wait, in the events' own time, before a verdict is given. With
                ``windows.horizon`` or more, and events in order, no verdict is revised.

        Yields:
            A :class:`Judged` for each event once its hold is over (a batch at a time), and a :class:`Revision` where a
            later event changes a verdict that was given. The last word on each event is what :meth:`classify_all` says.

        Raises:
            ConfigError: If ``hold`` is negative.
        """
        if hold < timedelta(0):
            raise ConfigError(f"hold must not be negative, got {hold}")
        return stream(events, hold, self.windows.horizon, self.classify_all)

    def _judge(self, events: Sequence[Event]) -> list[Verdict]:
        """Judge events that are in order of time."""
        cases, waits, messages, networks = self._gather(events)
        shared = Shared(
            events=events,
            times=[event.received_at.timestamp() for event in events],
            traps=[case.trap for case in cases],
            windows=self.windows,
            links=self._links,
        )
        self._count(shared, cases, messages, networks)
        self._deliveries(events, cases, waits)
        found = shared.found
        if self._on_event:
            own = Neighbourhood(events, self.windows.horizon)
            return [
                self._anew(case, events[index], waits[index], shared.counts(index), own)
                for index, case in enumerate(cases)
            ]
        return [
            self._near(case, events[index], wait, found[index])
            if index in found
            else case.alone[wait] or self._alone(case, events[index], wait)
            for index, (case, wait) in enumerate(zip(cases, waits, strict=True))
        ]

    def _gather(self, events: Iterable[Event]) -> tuple[list[_Case], list[int], list[str], list[str]]:
        """Give each event's case, wait, message and network; the last two are empty where nobody may be told apart.

        One pass, for a million events are spread over the memory: to fetch one costs more than to look at it.
        """
        cases, waits, messages, networks = [], [], [], []
        late = self.windows.late
        for event in events:
            case, sent_at = self._case(event), event.sent_at
            cases.append(case)
            if sent_at is None or not case.timed:
                waits.append(0)
            else:
                received_at = event.received_at
                waits.append(_LATE if received_at - sent_at >= late else self._since(received_at, sent_at, None))
            if event.recipient is None:
                messages.append("")
                networks.append("")
            else:
                messages.append(event.message_id if case.reads else "")
                networks.append(event.facts.network_id if case.crowd else "")
        return cases, waits, messages, networks

    def _count(self, shared: Shared, cases: Sequence[_Case], messages: Sequence[str], networks: Sequence[str]) -> None:
        """Group the events by message and by network, and have them counted.

        Lists are made only where two events meet: a million small lists would cost more than the counting.
        """
        follows, alone = _group_follows(cases, messages)
        tainted: dict[str, tuple[list[int], list[int]]] = {}
        for message, first in alone.items():
            if message not in follows and shared.traps[first]:
                tainted[message] = ([], [first])
        for message, indices in follows.items():
            bursts, trapped = count_message(shared, indices)
            if bursts or trapped:
                tainted[message] = (bursts, trapped)
        opens: defaultdict[str, list[int]] = defaultdict(list)
        for index, message in enumerate(messages):
            if message in alone and cases[index].opens:
                opens[message].append(index)
        for message, indices in opens.items():
            count_order(shared, follows.get(message) or [alone[message]], indices)
        for message, (bursts, trapped) in tainted.items():
            indices = (follows.get(message) or [alone[message]]) + opens.get(message, [])
            if len(indices) > len(bursts):
                count_company(shared, indices, bursts, trapped)
        for indices in _group_quick(networks, shared.times, self.windows.recipients.total_seconds()):
            count_network(shared, indices)

    def _deliveries(self, events: Sequence[Event], cases: Sequence[_Case], waits: list[int]) -> None:
        """Time a message's events from its delivery, where one is known nearby."""
        if not any(case.delivers for case in set(cases)):
            return
        at: defaultdict[str, list[datetime]] = defaultdict(list)
        for event in events:
            if event.kind is Kind.DELIVERED and event.recipient is not None and event.message_id:
                at[event.message_id].append(event.received_at)
        reach, skew = self.windows.delivery, self.windows.clock_skew
        for index, (event, case) in enumerate(zip(events, cases, strict=True)):
            if case.timed and event.recipient is not None and (moments := at.get(event.message_id)):
                received = event.received_at
                first = bisect_left(moments, received - reach)
                if first < len(moments) and moments[first] - received <= reach:
                    waits[index] = self._since(received, moments[first], skew)

    def _wait(self, event: Event) -> int:
        return Wait.UNKNOWN if event.sent_at is None else self._since(event.received_at, event.sent_at, None)

    def _since(self, received: datetime, start: datetime, skew: timedelta | None) -> int:
        """Say how long after a delivery (with ``skew``) or a sending an event came."""
        gone, windows = received - start, self.windows
        if gone >= windows.late:
            return Wait.LATE
        if gone >= windows.early:
            return Wait.LATER
        if gone >= windows.soon:
            return Wait.EARLY
        if gone >= windows.instant:
            return Wait.SOON
        return Wait.BEFORE if skew is not None and gone < -skew else Wait.INSTANT

    def _case(self, event: Event) -> _Case:
        """Find or make what events like this one have in common."""
        facts = event.facts
        network = facts.network
        key = (
            event.kind._value_,
            facts.agent._value_,
            network.kind._value_,
            network.operator,
            facts.hints,
            facts.rules,
            facts.networks,
        )
        case = self._cases.get(key)
        return case if case is not None else self._new_case(key, event)

    def _new_case(self, key: _Key, event: Event) -> _Case:
        around = Around(windows=self.windows)
        version = f"rules {self.version}; agents {event.facts.rules or '-'}; networks {event.facts.networks or '-'}"
        case = _Case(event, self.priors.get(event.kind), _ask(self._on_facts, event, around), version)
        if len(self._cases) >= _MOST_CASES:
            self._cases.clear()
        self._cases[key] = case
        return case

    def _alone(self, case: _Case, event: Event, wait: int) -> Verdict:
        verdict = self._weigh(case, event, Around(windows=self.windows, wait=Wait(wait)))
        case.alone[wait] = verdict
        return verdict

    def _near(self, case: _Case, event: Event, wait: int, noted: Mapping[str, int]) -> Verdict:
        """Judge by what was noted of the event; the same notes of the same case have the same verdict."""
        key = wait, tuple(noted.items())
        verdict = case.near.get(key)
        if verdict is None:
            counts = Counts(**noted)  # type: ignore[arg-type]  # bools are kept as ints
            verdict = self._weigh(case, event, Around(windows=self.windows, wait=Wait(wait), **counts._asdict()))
            if len(case.near) >= _MOST_CASES:
                case.near.clear()
            case.near[key] = verdict
        return verdict

    def _anew(self, case: _Case, event: Event, wait: int, counts: Counts, own: Neighbourhood) -> Verdict:
        """Judge with the rules that look at the event itself, so that nothing is remembered."""
        around = Around(
            windows=self.windows,
            wait=Wait(wait),
            message=own.near(own.messages, event.message_id, event),
            network=own.near(own.networks, event.facts.network_id, event),
            **counts._asdict(),
        )
        return self._weigh(case, event, around, _ask(self._on_event, event, around))

    def _weigh(self, case: _Case, event: Event, around: Around, more: Sequence[tuple[Rule, str]] = ()) -> Verdict:
        if case.prior is None:
            return unread(case.version)
        found = [*case.found, *_ask(self._on_around, event, around), *more]
        return weigh(case.prior, found, self.windows, case.version)

    def _name(self) -> str:
        """Name the rules, weights and windows: a host's own get a digest, so that verdicts tell them apart."""
        plain = self.rules == DEFAULT_RULES and self.windows == Windows() and self.priors == DEFAULT_PRIORS
        if plain and not self._links:
            return RULES_VERSION
        rules = sorted((rule.name, rule.family, rule.weight, rule.source, rule.actor.value) for rule in self.rules)
        priors = sorted((kind.value, prior) for kind, prior in self.priors.items())
        named = repr((rules, self.windows, priors, sorted(self._links.items())))
        return f"{RULES_VERSION}+{blake2b(named.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"


def _group_follows(cases: Sequence[_Case], messages: Sequence[str]) -> tuple[dict[str, list[int]], dict[str, int]]:
    """Give the follows of messages with several, and the first of each message."""
    follows: dict[str, list[int]] = {}
    alone: dict[str, int] = {}
    for index, message in enumerate(messages):
        if message and cases[index].follows:
            first = alone.setdefault(message, index)
            if first != index:
                if message in follows:
                    follows[message].append(index)
                else:
                    follows[message] = [first, index]
    return follows, alone


def _group_quick(networks: Sequence[str], times: Sequence[float], window: float) -> Iterable[list[int]]:
    """Give the events of each network that made two within a window."""
    last: dict[str, float] = {}
    hot = set()
    for network, moment in zip(networks, times, strict=True):
        if network:
            if moment - last.get(network, -inf) <= window:
                hot.add(network)
            last[network] = moment
    groups: dict[str, list[int]] = {network: [] for network in hot}
    if groups:
        for index, network in enumerate(networks):
            if network in groups:
                groups[network].append(index)
    return groups.values()


def _related(event: Event, earlier: Iterable[Event]) -> list[Event]:
    """Give the events that may bear on another: of its message, and of its network."""
    message, network = event.message_id, event.facts.network_id
    return [
        other
        for other in earlier
        if (message and other.message_id == message) or (network and other.facts.network_id == network)
    ]


def _ask(rules: Iterable[Rule], event: Event, around: Around) -> list[tuple[Rule, str]]:
    """Ask each rule of the event's kind what it sees."""
    kind = event.kind
    asked = ((rule, rule.check(event, around)) for rule in rules if kind in rule.kinds)
    return [(rule, detail) for rule, detail in asked if detail]
