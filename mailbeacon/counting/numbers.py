"""Deliveries given as numbers: in all, by campaign, or by campaign and variant. Counts nothing itself."""

from __future__ import annotations

from mailbeacon.counting.buckets import Numbers, PageKey

__all__ = ["added", "chosen", "covers", "is_for_all"]


def added(one: Numbers, other: Numbers) -> Numbers:
    """Return the numbers of both."""
    found = dict(one)
    for place, number in other.items():
        found[place] = found.get(place, 0) + number
    return found


def is_for_all(numbers: Numbers) -> bool:
    """Check whether one number was given for everything there is."""
    return any(campaign is None for campaign, _ in numbers)


def covers(numbers: Numbers, key: PageKey) -> bool | None:
    """Check whether a number was given for a page; ``None`` where none was for its campaign."""
    if all(campaign != key.campaign for campaign, _ in numbers):
        return None
    return any((key.campaign, variant) in numbers for variant in (None, key.variant))


def chosen(numbers: Numbers, *, campaign: str | None, variant: str | None, grouped: bool, whole: bool) -> Numbers:
    """Return the numbers that hold for a part of a tally; how one for more than that divides, nobody knows.

    Args:
        numbers: Those of the whole.
        campaign: The part's campaign; ``None`` for all.
        variant: The part's variant; ``None`` for all.
        grouped: Whether it is a group's.
        whole: Whether the part is the whole.
    """
    return {
        place: number
        for place, number in numbers.items()
        if (campaign is None or place[0] == campaign or (place[0] is None and whole))
        and (variant is None or place[1] == variant or (place[1] is None and whole))
        and (not grouped or whole)
    }
