"""Compare verdicts with the truth that only a demonstration knows, as a small table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mailbeacon.fake import GroundTruth, assess
from mailbeacon.model import Actor, Event, Verdict

__all__ = ["table"]

_SIDE = {True: "a person", None: "unknown", False: "a machine"}


def table(events: Sequence[Event], verdicts: Sequence[Verdict], truths: Mapping[str, GroundTruth]) -> str:
    """Return a table of how often the verdicts were right, by who it truly was.

    Args:
        events: The events, in any order.
        verdicts: One for each.
        truths: Who truly made each event, by the event's id.
    """
    found = assess(events, verdicts, [truths[event.id] for event in events])
    called: Counter[tuple[Actor, bool | None]] = Counter()
    right = 0
    for (true, said), count in found.confusion.items():
        side = Verdict(actor=said).is_human
        called[true, side] += count
        right += count * (Verdict(actor=true).is_human is side)
    share = f": {right / len(events):.1%} on the right side" if events else ""
    heads = "".join(head.rjust(11) for head in ("hits", *_SIDE.values(), "exact"))
    lines = [f"Verdicts against the truth, which only a demonstration knows{share}", f"{'truly':<16}{heads}"]
    for actor in Actor:
        counts = [called[actor, side] for side in _SIDE]
        total = sum(counts)
        if total:
            cells = "".join(f"{count:>11,}" for count in (total, *counts))
            lines.append(f"{actor.value.replace('_', ' '):<16}{cells}{found.recall(actor):>11.1%}")
    return "\n".join(lines) + "\n"
