"""What a rule is: a name, a weight, a source, and one small pure function.

Has no rule itself: those are in ``agent``, ``origin``, ``single`` and ``behaviour``, and a host may add its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from mailbeacon.errors import ConfigError
from mailbeacon.judging.context import Context
from mailbeacon.model import Actor, Event, Kind

__all__ = ["FOLLOWS", "OPENS", "READS", "Check", "Needs", "Rule", "rule"]

Check = Callable[[Event, Context], str]
"""Returns what was seen, in words without anything personal, or the empty text."""

OPENS = frozenset({Kind.OPEN})
FOLLOWS = frozenset({Kind.CLICK, Kind.LEAVE_PAGE})
READS = OPENS | FOLLOWS
"""The kinds of event that a machine may cause by fetching a URL."""


class Needs(StrEnum):
    """What a rule looks at; the less it needs, the more can be remembered between events."""

    FACTS = "facts"
    """Of the event only its kind, and of its facts agent, network, hints and data versions, and whether it has a name."""
    CONTEXT = "context"
    """The same, and what ``Context`` counts."""
    EVENT = "event"
    """Any field of the event, and the events around it: asked anew for every event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of evidence.

    Attributes:
        name: A short name, unique among the rules.
        family: What kind of evidence it is; of each family only the strongest signal counts.
        weight: Evidence in log-odds (natural logarithm): above 0 speaks for a machine, below 0 for a person.
        source: Where the rule or its numbers come from, with the year.
        check: The pure function over the event and its context.
        kinds: The kinds of event it is asked about.
        actor: Whom it speaks for: which machine, or through what a person came. ``UNKNOWN`` only casts doubt: such a rule
            may keep a person from being called one, and never makes a machine.
        needs: What the function looks at.
        named: Whether it names the actor itself, and so outranks rules that only notice machines; of a rule that casts
            doubt, whether nobody can be called a person then, however much speaks for one.
    """

    name: str
    family: str
    weight: float
    source: str
    check: Check
    kinds: frozenset[Kind] = READS
    actor: Actor = Actor.SCANNER
    needs: Needs = Needs.EVENT
    named: bool = False

    def __post_init__(self) -> None:
        if not self.name or not self.family or not self.source:
            raise ConfigError("a rule needs a name, a family and a source")
        if isinstance(self.weight, bool) or not isinstance(self.weight, int | float) or not -20 <= self.weight <= 20:
            raise ConfigError(f"the weight of rule {self.name} must be between -20 and 20, got {self.weight}")
        if self.actor is Actor.UNKNOWN and self.weight <= 0:
            raise ConfigError(f"the weight of rule {self.name} must be above 0, for it casts doubt, got {self.weight}")
        if not self.kinds or not all(isinstance(kind, Kind) for kind in self.kinds):
            raise ConfigError(f"the kinds of rule {self.name} must be Kinds, at least one")
        for wanted, value in ((Actor, self.actor), (Needs, self.needs), (bool, self.named)):
            if not isinstance(value, wanted):
                raise ConfigError(f"rule {self.name} needs a {wanted.__name__}, got {value!r}")
        if not callable(self.check):
            raise ConfigError(f"rule {self.name} must have a function to ask, got {type(self.check).__name__}")

    @property
    def identity(self) -> tuple[str, str, float, str, str, str, bool, tuple[str, ...]]:
        """What tells rules apart, but for the function."""
        kinds = tuple(sorted(kind.value for kind in self.kinds))
        needs, actor = self.needs.name, self.actor.value
        return self.name, self.family, self.weight, self.source, actor, needs, self.named, kinds

    @property
    def about(self) -> str:
        """What the rule looks for: the first line of its function's docstring."""
        return (self.check.__doc__ or "").strip().split("\n")[0]


def rule(
    *,
    family: str,
    weight: float,
    source: str,
    name: str = "",
    kinds: Collection[Kind] = READS,
    actor: Actor = Actor.SCANNER,
    needs: Needs = Needs.EVENT,
    named: bool = False,
) -> Callable[[Check], Rule]:
    """Make a rule of a function: a decorator.

    Args:
        family: What kind of evidence it is; of each family only the strongest signal counts.
        weight: Evidence in log-odds: above 0 for a machine, below 0 for a person.
        source: Where the rule comes from, with the year.
        name: The rule's name; the function's own, with hyphens, when empty.
        kinds: The kinds of event it is asked about.
        actor: Whom it speaks for.
        needs: What the function looks at.
        named: Whether it names the actor itself.

    Returns:
        A decorator that turns the function into a :class:`Rule`.
    """

    def make(check: Check) -> Rule:
        return Rule(
            name=name or getattr(check, "__name__", "").strip("_").replace("_", "-"),
            family=family,
            weight=weight,
            source=source,
            check=check,
            kinds=frozenset(kinds),
            actor=actor,
            needs=needs,
            named=named,
        )

    return make
