"""What a rewrite gave: the new text, every link wrapped or skipped with its reason, and the exact way back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from mailbeacon.errors import RewriteError
from mailbeacon.markup import attribute_text
from mailbeacon.model import Channel, Edit, Link, Place, Skipped, SkipReason, Warned, WarningKind
from mailbeacon.rewriting.decisions import bound_links
from mailbeacon.rewriting.sizes import CLIP_BYTES, utf8_length
from mailbeacon.rewriting.steps import Change, LinkDecision, Made
from mailbeacon.rewriting.unread import unread_links
from mailbeacon.rewriting.warnings import find_warnings

if TYPE_CHECKING:
    from mailbeacon.outline import Outline

__all__ = ["Rewrite"]


class Rewrite:
    """One rewritten document.

    Attributes:
        html: The rewritten text; ``text`` is the same.
        channel: The part of the mail it is.
    """

    def __init__(self, source: str, result: str, made: Made, channel: Channel = Channel.HTML) -> None:
        self.source = source
        self.html = result
        self.channel = channel
        self._made = made

    def __repr__(self) -> str:
        return f"Rewrite(channel={self.channel.value!r}, links={len(self.links)}, skipped={len(self.skipped)})"

    @property
    def text(self) -> str:
        """The rewritten text."""
        return self.html

    @cached_property
    def _changes(self) -> list[Change]:
        """What was changed, in the order of the source."""
        return [Change(*one) for one in self._made.changes]

    @cached_property
    def _left(self) -> list[tuple[int, LinkDecision]]:
        """What was left alone, and what only a person would take for a link, in order."""
        unread = unread_links(self._made, self._changes) if self._made.is_html else []
        return sorted([*self._made.left, *unread], key=lambda one: (one[0], one[1].start))

    @cached_property
    def _lines(self) -> list[int]:
        starts = [0]
        starts.extend(index + 1 for index, sign in enumerate(self.source) if sign == "\n")
        return starts

    def _place(self, at: int) -> tuple[int, int]:
        """Return the line and column of a place in the source, from 1."""
        line = bisect_right(self._lines, at)
        return line, at - self._lines[line - 1] + 1

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The wrapped links, in order."""
        return tuple(
            self._link(change.link, change.number, *self._place(change.start))
            for change in self._changes
            if change.link
        )

    def _link(self, one: LinkDecision, number: int, line: int, column: int) -> Link:
        return Link(number=number, url=one.url, place=one.place, channel=self.channel, line=line, column=column)

    @cached_property
    def skipped(self) -> tuple[Skipped, ...]:
        """The links left alone, each with its reason, in order."""
        found = []
        for piece, one in self._left:
            line, column = self._place(self._made.starts[piece] + one.start)
            reason = one.reason or SkipReason.TOO_LONG
            found.append(Skipped(url=one.read, reason=reason, place=one.place, line=line, column=column))
        return tuple(found)

    def labelled(self, seen: Outline | None = None) -> tuple[tuple[Link, ...], tuple[Skipped, ...]]:
        """Return the links, wrapped and left alone, with the labels html5lib finds; without where it cannot bear the document.

        Args:
            seen: The source as html5lib sees it, where that is known already.
        """
        if self.channel is not Channel.HTML:
            return self.links, self.skipped
        from mailbeacon import outline  # only where it is needed: html5lib is slow to import
        from mailbeacon.rewriting.labels import labelled

        try:
            seen = seen or outline.parse(self.covered)
        except RewriteError:
            return self.links, self.skipped
        return labelled(self.links, self.skipped, [one.read for one, _ in self.wrapped()], seen.links)

    @cached_property
    def edits(self) -> tuple[Edit, ...]:
        """The changes, in the order of the source."""
        return tuple(
            Edit(start=one.start, end=one.end, old=self.source[one.start : one.end], new=one.new, number=one.number)
            for one in self._changes
        )

    @property
    def bound(self) -> Mapping[str, SkipReason]:
        """The destinations that a mark or a label keeps from being wrapped, wherever in the mail they stand."""
        return {**self._made.bound, **bound_links(self._made.decided)}

    def wrapped(self) -> list[tuple[LinkDecision, str]]:
        """Return what was decided of each wrapped link, with the URL that now stands there."""
        return [
            (one, attribute_text(change.new if one.quote or one.place is Place.TEXT else change.new[1:-1]))
            for change in self._changes
            if (one := change.link)
        ]

    @cached_property
    def size_before(self) -> int:
        """The source's size in bytes of UTF-8."""
        return utf8_length(self.source)

    @cached_property
    def size_after(self) -> int:
        """The result's size in bytes of UTF-8."""
        return utf8_length(self.html)

    @cached_property
    def warnings(self) -> tuple[Warned, ...]:
        """What the sender should look at."""
        made = self._made._replace(left=self._left)
        return (*made.notes, *find_warnings(made, self._changes, self._place), *self._clipped())

    def _clipped(self) -> tuple[Warned, ...]:
        if self.channel is not Channel.HTML or self.size_after <= CLIP_BYTES:
            return ()
        detail = (
            f"{self.size_after:,} bytes after rewriting ({self.size_before:,} before): Gmail clips at {CLIP_BYTES:,}"
        )
        return (Warned(kind=WarningKind.CLIPPED, detail=detail),)

    @property
    def covered(self) -> str:
        """The source as HTML's rules may read it: with template tags covered that they would misread."""
        return self._made.tags.covered if self._made.tags else self.source

    @cached_property
    def scoped(self) -> tuple[Warned, ...]:
        """Where a placeholder for the token would mean another variable: in a loop, or in a block with names of its own."""
        tags = self._made.tags
        if tags is None:
            return ()
        inside = (span for _, span in tags.open_blocks([edit.start for edit in self.edits]) if span)
        return tuple(self._scope(tags.source[span.start : span.end], span.start) for span in dict.fromkeys(inside))

    def _scope(self, tag: str, at: int) -> Warned:
        line = bisect_right(self._lines, at)
        detail = (
            f"inside {tag[:60]} names mean something else, so a plain placeholder such as {{{{token}}}} comes out empty there: "
            "write {{@root.token}} in Handlebars, {{$.token}} in Go, or hand the token in"
        )
        return Warned(kind=WarningKind.SCOPE, detail=detail, line=line, column=at - self._lines[line - 1] + 1)

    def applied(self, wanted: Callable[[Edit], bool], *, covered: bool = False) -> str:
        """Return the source with some of the edits only.

        Args:
            wanted: Which edits.
            covered: Take the source as HTML's rules may read it.
        """
        parts, at, source = [], 0, self.covered if covered else self.source
        for edit in self.edits:
            if wanted(edit):
                parts += [source[at : edit.start], edit.new]
                at = edit.end
        return "".join([*parts, source[at:]])

    def restore(self) -> str:
        """Return the source back, from the result and the edits alone."""
        parts, at, grown = [], 0, 0
        for edit in self.edits:
            start = edit.start + grown
            parts += [self.html[at:start], edit.old]
            at = start + len(edit.new)
            grown += len(edit.new) - len(edit.old)
        parts.append(self.html[at:])
        return "".join(parts)

    def report(self) -> str:
        """Return, for a terminal, what was done with each link and what to look at; html5lib reads the labels."""
        from mailbeacon.rewriting.report import report_lines

        html = self.channel is Channel.HTML
        return report_lines(*self.labelled(), self.warnings, self.size_before, self.size_after, html)
