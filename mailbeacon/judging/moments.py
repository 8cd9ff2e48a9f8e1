"""When a list's machines come, and when its readers: what a lone click at such a moment is likely to be on that list.

Capture and recapture: machines that show themselves (bursts, hidden links, named agents) tell when this list's machines come,
and opens by mail programs tell when its readers do. The moments of the quiet clicks, of which nothing else is seen, are a
mixture of the two; how much of each is in it is the only thing to find out, and needs no network data.

Counts nothing itself and looks at no event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt

from mailbeacon.judging.context import Context, DeliveryLag
from mailbeacon.judging.rules import Needs, Rule
from mailbeacon.judging.weighing import chance
from mailbeacon.model import Actor, Event, Kind, NetworkKind

__all__ = ["LONE", "Lags", "Quiet", "doubts", "is_of_moments", "machines_among", "moment_rules"]

Lags = Mapping[DeliveryLag, int]
"""How many came at which moment."""
Quiet = Mapping[DeliveryLag, Mapping[float, int]]
"""Quiet clicks by moment, and then by what else they weigh."""

LONE = (
    DeliveryLag.INSTANT,
    DeliveryLag.SOON,
    DeliveryLag.QUICK,
    DeliveryLag.EARLY,
    DeliveryLag.BUSY,
    DeliveryLag.MINUTES,
    DeliveryLag.LATER,
    DeliveryLag.LATE,
)
_LEAST_MACHINES, _LEAST_READERS = 20, 200
"""Mails with a machine, and opens by readers, below which nothing is learned of moments."""
_MOST = 5.0
"""The most doubt that one list's figures bear."""
_OWN, _GUESSES = "list-", frozenset({"unasked-network", "busy-moment"})
"""How the rules of a list's own moments begin, and the package's rules that they take the place of."""
_WORDS = {
    DeliveryLag.INSTANT: "within an instant of",
    DeliveryLag.SOON: "within seconds of",
    DeliveryLag.QUICK: "soon after",
    DeliveryLag.EARLY: "within half a minute of",
    DeliveryLag.BUSY: "within a minute of",
    DeliveryLag.MINUTES: "within minutes of",
    DeliveryLag.LATER: "some minutes after",
    DeliveryLag.LATE: "long after",
}


def machines_among(quiet: Lags, machines: Lags, readers: Lags) -> dict[DeliveryLag, float]:
    """Return how many of the quiet clicks at each moment are machines': none where too little is known.

    Source: M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier to new a priori probabilities",
    Neural Computation 14 (2002): expectation and maximisation for the share of two known distributions in a mixture.
    """
    total = sum(quiet.values())
    if not total or sum(machines.values()) < _LEAST_MACHINES or sum(readers.values()) < _LEAST_READERS:
        return {}
    scans, reads = _shape(machines), _slowed(_shape(readers), quiet)
    share, parts = 0.5, dict.fromkeys(LONE, 0.0)
    for _ in range(200):
        for lag in LONE:
            machine = share * scans[lag]
            parts[lag] = quiet.get(lag, 0) * machine / (machine + (1 - share) * reads[lag])
        share = min(max(sum(parts.values()) / total, 1e-6), 1 - 1e-6)
    return parts


def _shape(counted: Lags) -> dict[DeliveryLag, float]:
    """Return the share of each moment; half a count more for each, so that none is impossible."""
    total = sum(counted.values()) + 0.5 * len(LONE)
    return {lag: (counted.get(lag, 0) + 0.5) / total for lag in LONE}


def _slowed(reads: dict[DeliveryLag, float], quiet: Lags) -> dict[DeliveryLag, float]:
    """Return when readers follow links of mails that no mail program opened: later than others open theirs.

    Five to ten minutes after the sending hardly a machine comes, so the quiet clicks of that time tell how much later. It is
    another time than the one in question, so half of that is believed: the geometric mean of it and of what opens say.
    """
    later, late = DeliveryLag.LATER, DeliveryLag.LATE
    own = (quiet.get(later, 0) + 0.5) / (quiet.get(late, 0) + 0.5)
    share = min(1.0, sqrt(own * reads[late] / reads[later]))
    slowed = {lag: part if lag is late else part * share for lag, part in reads.items()}
    total = sum(slowed.values())
    return {lag: part / total for lag, part in slowed.items()}


def doubts(quiet: Quiet, machines: Mapping[DeliveryLag, float], prior: float) -> dict[DeliveryLag, float]:
    """Return the weights with which the quiet clicks' chances of a machine add up, at each moment, to as many machines.

    Late ones are never doubted: to be late is all that is known of them.
    """
    return {
        lag: _added(quiet.get(lag, {}), number, prior)
        for lag, number in machines.items()
        if lag is not DeliveryLag.LATE
    }


def _added(weights: Mapping[float, int], machines: float, prior: float) -> float:
    low, high = 0.0, _MOST
    for _ in range(30):
        middle = (low + high) / 2
        if sum(number * chance(prior + middle + weight) for weight, number in sorted(weights.items())) < machines:
            low = middle
        else:
            high = middle
    return round(low, 2)


def is_of_moments(rule: str) -> bool:
    """Check whether a rule, by its name, says what moments say: the package's guesses, or what a list's own events said."""
    return rule in _GUESSES or rule.startswith(_OWN)


def moment_rules(moments: Mapping[DeliveryLag, float]) -> list[Rule]:
    """Return the rules that doubt a lone click at the moments at which a list's machines come."""
    return [
        Rule(
            name=f"{_OWN}{lag.name.lower()}",
            family="doubt",
            weight=weight,
            source="estimated from the list's own events: mailbeacon.judging.Fit",
            check=_at(lag),
            kinds=frozenset({Kind.CLICK}),
            actor=Actor.UNKNOWN,
            needs=Needs.CONTEXT,
        )
        for lag, weight in sorted(moments.items())
        if weight > 0
    ]


def _at(lag: DeliveryLag) -> Callable[[Event, Context], str]:
    def check(event: Event, context: Context) -> str:
        if context.lag is not lag or context.opened or event.facts.network.kind is not NetworkKind.UNKNOWN:
            return ""
        since = "delivery" if context.delivered else "sending"
        return f"it came {_WORDS[lag]} the {since}, when this list's machines come, and no mail program had opened the mail"

    check.__doc__ = f"See that a click came {_WORDS[lag]} the delivery or the sending, when a list's machines come."
    return check
