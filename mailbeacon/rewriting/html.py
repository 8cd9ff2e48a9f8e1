"""HTML in, the same HTML out with wrapped links and one pixel: nothing else changes by a single character."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from mailbeacon.markup import TAG, Scan, attributes, escape_attribute, scan, tag_name, tokens, url_text
from mailbeacon.model import HONEYPOT_LINK, SkipReason, Warned, WarningKind
from mailbeacon.rewriting.plan import Planned, Planner, Reading, first, link_source, whole_source
from mailbeacon.rewriting.result import Raw, Rewrite
from mailbeacon.rewriting.rules import LinkRules
from mailbeacon.rewriting.sizes import TOP_BYTES, utf8_length

__all__ = ["PIXEL", "TRAP", "Wrap", "pixel_tag", "rewrite_html", "trap_tag"]

Wrap = Callable[[int, str], str]
"""Give the URL to put in place of a destination, by the link's number; an empty text leaves the link alone as too long."""

PIXEL = '<img src="{}" width="1" height="1" alt="" border="0" style="display:block;width:1px;height:1px;border:0" />'
"""The image that tells of an open. Not hidden by style: Gmail does not load what is (mautic#2193)."""

PIXEL_NUMBER = 0
TRAP_NUMBER = HONEYPOT_LINK

TRAP = '<a href="{}" aria-hidden="true" tabindex="-1" style="display:none;font-size:0;line-height:0;mso-hide:all">&#8203;</a>'
"""A link without words that no reader sees, reaches by keyboard or hears read out; what follows it reads the source."""

_AMP = frozenset({"amp4email", "⚡4email", "amp", "⚡"})
_BLANK = "\t\n\f\r \ufeff"
_HEAD = frozenset({
    "html", "head", "base", "basefont", "bgsound", "link", "meta", "title", "style", "script", "noscript",
    "template", "noframes",
})  # fmt: skip
"""Elements that may come before the body. Source: HTML Living Standard, section 13.2.6.4.4."""


def pixel_tag(url: str) -> str:
    """Give the image for a pixel's URL."""
    return PIXEL.format(escape_attribute(url))


def trap_tag(url: str) -> str:
    """Give the link no reader sees, for a trap's URL."""
    return TRAP.format(escape_attribute(url))


def rewrite_html(
    html: str,
    wrap: Wrap | None,
    *,
    pixel: str = "",
    position: Literal["auto", "top", "bottom"] = "auto",
    planner: Planner | None = None,
    first_number: int = 1,
    trap: str = "",
) -> Rewrite:
    """Put wrapped links and a pixel into a document.

    Args:
        html: A document or a fragment; outside the edits the result equals it to the character.
        wrap: Gives the URL for a link's number and destination; ``None`` leaves all links alone.
        pixel: The pixel's URL; empty for none.
        position: Where the pixel goes: ``top`` is right after ``<body>``, ``bottom`` before its end, ``auto`` is the top
            once the rewritten document passes 100 KB.
        planner: Which links to wrap; keep one for many documents, for it remembers what it has seen.
        first_number: The number of the first wrapped link.
        trap: The URL of a link no reader sees, to tell scanners by; empty for none.
    """
    found = scan(html)
    work = _Work(html, found)
    if work.amp:
        note = Warned(kind=WarningKind.AMP, detail="an AMP document is left as it is: an img would make it invalid")
        work.wrap_links(planner or Planner(LinkRules()), _leave_alone, first_number)
        left = [(index, one if one.reason else one._replace(reason=SkipReason.AMP)) for index, one in work.left]
        return Rewrite(html, html, found.pieces, (), left, (note,))
    if wrap:
        work.wrap_links(planner or Planner(LinkRules()), wrap, first_number)
    inserted = [(trap_tag(trap), TRAP_NUMBER)] if trap else []
    if pixel:
        inserted.append((pixel_tag(pixel), PIXEL_NUMBER))
    if inserted:
        work.put(inserted, position)
    return Rewrite(html, "".join(work.out), found.pieces, work.changes, work.left, work.notes)


def _is_amp(piece: str) -> bool:
    """Tell whether an ``html`` tag marks the document as AMP."""
    found = TAG.match(piece)
    tag = found[0].lower() if found else ""
    return ("amp" in tag or "⚡" in tag) and any(one.name in _AMP for one in attributes(piece))


def _leave_alone(number: int, url: str) -> str:  # noqa: ARG001 - the shape of a wrap
    return ""


class _Work:
    """Hold what one rewrite is doing."""

    def __init__(self, html: str, found: Scan) -> None:
        self.source_length = utf8_length(html) if len(html) > TOP_BYTES // 4 else len(html)
        self.scan = found
        self.out = found.pieces.copy()
        self.changes: list[Raw] = []
        self.left: list[tuple[int, Planned]] = []
        self.notes: list[Warned] = []
        self.grown = 0
        self.base = ""
        self.amp = False
        self.body_start = self.body_end = self.html_end = -1
        self._read_frame()

    def _read_frame(self) -> None:
        """Find the tags of the document's frame: html, base, body."""
        for index in self.scan.frame:
            if index not in self.scan.ambiguous and index not in self.scan.svg:
                self._read_frame_tag(index, tag_name(self.scan.pieces[index]))

    def _read_frame_tag(self, index: int, name: str) -> None:
        if name == "/body" and index <= self.scan.safe:
            self.body_end = index
        elif name == "/html" and index <= self.scan.safe:
            self.html_end = index
        elif name == "body" and self.body_start < 0:
            self.body_start = index
        elif name == "html":
            self.amp = self.amp or _is_amp(self.scan.pieces[index])
        elif name == "base" and not self.base:
            href = first(attributes(self.scan.pieces[index]), "href")
            url = url_text(href.raw) if href else ""
            self.base = url if url[:4].lower() == "http" and "://" in url else ""

    def wrap_links(self, planner: Planner, wrap: Wrap, number: int) -> None:
        """Go through the pieces that may hold links, in order."""
        pieces, out, changes, base = self.scan.pieces, self.out, self.changes, self.base
        special = bool(self.scan.ambiguous or self.scan.svg)
        known = planner.known(base)
        grown = 0
        for index in self.scan.links:
            piece = pieces[index]
            cut = piece.find("</a")
            if cut < 0:
                cut = piece.find("</A")
            source = piece if piece[1] == "!" else piece[:cut] if cut > 0 else link_source(pieces, index)
            plan = None if special else known.get(source)
            if plan is None:
                source = whole_source(source, piece)
                plan = planner.plan(source, base, self._reading(index) if special else Reading.PLAIN)
            if not plan:
                continue
            at = 0
            done = ""
            for planned in plan:
                start, end, quote, raw, _, url, reason, _ = planned
                wrapped = wrap(number, url) if reason is None else ""
                if not wrapped:
                    self.left.append((index, planned))
                    continue
                new = escape_attribute(wrapped) if "&" in wrapped else wrapped
                if not quote:
                    new = f'"{new}"'
                changes.append((index, start, end, raw, new, number, planned))
                number += 1
                grown += len(new) - len(raw)
                done = f"{done}{piece[at:start]}{new}"
                at = end
            if at:
                out[index] = done + piece[at:]
        self.grown = grown

    def _reading(self, index: int) -> Reading:
        if index in self.scan.ambiguous:
            return Reading.AMBIGUOUS
        return Reading.SVG if index in self.scan.svg else Reading.PLAIN

    def put(self, inserted: Sequence[tuple[str, int]], position: Literal["auto", "top", "bottom"]) -> None:
        """Insert the image, and the trap before it, where a reader's client will load it."""
        if self.scan.frameset:
            self._note_pixel("no pixel: a frameset takes the place of the body")
            return
        projected = self.source_length + self.grown + sum(len(tag) for tag, _ in inserted)
        top = position == "top" or (position == "auto" and projected > TOP_BYTES)
        if top and self.body_start >= 0 and self.body_start < self.scan.safe:
            found = TAG.match(self.scan.pieces[self.body_start])
            if found:
                self._insert(self.body_start, found.end(), inserted)
                return
        end = next((one for one in (self.body_end, self.html_end) if one >= 0), self.scan.safe)
        if end < self.scan.safe or end == len(self.scan.pieces):
            if self.body_start < 0 and self._noscript_head(end):
                self._note_pixel("no pixel: the document ends inside its head")
                return
        elif not self._body_begun(end):
            self._note_pixel("no pixel: the document never closes what it begins with, so an image would not be seen")
            return
        else:
            self._note_pixel("the pixel stands before an element that the document never closes")
        self._insert(end, 0, inserted)

    def _body_begun(self, end: int) -> bool:
        """Tell whether what a reader sees begins before a piece."""
        if self.scan.pieces[0].strip(_BLANK):
            return True
        names = map(tag_name, tokens("".join(self.scan.pieces[1:end])))
        return any(name and name[0] != "/" and name not in _HEAD for name in names)

    def _noscript_head(self, end: int) -> bool:
        """Tell whether the document ends in a ``noscript`` of its head."""
        return any(piece[:9].lower() == "<noscript" for piece in self.scan.pieces[:end]) and not self._body_begun(end)

    def _note_pixel(self, detail: str) -> None:
        self.notes.append(Warned(kind=WarningKind.PIXEL, detail=detail))

    def _insert(self, index: int, at: int, inserted: Sequence[tuple[str, int]]) -> None:
        """Insert into a piece without a link, or after the last."""
        text = "".join(tag for tag, _ in inserted)
        if index == len(self.out):
            index -= 1
            self.out[index] += text
            at = len(self.scan.pieces[index])
        else:
            self.out[index] = f"{self.out[index][:at]}{text}{self.out[index][at:]}"
        where = len(self.changes)
        while where and self.changes[where - 1][:2] >= (index, at):
            where -= 1
        self.changes[where:where] = [(index, at, at, "", tag, number, None) for tag, number in inserted]
