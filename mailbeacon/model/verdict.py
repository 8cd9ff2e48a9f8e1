"""Who did it, as far as it can be known, and why we think so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from mailbeacon.model.event import Event
from mailbeacon.model.record import Record
from mailbeacon.model.web import Reply
from mailbeacon.model.words import Actor

__all__ = ["Answer", "Signal", "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal(Record):
    """One reason for a verdict.

    Attributes:
        name: The rule that saw it, such as ``burst``.
        weight: Evidence in log-odds (natural logarithm): above 0 speaks for a machine, below 0 for a person.
        detail: What was seen, in words; no address, recipient or token.
        family: What kind of evidence it is; only the strongest of a family counts.
    """

    name: str
    weight: float
    detail: str = ""
    family: str = ""


def _signals(values: Iterable[Mapping[str, object]]) -> tuple[Signal, ...]:
    return tuple(map(Signal.from_dict, values))


def _share(value: float) -> float:
    if value.__class__ not in (int, float) or not 0 <= value <= 1:
        raise ValueError("expected a share of 1")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Record):
    """Who made a request.

    Attributes:
        actor: Who it was.
        confidence: How likely the actor is right, 0 to 1; of a person, whether through a proxy or not.
        signals: The reasons, the strongest first.
        version: Of the rules and of the data they were judged with.
        leans: For an unknown actor the likelier side, ``person`` or ``machine``, whose chance ``confidence`` then is;
            empty where nothing is likelier.
    """

    actor: Actor
    confidence: float = 0.0
    signals: tuple[Signal, ...] = ()
    version: str = ""
    leans: str = ""

    _readers: ClassVar[Mapping[str, Callable[..., object]]] = {"confidence": _share, "signals": _signals}

    @property
    def is_human(self) -> bool | None:
        """``True`` for a person, ``False`` for a machine, ``None`` where it cannot be known."""
        return self.actor.is_human


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one request gives: a reply, and what is to be recorded.

    Attributes:
        reply: What to send back.
        event: The event, redacted; ``None`` when there is nothing to record.
        verdict: Who it was; ``None`` without an event.
    """

    reply: Reply
    event: Event | None = None
    verdict: Verdict | None = None
