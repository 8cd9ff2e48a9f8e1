"""Where the tags are: a document cut into pieces that join to exactly the document.

Why it is not enough to search for ``<a``. In each of these three the search finds a link where a browser sees none, or the
other way round::

    <p title="<a href='https://x.example/'>">      the quotes hide it: an attribute's value
    <style><a href="https://x.example/"></style>   a style's content is text, whatever it looks like
    <svg><style><a href="https://x.example/">      but SVG's style is an ordinary element, and the link is a link

The first two are the tokenizer's work: one expression reads a tag, a comment or raw text as a whole, from its first sign to
its end, and every alternative also matches to the end of the input, so that no sign is read twice (``grammar``). A piece is
one such token with all after it that has no interest, so a mail of 80 KB is a hundred pieces.

The third is tree construction's. Where something of it may matter (SVG and MathML, ``select``, ``frameset``, ``template``)
the document is walked token by token, in both readings at once: where they cut the source alike nothing is lost, and where
they differ the tags are marked ``ambiguous`` until both agree again. No tree is built; nothing is decoded or changed here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

from mailbeacon.errors import RewriteError
from mailbeacon.markup.attributes import tag_name
from mailbeacon.markup.foreign import Context
from mailbeacon.markup.grammar import COMMENT, PIECES, RAW_END, RAW_NAMES, SCRIPT_TURN, STEP, TAG

__all__ = ["Scan", "scan", "tokens"]


def _cases(*starts: str) -> frozenset[str]:
    return frozenset(
        a + b for start in starts for a in {start[0], start[0].upper()} for b in {start[1], start[1].upper()}
    )


_LINKS = frozenset(a + b for a in "aA" for b in "\t\n\f\r />") | _cases("ar", "v:")
_FRAME = _cases("ba", "bo", "ht", "mj", "/b", "/h")
_TRICKY = _cases("sv", "ma", "se", "fr", "te", "xm", "if", "no", "sc", "pl")
_CONDITION_WITHIN = 32
"""A conditional comment has its bracket among the first characters, and nothing but blanks before."""
_SIGNS = itemgetter(slice(1, 3))
_KINDS = {
    signs: kind
    for kind, all_signs in {"link": _LINKS, "frame": _FRAME, "tricky": _TRICKY, "comment": {"!-"}}.items()
    for signs in all_signs
}
"""What the two signs after a piece's ``<`` say of it."""
_TRICKY_NAMES = (RAW_NAMES - {"style", "title"}) | {"svg", "math", "select", "frameset", "template"}
_OPEN_AT_END = frozenset({"style", "title"})
_FRAMESET = re.compile("<frameset", re.IGNORECASE | re.ASCII)


class Scan(NamedTuple):
    """A document cut into pieces.

    Attributes:
        pieces: What the document is the join of; the first is the text before any tag.
        starts: Where each begins in the document, and at last the document's length.
        links: The indexes of pieces that may begin with a link or a conditional comment.
        frame: The indexes of pieces that may begin with ``html``, ``base``, ``body`` or ``mjml``, or the end of one.
        safe: Pieces from this index on are inside something that is never closed.
        ambiguous: Indexes of pieces a browser may not take for what they look like.
        svg: Indexes of pieces inside SVG.
        frameset: Whether a frameset might take the place of the whole body.
    """

    pieces: list[str]
    starts: list[int]
    links: list[int]
    frame: list[int]
    safe: int
    ambiguous: frozenset[int] | set[int] = frozenset()
    svg: frozenset[int] | set[int] = frozenset()
    frameset: bool = False


def scan(source: str) -> Scan:
    """Cut a document into pieces.

    Args:
        source: HTML: a document, a fragment, or anything else; nothing is refused.

    Raises:
        RewriteError: If the pieces do not join to the source: a fault of the regular expressions of this Python.
    """
    at = source.find("<")
    if at < 0:
        return Scan([source], [0, len(source)], [], [], safe=1)
    found = PIECES.findall(source, at)
    links: list[int] = []
    frame: list[int] = []
    for index, kind in enumerate(map(_KINDS.get, map(_SIGNS, found)), 1):
        if kind is None:
            continue
        if kind == "link":
            links.append(index)
        elif kind == "frame":
            frame.append(index)
        elif kind == "comment":
            if _is_conditional(found[index - 1]):
                links.append(index)
        elif tag_name(found[index - 1]) in _TRICKY_NAMES:
            return _Walk(source).run()
    pieces = [source[:at], *found]
    whole = Scan(pieces, _starts(pieces, source), links, frame, len(pieces))
    return _without_last(whole) if _is_unclosed(found[-1]) else whole


def _starts(pieces: list[str], source: str) -> list[int]:
    """Return where each piece begins, and where the last ends; refuse pieces that lost something, for none overlap.

    Source: cpython#106052; before 3.11.5 possessive quantifiers over groups matched too much, and PyPy does the same.
    """
    starts = [0, *accumulate(map(len, pieces))]
    if starts[-1] != len(source):
        raise RewriteError(
            "the scanner lost a part of the document, so nothing was changed: a fault of this Python's re"
        )
    return starts


def _is_conditional(comment: str) -> bool:
    return comment[4:_CONDITION_WITHIN].lstrip()[:1] == "["


def tokens(source: str) -> list[str]:
    """Cut a document so that each tag begins a piece of its own.

    Args:
        source: HTML; the pieces join to it.

    Raises:
        RewriteError: If they do not.
    """
    return _Walk(source).run().pieces if "<" in source else [source]


def _without_last(found: Scan) -> Scan:
    """Leave out a last piece, which the document never closes."""
    last = len(found.pieces) - 1
    links = [index for index in found.links if index < last]
    frame = [index for index in found.frame if index < last]
    safe = min(found.safe, last)
    name = tag_name(found.pieces[safe - 1]) if safe else ""
    ended = name in RAW_END and RAW_END[name].match(found.pieces[safe])
    if ended and (name == "script" or not RAW_END[name].search(found.pieces[safe - 1])):
        safe -= 1  # the last piece is the raw text's own end tag, which the document never closes
    return found._replace(links=links, frame=frame, safe=safe)


def _is_unclosed(piece: str) -> bool:
    """Check whether a last piece is a tag, comment or raw text that the document never closes."""
    if piece[1:2] == "/" and ">" in piece and '"' not in piece and "'" not in piece:
        return False
    if not piece.startswith("<") or not (_is_letter(piece[1:2]) or piece[1:2] in ("!", "/", "?")):
        return False
    if piece.startswith("<!--"):
        return not COMMENT.match(piece)
    found = TAG.match(piece)
    if not found:
        return ">" not in piece or _is_letter(piece[1:2]) or (piece[1:2] == "/" and _is_letter(piece[2:3]))
    name = tag_name(piece)
    return name in _OPEN_AT_END and not RAW_END[name].search(piece, found.end())


def _is_letter(sign: str) -> bool:
    """Check whether a tag's name may begin with a sign: only ASCII's letters begin one."""
    return sign.isascii() and sign.isalpha()


@dataclass(slots=True)
class _Walk:
    """Walk a document token by token, with what tree construction would make of it."""

    source: str
    pieces: list[str] = field(default_factory=list)
    links: list[int] = field(default_factory=list)
    frame: list[int] = field(default_factory=list)
    ambiguous: set[int] = field(default_factory=set)
    svg: set[int] = field(default_factory=set)
    context: Context = field(default_factory=Context)
    doubt_until: int = 0
    lost: bool = False
    open_at: int = -1

    def run(self) -> Scan:
        source, end = self.source, len(self.source)
        at = source.find("<")
        self.pieces.append(source[:at])
        while at < end:
            found = STEP.match(source, at)
            if found is None:  # pragma: no cover - STEP matches wherever a "<" stands
                break
            stop = found.end()
            doubtful = self.lost or at < self.doubt_until
            name = "" if doubtful and self.lost else self._name(found[0])
            self._mark(at, name, found[0], doubtful)
            if name:
                stop = self._enter(at, stop, name, found[0], doubtful)
            if self.open_at < 0 and (self.lost or self.context.is_unclosed):
                self.open_at = len(self.pieces)
            self.pieces.append(source[at:stop])
            at = stop
        if self.ambiguous and not self.context.frameset:
            self.context.frameset = _FRAMESET.search(source) is not None
        if self.context.frameset:
            self.ambiguous.update(self.links)
        whole = Scan(
            pieces=self.pieces,
            starts=_starts(self.pieces, source),
            links=self.links,
            frame=self.frame,
            safe=self._safe(),
            ambiguous=self.ambiguous,
            svg=self.svg,
            frameset=self.context.frameset,
        )
        return _without_last(whole) if _is_unclosed(self.pieces[-1]) else whole

    def _name(self, piece: str) -> str:
        """Name the token: a tag that is closed, or the start of a CDATA section."""
        if TAG.match(piece):
            return tag_name(piece)
        return "![cdata[" if piece.startswith("<![CDATA[") else ""

    def _mark(self, at: int, name: str, piece: str, doubtful: bool) -> None:
        index = len(self.pieces)
        if piece[1:3] in _LINKS or (piece[1:3] == "!-" and _is_conditional(piece)):
            self.links.append(index)
        elif piece[1:3] in _FRAME:
            self.frame.append(index)
        unsure = self.context.sticky and (name == "area" or (name == "a" and "xlink:href" in piece.lower()))
        if doubtful or self.context.hides_links or unsure:
            self.ambiguous.add(index)
        elif self.context.in_svg and name:
            self.svg.add(index)
        if at < self.doubt_until < at + self._token_length(piece):
            self.lost = True
        if not (self.lost or self.context.is_unclosed):
            self.open_at = -1

    @staticmethod
    def _token_length(piece: str) -> int:
        found = TAG.match(piece) or COMMENT.match(piece)
        return found.end() if found else piece.find(">") + 1 or len(piece)

    def _enter(self, at: int, stop: int, name: str, piece: str, doubtful: bool) -> int:
        """Follow one tag into what comes after it, and return where its piece ends."""
        if doubtful:
            if self.context.doubt(name) or name in RAW_NAMES or name == "![cdata[":
                self.lost = True
            return stop
        maybe_foreign = self.context.maybe_foreign
        after_tag = at + self._token_length(piece)
        closed_title = self.context.skip_label(name, self.source, after_tag)
        if closed_title:
            return self._text_end(closed_title)
        self.context.follow(name, piece[: after_tag - at])
        if name == "![cdata[":
            if maybe_foreign:
                self.doubt_until = self._find("]]>", at + 9)
            return stop
        if name not in RAW_NAMES:
            return stop
        end = self._raw_end(name, after_tag)
        if maybe_foreign and "<" in self.source[after_tag:end]:
            self.doubt_until = end
            return stop
        if end == len(self.source):
            self.open_at = len(self.pieces) if self.open_at < 0 else self.open_at
        return end

    def _find(self, text: str, start: int) -> int:
        found = self.source.find(text, start)
        return len(self.source) if found < 0 else found + len(text)

    def _text_end(self, start: int) -> int:
        found = self.source.find("<", start)
        return len(self.source) if found < 0 else found

    def _raw_end(self, name: str, start: int) -> int:
        """Find where raw text that begins at ``start`` ends: at its end tag, or with the input."""
        if name == "plaintext":
            return len(self.source)
        if name == "script":
            return self._script_end(start)
        found = RAW_END[name].search(self.source, start)
        return found.start() if found else len(self.source)

    def _script_end(self, start: int) -> int:
        """Follow a script's escapes: inside ``<!--``, a nested script's end tag does not end the outer one."""
        escaped = nested = False
        while found := SCRIPT_TURN.search(self.source, start):
            start = found.end()
            if found[1] or found[2]:
                escaped = nested = False
            elif found[3] is None:
                escaped = True
            elif found[3] and not nested:
                return found.start()
            else:
                nested = escaped and not found[3]
        return len(self.source)

    def _safe(self) -> int:
        still_open = self.lost or self.context.is_unclosed or self.open_at == len(self.pieces) - 1
        return self.open_at if self.open_at >= 0 and still_open else len(self.pieces)
