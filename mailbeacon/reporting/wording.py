"""How numbers are written for people: shares, intervals, ranges; the same words in text and on the page."""

from __future__ import annotations

from mailbeacon.counting import Interval, Range, Rate, Raw

__all__ = ["NOT_MEASURABLE", "bounds", "number", "range_text", "rate_text", "raw_text", "share", "shortened"]

NOT_MEASURABLE = "not measurable"
"""Written in place of a figure that does not exist, such as unique opens of mails that cannot be told apart."""


def number(value: int) -> str:
    """Write a whole number with a comma between thousands."""
    return f"{value:,}"


def share(value: float | None) -> str:
    """Write a share as a percentage with one decimal; a dash for none."""
    return "–" if value is None else f"{100 * value:.1f} %"


def bounds(interval: Interval) -> str:
    """Write an interval as ``12.3 to 14.5 %``."""
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f} %"


def rate_text(rate: Rate) -> str:
    """Write a rate with its interval and what it is of.

    Example:
        >>> from mailbeacon.counting import rate
        >>> rate_text(rate("click rate", 30, 1200, of="delivered"))
        '2.5 % (30 of 1,200 delivered; 1.8 to 3.5 %)'
    """
    if rate.value is None:
        return f"– (0 {rate.of})"
    counted = f"{number(rate.numerator)} of {number(rate.denominator)} {rate.of}"
    return f"{share(rate.value)} ({counted}; {bounds(rate.interval)})"


def range_text(found: Range | None) -> str:
    """Write what is known at least and at most."""
    if found is None:
        return NOT_MEASURABLE
    if found.low.numerator == found.high.numerator:
        return share(found.low.value)
    return f"{share(found.low.value)} to {share(found.high.value)}"


def raw_text(name: str, raw: Raw) -> list[str]:
    """Say what machines made of all hits, and what a tool would show that takes each for a person's.

    Args:
        name: What the hits are, in the plural: ``opens``.
        raw: Their figures, all audiences together.

    Returns:
        Up to two sentences; none where there was no hit.
    """
    if not raw.hits:
        return []
    lines = [f"Machines made {share(raw.machine_hits.value)} of {number(raw.hits)} raw {name}."]
    if raw.rate is not None:
        said = f"{number(raw.messages)} {'message' if raw.messages == 1 else 'messages'}, {share(raw.rate.value)}"
        lines.append(f"A tool that believes every hit would say {said}.")
    return lines


def shortened(text: str, room: int) -> str:
    """Cut a text that is too long in its middle: the ends of long URLs are what tells them apart.

    Example:
        >>> shortened("https://shop.example/a/very/long/path/to/shoes", 30)
        'https://shop.e…g/path/to/shoes'
    """
    if len(text) <= room:
        return text
    head = (room - 1) // 2
    return f"{text[:head]}…{text[head + 1 - room :]}"
