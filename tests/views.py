"""The links of a document as three parsers see them that share no code with the package or with each other.

Each view gives links and images only. turbohtml also tells where in the source an attribute stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import turbohtml
from selectolax.lexbor import LexborHTMLParser

from mailbeacon.markup import trim_url
from mailbeacon.outline.bounded import Bounded
from mailbeacon.outline.labels import link_attributes
from mailbeacon.outline.tree import HTML, Kind, walk

__all__ = ["VIEWS", "View", "view_html5lib", "view_lexbor", "view_turbohtml"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one parser sees.

    Attributes:
        links: The values of the attributes that are links: ``href`` of HTML's ``a`` and ``area``, and of SVG's ``a``.
        loose: Values that may be links: a lone ``xlink:href``, and what the parser tells too little of.
        images: The number of ``img`` elements.
        spans: The place of each link's attribute in the source, where the parser tells it.
    """

    links: set[str] = field(default_factory=set)
    loose: set[str] = field(default_factory=set)
    images: int = 0
    spans: list[tuple[str, int, int]] = field(default_factory=list)


def view_turbohtml(html: str) -> View:
    """See with turbohtml; what a ``template`` holds is no part of the document."""
    view = View()
    images = 0
    for node in _elements(turbohtml.parse(html, source_locations=True)):
        name, space = node.tag, node.namespace.name
        images += (space, name) == ("HTML", "img")
        is_link = (space, name) in (("HTML", "a"), ("HTML", "area"), ("SVG", "a"))
        key = "href" if "href" in node.attrs else "xlink:href" if space == "SVG" else ""
        if is_link and key in node.attrs:
            value = _url(str(node.attrs[key]))
            (view.links if key == "href" else view.loose).add(value)
            place = node.source_location.attrs.get(key) if node.source_location else None
            if place:
                view.spans.append((value, place.start_offset, place.end_offset))
    return replace(view, images=images)


def _elements(document: turbohtml.Document) -> Iterator[turbohtml.Element]:
    stack: list[turbohtml.Node] = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, turbohtml.Element):
            yield node
        elif isinstance(node, turbohtml.DocumentFragment):
            continue
        if isinstance(node, turbohtml.Element | turbohtml.Document):
            stack += reversed(list(node.children))


def view_lexbor(html: str) -> View:
    """See with lexbor, by way of selectolax, which tells no namespaces; what a ``template`` holds is no part either."""
    tree = LexborHTMLParser(html)
    view = View(images=len(tree.css("img")))
    for node in tree.css("a, area"):
        key = "href" if "href" in node.attributes else "xlink:href"
        if key in node.attributes:
            sure = key == "href" and (node.tag == "a" or not node.css_matches("svg area, math area"))
            (view.links if sure else view.loose).add(_url(node.attributes[key] or ""))
    return view


def view_html5lib(html: str) -> View:
    """See with html5lib, by way of the outline."""
    view = View()
    images = 0
    for kind, _, node in walk(Bounded().document(html)):
        if kind is Kind.ELEMENT:
            images += node.nameTuple == (HTML, "img")
            for key, _ in link_attributes(node):
                (view.links if key == "href" else view.loose).add(_url(node.attributes[key]))
    return replace(view, images=images)


def _url(value: str) -> str:
    """Return the URL a value stands for; line ends are the input stream's matter."""
    return trim_url(value.replace("\r\n", "\n").replace("\r", "\n"))


VIEWS = {"turbohtml": view_turbohtml, "lexbor": view_lexbor, "html5lib": view_html5lib}
