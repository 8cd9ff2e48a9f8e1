"""The edits of a document: wrapped links in place of destinations, and what is inserted at one spot.

Values are replaced where they stand; nothing is written anew.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from mailbeacon.markup import escape_attribute
from mailbeacon.rewriting.pixel import Spot
from mailbeacon.rewriting.steps import (
    HONEYPOT_NUMBER,
    PIXEL_NUMBER,
    Change,
    LinkDecision,
    LinkWrapper,
    Wrap,
    make_change,
)

__all__ = ["Spliced", "insert", "wrap_links"]


class Spliced(NamedTuple):
    """A document with its links wrapped.

    Attributes:
        pieces: What the document is the join of.
        changes: What was changed, in order.
        left: The links left alone, each with the index of its piece.
        grown: By how many characters it is longer.
    """

    pieces: list[str]
    changes: list[Change]
    left: list[tuple[int, LinkDecision]]
    grown: int


def wrap_links(
    pieces: Sequence[str], decided: Sequence[tuple[int, Sequence[LinkDecision]]], wrap: Wrap, number: int
) -> Spliced:
    """Put wrapped links in place of the destinations that were decided for.

    Args:
        pieces: The document.
        decided: The links of each piece that has any, in order.
        wrap: Gives the URLs.
        number: The first link's.
    """
    if isinstance(wrap, LinkWrapper):
        wrap = wrap.among(len({one.url for _, links in decided for one in links if one.reason is None}))
    out = list(pieces)
    changes: list[Change] = []
    left: list[tuple[int, LinkDecision]] = []
    grown = 0
    for index, links in decided:
        piece, done, at = pieces[index], "", 0
        for one in links:
            start, end, quote, _, _, url, reason, _, _ = one
            wrapped = wrap(number, url) if reason is None else ""
            if not wrapped:
                left.append((index, one))
                continue
            new = escape_attribute(wrapped) if "&" in wrapped or (quote or '"') in wrapped else wrapped
            if not quote:
                new = f'"{new}"'
            changes.append(make_change((index, start, end, new, number, one)))
            number += 1
            grown += len(new) - end + start
            done = f"{done}{piece[at:start]}{new}"
            at = end
        if at:
            out[index] = done + piece[at:]
    return Spliced(out, changes, left, grown)


def insert(done: Spliced, source: Sequence[str], spot: Spot, image: str, honeypot: str) -> None:
    """Insert the image, and the honeypot before it, into a piece or after the last.

    Args:
        done: Changed in place.
        source: The pieces of the document as it was.
        spot: Where.
        image: A tag, or the empty text.
        honeypot: The same.
    """
    out, changes = done.pieces, done.changes
    index, at = spot.piece, spot.at
    if index == len(out):
        index -= 1
        at = len(source[index])
        out[index] = f"{out[index]}{honeypot}{image}"
    else:
        piece = out[index]
        before = changes[bisect_left(changes, (index,)) : bisect_left(changes, (index, at))]
        place = at + sum(len(new) - end + start for _, start, end, new, _, _ in before if end <= at)
        out[index] = f"{piece[:place]}{honeypot}{image}{piece[place:]}"
    where = bisect_left(changes, (index, at))
    if image:
        changes.insert(where, Change(index, at, at, image, PIXEL_NUMBER))
    if honeypot:
        changes.insert(where, Change(index, at, at, honeypot, HONEYPOT_NUMBER))
