"""The newsletter with each link's share drawn on it, made harmless: no script, no address, nothing from outside.

What is shown is written anew from known elements and attributes; whatever else a newsletter holds is left out. It goes
into a sandboxed frame, under a policy that would let nothing load anyway. Does not change the newsletter itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from html.parser import HTMLParser

from mailbeacon.model import Link
from mailbeacon.reporting.content import LinkRow
from mailbeacon.reporting.style import MAP_STYLE
from mailbeacon.reporting.wording import share

__all__ = ["LARGEST", "click_map"]

LARGEST = 2_000_000
"""A newsletter of more characters than this gets no click map."""

_NAMES = """
a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em
figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main map mark nav ol p pre q s samp section
small span strike strong style sub sup table tbody td tfoot th thead time tr tt u ul wbr
"""
_ELEMENTS = frozenset(_NAMES.split())
_VOID = frozenset({"br", "col", "hr", "img", "wbr"})
_SILENT = frozenset(
    {"script", "title", "textarea", "noscript", "template", "iframe", "object", "svg", "math", "select"}
)
_PROPERTIES = """
align alt bgcolor border cellpadding cellspacing class color colspan dir face height id lang nowrap rowspan size style
title valign width
"""
_ATTRIBUTES = frozenset(_PROPERTIES.split())
_HARMFUL = re.compile(
    r"url\s*\(|image-set|@import|@font-face|expression\s*\(|javascript:|\\|behavior\s*:|-moz-binding", re.I
)
_IMPORTS = re.compile(r"@import[^;]*;?|@font-face\s*\{[^}]*\}", re.I)
_RULES = re.compile(r"[^;{}]*(?:url\s*\(|image-set|expression\s*\()[^;{}]*;?", re.I)
_INLINE_IMAGE = re.compile(r"data:image/(?:png|gif|jpe?g|webp);base64,[A-Za-z0-9+/=\s]*", re.I)


def click_map(newsletter: str, links: Iterable[Link], rows: Iterable[LinkRow]) -> str:
    """Draw the newsletter with the links' shares as a document of its own.

    Args:
        newsletter: The HTML before rewriting; the one the links were found in.
        links: The template's links; one with a line and column is found by its place, another by its destination.
        rows: The links' figures.

    Returns:
        An HTML document for a sandboxed frame; empty where there is no newsletter, or one too large.
    """
    if not newsletter or len(newsletter) > LARGEST:
        return ""
    shares = {row.key.number: row for row in rows}
    painter = _Painter(newsletter, list(links), shares)
    painter.feed(newsletter)
    painter.close()
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The newsletter</title>'
        f"<style>{MAP_STYLE}</style></head>"
        '<body tabindex="0">'
        f"{''.join(painter.written)}</body></html>"
    )


class _Painter(HTMLParser):
    """Write known elements and attributes anew, and a share into each link."""

    def __init__(self, newsletter: str, links: list[Link], shares: Mapping[int, LinkRow]) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []
        self._shares = shares
        self._lines = [0, *(found.end() for found in re.finditer("\n", newsletter))]
        self._placed = {self._offset(link.line, link.column - 1): link for link in links if link.line}
        self._by_url: dict[str, list[Link]] = {}
        for link in links:
            if not link.line:
                self._by_url.setdefault(link.url, []).append(link)
        self._silent: list[str] = []
        self._most = max((row.share.value or 0.0 for row in shares.values()), default=0.0)
        self._sheet: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent or tag in _SILENT:
            if tag in _SILENT:
                self._silent.append(tag)
            return
        if tag == "body":
            tag = "div"
        elif tag not in _ELEMENTS:
            return
        if tag == "style":
            self._sheet = []
            return
        kept = _safe(tag, attrs)
        link = self._link(attrs) if tag == "a" else None
        if link is not None:
            kept["class"] = f"{kept.get('class', '')} mb-link".strip()
            kept["style"] = f"{kept.get('style', '').rstrip('; ')};--mb:{self._strength(link):.2f}".lstrip(";")
        written = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
        self.written.append(f"<{tag}{written}>{'' if link is None else self._badge(link)}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in _SILENT:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
            return
        if tag == "style":
            self.written.append(f"<style>{_style(''.join(self._sheet or ()))}</style>")
            self._sheet = None
            return
        tag = "div" if tag == "body" else tag
        if tag in _ELEMENTS and tag not in _VOID:
            self.written.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._sheet is not None:
            self._sheet.append(data)
        elif not self._silent:
            self.written.append(escape(data, quote=False))

    def _offset(self, line: int, column: int) -> int:
        return self._lines[min(line, len(self._lines)) - 1] + column

    def _link(self, attrs: Iterable[tuple[str, str | None]]) -> Link | None:
        """Find the link whose value stands in this tag, or the next of its destination."""
        start = self._offset(*self.getpos())
        for place in range(start, start + len(self.get_starttag_text() or "")):
            if place in self._placed:
                return self._placed[place]
        href = next((value for name, value in attrs if name == "href"), None)
        waiting = self._by_url.get((href or "").strip())
        return waiting.pop(0) if waiting else None

    def _strength(self, link: Link) -> float:
        """Give how strongly a link is shaded: 1 for the most clicked."""
        row = self._shares.get(link.number)
        return (row.share.value or 0.0) / self._most if row is not None and self._most else 0.0

    def _badge(self, link: Link) -> str:
        row = self._shares.get(link.number)
        if row is None or not row.count.messages.people:
            return '<span class="mb-share mb-none">0</span>'
        return f'<span class="mb-share">{share(row.share.value)}</span>'


def _safe(tag: str, attrs: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """Keep what is known and harmless; an address never is, but for an image that stands in the mail itself."""
    found: dict[str, str] = {}
    for name, value in attrs:
        text = value or ""
        if name == "style" and _HARMFUL.search(text):
            text = _declarations(text)
        inline = tag == "img" and name == "src" and _INLINE_IMAGE.fullmatch(text)
        if name not in found and (inline or name in _ATTRIBUTES):
            found[name] = text
    return found


def _declarations(text: str) -> str:
    """Keep the declarations of a style attribute that load nothing."""
    return ";".join(part for part in text.split(";") if not _HARMFUL.search(part) and ")" not in part)


def _style(text: str) -> str:
    """Keep the rules of a style sheet that load nothing; one that hides letters behind back-slashes is left out."""
    if "\\" in text or "</" in text:
        return ""
    kept = _RULES.sub("", _IMPORTS.sub("", text))
    return "" if _HARMFUL.search(kept) else kept
