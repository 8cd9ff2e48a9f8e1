"""How numbers are written for people in English text: shares, intervals, ranges; a page writes them by its language."""

from __future__ import annotations

from mailbeacon.counting import Interval, Range, Rate, Raw
from mailbeacon.reporting.texts import ENGLISH, Texts

__all__ = ["NOT_MEASURABLE", "bounds", "number", "plural", "range_text", "rate_text", "raw_text", "share", "shortened"]

NOT_MEASURABLE = "not measurable"
"""Written in place of a figure that does not exist, such as unique opens of mails that cannot be told apart."""


def number(value: int) -> str:
    """Return a whole number with a comma between thousands."""
    return ENGLISH.number(value)


def plural(value: int, noun: str) -> str:
    """Return a number with what it counts: ``1 hit``, ``1,200 hits``."""
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"


def share(value: float | None) -> str:
    """Return a share as a percentage with one decimal; a dash for none."""
    return ENGLISH.share(value)


def bounds(interval: Interval) -> str:
    """Return an interval as ``12.3 to 14.5 %``."""
    return ENGLISH.bounds(interval)


def rate_text(rate: Rate, texts: Texts = ENGLISH) -> str:
    """Return a rate with its interval and what it is of.

    Example:
        >>> from mailbeacon.counting import rate
        >>> rate_text(rate("click rate", 30, 1200, of="delivered"))
        '2.5 % (30 of 1,200 delivered; 1.8 to 3.5 %)'
    """
    of = texts.say(rate.of)
    if rate.value is None:
        return f"– (0 {of})"
    counted = texts.say("{hits} of {total} {of}", hits=rate.numerator, total=rate.denominator, of=of)
    return f"{texts.share(rate.value)} ({counted}; {texts.bounds(rate.interval)})"


def range_text(found: Range | None, texts: Texts = ENGLISH) -> str:
    """Return what is known at least and at most."""
    if found is None:
        return texts.say(NOT_MEASURABLE)
    low, high = texts.share(found.low.value), texts.share(found.high.value)
    return low if low == high else texts.say("{low} to {high}", low=low, high=high)


_MACHINES = {
    "opens": "Machines made {share} of {hits} raw opens.",
    "clicks": "Machines made {share} of {hits} raw clicks.",
}
_WOULD_SAY = "A tool that believes every hit would say {messages} messages, {share}."
_WOULD_SAY_ONE = "A tool that believes every hit would say 1 message, {share}."


def raw_text(name: str, raw: Raw, texts: Texts = ENGLISH) -> list[str]:
    """Return what machines made of all hits, and what a tool would show that takes each for a person's.

    Args:
        name: What the hits are, in the plural: ``opens`` or ``clicks``.
        raw: Their figures, all audiences together.
        texts: The language.

    Returns:
        Up to two sentences; none where there was no hit.
    """
    if not raw.hits:
        return []
    lines = [texts.say(_MACHINES[name], share=texts.share(raw.machine_hits.value), hits=raw.hits)]
    if raw.rate is not None:
        said = _WOULD_SAY_ONE if raw.rate.numerator == 1 else _WOULD_SAY
        lines.append(texts.say(said, messages=raw.rate.numerator, share=texts.share(raw.rate.value)))
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
