"""What to do with the links of one piece of a document; the same piece gives the same plan, so plans are remembered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from mailbeacon.markup import COMMENT, Attribute, attributes, scan, tag_name, url_text
from mailbeacon.model import Place, SkipReason
from mailbeacon.rewriting.rules import LinkRules, opted_out, says_unsubscribe

__all__ = ["Planned", "Planner", "Reading", "first"]

_PLAIN_LINK = re.compile(
    r"""<[aA](?:[\t\n\f\r ]++(?![hH][rR][eE][fF][\t\n\f\r =/>])[a-zA-Z_:-]++(?:="[^"]*+")?+)*+[\t\n\f\r ]++href="([^"]*+)\""""
)
"""A link as most mail writes it."""
_CONDITIONAL = re.compile(r"<!--\s*\[if\b[^\]>]*\]>", re.IGNORECASE)
_ENDIF = re.compile(r"<!\[endif\]\s*--!?>\Z", re.IGNORECASE)
_LABEL_PIECES = 4
_MAX_PLANS = 4_096
_MAX_REMEMBERED = 16_384


class Reading(IntEnum):
    """How a browser takes the tags of a piece."""

    PLAIN = 0
    SVG = 1
    AMBIGUOUS = 2


class Planned(NamedTuple):
    """Hold one link of a piece: where its value stands, what it says, and why it is left alone, if it is."""

    start: int
    end: int
    quote: str
    raw: str
    read: str
    url: str
    reason: SkipReason | None
    place: Place


class Planner:
    """Plan pieces under one set of rules and one base URL."""

    def __init__(self, rules: LinkRules) -> None:
        self.rules = rules
        self._plans: dict[tuple[str, str], tuple[Planned, ...]] = {}

    def plan(self, pieces: list[str], index: int, base: str, reading: Reading = Reading.PLAIN) -> tuple[Planned, ...]:
        """Give the links of a piece, in order.

        Args:
            pieces: The document; a link's label may stand in the pieces after its own.
            index: The piece's index.
            base: The document's absolute base URL, if it has one.
            reading: What the piece is inside of.
        """
        text = pieces[index]
        if text[1] != "!" and "</a" not in text:
            text = "".join(pieces[index : index + _LABEL_PIECES])
        if reading:
            return tuple(self._special(text, base, reading))
        key = (text, base)
        found = self._plans.get(key)
        if found is None:
            found = tuple(self._links(text, base))
            if len(text) <= _MAX_REMEMBERED:
                if len(self._plans) >= _MAX_PLANS:
                    self._plans.clear()
                self._plans[key] = found
        return found

    def _links(self, text: str, base: str) -> Iterator[Planned]:
        if text[1] == "!":
            yield from self._comment(text, base)
            return
        name = tag_name(text)
        lowered = _until_end(text)
        plain = _PLAIN_LINK.match(text)
        if plain and name == "a" and "track" not in lowered and "-click" not in lowered and "mailbeacon" not in lowered:
            yield self._judged(*plain.span(1), '"', plain[1], Place.ANCHOR, lowered, base)
        elif name in ("a", "area"):
            yield from self._tag(text, 0, Place.ANCHOR if name == "a" else Place.AREA, lowered, base)

    def _special(self, text: str, base: str, reading: Reading) -> Iterator[Planned]:
        """Plan a link inside SVG, or one whose nature cannot be told."""
        name = tag_name(text)
        found = attributes(text) if name in ("a", "area") else []
        href = first(found, "href")
        if reading is Reading.AMBIGUOUS:
            if href:
                yield _left(href, 0, SkipReason.AMBIGUOUS, Place.ANCHOR)
        elif name == "a":
            yield from self._tag(text, 0, Place.SVG, _until_end(text), base, "href" if href else "xlink:href")

    def _tag(
        self, tag: str, offset: int, place: Place, lowered: str, base: str, name: str = "href"
    ) -> Iterator[Planned]:
        """Plan the attribute of a tag that begins ``offset`` characters into its piece."""
        found = attributes(tag)
        href = first(found, name)
        if href is None:
            return
        if opted_out(found):
            yield _left(href, offset, SkipReason.OPT_OUT, place)
        elif href.end == href.start and not href.quote:
            yield _left(href, offset, SkipReason.EMPTY, place)
        else:
            yield self._judged(href.start + offset, href.end + offset, href.quote, href.raw, place, lowered, base)

    def _judged(self, start: int, end: int, quote: str, raw: str, place: Place, lowered: str, base: str) -> Planned:
        read = url_text(raw)
        url, reason = self.rules.judge(read, base)
        if reason is None and not self.rules.wrap_unsubscribe and says_unsubscribe(lowered):
            reason = SkipReason.UNSUBSCRIBE
        return Planned(start, end, quote, raw, read, url, reason, place)

    def _comment(self, text: str, base: str) -> Iterator[Planned]:
        """Plan the links only Outlook sees, inside a conditional comment."""
        begin = _CONDITIONAL.match(text)
        whole = COMMENT.match(text)
        ending = _ENDIF.search(text, 0, whole.end()) if begin and whole and "href" in text.lower() else None
        if not begin or not ending or ending.start() < begin.end():
            return
        inner = scan(text[begin.end() : ending.start()])
        wanted = set(inner.wanted)
        at = begin.end()
        for index, part in enumerate(inner.pieces):
            name = tag_name(part) if index in wanted else ""
            if name in ("a", "area") or name.startswith("v:"):
                lowered = _until_end("".join(inner.pieces[index : index + _LABEL_PIECES]))
                yield from self._tag(part, at, Place.VML if name.startswith("v:") else Place.OUTLOOK, lowered, base)
            at += len(part)


def _until_end(text: str) -> str:
    """Give a link's source up to its end tag, in lower case: where its marks and its label stand."""
    return text.lower().partition("</a")[0]


def first(found: list[Attribute], name: str) -> Attribute | None:
    """Give the attribute of a name."""
    return next((one for one in found if one.name == name), None)


def _left(href: Attribute, offset: int, reason: SkipReason, place: Place) -> Planned:
    read = url_text(href.raw)
    return Planned(href.start + offset, href.end + offset, href.quote, href.raw, read, read, reason, place)
