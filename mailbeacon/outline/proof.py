"""The proof that a rewriting changed only what it says it changed, by comparing two trees.

Why it is not enough to take the edits out of the text again: taken out by whoever put them in, they always come out clean,
and say nothing of what a reader gets. In each of these a link was wrapped, and only one of them is a link::

    <a href="https://x.example/">                  a link: its new address is the listed one
    <!-- <a href="https://x.example/"> -->         a comment: what was changed is text that nobody can click
    <style><a href="https://x.example/"></style>   a style's content: text again

So both documents are read by html5lib, which knows nothing of our scanner, and walked side by side: an attribute may differ
where it is a link's and the pair is listed, and nothing else may.

Nor is it enough to leave out the pixel's ``img`` and then compare, for an image that comes in may move others::

    <p><b>Hi</p>           reads as  <p><b>Hi</b></p>
    <p><b>Hi</p><img>      reads as  <p><b>Hi</b></p><b><img></b>
    <p><b>Hi</p>Bye        reads as  <p><b>Hi</b></p><b>Bye</b>
    <p><b>Hi</p><img>Bye   reads as  <p><b>Hi</b></p><b><img>Bye</b>

The ``b`` was never closed, so that tree construction opens it again around what follows. In the second it stands around the
pixel alone: it came with the pixel, shows nothing, and goes with it. In the fourth it stood there before, and must stay.

Two documents that html5lib reads alike are alike here. That nothing else in the source changed is the splice's own law.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import zip_longest
from typing import NoReturn

from mailbeacon.errors import RewriteError
from mailbeacon.outline.bounded import Bounded, Token
from mailbeacon.outline.labels import BLANK, Outline, conditional, is_link_name, link_attributes
from mailbeacon.outline.tree import HTML, Kind, Node, Step, attribute_name, path_of, walk

__all__ = ["compare"]

_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)
_ELSEWHERE = (
    "the pixel may draw what follows it into an element left open: pixel='top' avoids that, verify=False any check"
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
            that tree construction opens again around it alone are taken for a part of it, and so are those that
            also hold what follows to their parent's end, where that is no more than comments and white space.

    Raises:
        RewriteError: If they differ in anything else, a listed change is missing, or a document is too large, deep or
            costly for html5lib; ``where`` is the path of the first node that differs.
    """
    old, new = (list(walk(_root(document))) for document in (before, after))
    proof = _Proof(changed)
    try:
        if pixel is not None:
            old, new = _without_pixel(old, new, pixel)
        for one, other in zip_longest(old, new, fillvalue=_NO_STEP):
            proof.check(one, other)
    except RewriteError as error:
        if pixel is None or not error.where:
            raise
        raise RewriteError(str(error), where=error.where, advice=_ELSEWHERE) from error
    proof.finish()


def _root(document: str | Outline) -> Node:
    return Bounded().document(document) if isinstance(document, str) else document.root


def _fail(what: str, node: Node, part: str = "") -> NoReturn:
    where = "/".join(filter(None, [path_of(node), part]))
    raise RewriteError(f"the rewritten document differs at {where or 'its root'}: {what}", where=where)


class _Proof:
    """Check steps of both walks pairwise, and remember the listed changes it met."""

    def __init__(self, changed: Iterable[tuple[str, str]]) -> None:
        self._listed = Counter((_destination(old), new) for old, new in changed)
        self._met: dict[tuple[int, object], tuple[str, str]] = {}
        self._inside = Bounded()
        self._places = 0

    def check(self, old: Step, new: Step) -> None:
        (old_kind, old_text, old_node), (new_kind, new_text, new_node) = old, new
        if old_kind is not new_kind:
            if old_kind is Kind.END:
                _fail(f"an extra {new_kind.value}", *_place(new))
            _fail(f"the {old_kind.value} is gone", *_place(old))
        if old_kind is Kind.ELEMENT:
            if old_node.nameTuple != new_node.nameTuple:
                _fail("another element", old_node)
            if old_node.attributes != new_node.attributes:
                self._attributes(old_node, new_node)
        elif old_text != new_text:
            if old_kind is not Kind.COMMENT:
                _fail(f"another {old_kind.value}", *_place(old))
            self._comment(old_node, new_node)

    def finish(self) -> None:
        """Check that each listed change was met as often as it is listed."""
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
                _fail(what, old)
            self._meet((id(new.attributes), key), (before, after), f"{what}, in another way than listed", old)

    def _comment(self, old: Node, new: Node) -> None:
        """Check what Outlook reads, token by token: a tree would drop the cells of a table begun outside."""
        parts, others = conditional(old), conditional(new)
        if not parts[1] or parts[::2] != others[::2]:
            _fail("another comment", old)
        for one, other in zip_longest(self._inside.tokens(parts[1]), self._inside.tokens(others[1])):
            if one != other:
                self._token(one, other, old)

    def _token(self, old: Token | None, new: Token | None, comment: Node) -> None:
        """Check one tag inside a comment that differs: only its ``href`` may."""
        before, after = (token[2] if token and is_link_name(token[1]) else None for token in (old, new))
        if not (isinstance(before, dict) and isinstance(after, dict)) or (old and new and old[:2] != new[:2]):
            _fail("another comment", comment)
        if list(before) != list(after) or {key for key in before if before[key] != after[key]} != {"href"}:
            _fail("another comment", comment)
        self._places += 1
        pair = before["href"], after["href"]
        self._meet((-1, self._places), pair, "a link in the comment changed in another way than listed", comment)

    def _meet(self, mark: tuple[int, object], pair: tuple[str, str], what: str, node: Node) -> None:
        old, new = pair
        pair = (_destination(old), new)
        if pair not in self._listed:
            _fail(what, node)
        self._met[mark] = pair


def _place(step: Step) -> tuple[Node, str]:
    """Return a step's node, of a text its parent, and what of it is meant."""
    kind, _, node = step
    return node, "text()" if kind is Kind.TEXT else ""


def _destination(value: str) -> str:
    """Return a link's value as the URL standard reads it: ends stripped, tabs and newlines dropped."""
    return value.strip(BLANK).replace("\r", "").replace("\n", "").replace("\t", "")


def _without_pixel(old: list[Step], new: list[Step], pixel: str) -> tuple[list[Step], list[Step]]:
    """Return both documents' steps without the one pixel and what tree construction opened again for it."""
    places = [at for at, step in enumerate(new) if _is_pixel(step, pixel)]
    if any(_is_pixel(step, pixel) for step in old):
        raise RewriteError("the pixel's address stands in an image of the document already")
    if len(places) != 1:
        raise RewriteError(f"the rewritten document must hold one pixel, it holds {len(places)}")
    first, last = places[0], places[0] + 1
    if not _in_body(new[first][2]):
        _fail("the pixel is not inside the body", new[first][2])
    clones = _clones(new)
    reopened = (len(_joined(new[:first], new[last + 1 :])) - len(old)) // 2
    while reopened > 0 and id(new[first - 1][2]) in clones and new[last + 1][::2] == (Kind.END, new[first - 1][2]):
        first, last, reopened = first - 1, last + 1, reopened - 1
    cut = _joined(new[:first], new[last + 1 :])
    while new[first - 1][0] is Kind.ELEMENT and id(new[first - 1][2]) in clones:
        first -= 1
    one, other = _unseen_end(old, first, _clones(old)), _unseen_end(cut, first, clones)
    return (old, cut) if one is None or other is None else (one, other)


def _is_pixel(step: Step, pixel: str) -> bool:
    kind, _, node = step
    return kind is Kind.ELEMENT and node.nameTuple == (HTML, "img") and node.attributes.get("src") == pixel


def _in_body(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.nameTuple != (HTML, "body"):
        parent = parent.parent
    return parent is not None


def _clones(steps: list[Step]) -> set[int]:
    """Return the ids of the formatting elements that tree construction opened again: clones of an earlier one."""
    first: set[int] = set()
    found: set[int] = set()
    for kind, _, node in steps:
        if kind is Kind.ELEMENT and node.namespace == HTML and node.name in _FORMATTING:
            if id(node.attributes) in first:
                found.add(id(node))
            first.add(id(node.attributes))
    return found


def _unseen_end(steps: list[Step], first: int, clones: set[int]) -> list[Step] | None:
    """Leave out the formatting elements opened again from a step to its parent's end, if a reader sees nothing there.

    Returns:
        ``None`` if there is more than comments, white space and such elements.
    """
    left: list[Step] = []
    opened: set[int] = set()
    for at in range(first, len(steps)):
        kind, text, node = steps[at]
        if kind is Kind.END and id(node) not in opened:
            return _joined(steps[:first], left, steps[at:])
        if kind is Kind.ELEMENT:
            if id(node) not in clones:
                return None
            opened.add(id(node))
        elif kind is Kind.TEXT and text.strip(BLANK):
            return None
        elif kind is not Kind.END:
            left.append(steps[at])
    return None


def _joined(*parts: list[Step]) -> list[Step]:
    """Put steps together, texts that come to stand side by side as one."""
    whole: list[Step] = []
    for part in parts:
        for step in part:
            if whole and step[0] is whole[-1][0] is Kind.TEXT:
                whole[-1] = (Kind.TEXT, whole[-1][1] + step[1], step[2])
            else:
                whole.append(step)
    return whole
