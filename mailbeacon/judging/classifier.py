"""Events → verdicts: one, or a million at once.

Why not simply judge one event after the other? Take a mail with ten links, and three clicks on it:

    09:00:43.0  link 1   network A   Chrome      one of ten within a second, all from A
    09:00:43.1  link 2   network A   Chrome
    09:15:00.0  link 2   network B   Chrome      somebody reads it

Alone, all three look the same. What gives the first away comes after it, so a verdict looks at the mail's other events,
earlier and later. But "this mail was scanned" must not spill over to the reader, who has the very same browser. So a mail's
events are first parted by client, then each client's clicks are counted (``count_mail``) and judged; and only then is it
asked who else shared network *and* user agent with a machine (``count_company``). What shares only one of the two is not
called a machine for it; at most it is not called a person either.

And a million events must not be weighed one by one: a verdict depends on the event's kind, a few of its facts, how long it
came after the delivery, and what was noted around it. Few such cases are different, so each is weighed once and remembered.

Reads no clock and keeps no event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from types import MappingProxyType

from mailbeacon.caches import Cache
from mailbeacon.errors import ConfigError
from mailbeacon.judging.asking import ask
from mailbeacon.judging.batch import CARRIERS, Batch, Notes, Spans
from mailbeacon.judging.behaviour import BEHAVIOUR_RULES
from mailbeacon.judging.clients import hand_counts
from mailbeacon.judging.context import Context, DeliveryLag
from mailbeacon.judging.crowds import NetworkHit, note_hits
from mailbeacon.judging.grouping import Neighbourhood, clicked, groups_of, related_to
from mailbeacon.judging.lags import UNTIMED, Lag, lag_of, lags_from_delivery
from mailbeacon.judging.moments import is_of_moments, moment_rules
from mailbeacon.judging.neighbours import count_company, count_mail, count_networks
from mailbeacon.judging.rules import Needs, Rule
from mailbeacon.judging.single import SINGLE_RULES
from mailbeacon.judging.streaming import Judged, Revision, stream
from mailbeacon.judging.weighing import DEFAULT_PRIORS, unread, weigh
from mailbeacon.judging.windows import Windows
from mailbeacon.model import Actor, AgentKind, Event, Hint, Kind, NetworkKind, Verdict

__all__ = ["DEFAULT_RULES", "RULES_VERSION", "Classifier"]

DEFAULT_RULES: tuple[Rule, ...] = (*SINGLE_RULES, *BEHAVIOUR_RULES)
"""The rules a classifier has when none are given."""

RULES_VERSION = "2026.11.7"
"""The version of the rules and weights in this package."""

_MOST_CASES = 20_000
_ACTS = frozenset({Kind.OPEN, Kind.CLICK, Kind.LEAVE_PAGE, Kind.UNSUBSCRIBE})
_FETCHES = _ACTS - {Kind.UNSUBSCRIBE}
_PROXIES = frozenset({AgentKind.PRIVACY_PROXY, AgentKind.IMAGE_PROXY, AgentKind.PREFETCH})
_COMPANY = frozenset({actor for actor in Actor if actor.is_human is False} - {Actor.PREFETCH})
"""The machines whose company says something: what fetches ahead for a reader is not."""
_HOSTING, _OPEN, _DELIVERED = NetworkKind.HOSTING, Kind.OPEN, Kind.DELIVERED
_NOTHING: Mapping[str, int] = MappingProxyType({})
_Key = tuple[Kind, AgentKind, bool, NetworkKind, str, frozenset[Hint], str, str]


class _Case:
    """What events of one kind with the same facts have in common, and the verdicts found so far."""

    __slots__ = ("acts", "crowd", "fetches", "found", "prior", "verdicts", "version")

    def __init__(self, event: Event, prior: float | None, found: list[tuple[Rule, str]], version: str) -> None:
        facts = event.facts
        self.prior = prior
        self.found = found
        self.version = version
        self.acts = event.kind in _ACTS
        self.fetches = event.kind in _FETCHES
        self.crowd = self.fetches and facts.agent not in _PROXIES and facts.network.kind not in CARRIERS
        self.verdicts: Cache[tuple[object, ...], Verdict] = Cache(_MOST_CASES)


class Classifier:
    """A judge: who made each event.

    Args:
        rules: The evidence to look for; a host's own may be added to :data:`DEFAULT_RULES`.
        windows: The windows, counts and borders.
        priors: Log-odds of a machine before any evidence, by kind of event; other kinds are not judged. See
            :func:`mailbeacon.judging.estimate_priors` for those of one list.
        links: How many links a campaign's mail has, where the host knows it and its tokens do not say it.
        people: Ids of rented addresses (``facts.network_id``) that carry people, such as an office's proxy in the cloud;
            see :meth:`mailbeacon.judging.Fit.people`. They are judged as a VPN's.
        moments: How much to doubt a lone click that comes at such a moment after the sending, in log-odds; see
            :meth:`mailbeacon.judging.Fit.moments`.

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
        people: Collection[str] = (),
        moments: Mapping[DeliveryLag, float] | None = None,
    ) -> None:
        self.rules = tuple(rules)
        self.windows = windows or Windows()
        self.priors: Mapping[Kind, float] = MappingProxyType(dict(priors))
        self._links = dict(links or {})
        self._people = frozenset(people)
        self._moments = dict(moments or {})
        self._spans, self._limits = Spans(self.windows), hand_counts(self.windows)
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
        self._on_context = [rule for rule in self.rules if rule.needs is Needs.CONTEXT]
        if self._moments:
            others = [rule for rule in self._on_context if not is_of_moments(rule.name)]
            self._on_context = [*others, *moment_rules(self._moments)]
        self._on_event = [rule for rule in self.rules if rule.needs is Needs.EVENT]
        self._cases: Cache[_Key, _Case] = Cache(_MOST_CASES)
        self.version = self._name()

    def __repr__(self) -> str:
        return f"Classifier({len(self.rules)} rules, version={self.version!r})"

    def changed(
        self,
        *,
        priors: Mapping[Kind, float],
        people: Collection[str] = (),
        moments: Mapping[DeliveryLag, float] | None = None,
    ) -> Classifier:
        """Return a classifier with other priors and moments, and more addresses that carry people; all else is as here."""
        return Classifier(
            self.rules,
            windows=self.windows,
            priors=priors,
            links=self._links,
            people=self._people.union(people),
            moments=self._moments if moments is None else moments,
        )

    def classify(self, event: Event, earlier: Iterable[Event] = ()) -> Verdict:
        """Return the verdict on one event.

        Args:
            event: The event; only its facts, kind, times and names of mail and link are read.
            earlier: Any other events known so far, in any order; those of other mails and networks change nothing.

        Returns:
            What :meth:`classify_all` says of the event when it sees all of them.
        """
        related = related_to(event, earlier) if earlier else []
        if related or self._on_event:
            return self.classify_all([*related, event])[-1]
        event = self._seen(event)
        case = self._case(event)
        return self._verdict(case, event, lag_of(event, self.windows) if case.fetches else UNTIMED)

    def classify_all(
        self, events: Iterable[Event], *, networks: Mapping[str, Mapping[str, int]] | None = None
    ) -> list[Verdict]:
        """Return the verdicts on many events, each in the light of all the others, later ones too.

        Args:
            events: In any order.
            networks: What :meth:`note_networks` said of all events, where these are only the events of some mails;
                ``None`` where they are all there are.

        Returns:
            One verdict for each event, in the order given; the order changes none.
        """
        given = [self._seen(event) for event in events] if self._people else list(events)
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

    def _seen(self, event: Event) -> Event:
        """Return an event as it is judged: from a rented address that carries people it is as from a VPN."""
        facts = event.facts
        if facts.network_id not in self._people or facts.network.kind is not _HOSTING:
            return event
        return event.changed(facts=facts.changed(network=replace(facts.network, kind=NetworkKind.VPN)))

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
        return note_hits(hits, self.windows.recipients.total_seconds(), self.windows.recipients_count)

    def _judge(
        self, events: Sequence[Event], times: Sequence[float], known: Mapping[str, Mapping[str, int]] | None
    ) -> list[Verdict]:
        """Judge events that are in order of time; ``times`` are theirs, in seconds."""
        windows, counts_networks, delivered = self.windows, known is None, False
        cases: list[_Case] = []
        lags: list[Lag] = []
        verdicts: list[Verdict] = []
        opens: list[int] = []
        follows: list[int] = []
        networks: list[str] = []
        for index, event in enumerate(events):
            case = self._case(event)
            lag = lag_of(event, windows) if case.fetches else UNTIMED
            cases.append(case)
            lags.append(lag)
            verdicts.append(case.verdicts.get(lag) or self._verdict(case, event, lag))
            named = event.recipient is not None  # where nobody may be told apart, none belong together
            if named and case.acts:
                (opens if event.kind is _OPEN else follows).append(index)
            networks.append(event.facts.network_id if named and counts_networks and case.crowd else "")
            delivered = delivered or event.kind is _DELIVERED
        if delivered:
            for index, lag in lags_from_delivery(events, windows):
                if cases[index].fetches:
                    lags[index], verdicts[index] = lag, self._verdict(cases[index], events[index], lag)
        batch = Batch(
            events=events, times=times, windows=windows, spans=self._spans, links=self._links, limits=self._limits
        )
        notes = batch.notes

        def judged(index: int) -> Verdict:
            noted = notes.get(index)
            return self._verdict(cases[index], events[index], lags[index], noted) if noted else verdicts[index]

        for group in clicked(events, opens, follows):
            mail = count_mail(batch, group)
            if mail.follows:  # first the machines, then who was in their company
                count_company(batch, mail, [index for index in mail.follows if judged(index).actor in _COMPANY])
        self._add_networks(batch, groups_of(networks), known)
        if self._on_event:
            own = Neighbourhood(events, windows.horizon)
            return [
                self._anew(case, event, lag, notes.get(index, _NOTHING), own)
                for index, (case, event, lag) in enumerate(zip(cases, events, lags, strict=True))
            ]
        for index in notes:
            verdicts[index] = judged(index)
        return verdicts

    @staticmethod
    def _add_networks(
        batch: Batch, groups: Iterable[Sequence[int]], known: Mapping[str, Mapping[str, int]] | None
    ) -> None:
        """Add to the notes what was counted over networks: here, or before."""
        crowds: Notes
        if known is None:
            crowds = count_networks(batch, groups)
        else:
            crowds = {index: dict(known[event.id]) for index, event in enumerate(batch.events) if event.id in known}
        for index, noted in crowds.items():
            batch.notes.setdefault(index, {}).update(noted)

    def _case(self, event: Event) -> _Case:
        """Return what events like this one have in common."""
        facts = event.facts
        network = facts.network
        key = (
            event.kind,
            facts.agent,
            facts.client != "",
            network.kind,
            network.operator,
            facts.hints,
            facts.rules,
            facts.networks,
        )
        return self._cases.get(key) or self._new_case(key, event)

    def _new_case(self, key: _Key, event: Event) -> _Case:
        facts = event.facts
        version = f"rules {self.version}; agents {facts.rules or '-'}; networks {facts.networks or '-'}"
        found = ask(self._on_facts, event, Context(windows=self.windows))
        return self._cases.put(key, _Case(event, self.priors.get(event.kind), found, version))

    def _verdict(self, case: _Case, event: Event, lag: Lag, noted: Mapping[str, int] = _NOTHING) -> Verdict:
        """Judge by what was noted of the event; the same notes of the same case have the same verdict."""
        key = (lag, *noted.items()) if noted else lag
        return case.verdicts.get(key) or case.verdicts.put(key, self._weigh(case, event, self._context(lag, noted)))

    def _anew(self, case: _Case, event: Event, lag: Lag, noted: Mapping[str, int], own: Neighbourhood) -> Verdict:
        """Judge with the rules that look at the event itself, so that nothing is remembered."""
        message, network = own.message(event), own.network(event)
        context = replace(self._context(lag, noted), message=message, network=network)
        return self._weigh(case, event, context, ask(self._on_event, event, context))

    def _context(self, lag: Lag, noted: Mapping[str, int]) -> Context:
        return Context(windows=self.windows, lag=lag[0], delivered=lag[1], **noted)  # type: ignore[arg-type]  # bools are kept as ints

    def _weigh(self, case: _Case, event: Event, context: Context, more: Sequence[tuple[Rule, str]] = ()) -> Verdict:
        if case.prior is None:
            return unread(case.version)
        found = [*case.found, *ask(self._on_context, event, context), *more]
        return weigh(case.prior, found, self.windows, case.version)

    def _name(self) -> str:
        """Return a name for the rules, weights and windows: a host's own have a digest, so that verdicts tell them apart."""
        plain = self.rules == DEFAULT_RULES and self.windows == Windows() and self.priors == DEFAULT_PRIORS
        if plain and not self._links and not self._people and not self._moments:
            return RULES_VERSION
        rules = sorted(rule.identity for rule in self.rules)
        priors = sorted((kind.value, prior) for kind, prior in self.priors.items())
        moments = [sorted(self._moments.items())] if self._moments else []
        named = repr((rules, self.windows, priors, sorted(self._links.items()), *sorted(self._people), *moments))
        return f"{RULES_VERSION}+{blake2b(named.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"
