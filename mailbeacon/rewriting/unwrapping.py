"""The way back for a mail that was sent: destinations in place of wrapped links, and no pixel.

Changes only what a verified token allows: foreign and forged links stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mailbeacon.markup import attributes, escape_attribute, tag_name, tokens, url_text
from mailbeacon.rewriting.pixel import HONEYPOT
from mailbeacon.rewriting.text import find_urls

__all__ = ["unwrap"]

_MARKUP = re.compile(r"<(?:!|/?[a-zA-Z][a-zA-Z0-9]*+[\s/>])")
"""A tag: the name of one ends in a blank, a slash or the end, that of ``<https:`` does not."""
_HONEYPOT = re.compile(re.escape(HONEYPOT).replace(r"\{\}", '([^"]*+)'))
_NAMES = frozenset({"href", "xlink:href"})


def unwrap(
    source: str, destination: Callable[[str], str], is_pixel: Callable[[str], bool], *, text: bool = False
) -> str:
    """Put its own destinations back into a document or text.

    Args:
        source: HTML, or plain text.
        destination: Gives the verified destination behind a URL, or the empty text.
        is_pixel: Tells whether a URL is that of a verified pixel.
        text: Whether it is plain text for certain.
    """
    if text or not _MARKUP.search(source):
        return _text(source, destination)
    source = _HONEYPOT.sub(lambda found: "" if destination(url_text(found[1])) else found[0], source)
    pieces = tokens(source)
    for index, piece in enumerate(pieces):
        if piece.startswith("<!--") and "[if" in piece.lower() and "href" in piece.lower():
            inner = tokens(piece[4:])  # what looks like a comment in there is none
            pieces[index] = "<!--" + "".join(_tag(one, destination, is_pixel) for one in inner)
        else:
            pieces[index] = _tag(piece, destination, is_pixel)
    return "".join(pieces)


def _text(source: str, destination: Callable[[str], str]) -> str:
    parts, at = [], 0
    for start, end in find_urls(source):
        url = destination(source[start:end])
        if url:
            parts += [source[at:start], url]
            at = end
    return "".join([*parts, source[at:]])


def _tag(piece: str, destination: Callable[[str], str], is_pixel: Callable[[str], bool]) -> str:
    """Undo one tag: a wrapped link's value, or the pixel as a whole."""
    if "/" not in piece or piece[:1] != "<" or piece[1:2] == "!":
        return piece
    name = tag_name(piece)
    if name == "img":
        found = {one.name: one for one in attributes(piece)}
        src = url_text(found["src"].raw) if "src" in found else ""
        if src.endswith(".gif") and is_pixel(src) and url_text(found["width"].raw if "width" in found else "") == "1":
            return piece[piece.index(">", max(one.end for one in found.values())) + 1 :]
        return piece
    for one in reversed(attributes(piece)):
        url = destination(url_text(one.raw)) if one.name in _NAMES and one.raw else ""
        if url:
            piece = f"{piece[: one.start]}{escape_attribute(url)}{piece[one.end :]}"
    return piece
