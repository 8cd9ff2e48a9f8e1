"""The newsletter with each link's share drawn on it, made harmless: no script, no address, nothing from outside.

The document is cut by the package's own scanner, which is linear and agrees with browsers on where tags are. What is shown
is written anew from known elements and attributes; whatever else a newsletter holds is left out. Does not change the
newsletter itself.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping

from mailbeacon.markup import COMMENT, RAW_NAMES, TAG, Attribute, attributes, escape_attribute, tag_name, tokens
from mailbeacon.model import Link
from mailbeacon.reporting.content import LinkRow
from mailbeacon.reporting.newsletter_css import clean_declarations, clean_sheet
from mailbeacon.reporting.wording import share

__all__ = ["LARGEST", "click_map"]

LARGEST = 2_000_000
"""A newsletter of more characters than this gets no click map."""

_NAMES = """
a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em
figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main map mark nav ol p pre q s samp section
small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul wbr
"""
_ELEMENTS = frozenset(_NAMES.split())
_VOID = frozenset({"br", "col", "hr", "img", "wbr"})
_SILENT = frozenset({"noscript", "template", "object", "svg", "math", "select"})
"""What stands in these is not shown."""
_PROPERTIES = """
align alt bgcolor border cellpadding cellspacing class color colspan dir face height id lang nowrap rowspan size style
title valign width
"""
_ATTRIBUTES = frozenset(_PROPERTIES.split())
_INLINE_IMAGE = re.compile(r"data:image/(?:png|gif|jpe?g|webp);base64,[A-Za-z0-9+/=\s]*+", re.IGNORECASE)


def click_map(newsletter: str, links: Iterable[Link], rows: Iterable[LinkRow]) -> str:
    """Draw the newsletter with the links' shares.

    Args:
        newsletter: The HTML before rewriting; the one the links were found in.
        links: The template's links; one with a line and column is found by its place, another by its destination.
        rows: The links' figures.

    Returns:
        HTML for a shadow root of the page; empty where there is no newsletter, or one too large.
    """
    if not newsletter or len(newsletter) > LARGEST:
        return ""
    painter = _Painter(newsletter, list(links), {row.key.number: row for row in rows})
    for piece in tokens(newsletter):
        painter.take(piece)
    return "".join(painter.written)


class _Painter:
    """Writes known elements and attributes anew, and a share into each link."""

    def __init__(self, newsletter: str, links: list[Link], rows: Mapping[int, LinkRow]) -> None:
        self.written: list[str] = []
        self._rows = rows
        self._most = max((row.share.value or 0.0 for row in rows.values()), default=0.0)
        self._at = 0
        starts = [0, *(found.end() for found in re.finditer("\n", newsletter))]
        self._placed = {starts[min(link.line, len(starts)) - 1] + link.column - 1: link for link in links if link.line}
        self._order = deque(sorted(self._placed))
        self._by_url: dict[str, deque[Link]] = {}
        for link in links:
            if not link.line:
                self._by_url.setdefault(link.url, deque()).append(link)
        self._silent = ""
        self._depth = 0

    def take(self, piece: str) -> None:
        """Write one piece: a tag or comment, and the text after it."""
        found = TAG.match(piece)
        if found is None:
            self._no_tag(piece)
        else:
            name = tag_name(piece)
            if name.startswith("/"):
                self._end(name[1:])
            else:
                self._start(name, attributes(found[0]))
            rest = piece[found.end() :]
            if name == "style":
                if not self._silent:
                    self.written.append(f"<style>{clean_sheet(rest)}</style>")
            elif name not in RAW_NAMES:
                self._text(rest)
        self._at += len(piece)

    def _no_tag(self, piece: str) -> None:
        """Write what begins with no closed tag: text, or a comment of either kind and the text after it."""
        comment = COMMENT.match(piece)
        if comment is not None:
            self._hidden(comment.end())
            self._text(piece[comment.end() :])
        elif piece[:1] != "<" or not (piece[1:2].isalpha() or piece[1:2] in ("!", "/", "?")):
            self._text(piece)
        elif ">" in piece and not piece.startswith("<!--") and piece[1:2] in ("!", "/", "?"):
            self._text(piece[piece.index(">") + 1 :])

    def _text(self, text: str) -> None:
        """Write text; its character references mean the same where it goes."""
        if text and not self._silent:
            self.written.append(text.replace("<", "&lt;").replace(">", "&gt;").replace("\0", ""))

    def _start(self, name: str, found: list[Attribute]) -> None:
        if self._silent:
            self._depth += name == self._silent
            return
        if name in _SILENT:
            self._silent, self._depth = name, 1
            return
        link = self._link(found) if name in ("a", "area") else None
        if name == "area":
            self.written.append(self._badge(link, labelled=True) if link else "")
            return
        name = "div" if name == "body" else name
        if name not in _ELEMENTS:
            return
        kept = _safe(name, found)
        if link is not None:
            kept["class"] = f"{kept.get('class', '')} mb-link".strip()
            kept["style"] = f"{kept.get('style', '').rstrip('; ')};--mb:{self._strength(link):.2f}".lstrip(";")
        written = "".join(f' {key}="{escape_attribute(value)}"' for key, value in kept.items())
        self.written.append(f"<{name}{written}>{'' if link is None else self._badge(link)}")

    def _end(self, name: str) -> None:
        if self._silent:
            self._depth -= name == self._silent
            if not self._depth:
                self._silent = ""
            return
        name = "div" if name == "body" else name
        if name in _ELEMENTS and name not in _VOID:
            self.written.append(f"</{name}>")

    def _hidden(self, length: int) -> None:
        """Show the links of a comment for Outlook: no browser draws them, but they are clicked."""
        while self._order and self._order[0] < self._at + length:
            place = self._order.popleft()
            if place >= self._at and not self._silent:
                self.written.append(self._badge(self._placed[place], labelled=True))

    def _link(self, found: list[Attribute]) -> Link | None:
        """Find the link whose value stands in this tag, or the next of its destination."""
        for one in found:
            link = self._placed.get(self._at + one.start)
            if link is not None:
                return link
        href = next((one.value for one in found if one.name == "href"), "").strip()
        waiting = self._by_url.get(href)
        return waiting.popleft() if waiting else None

    def _strength(self, link: Link) -> float:
        """Return how strongly a link is shaded: 1 for the most clicked."""
        row = self._rows.get(link.number)
        return (row.share.value or 0.0) / self._most if row is not None and self._most else 0.0

    def _badge(self, link: Link, *, labelled: bool = False) -> str:
        row = self._rows.get(link.number)
        none = row is None or not row.count.messages.people
        said = "–" if row is None else "0" if none else share(row.share.value)
        label = f"{escape_attribute(link.label or f'link {link.number}')} " if labelled else ""
        return f'<span class="mb-share{" mb-none" if none else ""}">{label}{said}</span>'


def _safe(name: str, found: Iterable[Attribute]) -> dict[str, str]:
    """Keep what is known and harmless; an address never is, but for an image that stands in the mail itself."""
    kept: dict[str, str] = {}
    for one in found:
        text = one.value
        if one.name == "style":
            text = clean_declarations(text)
        inline = name == "img" and one.name == "src" and _INLINE_IMAGE.fullmatch(text)
        if inline or one.name in _ATTRIBUTES:
            kept[one.name] = text
    return kept
