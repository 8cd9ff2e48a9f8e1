"""What the steps of a rewrite hand each other: a link decided about, a change of the source, and all that was done.

A document goes one way: scan → frame → decisions → pixel's place → splice → report. Data only, no logic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mailbeacon.markup import TemplateTags
from mailbeacon.model import Place, SkipReason, Warned

__all__ = [
    "HONEYPOT_NUMBER",
    "PIXEL_NUMBER",
    "Change",
    "Decided",
    "LinkDecision",
    "LinkWrapper",
    "Made",
    "PlainChange",
    "Wrap",
]

Wrap = Callable[[int, str], str]
"""Returns the URL to put in place of a destination, by the link's number; an empty text leaves the link alone as too long."""
PIXEL_NUMBER = 0
HONEYPOT_NUMBER = -1


class LinkWrapper:
    """A wrap that also wants to know how many destinations a part of a mail leads to."""

    def __call__(self, number: int, url: str) -> str:
        """Return the URL to put in place of a destination."""
        raise NotImplementedError

    def among(self, links: int) -> Wrap:
        """Return what wraps the links of a part with so many different destinations."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class LinkDecision:
    """What is to be done with one link of a piece.

    Attributes:
        start: Where its value begins in the piece, without the quote.
        end: Where it ends.
        quote: The quote it stands in, or the empty text.
        raw: The value as it stands in the source.
        read: The URL a browser reads there.
        url: The destination to sign.
        reason: Why it is left alone; ``None`` for a link to wrap.
        place: The kind of element or part it stands in.
        doubt: What in the destination might be a tag that a mailing program fills in, in a link that is wrapped all the same.
    """

    start: int
    end: int
    quote: str
    raw: str
    read: str
    url: str
    reason: SkipReason | None
    place: Place
    doubt: str = ""


Decided = list[tuple[int, Sequence[LinkDecision]]]
"""What is to be done with the links of each piece that has any, with the piece's index, in order."""


class Change(NamedTuple):
    """One change of the source.

    Attributes:
        start: Where it begins in the source.
        end: Where it ends there; where it begins for what is inserted.
        new: What stands there now.
        number: The link's, or :data:`PIXEL_NUMBER` or :data:`HONEYPOT_NUMBER`.
        link: What was decided about the link; ``None`` for what is inserted.
    """

    start: int
    end: int
    new: str
    number: int
    link: LinkDecision | None


PlainChange = tuple[int, int, str, int, LinkDecision | None]
"""A :class:`Change` while a mail is made: one with names takes twice as long to make and to read, for each link of each mail."""


class Made(NamedTuple):
    """How a rewritten document came about.

    Attributes:
        pieces: What the source is the join of.
        starts: Where each begins in the source, and at last the source's length.
        changes: The changes, in the order of the source.
        left: The links left alone, each with the index of its piece.
        notes: What the sender should know.
        decided: What was decided about the links, each for itself.
        bound: The destinations that another part of the mail keeps from being wrapped.
        tags: The tags of a template language; ``None`` where there are none.
        is_html: Whether links were looked for by HTML's rules.
    """

    pieces: Sequence[str]
    starts: Sequence[int]
    changes: Sequence[PlainChange]
    left: Sequence[tuple[int, LinkDecision]]
    notes: Sequence[Warned] = ()
    decided: Decided = []  # noqa: RUF012
    bound: Mapping[str, SkipReason] = {}
    tags: TemplateTags | None = None
    is_html: bool = False
