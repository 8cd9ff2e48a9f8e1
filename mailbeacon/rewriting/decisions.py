"""What to do with each link of a document. The same link is decided alike each time, so decisions are remembered.

Changes nothing, and signs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum

from mailbeacon.caches import Cache
from mailbeacon.markup import COMMENT, TAG, Attribute, Scan, attributes, scan, tag_name, url_text
from mailbeacon.model import Place, SkipReason
from mailbeacon.rewriting.rules import (
    LinkRules,
    doubtful_tag,
    filled_in,
    may_be_marked,
    opted_out,
    says_unsubscribe,
    shown_host,
)
from mailbeacon.rewriting.steps import Decided, LinkDecision

__all__ = ["ParseContext", "Planner", "bound_links", "decide_links", "first", "link_source"]

_WS = r"[\t\n\f\r ]"
_HREF = "[hH][rR][eE][fF]"
_PLAIN_LINK = re.compile(
    rf"""<[a-zA-Z][a-zA-Z0-9:]*+(?>{_WS}++(?!{_HREF}[\t\n\f\r =/>])[a-zA-Z_:-]++(?>="[^"]*+")?+)*+{_WS}++{_HREF}="([^"]*+)\""""
)
"""A link as most mail writes it: its value found without a look at the other attributes."""
_CONDITIONAL = re.compile(r"<!--\s*\[if\b[^\]]*\]>", re.IGNORECASE)
_ENDING = re.compile(r"(?:<!\s*\[endif\]\s*)?--!?>\Z", re.IGNORECASE)
"""What ends a conditional comment; Outlook shows its content without an ``endif`` too."""
_END_OF_LINK = re.compile(r"<(?:/[aA](?=[\t\n\f\r />]|\Z)|/[vV]:|[aA](?:[rR][eE][aA])?[\t\n\f\r />])")
"""What ends the text of a link, or begins the next."""
_LABEL_REACH = 2_048
"""Characters from a link's tag on in which its end tag is looked for."""
_MAX_PLANS = 4_096
_MAX_BASES = 16
_MAX_REMEMBERED = 16_384


class ParseContext(IntEnum):
    """How a browser takes the tags of a piece."""

    PLAIN = 0
    SVG = 1
    AMBIGUOUS = 2


_BINDING = frozenset({SkipReason.OPT_OUT, SkipReason.UNSUBSCRIBE})
"""What is said of one link and holds for its destination wherever else it stands."""

_TWINS = frozenset({Place.OUTLOOK, Place.VML})


def decide_links(
    found: Scan, base: str, planner: Planner, others: Mapping[str, SkipReason] | None = None
) -> tuple[Decided, Decided]:
    """Return what is to be done with the links of each piece, in order: each for itself, and as the links of a mail agree.

    Args:
        found: The document's pieces.
        base: Its absolute base URL, or the empty text.
        planner: Decides.
        others: The destinations left alone in another part of the mail.
    """
    pieces = found.pieces
    special = bool(found.ambiguous or found.svg)
    known = planner.known(base).get
    decided: Decided = []
    twins = False
    for index in found.links:
        piece = pieces[index]
        if piece[1] == "!":
            cut = piece.find("-->", 2) + 3
            source = piece[:cut] if cut > 2 else piece
            twins = True
        else:
            cut = piece.find("</a>")
            source = piece[:cut] if cut > 0 else link_source(pieces, index)
        links = None if special else known(source)
        if links is None:
            context = _context(found, index) if special else ParseContext.PLAIN
            links = planner.plan(_whole_source(source, piece), base, context)
        if links:
            decided.append((index, links))
    return decided, _agreed(decided, pieces, others or {}) if others or twins else decided


def bound_links(decided: Decided) -> dict[str, SkipReason]:
    """Return the destinations that links' own marks and labels keep from being wrapped, wherever in the mail they stand."""
    return {
        one.read: one.reason
        for _, links in decided
        for one in links
        if one.reason is not None and one.reason in _BINDING
    }


def _context(found: Scan, index: int) -> ParseContext:
    if index in found.ambiguous:
        return ParseContext.AMBIGUOUS
    return ParseContext.SVG if index in found.svg else ParseContext.PLAIN


def _agreed(decided: Decided, pieces: Sequence[str], others: Mapping[str, SkipReason]) -> Decided:
    """Leave links alone whose destination is left alone elsewhere: in another part, or, for Outlook's twins, in this one.

    Two ordinary links of one document stand each for itself: the same address may be both a button and a placeholder.
    """
    bound = {**others, **bound_links(decided)}
    if not bound:
        return decided

    def left(link: LinkDecision) -> LinkDecision:
        said = bound if link.place in _TWINS else others
        return replace(link, reason=said[link.read]) if link.reason is None and link.read in said else link

    return [
        (index, [left(link) for link in links]) if others or pieces[index][1] == "!" else (index, links)
        for index, links in decided
    ]


class Planner:
    """Plan pieces under one set of rules."""

    def __init__(self, rules: LinkRules) -> None:
        self.rules = rules
        self._plans: Cache[str, Cache[str, tuple[LinkDecision, ...]]] = Cache(_MAX_BASES)

    def __repr__(self) -> str:
        return f"Planner({self.rules!r})"

    def known(self, base: str) -> Cache[str, tuple[LinkDecision, ...]]:
        """Return the plans made so far under a base URL, by a link's source as :meth:`plan` takes it."""
        found = self._plans.get(base)
        return self._plans.put(base, Cache(_MAX_PLANS)) if found is None else found

    def plan(self, source: str, base: str, context: ParseContext = ParseContext.PLAIN) -> tuple[LinkDecision, ...]:
        """Return the links of a piece, in order.

        Args:
            source: A comment, or a link up to its end tag.
            base: The document's absolute base URL, if it has one.
            context: What the piece is inside of.
        """
        if context:
            return tuple(self._special(source, base, context))
        found = tuple(self._links(source, base))
        if len(source) <= _MAX_REMEMBERED:
            self.known(base).put(source, found)
        return found

    def _links(self, text: str, base: str) -> Iterator[LinkDecision]:
        if text[1] == "!":
            yield from self._comment(text, base)
            return
        name = tag_name(text)
        if name == "a":
            yield from self._tag(text, 0, Place.ANCHOR, text.lower(), base)
        elif name == "area":
            yield from self._tag(text, 0, Place.AREA, _tag_alone(text).lower(), base)

    def _special(self, text: str, base: str, context: ParseContext) -> Iterator[LinkDecision]:
        """Plan a link inside SVG, or one whose nature cannot be told."""
        name = tag_name(text)
        found = attributes(text) if name in ("a", "area") else []
        href = first(found, "href")
        if context is ParseContext.AMBIGUOUS:
            found_link = href or first(found, "xlink:href")
            if found_link:
                yield _left(found_link, 0, SkipReason.AMBIGUOUS, Place.ANCHOR)
        elif name == "a":
            yield from self._tag(text, 0, Place.SVG, text.lower(), base, "href" if href else "xlink:href")

    def _tag(
        self, tag: str, offset: int, place: Place, lowered: str, base: str, name: str = "href"
    ) -> Iterator[LinkDecision]:
        """Plan the attribute of a tag that begins ``offset`` characters into its piece."""
        plain = _PLAIN_LINK.match(tag) if name == "href" else None
        if plain and not may_be_marked(lowered):
            start, end = plain.span(1)
            yield self._judged(start + offset, end + offset, '"', plain[1], place, lowered, base)
            return
        found = attributes(tag)
        href = first(found, name)
        if href is None:
            return
        if opted_out(found):
            yield _left(href, offset, SkipReason.OPT_OUT, place)
        elif filled_in(found):
            yield _left(href, offset, SkipReason.MERGE_TAG, place)
        elif href.end == href.start and not href.quote:
            yield _left(href, offset, SkipReason.EMPTY, place)
        else:
            yield self._judged(href.start + offset, href.end + offset, href.quote, href.raw, place, lowered, base)

    def _judged(
        self, start: int, end: int, quote: str, raw: str, place: Place, lowered: str, base: str
    ) -> LinkDecision:
        read = url_text(raw)
        url, reason = self.rules.judge(read, base)
        if reason is None and not self.rules.wrap_unsubscribe and says_unsubscribe(lowered):
            reason = SkipReason.UNSUBSCRIBE
        if reason is None and not self.rules.wrap_visible_urls and place is not Place.AREA:
            tag = TAG.match(lowered)
            reason = SkipReason.VISIBLE_URL if tag and shown_host(lowered[tag.end() :]) else None
        doubt = doubtful_tag(read) if reason is None else ""
        return LinkDecision(start, end, quote, raw, read, url, reason, place, doubt)

    def _comment(self, text: str, base: str) -> Iterator[LinkDecision]:
        """Plan the links only Outlook sees, inside a conditional comment."""
        begin = _CONDITIONAL.match(text)
        whole = COMMENT.match(text)
        ending = _ENDING.search(text, 0, whole.end()) if begin and whole and "href" in text.lower() else None
        if not begin or not ending or ending.start() < begin.end():
            return
        inner = scan(text[begin.end() : ending.start()])
        links = set(inner.links)
        at = begin.end()
        for index, part in enumerate(inner.pieces):
            name = tag_name(part) if index in links else ""
            if name in ("a", "area") or name.startswith("v:"):
                place = Place.VML if name.startswith("v:") else Place.OUTLOOK
                href = first(attributes(part), "href") if index in inner.ambiguous else None
                if href:
                    yield _left(href, at, SkipReason.AMBIGUOUS, place)
                elif index not in inner.ambiguous:
                    source = (
                        _tag_alone(part) if name == "area" else _whole_source(link_source(inner.pieces, index), part)
                    )
                    yield from self._tag(part, at, place, source.lower(), base)
            at += len(part)


def _whole_source(source: str, piece: str) -> str:
    """Return a link's source once more, for an end tag may seem to stand inside the tag itself: ``<a href=x</a>``."""
    if source[1] == "!" or TAG.match(source):
        return source
    tag = TAG.match(piece)
    found = _END_OF_LINK.search(piece, tag.end() if tag else 1)
    return piece[: found.start()] if found else piece


def link_source(pieces: Sequence[str], index: int) -> str:
    """Return a link's source up to its end tag, as far as that is near: where its marks and its label stand."""
    text, last = pieces[index], len(pieces)
    found = _END_OF_LINK.search(text, 1)
    while not found and index + 1 < last and len(text) < _LABEL_REACH:
        index += 1
        read = len(text)
        text += pieces[index]
        found = _END_OF_LINK.search(text, read)
    return text[: found.start()] if found else text


def _tag_alone(text: str) -> str:
    """Return the tag a text begins with: an ``area`` has no text of its own."""
    tag = TAG.match(text)
    return tag[0] if tag else text


def first(found: list[Attribute], name: str) -> Attribute | None:
    """Return the attribute of a name."""
    return next((one for one in found if one.name == name), None)


def _left(href: Attribute, offset: int, reason: SkipReason, place: Place) -> LinkDecision:
    read = url_text(href.raw)
    return LinkDecision(href.start + offset, href.end + offset, href.quote, href.raw, read, read, reason, place)
