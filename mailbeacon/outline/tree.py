"""The document's nodes as html5lib makes them, and walks over them that never recurse.

Does not parse, bound or compare. The method names are html5lib's: its tree construction calls them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final

from mailbeacon.errors import RewriteError

__all__ = ["HTML", "SVG", "Attributes", "Kind", "Node", "Step", "attribute_name", "path_of", "walk"]

HTML: Final = "http://www.w3.org/1999/xhtml"
SVG: Final = "http://www.w3.org/2000/svg"

Attributes = dict[str | tuple[str | None, str, str], str]
"""Values by name; adjusted names of SVG and MathML are (prefix, local name, namespace)."""


_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9:_-]{0,30}")


class Kind(Enum):
    """What a step of a walk is about."""

    DOCUMENT = "document"
    DOCTYPE = "doctype"
    ELEMENT = "element"
    COMMENT = "comment"
    TEXT = "text"
    END = "end"


Step = tuple[Kind, str, "Node"]
"""Kind, text (of a text, comment or doctype), and the node; for a text its parent."""

# A list search or a shift passes about a hundred entries in a microsecond, the budget's unit.
_SEARCHED_PER_UNIT = 100


class Node:
    """One node; text stands between the child nodes as plain ``str``.

    Attributes:
        order: The place of the node's token among the document's, in the order of the source; what tree construction
            clones (an unclosed ``<a>``) keeps the order of its token.
        closed: Whether a comment has its end; one without swallows the rest of the document.
    """

    __slots__ = (
        "attributes",
        "charge",
        "childNodes",
        "closed",
        "kind",
        "name",
        "nameTuple",
        "namespace",
        "order",
        "parent",
        "text",
    )

    def __init__(
        self, kind: Kind, name: str, namespace: str | None, charge: Callable[[float], None], order: int, text: str = ""
    ) -> None:
        self.kind = kind
        self.name = name
        self.namespace = namespace
        self.nameTuple = (namespace, name)
        self.charge = charge
        self.order = order
        self.text = text
        self.closed = True
        self.attributes: Attributes = {}
        self.childNodes: list[Node | str] = []
        self.parent: Node | None = None

    def appendChild(self, node: Node) -> None:
        """Put a node at the end."""
        self.childNodes.append(node)
        node.parent = self

    def insertText(self, data: str, insertBefore: Node | None = None) -> None:
        """Put text at the end, or before a child."""
        self.charge(2)
        if insertBefore is None:
            self.childNodes.append(data)
        else:
            self.childNodes.insert(self._index(insertBefore), data)

    def insertBefore(self, node: Node, refNode: Node | None) -> None:
        """Put a node before a child; at the end when there is none, which html5lib's adoption agency can ask for."""
        if refNode is None:
            self.childNodes.append(node)
        else:
            self.childNodes.insert(self._index(refNode), node)
        node.parent = self

    def removeChild(self, node: Node) -> None:
        """Take a child out."""
        del self.childNodes[self._index(node)]
        node.parent = None

    def reparentChildren(self, newParent: Node) -> None:
        """Hand all children to another node."""
        self.charge(len(self.childNodes) / 10)
        for child in self.childNodes:
            if isinstance(child, Node):
                child.parent = newParent
        newParent.childNodes += self.childNodes
        self.childNodes = []

    def cloneNode(self) -> Node:
        """Make a node of the same token, without children."""
        clone = Node(self.kind, self.name, self.namespace, self.charge, self.order)
        clone.attributes = self.attributes
        self.charge(2)
        return clone

    def hasContent(self) -> bool:
        """Check whether there is a child or text."""
        return bool(self.childNodes)

    def _index(self, node: Node) -> int:
        """Find a child from the end, where tree construction works."""
        children = self.childNodes
        for back in range(len(children) - 1, -1, -1):
            if children[back] is node:
                self.charge((len(children) - back) / _SEARCHED_PER_UNIT * 4)
                return back
        raise RewriteError("the document's tree is broken: a node is not among its parent's children")


def walk(root: Node) -> Iterator[Step]:
    """Go through a tree in document order, with an END after each element; neighbouring texts come as one."""
    stack: list[tuple[Node, Iterator[Node | str]]] = [(root, iter(root.childNodes))]
    pieces: list[str] = []
    while stack:
        parent, rest = stack[-1]
        child = next(rest, None)
        if isinstance(child, str):
            pieces.append(child)
            continue
        if pieces:
            text = "".join(pieces)
            pieces.clear()
            if text:
                yield Kind.TEXT, text, parent
        if child is None:
            stack.pop()
            if parent.kind is Kind.ELEMENT:
                yield Kind.END, "", parent
            continue
        yield child.kind, child.text, child
        if child.kind is Kind.ELEMENT:
            stack.append((child, iter(child.childNodes)))


def attribute_name(name: str | tuple[str | None, str, str]) -> str:
    """Write an attribute's name for a message; only its kind when it could be text or an address gone astray."""
    if not isinstance(name, str):
        name = f"{name[0]}:{name[1]}" if name[0] else name[1]
    return name if _PLAIN_NAME.fullmatch(name) else "attribute()"


def path_of(node: Node) -> str:
    """Write where a node stands, such as ``html/body/table[1]/tbody/tr[2]``.

    A lone child of its name has no number. A name that could be an address (``<ann@example.com>``) is left out. Looks at
    all siblings on the way, so it is for messages only.
    """
    parts: list[str] = []
    here: Node | None = node
    while here is not None and here.parent is not None:
        twins = [
            child
            for child in here.parent.childNodes
            if isinstance(child, Node) and (child.kind, child.name) == (here.kind, here.name)
        ]
        number = f"[{next(at for at, twin in enumerate(twins, 1) if twin is here)}]" if len(twins) > 1 else ""
        named = here.kind is Kind.ELEMENT and _PLAIN_NAME.fullmatch(here.name)
        parts.append((here.name if named else f"{here.kind.value}()") + number)
        here = here.parent
    return "/".join(reversed(parts))
