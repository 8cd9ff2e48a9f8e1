"""Documents like one before: what stands the same in both is neither read nor rewritten again.

A host that rewrites each recipient's mail has the same newsletter again and again, with a name here and a personal link
there. The last documents are kept with a mark where the message's token stands; the next one is compared with them, and
read only where it differs. Gives the very text that reading all of it would give, or nothing at all: wherever a
difference might matter to what stands around it, the whole document is to be read.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from mailbeacon.markup import TAG, Scan, cut_at_tags, is_dull, is_link, is_open, may_be_raw, part_at
from mailbeacon.rewriting.plan import link_source
from mailbeacon.rewriting.result import Raw
from mailbeacon.rewriting.sizes import TOP_BYTES, utf8_length

__all__ = ["Done", "Part", "Repeats"]

_MARK = "\0"
"""Stands for the token; a document that holds one is not kept."""
_MOST = 4
"""Documents kept of one campaign."""
_LONGEST = 262_144
"""Characters of a document that is kept."""
_PARTS_PER_CHANGE = 16
"""To find and read one part that differs costs as much as reading so many; with more changes all is read."""
_FEW_CHANGES = 8
"""So many differing parts are read in any document."""
_PATIENCE = 8
"""After so many documents that resembled none, only one in as many again is kept and compared."""
_ENDS = 12
"""Characters at both ends by which a document is known to be like another."""


class Part(NamedTuple):
    """Say what one piece with a link became: its text, the links wrapped in it, and the characters it grew by."""

    text: str
    wrapped: int
    grown: int


class Done(NamedTuple):
    """Hold one rewritten document.

    Attributes:
        source: The document.
        token: The message's token.
        scan: Its pieces, plain, and closed to the end.
        out: What each piece became.
        changes: The changes, the pixel's and the trap's among them.
        base: Its absolute base URL, if it has one.
        projected: Its size, as the pixel's place was decided by.
        head: What all pixels' URLs begin with; empty where none was to be inserted.
    """

    source: str
    token: str
    scan: Scan
    out: Sequence[str]
    changes: Sequence[Raw]
    base: str
    projected: int
    head: str


Link = Callable[[str, int, str], Part]
"""Rewrite a piece that begins with a link, by the number of its first link and the document's base URL."""


class Repeats:
    """Keep the last few documents of one campaign; one object serves all threads."""

    __slots__ = ("_kept", "_vain")

    def __init__(self) -> None:
        self._kept: tuple[_Kept, ...] = ()
        self._vain = 0

    def rewrite(self, key: tuple[object, ...], html: str, token: str, link: Link) -> str:
        """Give the rewritten document, or the empty text where it resembles none that is known.

        Args:
            key: What else the result depends on.
            html: The document.
            token: The message's token.
            link: Rewrites a link that differs.
        """
        patient = self._is_patient
        for kept in self._kept:
            if kept.key == key and (kept.source == html or (patient and kept.resembles(html))):
                done = kept.again(html, token, link)
                if done:
                    self._vain = 0
                    return done
        self._vain += 1
        return ""

    @property
    def _is_patient(self) -> bool:
        return self._vain < _PATIENCE or self._vain % _PATIENCE == 0

    def keep(self, key: tuple[object, ...], done: Done) -> None:
        """Remember a document that was read and rewritten whole, while there is hope that another will resemble it."""
        ours = bool(done.head) and done.head in done.source  # whether it has a pixel depends on more than one piece
        if self._is_patient and len(done.source) <= _LONGEST and _MARK not in done.source and not ours:
            self._kept = (_Kept(key, done), *self._kept[: _MOST - 1])


class _Kept:
    """Hold one document, and once it is asked for its result with a mark for the token."""

    __slots__ = ("_done", "_marked", "key", "source")

    def __init__(self, key: tuple[object, ...], done: Done) -> None:
        self.key = key
        self.source = done.source
        self._done = done
        self._marked: _Marked | None = None

    def resembles(self, html: str) -> bool:
        """Tell whether a comparison is worth while."""
        return html[:_ENDS] == self.source[:_ENDS] and html[-_ENDS:] == self.source[-_ENDS:]

    def again(self, html: str, token: str, link: Link) -> str:
        """Give this document's result for another token, with what differs put in its place."""
        marked = self._marked
        if marked is None:
            marked = self._marked = _Marked(self._done)
        if not marked.whole:
            return ""
        text, growth = (marked.text, 0) if html == self.source else marked.merged(html, link, len(token))
        before = self._done.projected
        after = before + growth + marked.whole * (len(token) - len(self._done.token))
        return text.replace(_MARK, token) if (after > TOP_BYTES) is (before > TOP_BYTES) else ""


class _Marked:
    """Hold a document's result with a mark in place of the token, cut at every tag.

    Attributes:
        text: The result.
        whole: How many marks it has; 0 where the token stood in the document already, so that it is of no use.
    """

    __slots__ = ("_differed", "_done", "_ends", "_fixed", "_framed", "_links", "_offsets", "_places", "text", "whole")

    def __init__(self, done: Done) -> None:
        out = [text.replace(done.token, _MARK) for text in done.out]
        self.text = "".join(out)
        self._done = done
        self._differed: dict[int, int] = {}  # where the last document differed from here on: most differ alike
        self._offsets = [0]
        self._places = [0]
        starts = self._cut(out)
        self._fixed: set[int] = set()
        # a pixel may stand before the first tag, where a fragment begins
        self._framed = {*(starts[index] for index in done.scan.frame), *starts[:2], len(self._offsets) - 2}
        self._ends: set[int] = set()
        self._links: dict[int, _Old] = {}
        self._read_links(starts)
        usable = self.text.count(_MARK) == len(done.changes) and self._offsets[-1] == len(done.source)
        self.whole = len(done.changes) if usable else 0

    def _cut(self, out: Sequence[str]) -> list[int]:
        """Cut source and result alike, at each tag; give each piece's first part."""
        pieces, starts, offsets, places = self._done.scan.pieces, [], self._offsets, self._places
        for piece, text in zip(pieces, out, strict=True):
            starts.append(len(offsets) - 1)
            parts = cut_at_tags(piece)
            offset, place = offsets[-1], places[-1]
            # what was inserted or changed stands in the first tag, or before or after it
            grown = len(text) - len(piece)
            for part in parts:
                offset += len(part)
                offsets.append(offset)
                places.append(place + grown + offset - offsets[starts[-1]])
        last = self._done.changes[-1] if self._done.changes else None
        if last and last[0] == len(pieces) - 1 and last[1] == len(pieces[-1]):
            appended = sum(
                len(one[4].replace(self._done.token, _MARK)) for one in self._done.changes if one[:2] == last[:2]
            )
            for index in range(starts[-1] + 1, len(places) - 1):
                places[index] -= appended
        return starts

    def _read_links(self, starts: Sequence[int]) -> None:
        """Learn of each link its number and all that its plan depends on."""
        pieces, offsets = self._done.scan.pieces, self._offsets
        made: dict[int, list[Raw]] = {index: [] for index in self._done.scan.links}
        for change in self._done.changes:
            if change[-1]:
                made[change[0]].append(change)
        for index, changes in made.items():
            piece, start = pieces[index], starts[index]
            first_part = offsets[start + 1] - offsets[start]
            end = piece.find("</a>")
            if piece[1] == "!":
                self._fixed.add(start)
            elif end < first_part:
                source = link_source(pieces, index) if end < 0 else piece
                self._fixed.update(range(start, bisect_right(offsets, offsets[start] + len(source))))
            else:
                grown = sum(len(new) - len(raw) for _, _, _, raw, new, _, _ in changes)
                number = changes[0][5] if changes else 0
                self._links[start] = _Old(number, len(changes), grown, piece[first_part : end + 3])
                closing = bisect_left(offsets, offsets[start] + end)
                self._fixed.update(range(start + 1, closing))
                self._ends.add(closing)

    def merged(self, html: str, link: Link, token_length: int) -> tuple[str, int]:
        """Follow both documents; take what is alike, and read what is not.

        Returns:
            The result with marks, and by how much more it grew than this document's; the empty text where all must be read.
        """
        offsets, places, text = self._offsets, self._places, self.text
        parts: list[str] = []
        growth = index = at = 0
        last = len(offsets) - 1
        changes = last // _PARTS_PER_CHANGE + _FEW_CHANGES
        while index < last:
            same = self._alike(html, index, at)
            if index < same < last and not self._ends_alike(same - 1, html, at + offsets[same] - offsets[index]):
                same -= 1
            parts.append(text[places[index] : places[same]])
            at += offsets[same] - offsets[index]
            index = same
            if index < last:
                changes -= 1
                part = part_at(html, at)
                closed = at + len(part) < len(html) or not is_open(part)  # what is open runs to the end
                new, more = self._read(index, part, link, token_length) if closed and changes >= 0 else ("", 0)
                if not new:
                    return "", 0
                parts.append(new)
                growth += more
                at += len(part)
                index += 1
        return ("".join(parts), growth) if at == len(html) else ("", 0)

    def _alike(self, html: str, index: int, at: int) -> int:
        """Give the first part from ``index`` on that the other document does not have at the same distance."""
        source, offsets = self._done.source, self._offsets
        last, away = len(offsets) - 1, at - offsets[index]
        guess = self._differed.get(index, index)
        good = guess if html.startswith(source[offsets[index] : offsets[guess]], at) else index
        bad, step = last + 1, 1
        while good + 1 < bad:  # in growing steps, then halving: in all no longer than what is alike
            end = min(good + step, bad - 1)
            if html.startswith(source[offsets[good] : offsets[end]], offsets[good] + away):
                good = end
            else:
                bad = end
            step = step * 2 if bad > last else max((bad - good) // 2, 1)
        self._differed[index] = good
        return good

    def _ends_alike(self, index: int, html: str, end: int) -> bool:
        """Tell whether a part ends where it did although what follows it differs: at a tag, and not as raw text."""
        return html.startswith("<", end) and not may_be_raw(self._done.source, self._offsets[index])

    def _read(self, index: int, part: str, link: Link, token_length: int) -> tuple[str, int]:
        """Give what a part that differs becomes; the empty text where it might change how others are read."""
        done = self._done
        old = done.source[self._offsets[index] : self._offsets[index + 1]]
        if (
            index in self._fixed
            or not part
            or _MARK in part
            or (done.head and done.head in part)
            or part[:9].lower() == "<noscript"  # may stand in a head that never ends
            or (index in self._ends and part[:4] != "</a>")
        ):
            return "", 0
        growth = utf8_length(part) - utf8_length(old)
        if index in self._links:
            known = self._links[index]
            if not is_link(part):
                return "", 0
            now = link(part + known.rest, known.number, done.base)
            if now.wrapped != known.wrapped:
                return "", 0
            before = known.grown + known.wrapped * (token_length - len(done.token))
            return now.text[: len(now.text) - len(known.rest)], growth + now.grown - before
        if index in self._framed:
            return self._after_tag(index, old, part), growth
        return (part, growth) if is_dull(part) else ("", 0)

    def _after_tag(self, index: int, old: str, part: str) -> str:
        """Give what a part becomes beside which the pixel may stand, if only the text after its tag differs."""
        marked = self.text[self._places[index] : self._places[index + 1]]
        tag = TAG.match(old)
        if tag is None or not old[tag.end() :] or not part.startswith(tag[0]):
            return ""
        if marked.startswith(old):
            return part + marked[len(old) :]
        rest = old[tag.end() :]
        return marked[: len(marked) - len(rest)] + part[tag.end() :] if marked.endswith(rest) else ""


class _Old(NamedTuple):
    """Hold what is known of one link: its number, how many were wrapped, how much it grew, and the source up to its end."""

    number: int
    wrapped: int
    grown: int
    rest: str
