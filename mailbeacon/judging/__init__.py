"""Who was it: facts, and what else happened, to verdicts that explain themselves.

Reads events with facts only, and of these nothing that names a person. Observes, counts and stores nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from mailbeacon.judging.classifier import DEFAULT_RULES, RULES_VERSION, Classifier
from mailbeacon.judging.context import Context, DeliveryLag
from mailbeacon.judging.explaining import explain
from mailbeacon.judging.priors import Fit, estimate_priors
from mailbeacon.judging.rules import Needs, Rule, rule
from mailbeacon.judging.streaming import Judged, Revision
from mailbeacon.judging.weighing import DEFAULT_PRIORS
from mailbeacon.judging.windows import Windows
from mailbeacon.model import Event, Verdict

__all__ = [
    "DEFAULT_PRIORS",
    "DEFAULT_RULES",
    "RULES_VERSION",
    "Classifier",
    "Context",
    "DeliveryLag",
    "Fit",
    "Judged",
    "Needs",
    "Revision",
    "Rule",
    "Windows",
    "classify",
    "classify_all",
    "estimate_priors",
    "explain",
    "rule",
]

_PACKAGE = Classifier()
"""The package's own rules; it remembers cases only, and no verdict depends on what it has judged before."""


def classify(event: Event, earlier: Iterable[Event] = ()) -> Verdict:
    """Return who made one event, by the package's own rules.

    Args:
        event: The event, redacted or not: the verdict is the same.
        earlier: Any other events known so far, in any order.
    """
    return _PACKAGE.classify(event, earlier)


def classify_all(events: Iterable[Event], *, fit: bool = False) -> list[Verdict]:
    """Return who made each of many events, each in the light of all the others; the order of input does not matter.

    Args:
        events: In any order.
        fit: Whether to judge twice: first to learn from these events, of one list's whole campaigns, how common lone
            machines are there, and which rented addresses carry people (:class:`Fit`). A verdict then depends on all of
            them, not on its mail and its network alone, and its ``version`` says so.
    """
    given = list(events)
    verdicts = _PACKAGE.classify_all(given)
    return Fit(_PACKAGE).take(zip(given, verdicts, strict=True)).classifier().classify_all(given) if fit else verdicts
