"""The attributes of one tag, with the place of each value in the source."""

from __future__ import annotations

from typing import NamedTuple

from mailbeacon.markup.grammar import ATTRIBUTE, NAME
from mailbeacon.markup.references import attribute_text

__all__ = ["Attribute", "attributes", "tag_name"]

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class Attribute(NamedTuple):
    """One attribute.

    Attributes:
        name: In lower case (ASCII only).
        raw: The value as it stands in the source; empty without one.
        start: Where the value begins, without its quote; where the name ends when there is none.
        end: Where it ends.
        quote: The quote it stands in, or the empty text.
    """

    name: str
    raw: str
    start: int
    end: int
    quote: str

    @property
    def value(self) -> str:
        """The value with its references decoded."""
        return attribute_text(self.raw)


def tag_name(tag: str) -> str:
    """Return the name of the tag a text begins with, in lower case, with a slash before an end tag's."""
    found = NAME.match(tag)
    if not found:
        return ""
    name = found[1] + found[2]
    return name.lower() if name.isascii() else name.translate(_LOWER)


def attributes(tag: str) -> list[Attribute]:
    """Return the attributes of the closed start tag a text begins with; a repeated name only once, the first."""
    name = NAME.match(tag)
    if not name:
        return []
    found: dict[str, Attribute] = {}
    at = name.end()
    while match := ATTRIBUTE.match(tag, at):
        key = match[1].translate(_LOWER)
        if key not in found:
            which = match.lastindex or 1
            start, end = match.span(which) if which > 1 else (match.end(), match.end())
            found[key] = Attribute(key, match[which] if which > 1 else "", start, end, ("", "", '"', "'", "")[which])
        at = match.end()
    return list(found.values())
