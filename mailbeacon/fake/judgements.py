"""How right anybody's verdicts are: those of another tool, written beside the truth in JSON lines.

Knows nothing of how they were made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from mailbeacon.errors import ConfigError
from mailbeacon.fake.assessment import Assessment, assess
from mailbeacon.fake.hits import GroundTruth
from mailbeacon.model import Actor, Event, Kind, Verdict

__all__ = ["assess_lines"]

_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_SAID = {True: Actor.HUMAN, False: Actor.SCANNER, None: Actor.UNKNOWN}


def assess_lines(lines: Iterable[str]) -> Assessment:
    """Compare the verdicts in some lines with the truth beside them.

    Args:
        lines: What ``fake.log_lines(hits, "jsonl")`` wrote, each with one more field, ``said``: ``is_human`` (true, false, or null
            for unknown), or ``actor`` (one of the words of :class:`mailbeacon.model.Actor`), and perhaps ``confidence``, 0 to 1.
            Lines without it, of hits the tool did not count, are left out.

    Raises:
        ConfigError: If a line is no such JSON: with its number.

    Example:
        >>> truth = '"truth": {"actor": "scanner", "behaviour": "scanner-burst", "is_human": false}'
        >>> assess_lines(['{"url": "/m/c/x/y", %s, "said": {"is_human": true}}' % truth]).accuracy
        0.0
    """
    events, verdicts, truths = [], [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if "said" not in row.keys():  # noqa: SIM118 - a list has no keys, and is no hit
                continue
            truth = GroundTruth(actor=Actor(row["truth"]["actor"]), behaviour=str(row["truth"]["behaviour"]))
            said = row["said"]
            actor = Actor(said["actor"]) if "actor" in said else _named(said["is_human"], truth)
            confidence = float(said.get("confidence", 1.0))
            kind = _kind(row["url"])
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise ConfigError(f"line {number} is no judged hit: {type(error).__name__}") from error
        events.append(Event(id=str(number), kind=kind, received_at=_MOMENT))
        verdicts.append(Verdict(actor=actor, confidence=confidence))
        truths.append(truth)
    return assess(events, verdicts, truths)


def _named(human: bool | None, truth: GroundTruth) -> Actor:
    """Return the true actor where person or machine was told rightly: more was not asked."""
    return truth.actor if human is truth.is_human else _SAID[human]


def _kind(url: str) -> Kind:
    return Kind.CLICK if "/c/" in url else Kind.LEAVE_PAGE if "/u/" in url else Kind.OPEN
