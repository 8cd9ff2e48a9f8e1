"""What composing needs from its caller, and what it gives back: shapes only, no logic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mailbeacon.model import Edit, Level, Link, Skipped, Warned

__all__ = ["CompileBodies", "Composed", "RewriteHtml", "RewriteText", "Rewritten", "Slots", "Told"]


class Told(Protocol):
    """Tell what was done with the links."""

    @property
    def links(self) -> Sequence[Link]:
        """The wrapped links."""

    @property
    def skipped(self) -> Sequence[Skipped]:
        """The links left alone."""

    @property
    def warnings(self) -> Sequence[Warned]:
        """What the sender should look at."""


class Rewritten(Told, Protocol):
    """Tell what became of one body."""

    @property
    def edits(self) -> Sequence[Edit]:
        """The changes, in order."""

    def labelled(self) -> tuple[Sequence[Link], Sequence[Skipped]]:
        """Give the links, wrapped and left alone, with their labels."""


class RewriteHtml(Protocol):
    """Rewrite an HTML body."""

    def __call__(self, html: str, /, *, first_number: int, pixel: bool) -> Rewritten:
        """Wrap links from ``first_number`` on; put a pixel only where asked, for a mail has one."""


class RewriteText(Protocol):
    """Rewrite a plain-text body."""

    def __call__(self, text: str, /, *, first_number: int) -> Rewritten:
        """Wrap links from ``first_number`` on."""


class Slots(Told, Protocol):
    """Hold an HTML and a text body compiled for a campaign, with slots for the token."""

    @property
    def campaign(self) -> str:
        """The campaign they were compiled for."""

    def source(self, placeholder: str, *, opens: Level, clicks: Level) -> str:
        """Give the HTML with a placeholder where the token goes."""

    def source_text(self, placeholder: str, *, opens: Level, clicks: Level) -> str:
        """Give the text with a placeholder where the token goes."""


class CompileBodies(Protocol):
    """Compile an HTML and a text body; either may be empty."""

    def __call__(self, html: str, text: str, /, *, first_number: int, pixel: bool) -> Slots:
        """Wrap links from ``first_number`` on; put a pixel only where asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """Hold a rewritten mail and what was done.

    Attributes:
        data: The mail.
        bodies: How many bodies were rewritten.
        links: The wrapped links of all bodies, HTML first.
        skipped: The links left alone.
        warnings: What the sender should look at.
    """

    data: bytes = field(repr=False)
    bodies: int = 0
    links: tuple[Link, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[Warned, ...] = ()
