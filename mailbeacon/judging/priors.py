"""The chance of a machine before any evidence, estimated from one list's own events.

A business list's clicks are mostly machines', a consumer list's hardly ever; the weights of rules say how much what was seen
changes that, not where it begins. Why not simply take the share of machines found? A prior is where an event begins of which
*nothing* is seen, and the machines that were found are those of which something was. How many were not cannot be counted from
inside a list; but where ten are found, more are missed than where none are. So it takes one assumption, which is an argument.

Changes no classifier: it returns what to give a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mailbeacon.errors import ConfigError
from mailbeacon.judging.classifier import Classifier
from mailbeacon.judging.weighing import chance
from mailbeacon.model import Event, Kind

__all__ = ["estimate_priors"]

_LEAST = 200
"""Events of a kind below which its prior stays as it is."""
_CROWDED = frozenset({"burst", "honeypot", "source"})
"""The families of what is known by its company: such events do not stand alone."""
_FARTHEST = 0.7
"""How far a list's prior may be from the one it began with: the weights beside it were set with that, and twice the odds is
what a list's own figures bear."""


def estimate_priors(
    events: Iterable[Event], classifier: Classifier | None = None, *, missed: float = 0.1
) -> dict[Kind, float]:
    """Return the priors that fit a list's events: for ``Classifier(priors=...)``.

    Counted are events that stand alone: those judged a machine's, and the quiet ones, of which nothing speaks for a machine.
    Of the lone machines the share ``missed`` is thought to be among the quiet ones; the prior is then the one with which the
    quiet ones' chances of a machine add up to as many.

    Args:
        events: Of one list, best of several campaigns; a kind with fewer than 200 quiet events keeps its prior.
        classifier: Whose rules and priors to begin with; the package's own if not given.
        missed: The share of a list's lone machines that show nothing: with every header field of a browser, from no network
            that is known for them. Nobody can measure it from inside; with your own sandbox beside the list you may.

    Raises:
        ConfigError: If ``missed`` is not between 0 and 0.9.

    Source: the shape of M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier to new a priori
    probabilities", Neural Computation 14 (2002), with a stated share in place of their mixture, which the quiet events here
    do not tell apart.
    """
    if not 0 <= missed <= 0.9:
        raise ConfigError(f"missed must be a share between 0 and 0.9, got {missed}")
    judge = classifier or Classifier()
    given = list(events)
    quiet: dict[Kind, list[float]] = {}
    found: dict[Kind, int] = {}
    for event, verdict in zip(given, judge.classify_all(given), strict=True):
        if event.kind not in judge.priors or not _CROWDED.isdisjoint(signal.family for signal in verdict.signals):
            continue
        if verdict.is_human is False:
            found[event.kind] = found.get(event.kind, 0) + 1
        elif all(signal.weight <= 0 for signal in verdict.signals if signal.family != "time"):
            quiet.setdefault(event.kind, []).append(sum(signal.weight for signal in verdict.signals))
    priors = dict(judge.priors)
    for kind, weights in quiet.items():
        if len(weights) >= _LEAST:
            unseen = (found.get(kind, 0) + 1) * missed / (1 - missed)
            priors[kind] = round(_fitted(weights, unseen, judge.priors[kind]), 3)
    return priors


def _fitted(weights: Sequence[float], machines: float, prior: float) -> float:
    """Return the log-odds, not far from a prior, with which the chances of all add up to that many machines."""
    counted: dict[float, int] = {}
    for weight in weights:
        counted[weight] = counted.get(weight, 0) + 1
    low, high = prior - _FARTHEST, prior + _FARTHEST
    for _ in range(40):
        middle = (low + high) / 2
        if sum(number * chance(middle + weight) for weight, number in counted.items()) < machines:
            low = middle
        else:
            high = middle
    return (low + high) / 2
