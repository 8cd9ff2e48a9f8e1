"""The links of a document as html5lib sees them, and what a reader sees of each.

Does not judge which links may be wrapped, and knows no place in the source: links come in the order of their tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mailbeacon.model import Place
from mailbeacon.outline.bounded import Bounded
from mailbeacon.outline.tree import HTML, SVG, Attributes, Kind, Node, walk

__all__ = ["BLANK", "MAX_LABEL", "Outline", "SeenLink", "conditional", "is_link_name", "link_attributes", "parse"]

BLANK: Final = " \t\n\f\r"
"""White space as HTML means it."""
MAX_LABEL: Final = 120
"""The length a label is cut at, in characters."""

_XLINK = ("xlink", "href", "http://www.w3.org/1999/xlink")
_CONDITIONAL = re.compile(r"\s*\[if\b[^\]]*\]>(.*?)(?:<!\s*\[endif\]\s*)?", re.IGNORECASE | re.DOTALL)
_BLANKS = re.compile(r"\s+")
_INVISIBLE = "\u00ad\u034f\u200b\u200c\u200d\u200e\u200f\u2060\ufeff "
_UNSEEN = frozenset({"iframe", "noembed", "noframes", "script", "style", "template", "textarea", "title"})
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_SPACED = frozenset(
    {"article", "blockquote", "br", "center", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li"}
    | {"ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLink:
    """One link attribute of one tag.

    Attributes:
        number: Its position among the document's links, from 0, in the order of the source.
        href: The value as html5lib decodes it; nothing stripped.
        label: The text a reader sees, else an image's alternative text, ``aria-label`` or ``title``; may be empty.
        place: The kind of element it stands in.
    """

    number: int
    href: str
    label: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a browser makes of a document.

    Attributes:
        links: In the order of the source; a tag that tree construction turned into several nodes comes once.
        base: The first ``<base href>``, stripped; empty when there is none.
        has_body: Whether there is a ``body``; a frameset document has none.
        root: The tree, for :func:`compare`.
    """

    links: tuple[SeenLink, ...]
    base: str
    has_body: bool
    root: Node = field(repr=False, compare=False)


def parse(html: str) -> Outline:
    """Read a document with html5lib, scripting off.

    Args:
        html: A document or a fragment of one.

    Raises:
        RewriteError: If the document is too large, deep or costly for html5lib, or html5lib fails on it.
    """
    bounded = Bounded()
    root = bounded.document(html)
    reader = _Reader()
    base, has_body = "", False
    for kind, text, node in walk(root):
        reader.step(kind, text, node)
        if kind is Kind.COMMENT and (content := conditional(node)[1]) and "href" in content.lower():
            inner = _Reader(outlook=True, within=node.order)
            for step in walk(bounded.fragment(content)):
                inner.step(*step)
            reader.found.update(inner.found)
        elif kind is Kind.ELEMENT and node.namespace == HTML:
            has_body = has_body or node.name == "body"
            if node.name == "base" and not base:
                base = node.attributes.get("href", "").strip(BLANK)
    found = sorted(reader.found.values(), key=lambda draft: draft.order)
    links = tuple(
        SeenLink(number=number, href=draft.href, label=draft.label(), place=draft.place)
        for number, draft in enumerate(found)
    )
    return Outline(links=links, base=base, has_body=has_body, root=root)


def conditional(comment: Node) -> tuple[str, str, str]:
    """Cut an Outlook conditional comment into its condition, what it holds, and its end.

    What it holds is empty for any other comment. It is for one that is never closed too: a browser renders nothing
    after its start, and what Outlook would make of it is written nowhere.
    """
    found = _CONDITIONAL.fullmatch(comment.text) if comment.closed else None
    if not found:
        return comment.text, "", ""
    return comment.text[: found.start(1)], found[1], comment.text[found.end(1) :]


def is_link_name(name: str) -> bool:
    """Check whether Outlook follows the ``href`` of an element of that name, in a conditional comment."""
    return name in ("a", "area") or name.startswith("v:")


def link_attributes(node: Node, *, outlook: bool = False) -> Iterator[tuple[str | tuple[str, str, str], Place]]:
    """Return the names of an element's attributes that hold a link, each with its place."""
    name, attributes = node.name, node.attributes
    if outlook:  # Outlook knows VML, but no SVG
        if "href" in attributes and is_link_name(name) and node.namespace in (HTML, SVG):
            yield "href", Place.VML if name.startswith("v:") else Place.OUTLOOK
    elif node.namespace == SVG:
        if name == "a":
            yield from ((key, Place.SVG) for key in attributes if key in ("href", _XLINK))
    elif "href" in attributes and node.namespace == HTML and name in ("a", "area"):
        yield "href", Place(name)


@dataclass(slots=True, kw_only=True)
class _Draft:
    """Gather one link's label."""

    order: tuple[int, ...]
    href: str
    place: Place
    attributes: Attributes
    text: list[str] = field(default_factory=list)
    length: int = 0
    images: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        if self.length <= MAX_LABEL * 2:
            self.text.append(text[: MAX_LABEL * 2])
            self.length += len(text)

    def label(self) -> str:
        attributes = self.attributes
        for text in (
            "".join(self.text),
            attributes.get("alt", "") if self.place is not Place.ANCHOR else "",
            " ".join(self.images),
            attributes.get("aria-label", ""),
            attributes.get("title", ""),
        ):
            label = " ".join(text.split())
            if label.strip(_INVISIBLE):
                return label if len(label) <= MAX_LABEL else label[: MAX_LABEL - 1].rstrip() + "…"
        return ""


class _Reader:
    """Gather links and labels from the steps of one walk."""

    def __init__(self, *, outlook: bool = False, within: int = 0) -> None:
        self.found: dict[tuple[int, object], _Draft] = {}
        self._outlook = outlook
        self._within = within
        self._open: list[tuple[Node, list[_Draft]]] = []
        self._unseen: Node | None = None
        self._gap = False

    def step(self, kind: Kind, text: str, node: Node) -> None:
        if kind is Kind.ELEMENT:
            self._start(node)
        elif kind is Kind.END:
            if node is self._unseen:
                self._unseen = None
            if self._open and self._open[-1][0] is node:
                self._open.pop()
            self._space(node)
        elif kind is Kind.TEXT and self._open and not self._unseen:
            self._add(_BLANKS.sub(" ", text))

    def _start(self, node: Node) -> None:
        self._space(node)
        drafts = [self._draft(node, key, place) for key, place in link_attributes(node, outlook=self._outlook)]
        if drafts:
            self._open.append((node, drafts))
        if self._open and not self._unseen:
            attributes = node.attributes
            if node.name in _UNSEEN or "hidden" in attributes or _HIDDEN_STYLE.search(attributes.get("style", "")):
                self._unseen = node
            elif node.name == "img" and (alt := attributes.get("alt", "")):
                for _, drafts in self._open:
                    for draft in drafts:
                        draft.images.append(alt[:MAX_LABEL])

    def _draft(self, node: Node, key: str | tuple[str, str, str], place: Place) -> _Draft:
        """Start a link, or go on with that of the same tag."""
        mark = (id(node.attributes), key)
        order = (self._within, node.order) if self._within else (node.order,)
        draft = self.found.get(mark)
        if draft is None:
            draft = self.found[mark] = _Draft(
                order=order, href=node.attributes[key], place=place, attributes=node.attributes
            )
        elif self._gap:
            draft.add(" ")
        self._gap = False
        return draft

    def _space(self, node: Node) -> None:
        if node.name in _SPACED and not self._unseen:
            self._gap = True
            self._add(" ")

    def _add(self, text: str) -> None:
        for _, drafts in self._open:
            for draft in drafts:
                draft.add(text)
