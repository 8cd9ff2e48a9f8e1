"""What composing needs from its caller, and what it gives back: shapes only, no logic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from mailbeacon.model import Action, Edit, Level, Link, Message, Skipped, SkipReason, Warned

if TYPE_CHECKING:
    from email.message import Message as Email

__all__ = ["CompileBodies", "Composed", "Leaving", "LinkReport", "RewriteBodies", "Rewritten", "Slots"]


class LinkReport(Protocol):
    """What was done with the links."""

    @property
    def links(self) -> Sequence[Link]:
        """The wrapped links."""

    @property
    def skipped(self) -> Sequence[Skipped]:
        """The links left alone."""

    @property
    def warnings(self) -> Sequence[Warned]:
        """What the sender should look at."""


class Rewritten(LinkReport, Protocol):
    """What became of one body."""

    @property
    def edits(self) -> Sequence[Edit]:
        """The changes, in order."""

    @property
    def bound(self) -> Mapping[str, SkipReason]:
        """The destinations that a mark or a label keeps from being wrapped in the whole mail."""

    def labelled(self) -> tuple[Sequence[Link], Sequence[Skipped]]:
        """Return the links, wrapped and left alone, with their labels."""


class RewriteBodies(Protocol):
    """What rewrites the bodies of one message's mail."""

    def html(
        self, source: str, /, *, first_number: int, pixel: bool, bound: Mapping[str, SkipReason] | None = None
    ) -> Rewritten:
        """Wrap links from ``first_number`` on; put a pixel only where asked, for a mail has one."""

    def text(self, source: str, /, *, first_number: int, bound: Mapping[str, SkipReason] | None = None) -> Rewritten:
        """Wrap links from ``first_number`` on."""


class Slots(LinkReport, Protocol):
    """An HTML and a text body compiled for a campaign, with slots for the token."""

    @property
    def campaign(self) -> str:
        """The campaign they were compiled for."""

    def source(self, placeholder: str, *, opens: Level, clicks: Level) -> str:
        """Return the HTML with a placeholder where the token goes."""

    def source_text(self, placeholder: str, *, opens: Level, clicks: Level) -> str:
        """Return the text with a placeholder where the token goes."""


class CompileBodies(Protocol):
    """Compile an HTML and a text body; either may be empty."""

    def __call__(self, html: str, text: str, /, *, first_number: int, pixel: bool) -> Slots:
        """Wrap links from ``first_number`` on; put a pixel only where asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """How the recipient of a message can leave.

    Attributes:
        headers: Gives the header fields.
        head: What stands before the token in the URL of a page for leaving.
        sign: Gives the token for an action.
    """

    headers: Callable[[Message], Mapping[str, str]]
    head: str
    sign: Callable[[Message, Action], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A rewritten mail and what was done.

    Attributes:
        data: The mail.
        email: The copy of an email object; ``None`` where bytes were given.
        bodies: How many bodies were rewritten.
        links: The wrapped links of all bodies, HTML first.
        skipped: The links left alone.
        warnings: What the sender should look at.
    """

    data: bytes = field(repr=False)
    email: Email[str, str] | None = field(default=None, repr=False)
    bodies: int = 0
    links: tuple[Link, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[Warned, ...] = ()
