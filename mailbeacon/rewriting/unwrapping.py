"""The way back for a mail that was sent: destinations in place of wrapped links, and no pixel.

Changes only what a verified token allows: foreign and forged links stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mailbeacon.markup import attributes, escape_attribute, tag_name, tokens, url_text
from mailbeacon.rewriting.html import TRAP
from mailbeacon.rewriting.text import find_urls

__all__ = ["unwrap"]

_MARKUP = re.compile(r"<(?:!|/?[a-zA-Z][a-zA-Z0-9]*+[\s/>])")
"""A tag: the name of one ends in a blank, a slash or the end, that of ``<https:`` does not."""
_TRAP = re.compile(re.escape(TRAP).replace(r"\{\}", '([^"]*+)'))
_NAMES = frozenset({"href", "xlink:href"})


def unwrap(source: str, destination: Callable[[str], str], owns: Callable[[str], bool], *, text: bool = False) -> str:
    """Give a document or text its destinations back.

    Args:
        source: HTML, or plain text.
        destination: Gives the verified destination behind a URL, or the empty text.
        owns: Tells whether a URL has the form of one of ours.
        text: Whether it is plain text for certain.
    """
    if text or not _MARKUP.search(source):
        return _text(source, destination)
    return _html(source, destination, owns)


def _text(source: str, destination: Callable[[str], str]) -> str:
    parts, at = [], 0
    for start, end in find_urls(source):
        url = destination(source[start:end])
        if url:
            parts += [source[at:start], url]
            at = end
    return "".join([*parts, source[at:]])


def _html(source: str, destination: Callable[[str], str], owns: Callable[[str], bool]) -> str:
    source = _TRAP.sub(lambda found: "" if destination(url_text(found[1])) else found[0], source)
    pieces = tokens(source)
    for index, piece in enumerate(pieces):
        if piece.startswith("<!--") and "[if" in piece.lower() and "href" in piece.lower():
            pieces[index] = "<!--" + _html(piece[4:], destination, owns)
        elif piece.startswith("<") and "/" in piece:
            pieces[index] = _tag(piece, destination, owns)
    return "".join(pieces)


def _tag(piece: str, destination: Callable[[str], str], owns: Callable[[str], bool]) -> str:
    """Undo one tag: a wrapped link's value, or the pixel as a whole."""
    name = tag_name(piece)
    if name == "img":
        found = {one.name: one for one in attributes(piece)}
        src = url_text(found["src"].raw) if "src" in found else ""
        if src.endswith(".gif") and owns(src) and url_text(found["width"].raw if "width" in found else "") == "1":
            return piece[piece.index(">", max(one.end for one in found.values())) + 1 :]
        return piece
    for one in reversed(attributes(piece)):
        url = destination(url_text(one.raw)) if one.name in _NAMES and one.raw else ""
        if url:
            piece = f"{piece[: one.start]}{escape_attribute(url)}{piece[one.end :]}"
    return piece
