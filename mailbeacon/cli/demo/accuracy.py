"""Compare verdicts with the truth that only a demonstration knows, as a small table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mailbeacon.fake import Truth
from mailbeacon.model import Actor, Event, Verdict

__all__ = ["table"]

_SIDE = {True: "a person", None: "unknown", False: "a machine"}


def table(events: Sequence[Event], verdicts: Sequence[Verdict], truths: Mapping[str, Truth]) -> str:
    """Tell how often the verdicts were right, by who it truly was.

    Args:
        events: The events, in any order.
        verdicts: One for each.
        truths: Who truly made each event, by the event's id.
    """
    called: Counter[tuple[Actor, bool | None]] = Counter()
    named: Counter[Actor] = Counter()
    right = 0
    for event, verdict in zip(events, verdicts, strict=True):
        truth = truths[event.id]
        called[truth.actor, verdict.is_human] += 1
        named[truth.actor] += truth.actor is verdict.actor
        right += truth.is_human is verdict.is_human
    share = f": {right / len(events):.1%} on the right side" if events else ""
    heads = "".join(head.rjust(11) for head in ("hits", *_SIDE.values(), "exact"))
    lines = [f"Verdicts against the truth, which only a demonstration knows{share}", f"{'truly':<16}{heads}"]
    for actor in Actor:
        counts = [called[actor, side] for side in _SIDE]
        total = sum(counts)
        if total:
            cells = "".join(f"{count:>11,}" for count in (total, *counts))
            lines.append(f"{actor.value.replace('_', ' '):<16}{cells}{named[actor] / total:>11.1%}")
    return "\n".join(lines) + "\n"
