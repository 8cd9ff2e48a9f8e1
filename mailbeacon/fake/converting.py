"""Turn made-up hits into events with the truth beside them, as a beacon's own decoding gives them.

Judges nothing and records nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mailbeacon.beacon import Beacon
from mailbeacon.errors import TokenError
from mailbeacon.fake.hits import GroundTruth, Hit
from mailbeacon.model import Event

__all__ = ["to_events"]


def to_events(hits: Iterable[Hit], beacon: Beacon) -> Iterator[tuple[Event, GroundTruth]]:
    """Yield each hit's event with its facts, and the truth; a forged hit has no event and is left out.

    Nothing is redacted, and no consent is asked: a beacon that answers the same hits may record fewer.

    Args:
        hits: In any order.
        beacon: The one whose tokens the hits carry.
    """
    for hit in hits:
        try:
            event = beacon.decode(hit.request)
        except TokenError:
            continue
        yield event, hit.truth
