"""html5lib on a leash: it parses a document into :mod:`.tree`, and is stopped when that would take too long.

html5lib needs quadratic time, or worse, for deep nesting, many attributes, unclosed formatting elements, and long
runs of small pieces in one value, comment or name. Here every such step costs units of about a microsecond, counted
while html5lib works: at each block of text it reads, and in the tree it builds. So the bound holds for what html5lib
really does, it is the same on every machine, and no clock is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from html5lib import HTMLParser
from html5lib._tokenizer import HTMLTokenizer
from html5lib.constants import tokenTypes
from html5lib.treebuilders.base import TreeBuilder

from mailbeacon.errors import RewriteError
from mailbeacon.outline.tree import Kind, Node

__all__ = ["MAX_ATTRIBUTES", "MAX_CHARACTERS", "MAX_DEPTH", "MAX_UNITS", "Bounded", "Token"]

MAX_CHARACTERS: Final = 2_000_000
"""Gmail clips at 102 KB, so a mail of this size is no mail."""
MAX_DEPTH: Final = 512
"""Where Chromium too stops nesting.

Source: Chromium, ``kMaximumHTMLParserDOMTreeDepth`` in ``html_construction_site.h``.
"""
MAX_ATTRIBUTES: Final = 1_000
"""Of one tag."""
MAX_UNITS: Final = 2_000_000
"""Of work, about a microsecond each: a usual document takes one for two characters."""

_BLOCK = 1_024  # characters html5lib is given at a time; what it holds is looked at in between
_PER_CHARACTER = 0.3
_PER_REFERENCE = 4
_COPIED_PER_UNIT = 8_000  # characters of a string, copied in a microsecond
_COMPARED_PER_CHARACTER = 200  # an attribute's name is compared with all before it: worth so many characters copied
_CUTS = "&-!'\"=<`\0"  # where html5lib cuts values and comments into pieces
_REMEDY = "pass verify=False to rewrite it unchecked"
_UNCLOSED = "eof-in-comment"
"""How html5lib's codes begin for a comment that the input ends in."""
_STATES = {
    **dict.fromkeys(("title", "textarea"), "rcdataState"),
    **dict.fromkeys(("style", "xmp", "iframe", "noembed", "noframes"), "rawtextState"),
    "script": "scriptDataState",
    "plaintext": "plaintextState",
}
"""What a tag's name makes of the text after it. Source: HTML Living Standard, section 13.2.6.4, scripting off."""
Token = tuple[int, str, object]
"""html5lib's number for its type, a tag's name, and what it holds: a start tag's attributes as a dict, else text."""

_START = tokenTypes["StartTag"]
_ERROR = tokenTypes["ParseError"]


class Bounded:
    """Parse one document and the contents of its comments, all within one budget."""

    def __init__(self) -> None:
        self._units = 0.0
        self._tokens = 0

    def document(self, html: str) -> Node:
        """Parse a document; a byte order mark in front is no part of it, as in a browser.

        Raises:
            RewriteError: If it is too large, too deep or too costly, or html5lib fails on it.
        """
        return self._run(html.removeprefix("\ufeff"), fragment=False)

    def fragment(self, html: str) -> Node:
        """Parse a piece of a document, as the content of a ``div``.

        Raises:
            RewriteError: As for a document.
        """
        return self._run(html, fragment=True)

    def tokens(self, html: str) -> Iterator[Token]:
        """Return the tokens of a piece of a document, whatever tree construction would drop of them.

        Raises:
            RewriteError: As for a document.
        """
        self._check_length(html)
        self.charge(200)
        holder = _Tokens()
        tokenizer = holder.tokenizer = HTMLTokenizer(_Source(html, holder, self))
        with _failing():
            for token in tokenizer:
                self.charge(4)
                kind, name = token["type"], token.get("name") or ""
                if kind == _START and name in _STATES:
                    tokenizer.state = getattr(tokenizer, _STATES[name])
                if kind != _ERROR:
                    yield kind, name, token["data"]

    def charge(self, units: float) -> None:
        """Take units of work off the budget."""
        self._units += units
        if self._units > MAX_UNITS:
            raise RewriteError("the document is too costly to check with html5lib", advice=_REMEDY)

    def next_order(self) -> int:
        """Number the next token."""
        self._tokens += 1
        return self._tokens

    def _run(self, html: str, *, fragment: bool) -> Node:
        self._check_length(html)
        self.charge(200)
        parser = _Parser(self)
        source = _Source(html, parser, self)
        with _failing():
            return parser.parseFragment(source) if fragment else parser.parse(source)  # type: ignore[no-any-return]

    @staticmethod
    def _check_length(html: str) -> None:
        if len(html) > MAX_CHARACTERS:
            raise RewriteError(
                f"the document has over {MAX_CHARACTERS:,} characters, too many to check", advice=_REMEDY
            )


@contextmanager
def _failing() -> Iterator[None]:
    """Make whatever html5lib raises an error of ours."""
    try:
        yield
    except RewriteError:
        raise
    except Exception as error:  # html5lib's assertions, its recursion, int() of 5,000 digits
        raise RewriteError(f"html5lib failed on the document ({type(error).__name__})", advice=_REMEDY) from error


class _Builder(TreeBuilder):
    """Build our nodes, and look at depth and cost whenever html5lib makes one."""

    def __init__(self, budget: Bounded) -> None:
        self._budget = budget
        self.in_unclosed = False
        super().__init__(namespaceHTMLElements=True)

    def documentClass(self) -> Node:
        return self._node(Kind.DOCUMENT, "")

    fragmentClass = documentClass

    def doctypeClass(self, name: str | None, public: str | None, system: str | None) -> Node:
        return self._node(Kind.DOCTYPE, "", repr((name, public, system)))

    def commentClass(self, data: str) -> Node:
        node = self._node(Kind.COMMENT, "", data)
        node.closed = not self.in_unclosed
        return node

    def elementClass(self, name: str, namespace: str | None) -> Node:
        depth = len(self.openElements)
        if depth > MAX_DEPTH:
            raise RewriteError(f"the document's elements nest over {MAX_DEPTH} deep, too deep to check", advice=_REMEDY)
        self._budget.charge(8 + depth / 10 + len(self.activeFormattingElements) / 5)
        return self._node(Kind.ELEMENT, name, namespace=namespace)

    def _node(self, kind: Kind, name: str, text: str = "", namespace: str | None = None) -> Node:
        self._budget.charge(4)
        return Node(kind, name, namespace, self._budget.charge, self._budget.next_order(), text)


class _Parser(HTMLParser):
    """Parse with our builder, and count errors instead of keeping them."""

    tree: _Builder

    def __init__(self, budget: Bounded) -> None:
        self._budget = budget
        super().__init__(tree=lambda _: _Builder(budget))  # type: ignore[arg-type]

    def parseError(self, errorcode: str = "", *_: object, **__: object) -> None:
        self._budget.charge(3 + len(self.tree.openElements) / 5)
        if errorcode.startswith(_UNCLOSED):  # reported right before the comment itself, the last token
            self.tree.in_unclosed = True


class _Tokens:
    """A tokenizer without a parser."""

    tokenizer: HTMLTokenizer


class _Source:
    """Feed html5lib the text block by block, and look each time at what it is holding."""

    def __init__(self, text: str, parser: HTMLParser | _Tokens, budget: Bounded) -> None:
        self._text = text
        self._at = 0
        self._parser = parser
        self._budget = budget

    def read(self, size: int = -1) -> str:
        if size == 0:  # only asks whether this is text
            return ""
        start, self._at = self._at, self._at + _BLOCK
        block = self._text[start : self._at]
        self._budget.charge(len(block) * _PER_CHARACTER + (block.count("&") + block.count("\0")) * _PER_REFERENCE)
        if start:
            self._look(block, vars(self._parser.tokenizer))
        return block

    def _look(self, block: str, held: Mapping[str, Any]) -> None:
        """Charge for what html5lib holds unfinished: it copies the whole for each piece it adds."""
        token = held["currentToken"] or {}
        name, data = token.get("name") or "", token.get("data", "")
        by_character = len(name) + 10 * len(held.get("temporaryBuffer", "")) + 2 * len(held["stream"].errors)
        by_character += len(token.get("publicId") or "") + len(token.get("systemId") or "")
        by_piece = len(data) if isinstance(data, str) else 0
        if data and isinstance(data, list):
            if len(data) > MAX_ATTRIBUTES:
                raise RewriteError(f"a tag has over {MAX_ATTRIBUTES:,} attributes, too many to check", advice=_REMEDY)
            by_character += len(data[-1][0]) + len(data) * _COMPARED_PER_CHARACTER
            by_piece += len(data[-1][1])
        pieces = sum(map(block.count, _CUTS))
        self._budget.charge((by_character * len(block) + by_piece * pieces) / _COPIED_PER_UNIT)
