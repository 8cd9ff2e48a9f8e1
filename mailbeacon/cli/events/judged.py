"""Judge events one after the other, each in the light of all, in memory for a stretch of time and not for the whole file.

A verdict depends on what happened within a horizon of some twenty minutes around the event. So events are judged in
stretches with a horizon before and after, and each stretch gives what lies inside it. Lines that are so far out of order
that this would be wrong are sorted first, all of them in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

from mailbeacon.cli.console import USAGE, CommandError
from mailbeacon.cli.events.sources import INPUT_NAME, EventReader, Pair
from mailbeacon.judging import Classifier, DeliveryLag, Fit
from mailbeacon.model import Event, Kind, Verdict

__all__ = ["OutOfOrder", "Own", "fitted", "judge_all", "keeps"]

T = TypeVar("T")

_STRETCH: Final = 20_000
"""So many events at least are judged together: the horizons before and after are judged twice."""
_PACKAGE: Final = re.compile(r"rules \d{4}\.\d+\.\d+; agents ")
"""How the package's own rules sign a verdict; a host's own have a digest, or a version of the host's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What a list's own events said of it, as plain data that another process can have too.

    Attributes:
        priors: As :meth:`mailbeacon.judging.Fit.priors` gives them.
        people: As :meth:`mailbeacon.judging.Fit.people` gives them.
        moments: As :meth:`mailbeacon.judging.Fit.moments` gives them.
    """

    priors: Mapping[Kind, float]
    people: frozenset[str]
    moments: Mapping[DeliveryLag, float]

    @classmethod
    def of(cls, fit: Fit) -> Own:
        """Take from a fit what it says."""
        return cls(priors=dict(fit.classifier().priors), people=fit.people(), moments=fit.moments())

    def classifier(self) -> Classifier:
        """Return the judge for the list."""
        return Classifier(priors=self.priors, people=self.people, moments=self.moments)


def fitted(paths: Sequence[Path]) -> Own:
    """Judge all events once to learn what they say of their list; they are read again to be judged with that.

    Raises:
        CommandError: If they cannot be read twice, or not at all.
    """
    if any(str(path) == INPUT_NAME for path in paths):
        raise CommandError("--fit reads the events twice, which standard input does not give", USAGE)
    return Own.of(judge_all(paths, Fit().take)[0])


class OutOfOrder(Exception):
    """Events are further out of order than can be judged in stretches."""


def keeps(verdict: Verdict | None, *, all_stored: bool) -> bool:
    """Check whether a stored verdict stands: one of a host's own rules does, one of the package's is made anew."""
    return verdict is not None and (all_stored or not _is_of_package(verdict.version))


@lru_cache(maxsize=64)
def _is_of_package(version: str) -> bool:
    return _PACKAGE.match(version) is not None


def judge_all(
    paths: Sequence[Path],
    use: Callable[[Iterator[tuple[Event, Verdict]]], T],
    *,
    stored: bool = False,
    between: tuple[float | None, float | None] | None = None,
    own: Own | None = None,
) -> tuple[T, EventReader]:
    """Hand all events on with the verdicts that ``classify_all`` would give them, about in the order of time.

    Args:
        paths: The files.
        use: Takes the events; is begun anew where lines turn out to be far out of order.
        stored: Keep every stored verdict; only events without one are judged.
        between: Only events received from one moment on and before another, in Unix time, of one SQLite file.
        own: What the list's own events said of it; ``None`` for what holds of most lists.

    Returns:
        What ``use`` gave, and what was read.

    Raises:
        CommandError: If a file cannot be read, or there is no event at all.
    """
    classifier = Classifier() if own is None else own.classifier()
    reading = EventReader(paths, margin=classifier.windows.horizon.total_seconds(), between=between)
    try:
        if any(str(path) == INPUT_NAME for path in paths):
            raise OutOfOrder  # it cannot be read twice
        return use(_inside(_stretches(reading.pairs(), classifier, stored), between)), reading
    except OutOfOrder:
        reading = EventReader(paths)
        in_order = sorted(reading.pairs(), key=lambda pair: pair[0].received_at)
        return use(_stretches(reading.again(in_order), classifier, stored)), reading


def _inside(
    pairs: Iterator[tuple[Event, Verdict]], between: tuple[float | None, float | None] | None
) -> Iterator[tuple[Event, Verdict]]:
    """Leave out what was read only to judge the rest."""
    if between is None:
        yield from pairs
        return
    first, last = between
    for event, verdict in pairs:
        moment = event.received_at.timestamp()
        if (first is None or moment >= first) and (last is None or moment < last):
            yield event, verdict


def _stretches(pairs: Iterator[Pair], classifier: Classifier, stored: bool) -> Iterator[tuple[Event, Verdict]]:
    """Judge stretch by stretch."""
    horizon = classifier.windows.horizon
    held: list[Pair] = []
    done: datetime | None = None
    latest: datetime | None = None
    due = _STRETCH
    for pair in pairs:
        moment = pair[0].received_at
        if done is not None and moment < done:
            raise OutOfOrder
        latest = moment if latest is None else max(latest, moment)
        held.append(pair)
        if len(held) >= due:
            until = latest - horizon
            yield from _due(held, classifier, stored, done, until)
            done = until if done is None else max(done, until)
            held = [one for one in held if one[0].received_at >= done - horizon]
            due = len(held) + _STRETCH
    yield from _due(held, classifier, stored, done, None)


def _due(
    held: list[Pair], classifier: Classifier, stored: bool, since: datetime | None, until: datetime | None
) -> Iterator[tuple[Event, Verdict]]:
    kept = [before if keeps(before, all_stored=stored) else None for _, before in held]
    verdicts = classifier.classify_all([event for event, _ in held]) if None in kept else kept
    for (event, _), before, verdict in zip(held, kept, verdicts, strict=True):
        moment = event.received_at
        if (since is None or moment >= since) and (until is None or moment < until):
            yield event, before or verdict  # type: ignore[misc]  # where there is none of before, all were judged
