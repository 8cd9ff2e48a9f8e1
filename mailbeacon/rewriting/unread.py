"""Addresses a person sees in a source that no link of HTML's rules holds: told with their place, and left alone.

Two kinds. A template language decides about the attribute: ``<a {% if v %}href=…{% else %}href=…{% endif %}>``, Thymeleaf's
``th:href``. Or the element is no link: ``<button href=…>`` is one only to Inky, which makes HTML of it. Looked for when
somebody asks what was left alone, for a mail that is sent needs none of it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from mailbeacon.markup import COMMENT, RAW_NAMES, TAG, Attribute, SpanKind, attributes, tag_name, tokens, url_text
from mailbeacon.model import Place, SkipReason
from mailbeacon.rewriting.steps import Change, LinkDecision, Made

__all__ = ["unread_links"]

_HREF = re.compile(
    r"(?:(?<![\w:.-])|(?<=\sth:)|(?<=data-th-)|(?<=v-bind:)|(?<=\s:))href\s*+=\s*+([\"']?+)(?>[\s|`']|@\{)*+"
    r"(https?://(?>[^\s\"'<>{|`]++|\{(?!%))++)",
    re.IGNORECASE,
)
"""An attribute that is or becomes ``href``. Source: the documentation of Thymeleaf and Vue, 2026."""
_LINK_TAG = re.compile(r"<(?:a|area|v:[a-z]++)[\s/]", re.IGNORECASE)
_CONDITIONAL = re.compile(r"<!--\s*\[if\b", re.IGNORECASE)
_RESOURCES = frozenset({
    "base", "link", "image", "use", "feimage", "filter", "pattern", "lineargradient", "radialgradient", "textpath", "mpath",
    "tref", "cursor", "script", "animate", "animatemotion", "animatetransform", "set", "altglyph", "glyphref", "color-profile",
})  # fmt: skip
"""Elements whose ``href`` is loaded and not followed. Source: HTML Living Standard; SVG 1.1 (2011) and 2 (2018)."""
_TAG_REACH = 2_048
"""Characters before an attribute in which its tag is looked for."""


class _Tag(NamedTuple):
    """A tag and where it stands.

    Attributes:
        begin: Where it begins in the document.
        end: Where it ends; where it begins for none.
        found: Its attributes.
        starts: Where the value of each begins.
    """

    begin: int
    end: int
    found: Sequence[Attribute]
    starts: Sequence[int]


class _Piece(NamedTuple):
    """A tag or comment and the text behind it; ``end`` is where the tag or comment ends, ``begin`` where it never does."""

    text: str
    begin: int
    end: int
    tag: _Tag | None


class _Reader:
    """Read the pieces of a document, each once however many attributes are asked about."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._pieces = tokens(text)
        self._starts = [0, *accumulate(map(len, self._pieces))]
        self._index, self._last = -1, _Piece("", 0, 0, None)

    def piece(self, place: int) -> _Piece:
        """Return the piece at an offset."""
        index = bisect_right(self._starts, place) - 1
        if index != self._index:
            text, begin = self._pieces[index], self._starts[index]
            tag = _read_tag(text, begin)
            whole = None if tag else COMMENT.match(text)
            self._index, self._last = (
                index,
                _Piece(text, begin, begin + whole.end() if whole else tag.end if tag else begin, tag),
            )
        return self._last

    def tag(self, found: re.Match[str], begin: int) -> tuple[int, _Tag | None]:
        """Return where the last tag before an attribute begins, and the tag, where it holds the attribute."""
        near = self.text.rfind("<", max(begin, found.start() - _TAG_REACH), found.start())
        tag = _read_tag(self.text[near : found.end() + _TAG_REACH], near) if near >= 0 else None
        return near, tag if tag and tag.end >= found.end() else None


def _read_tag(text: str, begin: int) -> _Tag | None:
    """Return the closed tag that a text begins with, placed where the text begins in the document."""
    match = TAG.match(text)
    found = attributes(match[0]) if match else []
    return _Tag(begin, begin + match.end(), found, [begin + one.start for one in found]) if match else None


def unread_links(made: Made, changes: Sequence[Change]) -> list[tuple[int, LinkDecision]]:
    """Return the web addresses of a document's attributes that no decision is about, each with the index of its piece.

    Args:
        made: The rewritten document.
        changes: Its changes.
    """
    source = "".join(made.pieces)
    starts = made.starts
    known = {starts[piece] + one.start for piece, one in made.left}
    known |= {change.start for change in changes}
    found = [
        match
        for match in _hrefs(source)  # a value may begin with a blank, where its address does not
        if known.isdisjoint((match.end(1), match.start(2))) and not _is_nothing(source, match)
    ]
    return [_placed(one, starts) for one in _decisions(source, made, found)] if found else []


def _hrefs(source: str) -> Iterator[re.Match[str]]:
    """Yield the attributes with a web address: a search for the word first, since an expression without case cannot skip to it."""
    lowered = source.lower()
    if len(lowered) != len(source):  # a letter that is two in lower case
        yield from _HREF.finditer(source)
        return
    at = lowered.find("href")
    while at >= 0:
        if found := _HREF.match(source, at):
            yield found
        at = lowered.find("href", at + 4)


def _is_nothing(source: str, found: re.Match[str]) -> bool:
    """Check, without cutting the document, for what many have: a ``link`` to fonts, and what stands in a comment."""
    start = max(0, found.start() - _TAG_REACH)
    comment = source.rfind("<!--", start, found.start())
    if comment >= 0 and source.find("-->", comment, found.start()) < 0 and not _CONDITIONAL.match(source, comment):
        return True
    tag = source.rfind("<", start, found.start())
    return tag >= 0 and tag_name(source[tag : found.start()]) in _RESOURCES


def _decisions(source: str, made: Made, found: Sequence[re.Match[str]]) -> Iterator[LinkDecision]:
    """Yield what is a link to a person, each placed in the whole document."""
    tags = made.tags
    reader = _Reader(tags.covered if tags else source)
    for match in found:
        kind = tags.at(match.start(), match.start() + 1) if tags else None
        if kind is SpanKind.COMMENT:
            continue
        judged: tuple[SkipReason, Place] | None = (SkipReason.MERGE_TAG, Place.ANCHOR)
        if kind is not SpanKind.TAG:  # a tag's string may hold attributes alone: {% with 'href="…"'|safe as link %}
            judged = _judged(reader, match, in_template=tags is not None)
        if judged:
            raw = match[2]
            yield LinkDecision(*match.span(2), match[1], raw, url_text(raw), raw, *judged)


def _judged(reader: _Reader, found: re.Match[str], *, in_template: bool) -> tuple[SkipReason, Place] | None:
    """Return why the address of an attribute is left alone, and what it stands in; ``None`` where it is that of no link."""
    piece = reader.piece(found.start())
    near, tag, place = piece.begin, piece.tag, Place.ANCHOR
    if tag and tag_name(piece.text) in RAW_NAMES:
        return None
    if piece.text.startswith("<!--"):
        if not _CONDITIONAL.match(piece.text) or found.start() > piece.end:
            return None
        place = Place.OUTLOOK
    if tag is None or tag.end < found.end():
        near, tag = reader.tag(found, piece.begin)
    is_link = near >= 0 and _LINK_TAG.match(reader.text, near) is not None
    if tag is None:  # HTML ends the tag before it, or sees none: a language we do not know
        is_cut = piece.tag is None and place is Place.ANCHOR  # or the document ends in it
        return (SkipReason.AMBIGUOUS if is_cut else SkipReason.MERGE_TAG, place) if is_link else None
    index = bisect_right(tag.starts, found.start()) - 1
    if index >= 0 and tag.found[index].quote and found.start() < tag.starts[index] + len(tag.found[index].raw):
        return None  # in the value of another attribute
    if not is_link or (place is Place.ANCHOR and reader.text[near + 1] in "vV"):
        return (SkipReason.NO_LINK, Place.OTHER) if place is Place.ANCHOR else None
    # given twice, the first counts; in a template each may
    return None if not in_template and _is_plain(reader.text, found) else (SkipReason.MERGE_TAG, place)


def _is_plain(text: str, found: re.Match[str]) -> bool:
    """Check whether the attribute is ``href`` and no more to HTML."""
    return text[found.start() - 1] in "\t\n\f\r /" and found.start(2) == found.end(1)


def _placed(one: LinkDecision, starts: Sequence[int]) -> tuple[int, LinkDecision]:
    """Return a decision about the whole document as one about a piece, with the piece's index."""
    index = bisect_right(starts, one.start) - 1
    return index, replace(one, start=one.start - starts[index], end=one.end - starts[index])
