"""What the hits of one network tell of each other, from four columns: so that a cluster can count by network, then by mail.

Knows neither mails nor facts; which networks take part is the classifier's to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from mailbeacon.judging.batch import max_distinct_in_window

__all__ = ["NetworkHit", "crowd", "note_hits"]


class NetworkHit(NamedTuple):
    """What is counted over networks of one event, however large the event is."""

    id: str
    network_id: str
    received_at: datetime
    recipient: str


def note_hits(hits: Iterable[NetworkHit], window: float, least: int) -> dict[str, dict[str, int]]:
    """Return what was noted of each hit, by its id; the arguments are those of :func:`crowd`."""
    by_network: defaultdict[str, list[tuple[float, str, str]]] = defaultdict(list)
    for hit in hits:
        by_network[hit.network_id].append((hit.received_at.timestamp(), hit.recipient, hit.id))
    found: dict[str, dict[str, int]] = {}
    for group in by_network.values():
        times, recipients, names = zip(*sorted(group), strict=True)
        counted = crowd(times, recipients, window, least)
        found |= {name: {"recipients": number} for name, number in zip(names, counted, strict=False) if number}
    return found


def crowd(times: Sequence[float], recipients: Sequence[object], window: float, least: int) -> list[int]:
    """Return for each hit of one network for how many recipients it made hits at a machine's pace; 0 below ``least``.

    Args:
        times: In order, in seconds.
        recipients: One for each time.
        window: The time within which hits belong together.
        least: The least number of recipients that says anything.

    Returns:
        One number for each hit; nothing where all would be 0.
    """
    if all(map(float.is_integer, times)):
        window -= 1  # whole seconds: each came up to a second later than it says
    if all(later - moment > window for moment, later in zip(times, times[least - 1 :], strict=False)):
        return []
    return [number if number >= least else 0 for number in max_distinct_in_window(times, recipients, window)]
