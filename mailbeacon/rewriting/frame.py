"""The frame of a document: where ``html``, ``base`` and ``body`` begin and end, as far as links and the pixel ask for it."""

from __future__ import annotations

import re
from typing import NamedTuple

from mailbeacon.markup import TAG, Scan, attributes, url_text
from mailbeacon.rewriting.decisions import first

__all__ = ["Frame", "read_frame"]

_AMP = frozenset({"amp4email", "⚡4email", "amp", "⚡"})
_ABSOLUTE = re.compile("https?://", re.IGNORECASE)
_NAME_ENDS = frozenset("\t\n\f\r />")
_NAMES = {f"<{name}{end}": (name, 5) for name in ("html", "base", "body") for end in _NAME_ENDS} | {
    f"<{name}": (name, 6) for name in ("/html", "/body")
}
"""The tags of a document's frame by their first six characters, with where their names end."""
_NO_NAME = ("", -1)


class Frame(NamedTuple):
    """The tags that a document is built around.

    Attributes:
        base: Its absolute base URL, or the empty text.
        body_start: The index of the piece that begins with ``<body>``; -1 for none, as for the next two.
        body_end: That of the last ``</body>`` that a browser takes for one.
        html_end: That of the last ``</html>``.
        is_amp: Whether it calls itself AMP.
    """

    base: str = ""
    body_start: int = -1
    body_end: int = -1
    html_end: int = -1
    is_amp: bool = False


_NONE = Frame()


def read_frame(scan: Scan) -> Frame:
    """Return the frame of a document that was cut into pieces."""
    if not scan.frame:
        return _NONE
    base, body_start, body_end, html_end, is_amp = None, -1, -1, -1, False
    pieces, safe, ambiguous, svg = scan.pieces, scan.safe, scan.ambiguous, scan.svg
    for index in scan.frame:
        piece = pieces[index]
        name, end = _NAMES.get(piece[:6].lower(), _NO_NAME)
        if not name or piece[end : end + 1] not in _NAME_ENDS or index in ambiguous or index in svg:
            continue
        if name == "/body" and index <= safe:
            body_end = index
        elif name == "/html" and index <= safe:
            html_end = index
        elif name == "body" and body_start < 0:
            body_start = index
        elif name == "html":
            is_amp = is_amp or _says_amp(piece)
        elif name == "base" and base is None:
            base = _base_of(piece)
    return Frame(base or "", body_start, body_end, html_end, is_amp)


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
