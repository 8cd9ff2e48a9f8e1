"""What one list's own events say of it: the chance of a machine before any evidence, and rented addresses that carry people.

A business list's clicks are mostly machines', a consumer list's hardly ever; the weights of rules say how much what was seen
changes that, not where it begins. Why not simply take the share of machines found? A prior is where an event begins of which
*nothing* is seen, and the machines that were found are those of which something was. How many were not cannot be counted from
inside a list; but where ten are found, more are missed than where none are. So it takes one assumption, which is an argument.

Changes no classifier: it returns what to give a new one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import pairwise

from mailbeacon.errors import ConfigError
from mailbeacon.judging.classifier import Classifier
from mailbeacon.judging.context import DeliveryLag
from mailbeacon.judging.lags import lag_after, lag_of
from mailbeacon.judging.moments import doubts, is_of_moments, machines_among
from mailbeacon.judging.neighbours import PROGRAMS
from mailbeacon.judging.weighing import chance
from mailbeacon.model import Event, Hint, Kind, Mail, NetworkKind, Verdict

__all__ = ["Fit", "estimate_priors"]

_LEAST = 200
"""Quiet clicks below which their prior stays as it is."""
_CROWDED = frozenset({"burst", "honeypot", "source"})
"""The families of what is known by its company: such events do not stand alone."""
_FARTHEST = 0.7
"""How far a list's prior may be from the one it began with: the weights beside it were set with that, and twice the odds is
what a list's own figures bear."""
_READING = timedelta(seconds=30)
"""How long after they opened a mail readers follow a link of it. Source: inferred, 2026."""
_MANY_READERS, _APART, _SPAN = 3, 60.0, 3600.0
"""Readers behind one rented address: so many, their clicks at least so many seconds apart, over so many in all.

Source: inferred, 2026: scanners behind one address come in the minutes after a sending, and many at once.
"""


class Fit:
    """Take a list's judged events one by one, and tell what to give a :class:`Classifier` of its own.

    Args:
        classifier: Whose verdicts they are, and with whose priors to begin; the package's own if not given.
        missed: The share of a list's lone machines that show nothing: with every header field of a browser, from no network
            that is known for them; where a source does not show all header fields, three times as many. Nobody can measure
            it from inside; with your own sandbox beside the list you may.

    Raises:
        ConfigError: If ``missed`` is not between 0 and 0.3.

    Example:
        >>> from mailbeacon.judging import Fit, classify_all
        >>> events = []  # of a list's last campaigns
        >>> judge = Fit().take(zip(events, classify_all(events))).classifier()
    """

    __slots__ = ("_found", "_judge", "_lone", "_looks", "_others", "_quiet", "_readers", "_scans", "_unseen")

    def __init__(self, classifier: Classifier | None = None, *, missed: float = 0.1) -> None:
        if not 0 <= missed <= 0.3:
            raise ConfigError(f"missed must be a share between 0 and 0.3, got {missed}")
        self._judge = classifier or Classifier()
        self._unseen = {known: share / (1 - share) for known, share in ((True, missed), (False, 3 * missed))}
        self._quiet: dict[float, int] = {}
        self._found = 0.0
        self._lone: dict[DeliveryLag, Counter[float]] = {}
        self._looks: Counter[DeliveryLag] = Counter()
        self._scans: dict[Mail, tuple[float, DeliveryLag]] = {}
        self._readers: dict[str, list[tuple[float, str]]] = {}
        self._others: set[str] = set()

    def take(self, judged: Iterable[tuple[Event, Verdict]]) -> Fit:
        """Take events with the classifier's verdicts, in any order; those of other rules are left out."""
        rules = f"rules {self._judge.version}; "
        for event, verdict in judged:
            if event.kind is Kind.CLICK and event.kind in self._judge.priors and verdict.version.startswith(rules):
                self._take_alone(event, verdict)
                if event.facts.network.kind is NetworkKind.HOSTING:
                    self._take_rented(event, verdict)
                self._take_moment(event, verdict)
            elif event.kind is Kind.OPEN and event.facts.agent in PROGRAMS and verdict.is_human:
                self._looks[lag_after(event, self._judge.windows, _READING)] += 1
        return self

    def priors(self) -> dict[Kind, float]:
        """Return the priors that fit: of clicks another, if there are 200 quiet ones; of all other kinds as they were.

        Machines' opens are mostly known by their company, so the lone ones that are found say little of those that are not.
        """
        priors = dict(self._judge.priors)
        if sum(self._quiet.values()) >= _LEAST:
            unseen = self._found + self._unseen[True]
            priors[Kind.CLICK] = round(_fitted(self._quiet, unseen, priors[Kind.CLICK]), 3)
        return priors

    def people(self) -> frozenset[str]:
        """Return the ids of rented addresses behind which several recipients read, each in no hurry, and no machine was seen.

        An id lasts a UTC day, and so does what is known of it.
        """
        return frozenset(
            name for name, hits in self._readers.items() if name not in self._others and _are_readers(sorted(hits))
        )

    def classifier(self) -> Classifier:
        """Return the classifier for this list: the one whose verdicts were taken, with the priors and people found here."""
        moments = self.moments()
        priors = self._judge.priors if moments else self.priors()  # moments say it better, and assume less
        return self._judge.changed(priors=priors, people=self.people(), moments=moments)

    def moments(self) -> dict[DeliveryLag, float]:
        """Return how much to doubt a lone click that comes when this list's machines come, before anybody opened the mail.

        For ``Classifier(moments=...)``. Empty with fewer than 200 quiet clicks, 20 mails that a machine visited, or 200 opens
        by mail programs.
        """
        quiet = {lag: found.total() for lag, found in self._lone.items()}
        if sum(quiet.values()) < _LEAST:
            return {}
        machines = Counter(lag for _, lag in self._scans.values())
        return doubts(self._lone, machines_among(quiet, machines, self._looks), self._judge.priors[Kind.CLICK])

    def _take_alone(self, event: Event, verdict: Verdict) -> None:
        """Count a click that stands alone, if it does: a machine that was found, or one of which nothing speaks for one.

        Where no network data was asked hardly any lone machine can be found, so such events say nothing.
        """
        if not event.facts.networks or not _CROWDED.isdisjoint(signal.family for signal in verdict.signals):
            return
        if verdict.is_human is False:
            self._found += self._unseen[Hint.HEADERS_UNKNOWN not in event.facts.hints]
        elif all(signal.weight <= 0 for signal in verdict.signals if signal.family != "time"):
            weight = sum(sorted(signal.weight for signal in verdict.signals))
            self._quiet[weight] = self._quiet.get(weight, 0) + 1

    def _take_moment(self, event: Event, verdict: Verdict) -> None:
        """Note the moment of a machine's first click on its mail, or of a quiet one on a mail that nobody had opened."""
        lag = lag_of(event, self._judge.windows)[0]
        if verdict.is_human is False and not _CROWDED.isdisjoint(signal.family for signal in verdict.signals):
            first = (event.received_at.timestamp(), lag)
            self._scans[event.mail] = min(first, self._scans.get(event.mail, first))
        elif verdict.is_human is not False and event.facts.network.kind is NetworkKind.UNKNOWN:
            rest = [signal for signal in verdict.signals if not is_of_moments(signal.name)]
            quiet = all(signal.weight <= 0 or signal.family == "time" for signal in rest)
            if quiet and all(signal.family != "reading" for signal in rest):
                self._lone.setdefault(lag, Counter())[sum(sorted(signal.weight for signal in rest))] += 1

    def _take_rented(self, event: Event, verdict: Verdict) -> None:
        """Note a click from a rented address: one that may be a reader's, or one that makes the address a machine's."""
        network, recipient = event.facts.network_id, event.recipient
        if not network or recipient is None:
            return
        late = any(signal.name == "lag-late" for signal in verdict.signals)
        if late and all(signal.family == "network" for signal in verdict.signals if signal.weight > 0):
            self._readers.setdefault(network, []).append((event.received_at.timestamp(), recipient))
        else:
            self._others.add(network)


def estimate_priors(
    events: Iterable[Event], classifier: Classifier | None = None, *, missed: float = 0.1
) -> dict[Kind, float]:
    """Return the priors that fit a list's events: for ``Classifier(priors=...)``.

    Counted are clicks that stand alone: those judged a machine's, and the quiet ones, of which nothing speaks for a machine.
    Of the lone machines the share ``missed`` is thought to be among the quiet ones; the prior is then the one with which the
    quiet ones' chances of a machine add up to as many. Clicks without network data are not counted.

    Args:
        events: Of one list, best of several campaigns; of fewer than 200 quiet clicks nothing is learned.
        classifier: Whose rules and priors to begin with; the package's own if not given.
        missed: As :class:`Fit` takes it.

    Raises:
        ConfigError: If ``missed`` is not between 0 and 0.3.

    Source: the shape of M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier to new a priori
    probabilities", Neural Computation 14 (2002), with a stated share in place of their mixture, which the quiet events here
    do not tell apart.
    """
    judge, given = classifier or Classifier(), list(events)
    return Fit(judge, missed=missed).take(zip(given, judge.classify_all(given), strict=True)).priors()


def _fitted(weights: Mapping[float, int], machines: float, prior: float) -> float:
    """Return the log-odds, not far from a prior, with which the chances of all add up to that many machines."""
    low, high = prior - _FARTHEST, prior + _FARTHEST
    for _ in range(40):
        middle = (low + high) / 2
        if sum(number * chance(middle + weight) for weight, number in weights.items()) < machines:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _are_readers(hits: list[tuple[float, str]]) -> bool:
    """Check whether an address's late clicks, in order of time, are those of several recipients in no hurry."""
    if len({recipient for _, recipient in hits}) < _MANY_READERS or hits[-1][0] - hits[0][0] < _SPAN:
        return False
    return all(later - moment >= _APART or recipient == other for (moment, recipient), (later, other) in pairwise(hits))
