"""Read the user's file: an HTML document, a plain text, or the HTML part of a mail.

Gives text together with the way back to bytes, so that what is written differs only where it was rewritten. Does not
rewrite anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import Enum
from pathlib import Path
from typing import Final

from mailbeacon.cli.console import Refused, reason, shown

__all__ = ["MAX_DOCUMENT", "MAX_FILE", "Document", "Form", "read_document"]

MAX_DOCUMENT: Final = 2_000_000
"""In bytes. Gmail clips a mail at 102 KB, so what is longer than this is no newsletter."""
MAX_FILE: Final = 50_000_000
"""In bytes: a mail with its attachments. Providers take 20 to 50 MB."""

_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)
_TAG: Final = re.compile(r"<(?:!doctype|html|head|body|table|div|p|a|td|span|center|img|br|h[1-6])[\s>/]", re.IGNORECASE)
_FIELD: Final = re.compile(rb"(?:\A|\n)(?:from|received|mime-version|return-path|message-id|subject):", re.IGNORECASE)
_FIRST_LINE: Final = re.compile(rb"(?:From |[!-9;-~]+:)")
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class Form(Enum):
    """What a file holds."""

    HTML = "HTML"
    TEXT = "plain text"
    MAIL = "a mail"


_ENDINGS: Final = {
    ".eml": Form.MAIL, ".html": Form.HTML, ".htm": Form.HTML, ".xhtml": Form.HTML, ".txt": Form.TEXT
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Hold one document.

    Attributes:
        text: The HTML or the plain text.
        form: What the file held; the text of a mail is its HTML part.
        encoding: How the bytes were read.
        mark: The byte order mark in front of them.
    """

    text: str = field(repr=False)
    form: Form
    encoding: str = "utf-8"
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """Give a rewritten text in the file's own encoding."""
        return self.mark + text.encode(self.encoding)


def read_document(path: Path) -> Document:
    """Read a file.

    Raises:
        Refused: If there is none, or it holds nothing that could be a newsletter.
    """
    data = _read(path)
    name = shown(str(path))
    if not data.strip():
        raise Refused(f"{name} is empty")
    form = _ENDINGS.get(path.suffix.lower())
    if form is Form.MAIL or (form is None and _looks_like_mail(data)):
        return _mail(data, name)
    document = _document(data, form, name)
    if len(data) > MAX_DOCUMENT:
        raise Refused(f"{name} has {len(data) / 1e6:.1f} MB: a newsletter has at most {MAX_DOCUMENT / 1e6:.0f} MB")
    return document


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise Refused(f"{shown(str(path))} has {size / 1e6:.1f} MB: a file has at most {MAX_FILE / 1e6:.0f} MB")
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"cannot read {shown(str(path))}: {reason(error)}") from error
    except ValueError as error:  # a zero byte in the name
        raise Refused("cannot read a file of this name") from error


def _document(data: bytes, form: Form | None, name: str) -> Document:
    mark, encoding = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", ""))
    if encoding[:6] != "utf-16" and _BINARY.search(data):
        raise Refused(f"{name} is a binary file: HTML, plain text or a mail (.eml) is needed")
    body = data[len(mark) :]
    for encoding in [encoding] if encoding else _encodings(data):
        try:
            text = body.decode(encoding)
            if text.encode(encoding) == body:
                break
        except (UnicodeError, LookupError):
            continue
    else:
        raise Refused(f"{name} cannot be read as text")
    return Document(
        text=text, form=form or (Form.HTML if _TAG.search(text) else Form.TEXT), encoding=encoding, mark=mark
    )


def _encodings(data: bytes) -> Iterator[str]:
    """Give what to try: UTF-8 first, for many documents name a charset they are not in."""
    found = _CHARSET.search(data[:4096])
    named = found[1].decode("ascii") if found else ""
    if named.lower().startswith("iso-2022"):  # its bytes are UTF-8 too, and would be read as other text
        yield named
    yield from ("utf-8", named, "windows-1252", "latin-1")


def _looks_like_mail(data: bytes) -> bool:
    head = re.split(rb"\r?\n\r?\n", data[:65_536].lstrip(b"\r\n"), maxsplit=1)[0]
    return bool(_FIRST_LINE.match(head)) and len(_FIELD.findall(head)) > 1


def _mail(data: bytes, name: str) -> Document:
    try:
        found = _html_part(message_from_bytes(data, policy=default))
    except Exception as error:  # the email package raises many kinds for broken fields
        raise Refused(f"{name} cannot be read as a mail: {type(error).__name__}") from error
    if found is None:
        raise Refused(f"{name} has no HTML part that could be read")
    if not found.strip():
        raise Refused(f"the HTML part of {name} is empty")
    if len(found.encode("utf-8", "surrogatepass")) > MAX_DOCUMENT:
        raise Refused(f"the HTML part of {name} has over {MAX_DOCUMENT / 1e6:.0f} MB, too much for a newsletter")
    return Document(text=found, form=Form.MAIL)


def _html_part(mail: EmailMessage) -> str | None:
    """Give the mail's HTML body, or the first HTML part that is not attached."""
    best = mail.get_body(preferencelist=("html",))
    parts = [best] if best is not None else [part for part in mail.walk() if part.get_content_type() == "text/html"]
    for part in parts:
        if isinstance(part, EmailMessage) and not part.is_attachment():
            return _content(part)
    return None


def _content(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except LookupError:  # a charset nobody knows
        raw = part.get_payload(decode=True)
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
