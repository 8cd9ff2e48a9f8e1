"""HTML in, the same HTML out with wrapped links and one pixel: nothing else changes by a single character."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import Literal

from mailbeacon.markup import (
    COMMENT,
    RAW_NAMES,
    TAG,
    Scan,
    attributes,
    escape_attribute,
    scan,
    tag_name,
    tokens,
    url_text,
)
from mailbeacon.model import HONEYPOT_LINK, SkipReason, Warned, WarningKind
from mailbeacon.rewriting.plan import Planned, Planner, Reading, first, link_source, whole_source
from mailbeacon.rewriting.result import Made, Raw, Rewrite
from mailbeacon.rewriting.rules import LinkRules
from mailbeacon.rewriting.sizes import TOP_BYTES, utf8_length

__all__ = ["PIXEL", "TRAP", "Wrap", "pixel_tag", "rewrite_html", "trap_tag"]

Wrap = Callable[[int, str], str]
"""Give the URL to put in place of a destination, by the link's number; an empty text leaves the link alone as too long."""

PIXEL = '<img src="{}" width="1" height="1" alt="" border="0" style="display:block;width:1px;height:1px;border:0" />'
"""The image that tells of an open. Not hidden by style: Gmail does not load what is (mautic#2193)."""

_BEFORE_URL, _AFTER_URL = PIXEL.split("{}")
PIXEL_NUMBER = 0
TRAP_NUMBER = HONEYPOT_LINK

TRAP = '<a href="{}" aria-hidden="true" tabindex="-1" style="display:none;font-size:0;line-height:0;mso-hide:all">&#8203;</a>'
"""A link without words that no reader sees, reaches by keyboard or hears read out; what follows it reads the source."""

_AMP = frozenset({"amp4email", "⚡4email", "amp", "⚡"})
_ABSOLUTE = re.compile("https?://", re.IGNORECASE)
_BLANK = "\t\n\f\r \ufeff"
_NAME_ENDS = frozenset("\t\n\f\r />")
_FRAME_NAMES = {f"<{name}{end}": (name, 5) for name in ("html", "base", "body") for end in _NAME_ENDS} | {
    f"<{name}": (name, 6) for name in ("/html", "/body")
}
"""The tags of a document's frame by their first six characters, with where their names end."""
_NO_NAME = ("", -1)
_PIXEL_REACH = 1_024
"""Characters in which a whole pixel has room."""
_MOST_LOOKED_AT = 64
"""So many URLs that begin like a pixel's are looked at."""
_HEAD = frozenset({
    "html", "head", "base", "basefont", "bgsound", "link", "meta", "title", "style", "script", "noscript",
    "template", "noframes",
})  # fmt: skip
"""Elements that may come before the body. Source: HTML Living Standard, section 13.2.6.4.4."""


def pixel_tag(url: str) -> str:
    """Give the image for a pixel's URL."""
    return f"{_BEFORE_URL}{escape_attribute(url)}{_AFTER_URL}"


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
    planner = planner or Planner(LinkRules())
    return Rewrite(html, *_rewritten(html, wrap, pixel, position, planner, first_number, trap))


def _rewritten(
    html: str,
    wrap: Wrap | None,
    pixel: str,
    position: Literal["auto", "top", "bottom"],
    planner: Planner,
    first_number: int,
    trap: str,
) -> tuple[str, Made]:
    """Read and rewrite a whole document."""
    work = _Work(html, scan(html))
    if work.amp:
        note = Warned(kind=WarningKind.AMP, detail="an AMP document is left as it is: an img would make it invalid")
        work.wrap_links(planner, _leave_alone, first_number)
        left = [(index, one if one.reason else one._replace(reason=SkipReason.AMP)) for index, one in work.left]
        return html, Made(work.scan.pieces, (), left, (note,))
    if wrap:
        work.wrap_links(planner, wrap, first_number)
    if pixel or trap:
        image, link = pixel_tag(pixel) if pixel else "", trap_tag(trap) if trap else ""
        place = work.place(position, len(image) + len(link))
        if place and pixel and _holds_pixel(html, _head(pixel), planner):
            work.note_pixel("no pixel: the document holds one of ours already")
        elif place:
            work.insert(*place, image, link)
    return "".join(work.out), Made(work.scan.pieces, work.changes, work.left, work.notes)


def _head(pixel: str) -> str:
    """Give what all pixels' URLs begin with."""
    return pixel[: pixel.rfind("/") + 1]


def _holds_pixel(html: str, head: str, planner: Planner) -> bool:
    """Tell whether an image that is the pixel of this or another message stands in a document, but for comments."""
    if head not in html:
        return False
    for found in islice(re.finditer(rf"{re.escape(head)}[\w.-]++", html), _MOST_LOOKED_AT):
        start = found.start()
        tag = html.rfind("<", max(0, start - _PIXEL_REACH), start)
        shown = html.rfind("<!--", 0, start) <= html.rfind("-->", 0, start)
        if tag >= 0 and html[tag : tag + 4].lower() == "<img" and shown and planner.rules.owns(found[0]):
            return True
    return False


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
        self.projected = utf8_length(html)
        self.scan = found
        self.out = found.pieces.copy()
        self.changes: list[Raw] = []
        self.left: list[tuple[int, Planned]] = []
        self.notes: list[Warned] = []
        self.grown = 0
        self.base = ""
        self.based = False
        self.amp = False
        self.body_start = self.body_end = self.html_end = -1
        if found.frame:
            self._read_frame()

    def _read_frame(self) -> None:
        """Find the tags of the document's frame: html, base, body."""
        pieces, ambiguous, svg = self.scan.pieces, self.scan.ambiguous, self.scan.svg
        for index in self.scan.frame:
            piece = pieces[index]
            name, end = _FRAME_NAMES.get(piece[:6].lower(), _NO_NAME)
            if name and piece[end : end + 1] in _NAME_ENDS and index not in ambiguous and index not in svg:
                self._read_frame_tag(index, name)

    def _read_frame_tag(self, index: int, name: str) -> None:
        if name == "/body" and index <= self.scan.safe:
            self.body_end = index
        elif name == "/html" and index <= self.scan.safe:
            self.html_end = index
        elif name == "body" and self.body_start < 0:
            self.body_start = index
        elif name == "html":
            self.amp = self.amp or _is_amp(self.scan.pieces[index])
        elif name == "base" and not self.based:
            href = first(attributes(self.scan.pieces[index]), "href")
            if href:
                url = url_text(href.raw)
                self.based, self.base = True, url if _ABSOLUTE.match(url) else ""

    def wrap_links(self, planner: Planner, wrap: Wrap, number: int) -> None:
        """Go through the pieces that may hold links, in order."""
        pieces, out, changes, base = self.scan.pieces, self.out, self.changes, self.base
        special = bool(self.scan.ambiguous or self.scan.svg)
        known = planner.known(base)
        grown = 0
        for index in self.scan.links:
            piece = pieces[index]
            cut = piece.find("</a>")
            if cut < 0:
                cut = piece.find("</A>")
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
                new = escape_attribute(wrapped) if "&" in wrapped or (quote or '"') in wrapped else wrapped
                if not quote:
                    new = f'"{new}"'
                changes.append((index, start, end, raw, new, number, planned))
                number += 1
                grown += len(new) - len(raw)
                done += piece[at:start]
                done += new
                at = end
            if at:
                out[index] = done + piece[at:]
        self.grown = grown

    def _reading(self, index: int) -> Reading:
        if index in self.scan.ambiguous:
            return Reading.AMBIGUOUS
        return Reading.SVG if index in self.scan.svg else Reading.PLAIN

    def place(self, position: Literal["auto", "top", "bottom"], more: int) -> tuple[int, int] | None:
        """Find where a reader's client will load an image: the piece, and how far into it.

        Args:
            position: Where the host wants it.
            more: By how many characters it makes the document grow.
        """
        found = self.scan
        if found.frameset:
            self.note_pixel("no pixel: a frameset takes the place of the body")
            return None
        self.projected += self.grown + more
        top = position == "top" or (position == "auto" and self.projected > TOP_BYTES)
        place = self._top() if top else None
        if place:
            return place
        end = self.body_end if self.body_end >= 0 else self.html_end if self.html_end >= 0 else found.safe
        if end < found.safe or end == len(found.pieces):
            if self.body_start < 0 and self._has_noscript(end) and not self._body_begun(end):
                self.note_pixel("no pixel: the document ends inside its head")
                return None
        elif not self._body_begun(end):
            self.note_pixel("no pixel: the document never closes what it begins with, so an image would not be seen")
            return None
        else:
            self.note_pixel(
                "the pixel stands before an element that the document never closes, or whose end cannot be told"
            )
        return end, 0

    def _top(self) -> tuple[int, int] | None:
        """Find where the body begins, in a fragment too: the piece, and how far into it."""
        pieces, safe = self.scan.pieces, self.scan.safe
        if 0 <= self.body_start < safe:
            tag = TAG.match(pieces[self.body_start])
            return (self.body_start, tag.end()) if tag else None
        text = pieces[0].lstrip(_BLANK)
        if text:
            return 0, len(pieces[0]) - len(text)
        name = tag_name(pieces[1]) if safe > 1 and 1 not in self.scan.ambiguous else ""
        return (0, len(pieces[0])) if name and name[0] != "/" and name not in _HEAD else None

    def _body_begun(self, end: int) -> bool:
        """Tell whether what a reader sees begins before a piece."""
        if self.scan.pieces[0].strip(_BLANK):
            return True
        after_head = False
        inside = 0  # of templates, whose content is not shown
        for token in tokens("".join(self.scan.pieces[1:end])):
            name = tag_name(token)
            after_head = after_head or name == "/head"
            inside += (name == "template") - (name == "/template" and inside > 0)
            if inside:
                continue
            if name and name[0] != "/" and (name not in _HEAD or (after_head and name == "noscript")):
                return True
            tag = None if name in RAW_NAMES else TAG.match(token) or COMMENT.match(token)
            if tag and token[tag.end() :].strip(_BLANK):
                return True
        return False

    def _has_noscript(self, end: int | None = None) -> bool:
        return any(piece[:9].lower() == "<noscript" for piece in self.scan.pieces[:end])

    def note_pixel(self, detail: str) -> None:
        """Tell the sender what became of the pixel."""
        self.notes.append(Warned(kind=WarningKind.PIXEL, detail=detail))

    def insert(self, index: int, at: int, pixel: str, trap: str) -> None:
        """Insert the image, and the trap before it, into a piece without a link, or after the last."""
        out, changes = self.out, self.changes
        if index == len(out):
            index -= 1
            at = len(self.scan.pieces[index])
            out[index] = f"{out[index]}{trap}{pixel}"
        else:
            piece = out[index]
            out[index] = f"{piece[:at]}{trap}{pixel}{piece[at:]}"
        where = len(changes)
        while where and changes[where - 1][:2] >= (index, at):
            where -= 1
        if pixel:
            changes.insert(where, (index, at, at, "", pixel, PIXEL_NUMBER, None))
        if trap:
            changes.insert(where, (index, at, at, "", trap, TRAP_NUMBER, None))
