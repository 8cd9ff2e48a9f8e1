"""The newsletter a command works with: the user's file, or the sample that the package ships.

Plays no readers and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from mailbeacon.beacon import Beacon
from mailbeacon.cli.console import CommandError, shown
from mailbeacon.cli.documents import Document, Form, read_document, read_file
from mailbeacon.errors import RewriteError
from mailbeacon.template import Template

__all__ = ["Newsletter", "compiled", "load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter:
    """An HTML document and what to call it."""

    name: str
    document: Document = field(repr=False)

    @property
    def html(self) -> str:
        """The HTML."""
        return self.document.text


def load(path: Path | None) -> Newsletter:
    """Read a newsletter.

    Args:
        path: HTML or a mail; ``None`` for the sample.

    Raises:
        CommandError: If it cannot be read, or has no HTML.
    """
    if path is None:
        sample = files("mailbeacon").joinpath("data", "newsletter.html").read_text("utf-8")
        return Newsletter(name="The sample newsletter", document=Document(text=sample, form=Form.HTML))
    document = read_document(read_file(path))
    if document.form is Form.TEXT:
        raise CommandError(f"{shown(str(path))} is plain text: HTML or a mail (.eml) is needed")
    return Newsletter(name=shown(path.name), document=document)


def compiled(beacon: Beacon, newsletter: Newsletter, campaign: str) -> Template:
    """Compile a newsletter.

    Raises:
        CommandError: If the document cannot be proved unchanged.
    """
    try:
        return beacon.compile(newsletter.html, campaign=campaign)
    except RewriteError as error:
        raise CommandError(error.why) from error
