"""The proof that a rewriting changed only what it says it changed, by comparing two trees.

Looks at no source text: two documents that html5lib reads alike are alike here. That nothing else in the source
changed is the splice's own law.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import zip_longest
from typing import NoReturn

from mailbeacon.errors import RewriteError
from mailbeacon.outline.bounded import Bounded
from mailbeacon.outline.labels import Outline, conditional, link_attributes
from mailbeacon.outline.tree import HTML, Kind, Node, Step, attribute_name, path_of, walk

__all__ = ["compare"]

_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)
_HREF = re.compile(
    r"""(\bhref[ \t\n\f\r]*=[ \t\n\f\r]*)("[^"]*"|'[^']*'|[^ \t\n\f\r>"'][^ \t\n\f\r>]*)""", re.IGNORECASE
)
_NO_STEP: Step = (Kind.END, "", Node(Kind.DOCUMENT, "", None, lambda _: None, 0))


def compare(
    before: str | Outline, after: str | Outline, *, changed: Iterable[tuple[str, str]] = (), pixel: str | None = None
) -> None:
    """Check that two documents differ in the listed links and one pixel only.

    Args:
        before: The document as it was, or its outline.
        after: The document as it became, or its outline.
        changed: For each edited attribute its old value, decoded, and its new one. White space around the old value
            and tabs and newlines inside it do not matter. Links in Outlook's conditional comments count too.
        pixel: The ``src`` of the one ``img`` that came into the body; ``None`` when none did. Formatting elements
            that tree construction opens again around it alone are taken for a part of it.

    Raises:
        RewriteError: If they differ in anything else, a listed change is missing, or a document is too large, deep or
            costly for html5lib; ``where`` is the path of the first node that differs.
    """
    old, new = (list(walk(_root(document))) for document in (before, after))
    if pixel is not None:
        new = _without_pixel(old, new, pixel)
    proof = _Proof(changed)
    for one, other in zip_longest(old, new, fillvalue=_NO_STEP):
        proof.check(one, other)
    proof.finish()


def _root(document: str | Outline) -> Node:
    return Bounded().document(document) if isinstance(document, str) else document.root


def _fail(what: str, where: str) -> NoReturn:
    raise RewriteError(f"the rewritten document differs at {where or 'its root'}: {what}", where=where)


class _Proof:
    """Check steps of both walks pairwise, and remember the listed changes it met."""

    def __init__(self, changed: Iterable[tuple[str, str]]) -> None:
        self._listed = Counter((_destination(old), new) for old, new in changed)
        self._met: dict[tuple[int, object], tuple[str, str]] = {}
        self._raw: list[tuple[str, str, Node]] = []

    def check(self, old: Step, new: Step) -> None:
        (old_kind, old_text, old_node), (new_kind, new_text, new_node) = old, new
        if old_kind is not new_kind:
            if old_kind is Kind.END:
                _fail(f"an extra {new_kind.value}", _place(new))
            _fail(f"the {old_kind.value} is gone", _place(old))
        if old_kind is Kind.ELEMENT:
            if old_node.nameTuple != new_node.nameTuple:
                _fail("another element", path_of(old_node))
            if old_node.attributes != new_node.attributes:
                self._attributes(old_node, new_node)
        elif old_text != new_text:
            if old_kind is not Kind.COMMENT:
                _fail(f"another {old_kind.value}", _place(old))
            self._comment(old_node, new_node)

    def finish(self) -> None:
        """Check the changes inside comments, and that each listed change was met as often as it is listed."""
        values = _decode([value for old, new, _ in self._raw for value in (old, new)])
        for number, (_, _, node) in enumerate(self._raw):
            pair = values[2 * number], values[2 * number + 1]
            self._meet((-1, number), pair, "a link in the comment changed in another way than listed", path_of(node))
        missing = self._listed - Counter(self._met.values())
        if missing:
            raise RewriteError(
                f"the rewritten document lacks {missing.total()} of {self._listed.total()} listed link changes"
            )

    def _attributes(self, old: Node, new: Node) -> None:
        links = [key for key, _ in link_attributes(old)]
        for key in [*old.attributes, *new.attributes]:
            before, after = old.attributes.get(key), new.attributes.get(key)
            if before == after:
                continue
            what = f"attribute {attribute_name(key)!r}"
            if before is None or after is None or key not in links:
                _fail(what, path_of(old))
            self._meet((id(new.attributes), key), (before, after), f"{what}, in another way than listed", path_of(old))

    def _comment(self, old: Node, new: Node) -> None:
        if not conditional(old.text):
            _fail("another comment", path_of(old))
        before, after = _HREF.split(old.text), _HREF.split(new.text)
        if len(before) != len(after):
            _fail("another comment", path_of(old))
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            if place % 3 == 2 and one != other:
                self._raw.append((one, other, old))
            elif one != other:
                _fail("another comment", path_of(old))

    def _meet(self, mark: tuple[int, object], pair: tuple[str, str], what: str, where: str) -> None:
        old, new = pair
        pair = (_destination(old), new)
        if pair not in self._listed:
            if mark[0] == -1 and old == new:  # only its quotes changed
                _fail("another comment", where)
            _fail(what, where)
        self._met[mark] = pair


def _place(step: Step) -> str:
    kind, _, node = step
    if kind is not Kind.TEXT:
        return path_of(node)
    return "/".join(filter(None, [path_of(node), "text()"]))


def _destination(value: str) -> str:
    """Give a link's value as the URL standard reads it: ends stripped, tabs and newlines dropped."""
    return value.strip(" \t\n\f\r").replace("\r", "").replace("\n", "").replace("\t", "")


def _decode(values: list[str]) -> list[str]:
    """Let html5lib decode attribute values that stand raw in a comment."""
    bare = (value[1:-1] if value[0] in "\"'" else value for value in values)
    html = "".join('<br title="' + value.replace('"', "&quot;") + '">' for value in bare)
    root = Bounded().fragment(html)
    return [node.attributes["title"] for kind, _, node in walk(root) if kind is Kind.ELEMENT]


def _without_pixel(old: list[Step], new: list[Step], pixel: str) -> list[Step]:
    """Take the one pixel out of the new document's steps, so that the texts around it join again."""
    places = [at for at, step in enumerate(new) if _is_pixel(step, pixel)]
    if any(_is_pixel(step, pixel) for step in old):
        raise RewriteError("the pixel's address stands in an image of the document already")
    if len(places) != 1:
        raise RewriteError(f"the rewritten document must hold one pixel, it holds {len(places)}")
    first, last = places[0], places[0] + 1
    if not _in_body(new[first][2]):
        _fail("the pixel is not inside the body", path_of(new[first][2]))
    cut = _cut(new, first, last)
    reopened = (len(cut) - len(old)) // 2
    while reopened > 0 and first and last + 1 < len(new) and _is_reopened(new, first - 1, last + 1):
        first, last, reopened = first - 1, last + 1, reopened - 1
    return _cut(new, first, last)


def _is_pixel(step: Step, pixel: str) -> bool:
    kind, _, node = step
    return kind is Kind.ELEMENT and node.nameTuple == (HTML, "img") and node.attributes.get("src") == pixel


def _in_body(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.nameTuple != (HTML, "body"):
        parent = parent.parent
    return parent is not None


def _is_reopened(steps: list[Step], first: int, last: int) -> bool:
    """Tell whether the steps open and close one formatting element that is a clone of an earlier one."""
    node = steps[first][2]
    if steps[last][2] is not node or node.namespace != HTML or node.name not in _FORMATTING:
        return False
    return any(step[2].attributes is node.attributes for step in steps[:first])


def _cut(steps: list[Step], first: int, last: int) -> list[Step]:
    """Take out the steps from first to last, and join the texts on both sides."""
    head, tail = steps[:first], steps[last + 1 :]
    if head and tail and head[-1][0] is Kind.TEXT and tail[0][0] is Kind.TEXT:
        kind, text, parent = head.pop()
        tail[0] = (kind, text + tail[0][1], parent)
    return head + tail
