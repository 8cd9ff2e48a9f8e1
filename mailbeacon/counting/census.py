"""Read figures off the pages of a tally: hits, views and messages, by any one dimension.

Does not keep anything and does not divide: rates are made of these figures elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from mailbeacon.counting.figures import Count, Dimension, LinkKey, Split
from mailbeacon.counting.ledger import LATE, Entries, Page, PageKey, Trait
from mailbeacon.model import Actor, Kind, Verdict

__all__ = ["MACHINES", "PEOPLE", "UNKNOWN", "Value", "audience_of", "count_by", "mails_by_audience"]

PEOPLE: Final = 0
UNKNOWN: Final = 1
MACHINES: Final = 2
_AUDIENCES = {True: PEOPLE, None: UNKNOWN, False: MACHINES}
_AUDIENCE = {actor: _AUDIENCES[Verdict(actor=actor).is_human] for actor in Actor}
_NOBODY = 3
"""Above every audience: the smallest audience of a mail is the one it counts as."""

Value = str | datetime | LinkKey | None


def audience_of(actor: Actor) -> int:
    """Give the audience an actor belongs to: ``PEOPLE``, ``UNKNOWN`` or ``MACHINES``."""
    return _AUDIENCE[actor]


def count_by(pages: Mapping[PageKey, Page], kind: Kind, dimension: Dimension | None, pause: int) -> dict[Value, Count]:
    """Count one kind of event by the values of a dimension.

    Args:
        pages: The tally's pages.
        kind: ``OPEN`` or ``CLICK``.
        dimension: What to break down by; ``None`` for one figure under ``""``.
        pause: A longer pause than this, in minutes, begins a new view.
    """
    sums: defaultdict[Value, list[int]] = defaultdict(lambda: [0] * 12)
    for key, page in pages.items():
        for entries in page.mails.values():
            _add_mail(sums, key, _of_kind(entries, kind), dimension, pause)
        for trait, minute, hits in _of_kind(page.shared, kind):
            counted = sums[_value(dimension, key, trait, minute)]
            counted[_AUDIENCE[trait.actor]] += hits
            counted[9 + _AUDIENCE[trait.actor]] += hits
    sums.pop(None, None)
    return {value: Count(**_splits(numbers)) for value, numbers in sums.items()}


def mails_by_audience(pages: Mapping[PageKey, Page]) -> Iterator[tuple[int, int]]:
    """Give for each mail the audience that opened it and the one that clicked; ``3`` for neither."""
    for page in pages.values():
        for entries in page.mails.values():
            opened = clicked = _NOBODY
            for trait, _ in entries:
                audience = _AUDIENCE[trait.actor]
                if trait.kind == Kind.OPEN:
                    opened = min(opened, audience)
                else:
                    clicked = min(clicked, audience)
            yield opened, clicked


def _of_kind(entries: Entries, kind: Kind) -> list[tuple[Trait, int, int]]:
    return [(trait, minute, hits) for (trait, minute), hits in entries.items() if trait.kind == kind]


def _add_mail(
    sums: defaultdict[Value, list[int]],
    key: PageKey,
    found: list[tuple[Trait, int, int]],
    dimension: Dimension | None,
    pause: int,
) -> None:
    """Add one mail's hits, views and itself, once for each value it has."""
    seen: dict[Value, int] = {}
    moments: dict[Trait, list[int]] = {}
    for trait, minute, hits in found:
        value, audience = _value(dimension, key, trait, minute), _AUDIENCE[trait.actor]
        sums[value][audience] += hits
        seen[value] = min(seen.get(value, _NOBODY), audience)
        if minute != LATE:
            moments.setdefault(trait, []).append(minute)
    for trait, minutes in moments.items():
        for start in _starts(minutes, pause):
            sums[_value(dimension, key, trait, start)][3 + _AUDIENCE[trait.actor]] += 1
    for value, audience in seen.items():
        sums[value][6 + audience] += 1


def _starts(minutes: list[int], pause: int) -> list[int]:
    """Give the first minute of each view."""
    minutes.sort()
    return [minute for index, minute in enumerate(minutes) if not index or minute - minutes[index - 1] > pause]


def _value(dimension: Dimension | None, key: PageKey, trait: Trait, minute: int) -> Value:
    """Give a hit's value; ``None`` where it has no place in the dimension."""
    if dimension is None:
        return ""
    if dimension == Dimension.LINK:
        return LinkKey(key.campaign, trait.link, trait.url)
    if dimension == Dimension.HOUR:
        return None if minute == LATE else datetime.fromtimestamp(minute // 60 * 3600, UTC)
    found: str = getattr(key if dimension in PageKey._fields else trait, dimension)
    return found


def _splits(numbers: list[int]) -> dict[str, Split]:
    names = ("hits", "views", "messages", "shared")
    return {
        name: Split(people=numbers[at], unknown=numbers[at + 1], machines=numbers[at + 2])
        for name, at in zip(names, range(0, 12, 3), strict=True)
    }
