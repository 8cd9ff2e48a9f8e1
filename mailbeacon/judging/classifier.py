"""Events → verdicts: one, or a million at once.

A verdict depends on the event's kind, a few of its facts, how long it came after the delivery, and what was counted
around it; so each different case is weighed once and remembered. Reads no clock and keeps no event.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from types import MappingProxyType

from mailbeacon.errors import ConfigError, RuleError
from mailbeacon.judging.around import Around, Wait
from mailbeacon.judging.behaviour import BEHAVIOUR_RULES
from mailbeacon.judging.cases import Case, Seen
from mailbeacon.judging.crowds import NetworkHit, note_hits
from mailbeacon.judging.grouping import Neighbourhood, mail_of, related_to
from mailbeacon.judging.neighbours import count_message, count_networks
from mailbeacon.judging.rules import Needs, Rule
from mailbeacon.judging.shared import Shared, Spans
from mailbeacon.judging.single import SINGLE_RULES
from mailbeacon.judging.streaming import Judged, Revision, stream
from mailbeacon.judging.weighing import DEFAULT_PRIORS, unread, weigh
from mailbeacon.judging.windows import Windows
from mailbeacon.model import AgentKind, Event, Hint, Kind, NetworkKind, Verdict

__all__ = ["DEFAULT_RULES", "RULES_VERSION", "Classifier"]

DEFAULT_RULES: tuple[Rule, ...] = (*SINGLE_RULES, *BEHAVIOUR_RULES)
"""The rules a classifier has when none are given."""

RULES_VERSION = "2026.11.2"
"""The version of the rules and weights in this package."""

_MOST_CASES = 20_000
_LATE = Wait.LATE
_NO_TIME = timedelta(0)

_Key = tuple[Kind, AgentKind, NetworkKind, str, frozenset[Hint], str, str]


class Classifier:
    """Say who made each event.

    Args:
        rules: The evidence to look for; a host's own may be added to :data:`DEFAULT_RULES`.
        windows: The windows, counts and borders.
        priors: Log-odds of a machine before any evidence, by kind of event; other kinds are not judged.
        links: How many links a campaign's mail has, where the host knows it; else ``windows.many_links`` counts as all.

    Raises:
        ConfigError: If two rules share a name, or one is no rule.
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
        self._spans = Spans.of(self.windows)
        self._pairs = 2 in (self.windows.networks_count, self.windows.coverage_links)  # two slow clicks say something
        for rule in self.rules:
            if not isinstance(rule, Rule):
                raise ConfigError(f"a rule must be a Rule, got {type(rule).__name__}: is @rule(…) missing?")
        for campaign, number in self._links.items():
            if not isinstance(number, int):
                raise ConfigError(f"links must hold whole numbers, got {number!r} for campaign {campaign!r}")
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise ConfigError(f"two rules share the name {max(names, key=names.count)!r}")
        self._on_facts = [rule for rule in self.rules if rule.needs is Needs.FACTS]
        self._on_around = [rule for rule in self.rules if rule.needs is Needs.AROUND]
        self._on_event = [rule for rule in self.rules if rule.needs is Needs.EVENT]
        self._cases: dict[_Key, Case] = {}
        self.version = self._name()

    def classify(self, event: Event, earlier: Iterable[Event] = ()) -> Verdict:
        """Give the verdict on one event.

        Args:
            event: The event; only its facts, kind, times and names of mail and link are read.
            earlier: Any other events known so far, in any order; those of other messages and networks change nothing.

        Returns:
            What :meth:`classify_all` says of the event when it sees all of them.
        """
        related = related_to(event, earlier) if earlier else []
        if related or self._on_event:
            return self.classify_all([*related, event])[-1]
        case = self._case(event)
        wait = self._wait(event) if case.timed else 0
        return case.alone[wait] or self._alone(case, event, wait)

    def classify_all(
        self, events: Iterable[Event], *, networks: Mapping[str, Mapping[str, int]] | None = None
    ) -> list[Verdict]:
        """Give the verdicts on many events, each in the light of all the others, later ones too.

        Args:
            events: In any order.
            networks: What :meth:`note_networks` said of all events, where these are only the events of some mails;
                ``None`` where they are all there are.

        Returns:
            One verdict for each event, in the order given; the order changes none.
        """
        given = list(events)
        try:
            times = [event.received_at.timestamp() for event in given]
        except AttributeError as error:
            raise ConfigError("events must be Events; of what a sink gives, the first of each pair") from error
        ordered = sorted(times)
        if times == ordered:
            return self._judge(given, times, networks)
        order = sorted(range(len(given)), key=times.__getitem__)
        found = self._judge([given[place] for place in order], ordered, networks)
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
            A :class:`Judged` for each event soon after its hold (at most a quarter of ``hold`` or of
            ``windows.horizon``, the longer), and a :class:`Revision` where a later event changes a verdict that was
            given. The last word on each event is what :meth:`classify_all` says.

        Raises:
            ConfigError: If ``hold`` is negative.
        """
        if hold < timedelta(0):
            raise ConfigError(f"hold must not be negative, got {hold}")
        horizon = self.windows.horizon
        reach = horizon if self._on_event else self.windows.recipients
        return stream(events, hold, horizon, self.classify_all, reach)

    def crowds(self, event: Event) -> bool:
        """Check whether an event takes part in what is counted over networks: those that carry many people do not."""
        return event.recipient is not None and event.facts.network_id != "" and self._case(event).crowd

    def note_networks(self, hits: Iterable[NetworkHit]) -> dict[str, dict[str, int]]:
        """Return what the hits of whole networks tell of each other, by the id of the event.

        With :meth:`classify_all` over all events of some mails, this gives the verdicts of one list in two groupings, so
        that neither needs all events in one place: first by network, then by mail.

        Args:
            hits: Of events that :meth:`crowds` lets pass, those of one network all together, in any order.
        """
        return note_hits(hits, self._spans.recipients, self.windows.recipients_count)

    def _judge(
        self, events: Sequence[Event], times: Sequence[float], crowds: Mapping[str, Mapping[str, int]] | None
    ) -> list[Verdict]:
        """Judge events that are in order of time; ``times`` are theirs, in seconds."""
        seen = self._look(events, times)
        if seen.deliveries:
            self._deliveries(events, seen)
        shared = Shared(events=events, times=times, windows=self.windows, spans=self._spans, links=self._links)
        cases, waits, verdicts = seen.cases, seen.waits, seen.verdicts
        if self._on_event:
            own, notes = Neighbourhood(events, self.windows.horizon), dict(_noted(shared, seen, crowds))
            return [
                self._anew(case, event, wait, notes.get(index, {}), own)
                for index, (case, event, wait) in enumerate(zip(cases, events, waits, strict=True))
            ]
        for index, noted in _noted(shared, seen, crowds):
            verdicts[index] = self._near(cases[index], events[index], waits[index], noted)
        return verdicts

    def _look(self, events: Sequence[Event], times: Sequence[float]) -> Seen:
        """Look at every event once, for a million are spread over the memory: to fetch one costs more than to look at it."""
        seen = Seen(len(events))
        cases, waits, verdicts, quick = seen.cases, seen.waits, seen.verdicts, seen.quick
        messages, message_before = seen.messages.last, seen.messages.before
        networks, network_before = seen.networks.last, seen.networks.before
        known, late, window, reach = self._cases, self.windows.late, self._spans.recipients, self._spans.mail
        hurry, pairs = self._spans.quick, self._pairs
        close, near = seen.close, seen.near
        for index, event in enumerate(events):
            facts, sent_at, recipient = event.facts, event.sent_at, event.recipient
            network = facts.network
            key = event.kind, facts.agent, network.kind, network.operator, facts.hints, facts.rules, facts.networks
            case = known.get(key) or self._new_case(key, event)
            cases.append(case)
            wait = 0
            if sent_at is not None and case.timed:
                received_at = event.received_at
                wait = _LATE if received_at - sent_at >= late else self._since(received_at, sent_at, None)
            waits.append(wait)
            verdicts.append(case.alone[wait] or self._alone(case, event, wait))
            if recipient is None:
                continue
            if case.reads:
                name = event.message_id
                if name:
                    mail: Hashable = name
                    before = messages.get(mail)
                    if before is not None:
                        other = events[before]
                        if other.recipient != recipient or other.campaign != event.campaign:
                            mail = mail_of(event)  # another mail has the same name
                            before = messages.get(mail)
                    if before is not None:
                        message_before[index] = before
                        gap = times[index] - times[before]
                        if gap <= reach and not cases[before].opens:
                            (close if gap <= hurry or case.opens or pairs or mail in near else near).add(mail)
                    messages[mail] = index
                    if case.trapped:
                        seen.trapped.add(mail)
            elif case.delivers:
                seen.deliveries = True
            if case.crowd:
                name = facts.network_id
                if name:
                    before = networks.get(name)
                    if before is not None:
                        network_before[index] = before
                        if times[index] - times[before] <= window and events[before].recipient != recipient:
                            quick.add(name)
                    networks[name] = index
        return seen

    def _deliveries(self, events: Sequence[Event], seen: Seen) -> None:
        """Time a message's events from its delivery, where one is known nearby; a provider may not know the campaign."""
        at: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
        for event in events:
            if event.kind is Kind.DELIVERED and event.recipient is not None and event.message_id:
                at[event.message_id, event.recipient].append(event.received_at)
        reach, skew = self.windows.delivery, self.windows.clock_skew
        for index, (event, case) in enumerate(zip(events, seen.cases, strict=True)):
            recipient = event.recipient
            if case.timed and recipient is not None and (moments := at.get((event.message_id, recipient))):
                received = event.received_at
                first = bisect_left(moments, received - reach)
                if first < len(moments) and moments[first] - received <= reach:
                    wait = seen.waits[index] = self._since(received, moments[first], skew)
                    seen.verdicts[index] = case.alone[wait] or self._alone(case, event, wait)

    def _wait(self, event: Event) -> int:
        return Wait.UNKNOWN if event.sent_at is None else self._since(event.received_at, event.sent_at, None)

    def _since(self, received: datetime, start: datetime, skew: timedelta | None) -> int:
        """Say how long after a delivery (with ``skew``) or a sending an event came.

        What came a little before the sending shows only that the clocks of sender and receiver differ.
        """
        gone, windows = received - start, self.windows
        if gone >= windows.late:
            return Wait.LATE
        if gone >= windows.early:
            return Wait.LATER
        if gone >= windows.soon:
            return Wait.EARLY
        if gone >= windows.instant:
            return Wait.SOON
        if skew is None:
            return Wait.UNKNOWN if _NO_TIME > gone >= -windows.sending_skew else Wait.INSTANT
        return Wait.BEFORE if gone < -skew else Wait.INSTANT

    def _case(self, event: Event) -> Case:
        """Find or make what events like this one have in common."""
        facts = event.facts
        network = facts.network
        key = event.kind, facts.agent, network.kind, network.operator, facts.hints, facts.rules, facts.networks
        return self._cases.get(key) or self._new_case(key, event)

    def _new_case(self, key: _Key, event: Event) -> Case:
        around = Around(windows=self.windows)
        version = f"rules {self.version}; agents {event.facts.rules or '-'}; networks {event.facts.networks or '-'}"
        case = Case(event, self.priors.get(event.kind), _ask(self._on_facts, event, around), version)
        if len(self._cases) >= _MOST_CASES:
            self._cases.clear()
        self._cases[key] = case
        return case

    def _alone(self, case: Case, event: Event, wait: int) -> Verdict:
        verdict = self._weigh(case, event, self._around(wait, {}))
        case.alone[wait] = verdict
        return verdict

    def _near(self, case: Case, event: Event, wait: int, noted: Mapping[str, int]) -> Verdict:
        """Judge by what was noted of the event; the same notes of the same case have the same verdict."""
        key = (wait, *noted, *noted.values())
        verdict = case.near.get(key)
        if verdict is None:
            verdict = self._weigh(case, event, self._around(wait, noted))
            if len(case.near) >= _MOST_CASES:
                case.near.clear()
            case.near[key] = verdict
        return verdict

    def _anew(self, case: Case, event: Event, wait: int, noted: Mapping[str, int], own: Neighbourhood) -> Verdict:
        """Judge with the rules that look at the event itself, so that nothing is remembered."""
        message, network = own.message(event), own.network(event)
        around = replace(self._around(wait, noted), message=message, network=network)
        return self._weigh(case, event, around, _ask(self._on_event, event, around))

    def _around(self, wait: int, noted: Mapping[str, int]) -> Around:
        return Around(windows=self.windows, wait=Wait(wait), **noted)  # type: ignore[arg-type]  # bools are kept as ints

    def _weigh(self, case: Case, event: Event, around: Around, more: Sequence[tuple[Rule, str]] = ()) -> Verdict:
        if case.prior is None:
            return unread(case.version)
        found = [*case.found, *_ask(self._on_around, event, around), *more]
        return weigh(case.prior, found, self.windows, case.version)

    def _name(self) -> str:
        """Name the rules, weights and windows: a host's own get a digest, so that verdicts tell them apart."""
        plain = self.rules == DEFAULT_RULES and self.windows == Windows() and self.priors == DEFAULT_PRIORS
        if plain and not self._links:
            return RULES_VERSION
        rules = sorted(rule.identity for rule in self.rules)
        priors = sorted((kind.value, prior) for kind, prior in self.priors.items())
        named = repr((rules, self.windows, priors, sorted(self._links.items())))
        return f"{RULES_VERSION}+{blake2b(named.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"


def _noted(
    shared: Shared, seen: Seen, known: Mapping[str, Mapping[str, int]] | None
) -> Iterator[tuple[int, dict[str, int]]]:
    """Count what happened around the events, and give what was noted, by index."""
    if known is None:
        crowds = count_networks(shared, map(seen.networks.group, seen.quick))
    elif known:
        crowds = {index: dict(known[event.id]) for index, event in enumerate(shared.events) if event.id in known}
    else:
        crowds = {}
    for mail in seen.close | seen.trapped:
        group = seen.messages.group(mail)
        for index, noted in count_message(shared, group, trapped=mail in seen.trapped).items():
            if index in crowds:
                noted |= crowds.pop(index)
            yield index, noted
    yield from crowds.items()


def _ask(rules: Iterable[Rule], event: Event, around: Around) -> list[tuple[Rule, str]]:
    """Ask each rule of the event's kind what it sees."""
    found = []
    for rule in rules:
        if event.kind in rule.kinds:
            try:
                detail: object = rule.check(event, around)
            except Exception as error:
                raise RuleError(rule.name, f"failed: {type(error).__name__}") from error
            if detail and not isinstance(detail, str):
                raise RuleError(rule.name, f"must give a text, got {type(detail).__name__}")
            if isinstance(detail, str) and detail:
                found.append((rule, detail))
    return found
