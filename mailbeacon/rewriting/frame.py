"""The frame of a document: where ``html``, ``base`` and ``body`` begin and end, as far as links and the pixel ask for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from mailbeacon.markup import TAG, Scan, attributes, url_text
from mailbeacon.rewriting.decisions import first

__all__ = ["Frame", "read_frame"]

_AMP = frozenset({"amp4email", "⚡4email", "amp", "⚡"})
_ABSOLUTE = re.compile("https?://", re.IGNORECASE)
_NAME_ENDS = frozenset("\t\n\f\r />")
_NAMES = {f"<{name}{end}": name for name in ("html", "base", "body") for end in _NAME_ENDS} | {
    f"<{name}": name for name in ("/html", "/body")
}
"""The tags of a document's frame by their first six characters, which leave open where the name of an end tag ends."""


class Frame(NamedTuple):
    """The tags that a document is built around.

    Attributes:
        base: Its absolute base URL, or the empty text.
        body_start: The index of the piece that begins with ``<body>``; -1 for none, as for the next two.
        body_end: That of the last ``</body>`` that a browser takes for one.
        html_end: That of the last ``</html>``.
        is_amp: Whether it calls itself AMP.
        is_mjml: Whether it is the source of a mail in MJML, which no mail program reads.
    """

    base: str = ""
    body_start: int = -1
    body_end: int = -1
    html_end: int = -1
    is_amp: bool = False
    is_mjml: bool = False


_NONE = Frame()


def read_frame(scan: Scan) -> Frame:
    """Return the frame of a document that was cut into pieces."""
    if not scan.frame:
        return _NONE
    base, body_start, body_end, html_end, is_amp, is_mjml = None, -1, -1, -1, False, False
    pieces, safe, hidden = scan.pieces, scan.safe, scan.ambiguous or scan.svg
    named = _NAMES.get
    for index in scan.frame:
        piece = pieces[index]
        name = named(piece[:6]) or named(piece[:6].lower())
        if name is None:
            is_mjml = is_mjml or (index == scan.frame[0] and _is_mjml(pieces, index))
        elif hidden and (index in scan.ambiguous or index in scan.svg):
            continue
        elif name == "/body":
            if index <= safe and piece[6:7] in _NAME_ENDS:
                body_end = index
        elif name == "/html":
            if index <= safe and piece[6:7] in _NAME_ENDS:
                html_end = index
        elif name == "body":
            body_start = index if body_start < 0 else body_start
        elif name == "html":
            is_amp = is_amp or _says_amp(piece)
        elif base is None:
            base = _base_of(piece)
    return Frame(base or "", body_start, body_end, html_end, is_amp, is_mjml)


def _is_mjml(pieces: Sequence[str], first: int) -> bool:
    """Check whether a tag is one of MJML's, and nothing stands before it but comments."""
    return pieces[first][:4].lower() in ("<mjm", "<mj-") and all(piece[1:2] in "!?" for piece in pieces[1:first])


def _base_of(piece: str) -> str | None:
    """Return the absolute URL of a ``base`` tag, the empty text for another, ``None`` for one without an address."""
    href = first(attributes(piece), "href")
    if href is None:
        return None
    url = url_text(href.raw)
    return url if _ABSOLUTE.match(url) else ""


def _says_amp(piece: str) -> bool:
    """Check whether an ``html`` tag marks the document as AMP."""
    if "⚡" not in piece and "amp" not in piece.lower():
        return False
    return TAG.match(piece) is not None and any(one.name in _AMP for one in attributes(piece))
