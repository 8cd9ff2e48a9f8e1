"""Compare verdicts with the truth: who was taken for whom, and whether a verdict is as sure as it should be.

Knows nothing of how verdicts are made, and needs nothing of this package's own scenes: any truth will do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mailbeacon.errors import ConfigError
from mailbeacon.fake.hits import GroundTruth
from mailbeacon.model import Actor, Event, Kind, Verdict

__all__ = ["Assessment", "Bin", "assess"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The verdicts that were about as sure of themselves.

    Attributes:
        low: The least confidence of the bin, which is a tenth wide.
        events: How many verdicts.
        said: Their mean confidence.
        right: The share that was rightly called a person's, a machine's, or nobody's to know. Whether a person came through a
            proxy, and which machine it was, is not asked here: precision and recall tell that.
    """

    low: float
    events: int
    said: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """How right verdicts were.

    Attributes:
        confusion: How many events of a true actor got which actor: ``{(true, said): count}``.
        behaviours: By behaviour and kind of event, how many were said to be people's (``True``), machines'
            (``False``), or unknown (``None``).
        calibration: By confidence, from low to high, over all verdicts but UNKNOWN.
        brier: The mean squared difference between confidence and being right in that sense, over the same verdicts; 0 is best.
    """

    confusion: Mapping[tuple[Actor, Actor], int] = field(repr=False)
    behaviours: Mapping[tuple[str, Kind], Mapping[bool | None, int]] = field(repr=False)
    calibration: tuple[Bin, ...]
    brier: float

    @property
    def events(self) -> int:
        """How many events were compared."""
        return sum(self.confusion.values())

    @property
    def accuracy(self) -> float:
        """The share of events whose actor was right; 1 if there were none."""
        return _share(sum(count for (true, said), count in self.confusion.items() if true is said), self.events)

    def precision(self, actor: Actor) -> float:
        """Return the share that truly was this actor, of what was said to be; 1 if none was."""
        said = sum(count for (_, called), count in self.confusion.items() if called is actor)
        return _share(self.confusion.get((actor, actor), 0), said)

    def recall(self, actor: Actor) -> float:
        """Return the share that was said to be this actor, of what truly was; 1 if none was."""
        true = sum(count for (was, _), count in self.confusion.items() if was is actor)
        return _share(self.confusion.get((actor, actor), 0), true)

    def called_human(self, behaviour: str, kind: Kind | None = None) -> float:
        """Return the share of a behaviour's events that were said to be a person's; 1 if there were none."""
        found: Counter[bool | None] = Counter()
        for (name, its_kind), said in self.behaviours.items():
            if name == behaviour and kind in (None, its_kind):
                found.update(said)
        return _share(found[True], found.total())

    def text(self) -> str:
        """Return the figures as a table for a terminal."""
        rows = [f"{'behaviour':28} {'kind':6} {'events':>8} {'person':>8} {'unknown':>8} {'machine':>8}"]
        for (name, kind), said in sorted(self.behaviours.items()):
            total = sum(said.values())
            shares = " ".join(f"{_share(said.get(key, 0), total):8.1%}" for key in (True, None, False))
            rows.append(f"{name:28} {kind.value:6} {total:8} {shares}")
        rows += ["", f"{'actor':28} {'true':>15} {'said':>8} {'precision':>10} {'recall':>8}"]
        for actor in Actor:
            true = sum(count for (was, _), count in self.confusion.items() if was is actor)
            said_so = sum(count for (_, called), count in self.confusion.items() if called is actor)
            if true or said_so:
                figures = f"{self.precision(actor):10.1%} {self.recall(actor):8.1%}"
                rows.append(f"{actor.value:28} {true:15} {said_so:8} {figures}")
        rows += ["", f"{'confidence':28} {'events':>15} {'said':>8} {'right':>10}"]
        for one in self.calibration:
            span = f"{one.low:.1f} to {one.low + 0.1:.1f}"
            rows.append(f"{span:28} {one.events:15} {one.said:8.1%} {one.right:10.1%}")
        rows += ["", f"{self.events} events, {self.accuracy:.1%} right, Brier score {self.brier:.4f}"]
        return "\n".join(rows)


def assess(events: Iterable[Event], verdicts: Iterable[Verdict], truths: Iterable[GroundTruth]) -> Assessment:
    """Compare verdicts with the truth.

    Args:
        events: What happened.
        verdicts: Who was said to have done it, in the same order.
        truths: Who did it, in the same order.

    Raises:
        ConfigError: If there are not as many of each.
    """
    confusion: Counter[tuple[Actor, Actor]] = Counter()
    behaviours: dict[tuple[str, Kind], Counter[bool | None]] = {}
    bins: dict[int, list[float]] = {}
    try:
        for event, verdict, truth in zip(events, verdicts, truths, strict=True):
            confusion[truth.actor, verdict.actor] += 1
            behaviours.setdefault((truth.behaviour, event.kind), Counter())[verdict.is_human] += 1
            if verdict.actor is not Actor.UNKNOWN:
                _note(bins.setdefault(min(9, int(verdict.confidence * 10)), [0.0] * 4), verdict, truth)
    except ValueError as error:
        raise ConfigError("there must be as many verdicts and truths as events") from error
    sure = sum(int(noted[0]) for noted in bins.values())
    return Assessment(
        confusion=dict(confusion),
        behaviours={key: dict(said) for key, said in behaviours.items()},
        calibration=tuple(
            Bin(low=place / 10, events=int(count), said=said / count, right=right / count)
            for place, (count, said, right, _) in sorted(bins.items())
        ),
        brier=sum(noted[3] for noted in bins.values()) / sure if sure else 0.0,
    )


def _note(noted: list[float], verdict: Verdict, truth: GroundTruth) -> None:
    """Add a verdict to its bin: count, confidence, those right of person or machine, squared error."""
    right = float(verdict.is_human is truth.is_human)
    noted[0] += 1
    noted[1] += verdict.confidence
    noted[2] += right
    noted[3] += (verdict.confidence - right) ** 2


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
