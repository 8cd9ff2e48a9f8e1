"""The edits of a document: wrapped links in place of destinations, what is inserted at one spot, and the text they make.

Values are replaced where they stand; nothing is written anew.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from mailbeacon.markup import escape_attribute
from mailbeacon.rewriting.steps import (
    HONEYPOT_NUMBER,
    PIXEL_NUMBER,
    Decided,
    LinkDecision,
    LinkWrapper,
    PlainChange,
    Wrap,
)

__all__ = ["insert", "splice", "wrap_links"]


def wrap_links(
    starts: Sequence[int], decided: Decided, wrap: Wrap, number: int
) -> tuple[list[PlainChange], list[tuple[int, LinkDecision]], int]:
    """Return what puts wrapped links in place of the destinations that were decided for.

    These are the changes, in order; the links left alone, each with the index of its piece; and by how many characters the
    document gets longer.

    Args:
        starts: Where the document's pieces begin.
        decided: The links of each piece that has any, in order.
        wrap: Gives the URLs.
        number: The first link's.
    """
    if isinstance(wrap, LinkWrapper):
        wrap = wrap.among(len({one.url for _, links in decided for one in links if one.reason is None}))
    changes: list[PlainChange] = []
    left: list[tuple[int, LinkDecision]] = []
    grown = 0
    for index, links in decided:
        offset = starts[index]
        for one in links:
            new = wrap(number, one.url) if one.reason is None else ""
            if not new:
                left.append((index, one))
                continue
            start, end, quote = one.start, one.end, one.quote
            if "&" in new or (quote or '"') in new:
                new = escape_attribute(new)
            if not quote:
                new = f'"{new}"'
            changes.append((offset + start, offset + end, new, number, one))
            number += 1
            grown += len(new) - end + start
    return changes, left, grown


def insert(changes: list[PlainChange], place: int, image: str, honeypot: str) -> None:
    """Add the insertion of the image, and of the honeypot before it.

    Args:
        changes: Changed in place; they stay in order.
        place: Where in the document.
        image: A tag, or the empty text.
        honeypot: The same.
    """
    where = bisect_left(changes, (place,))
    if image:
        changes.insert(where, (place, place, image, PIXEL_NUMBER, None))
    if honeypot:
        changes.insert(where, (place, place, honeypot, HONEYPOT_NUMBER, None))


def splice(source: str, changes: Sequence[PlainChange]) -> str:
    """Return a document with its changes, which are in order."""
    parts: list[str] = []
    at = 0
    for start, end, new, _, _ in changes:
        parts += (source[at:start], new)
        at = end
    parts.append(source[at:])
    return "".join(parts)
