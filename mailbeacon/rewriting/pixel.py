"""What is put into a mail to see an open: the image, the link no reader sees, and where a reader's client will load them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from itertools import islice
from typing import Literal, NamedTuple

from mailbeacon.markup import COMMENT, RAW_NAMES, TAG, Scan, escape_attribute, tag_name, tokens
from mailbeacon.rewriting.frame import Frame
from mailbeacon.rewriting.sizes import TOP_BYTES

__all__ = ["HONEYPOT", "PIXEL", "Position", "Spot", "find_spot", "holds_pixel", "honeypot_tag", "pixel_tag", "spot_at"]

Position = Literal["auto", "top", "bottom"]

PIXEL = (
    '<img src="{}" width="1" height="1" alt="" border="0" style="display:block;position:absolute;'
    'width:1px!important;height:1px!important;min-height:0;border:0;padding:0;margin:0" />'
)
"""The image that tells of an open. Not hidden by style: Gmail does not load what is (mautic#2193).

It moves nothing: out of the flow it keeps no margins from collapsing, is no item of a flex box and fills no line, and a sheet that
makes every image larger, as those for small screens do with ``!important``, does not make this one so. ``display`` is for mail
programs that drop ``position``.
"""
HONEYPOT = '<a href="{}" aria-hidden="true" tabindex="-1" style="display:none;font-size:0;line-height:0;mso-hide:all">&#8203;</a>'
"""A link without words that no reader sees, reaches by keyboard or hears read out; what follows it reads the source."""

_BEFORE_URL, _AFTER_URL = PIXEL.split("{}")
_BLANK = "\t\n\f\r \ufeff"
_PIXEL_REACH = 1_024
"""Characters in which a whole pixel has room."""
_MOST_LOOKED_AT = 64
"""So many URLs that begin like a pixel's are looked at."""
_HEAD = frozenset({
    "html", "head", "base", "basefont", "bgsound", "link", "meta", "title", "style", "script", "noscript",
    "template", "noframes",
})  # fmt: skip
"""Elements that may come before the body. Source: HTML Living Standard, section 13.2.6.4.4."""


_PREHEADERS = frozenset({"div", "span", "p", "td", "font"})
_PREHEADER_REACH = 4_096
"""Characters in which a preheader is looked for."""
_PREHEADER_PIECES = 64
_PREHEADER_BEGIN = 512
"""Characters in which its tag begins: a look at more than these costs a walk through them."""
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|opacity\s*:\s*0(?![.\d])|max-height\s*:\s*0|font-size\s*:\s*[01]px"
)
"""What hides an element, in lower case: where case does not matter an expression cannot skip to the first letter."""


class Spot(NamedTuple):
    """Where something may be inserted.

    Attributes:
        piece: The index of the piece; one past the last for the document's end; -1 for nowhere.
        at: How far into the piece.
        note: What the sender should know of it; empty for nothing.
    """

    piece: int
    at: int = 0
    note: str = ""


def pixel_tag(url: str) -> str:
    """Return the image for a pixel's URL."""
    written = escape_attribute(url) if "&" in url or '"' in url or "<" in url else url
    return f"{_BEFORE_URL}{written}{_AFTER_URL}"


def honeypot_tag(url: str) -> str:
    """Return the link no reader sees, for a honeypot's URL."""
    return HONEYPOT.format(escape_attribute(url))


def holds_pixel(html: str, pixel: str, owns: Callable[[str], bool]) -> bool:
    """Check whether an image that is the pixel of this or another message stands in a document, but for comments.

    Args:
        html: The document.
        pixel: A pixel's URL.
        owns: Checks whether a URL is one of ours.
    """
    head = pixel[: pixel.rfind("/") + 1]
    if head not in html:
        return False
    for found in islice(re.finditer(rf"{re.escape(head)}[\w.-]++", html), _MOST_LOOKED_AT):
        start = found.start()
        tag = html.rfind("<", max(0, start - _PIXEL_REACH), start)
        shown = html.rfind("<!--", 0, start) <= html.rfind("-->", 0, start)
        if tag >= 0 and html[tag : tag + 4].lower() == "<img" and shown and owns(found[0]):
            return True
    return False


def find_spot(scan: Scan, frame: Frame, position: Position, size: int) -> Spot:
    """Return where a reader's client will load an image.

    Args:
        scan: The document's pieces.
        frame: Its frame.
        position: Where the host wants it.
        size: The size of the rewritten document, in bytes.
    """
    if scan.frameset:
        return Spot(-1, note="no pixel: a frameset takes the place of the body")
    if position == "top" or (position == "auto" and size > TOP_BYTES):
        top = _top(scan, frame)
        if top:
            return top
    end = frame.body_end if frame.body_end >= 0 else frame.html_end if frame.html_end >= 0 else scan.safe
    if end < scan.safe or end == len(scan.pieces):
        if frame.body_start < 0 and _has_noscript(scan, end) and not _body_begun(scan, end):
            return Spot(-1, note="no pixel: the document ends inside its head")
        return Spot(end)
    if not _body_begun(scan, end):
        return Spot(-1, note="no pixel: the document never closes what it begins with, so an image would not be seen")
    note = "the pixel stands before an element that the document never closes, or whose end cannot be told"
    return Spot(end, note=note)


def _top(scan: Scan, frame: Frame) -> Spot | None:
    """Return where the body begins, in a fragment too: behind a hidden preheader, which an inbox shows as the preview."""
    pieces = scan.pieces
    if 0 <= frame.body_start < scan.safe:
        tag = TAG.match(pieces[frame.body_start])
        return _behind_preheader(scan, Spot(frame.body_start, tag.end())) if tag else None
    text = pieces[0].lstrip(_BLANK)
    if text:
        return Spot(0, len(pieces[0]) - len(text))
    name = tag_name(pieces[1]) if scan.safe > 1 and 1 not in scan.ambiguous else ""
    begins = name and name[0] != "/" and name not in _HEAD
    return _behind_preheader(scan, Spot(0, len(pieces[0]))) if begins else None


def _behind_preheader(scan: Scan, top: Spot) -> Spot:
    """Return the end of the hidden elements that a body begins with, or its begin where there are none.

    Source: esp-html-bugs#13; an image before the preheader takes the place of the preview text in some inboxes.
    """
    text = ""
    for piece in scan.pieces[top.piece : top.piece + _PREHEADER_PIECES]:
        text += piece
        if len(text) >= top.at + _PREHEADER_REACH:
            break
    text = text[top.at : top.at + _PREHEADER_REACH]
    if not _HIDDEN.search(text[:_PREHEADER_BEGIN].lower()):
        return top
    at, behind, hidden, depth = 0, 0, "", 0
    for token in tokens(text):
        name, tag = tag_name(token), TAG.match(token)
        if hidden:
            depth += (name == hidden) - (name == f"/{hidden}")
            if not depth and tag:
                behind, hidden = at + tag.end(), ""
        elif name in _PREHEADERS and tag and _HIDDEN.search(tag[0].lower()):
            hidden, depth = name, 1
        elif name or (token[:1] != "<" and token.strip(_BLANK)):
            break
        at += len(token)
        if not hidden and behind and text[behind:at].strip(_BLANK):
            break
    place = scan.starts[top.piece] + top.at + behind
    return (spot_at(place, scan) or top) if behind else top


def spot_at(place: int, scan: Scan) -> Spot | None:
    """Return an offset in a document as a spot, where text stands that a reader sees."""
    index = bisect_right(scan.starts, place) - 1
    if index >= len(scan.pieces):
        return Spot(len(scan.pieces))
    piece, at = scan.pieces[index], place - scan.starts[index]
    if index >= scan.safe or index in scan.ambiguous or tag_name(piece) in RAW_NAMES:
        return None
    tag = TAG.match(piece) or COMMENT.match(piece)
    is_text = piece.rfind("<", 0, at) <= piece.rfind(">", 0, at)
    return Spot(index, at) if is_text and (index == 0 or (tag is not None and tag.end() <= at)) else None


def _body_begun(scan: Scan, end: int) -> bool:
    """Check whether what a reader sees begins before a piece."""
    if scan.pieces[0].strip(_BLANK):
        return True
    after_head = False
    inside = 0  # of templates, whose content is not shown
    for token in tokens("".join(scan.pieces[1:end])):
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


def _has_noscript(scan: Scan, end: int) -> bool:
    return any(piece[:9].lower() == "<noscript" for piece in scan.pieces[:end])
