"""Read the user's file: an HTML document, a plain text, or the HTML part of a mail.

Gives text together with the way back to bytes, so that what is written differs only where it was rewritten. Does not
rewrite anything.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

from mailbeacon.cli.console import CommandError, read_bytes, shown
from mailbeacon.errors import RewriteError
from mailbeacon.mime import MAX_DEPTH, Part, decode, find_bodies, is_text, read_parts, read_text, walk

__all__ = ["MAX_DOCUMENT", "MAX_FILE", "Document", "File", "Form", "check_bodies", "read_document", "read_file"]

MAX_DOCUMENT: Final = 2_000_000
"""In bytes. Gmail clips a mail at 102 KB, so what is longer than this is no newsletter."""
MAX_FILE: Final = 50_000_000
"""In bytes: a mail with its attachments. Providers take 20 to 50 MB."""

_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)
_TAG: Final = re.compile(
    r"<(?:!doctype|html|head|body|table|div|p|a|td|span|center|img|br|h[1-6])[\s>/]", re.IGNORECASE
)
_FIELD: Final = re.compile(rb"(?:\A|\n)(?:from|received|mime-version|return-path|message-id|subject):", re.IGNORECASE)
_BEFORE_MAIL: Final = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*+")
_FIRST_LINE: Final = re.compile(rb"(?:>?From |[!-9;-~]+:|[0-9]+ *+\r?\n)")
"""A field, or what an mbox or Apple's .emlx has before the first."""


class Form(Enum):
    """What a file holds."""

    HTML = "HTML"
    TEXT = "plain text"
    MAIL = "a mail"


_ENDINGS: Final = {
    ".eml": Form.MAIL, ".emlx": Form.MAIL, ".html": Form.HTML, ".htm": Form.HTML, ".xhtml": Form.HTML, ".txt": Form.TEXT
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document.

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
        """Return a rewritten text in the file's own encoding."""
        return self.mark + text.encode(self.encoding)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file's bytes.

    Attributes:
        name: The path, fit to be shown.
        data: The bytes, never blank.
        form: What it holds, as its name or its first lines say; ``None`` where they do not.
    """

    name: str
    data: bytes = field(repr=False)
    form: Form | None


def read_file(path: Path) -> File:
    """Read a file's bytes.

    Raises:
        CommandError: If it cannot be read, is empty, or too large.
    """
    name, data = shown(str(path)), read_bytes(path, MAX_FILE)
    if not data.strip():
        raise CommandError(f"{name} is empty")
    form = _ENDINGS.get(path.suffix.lower())
    if form is Form.MAIL and not _FIRST_LINE.match(_without_mark(data)):
        raise CommandError(f"{name} is not a mail: it does not begin with header fields")
    return File(name=name, data=data, form=Form.MAIL if form is None and _looks_like_mail(data) else form)


def read_document(file: File) -> Document:
    """Return the text in a file: of a mail, its HTML part.

    Raises:
        CommandError: If it holds nothing that could be a newsletter.
    """
    if file.form is Form.MAIL:
        return _mail(file.data, file.name)
    _check_size(len(file.data), f"{file.name} has")
    return _document(file.data, file.form, file.name)


def check_bodies(file: File) -> None:
    """Raise if the bodies of a mail together are larger than a document may be.

    Raises:
        CommandError: If they are.
        RewriteError: If the mail has too many parts.
    """
    found = find_bodies(file.data, read_parts(file.data))
    sizes = [_decoded_size(file.data[part.body : part.end], part.encoding) for part in found]
    _check_size(sum(sizes), f"{file.name}, without attachments, has")


def _check_size(size: int, what: str) -> None:
    if size > MAX_DOCUMENT:
        raise CommandError(f"{what} {size / 1e6:.1f} MB: a newsletter has at most {MAX_DOCUMENT / 1e6:.0f} MB")


def _decoded_size(body: bytes, encoding: str) -> int:
    """Return how large a body is without its transfer encoding; broken base64 is not rewritten, and counts nothing."""
    if encoding == "quoted-printable":
        return len(a2b_qp(body))  # the rewriter's own decoder keeps account of each escape: too much for any size
    data = decode(body, encoding)
    return len(data) if data is not None else 0 if encoding == "base64" else len(body)


def _document(data: bytes, form: Form | None, name: str) -> Document:
    mark, marked = next((pair for pair in _BOMS if data.startswith(pair[0])), (b"", ""))
    body = data[len(mark) :]
    for encoding in (marked,) if marked else _encodings(data):
        with suppress(UnicodeError, LookupError):
            text = body.decode(encoding)
            if text.encode(encoding) == body:
                if "\0" in text or not is_text(text):
                    raise CommandError(f"{name} is a binary file, not HTML, plain text or a mail")
                form = form or (Form.HTML if _TAG.search(text) else Form.TEXT)
                return Document(text=text, form=form, encoding=encoding, mark=mark)
    raise CommandError(f"{name} cannot be read as text")


def _encodings(data: bytes) -> Iterator[str]:
    """Return what to try: UTF-8 first, for many documents name a charset they are not in."""
    found = _CHARSET.search(data[:4096])
    named = found[1].decode("ascii") if found else ""
    if named.lower().startswith("iso-2022"):  # its bytes are UTF-8 too, and would be read as other text
        yield named
    yield from ("utf-8", named, "windows-1252", "latin-1")


def _without_mark(data: bytes) -> bytes:
    """Return a mail without the byte order mark and the empty lines that harmlessly precede it."""
    before = _BEFORE_MAIL.match(data)
    return data[before.end() :] if before else data


def _looks_like_mail(data: bytes) -> bool:
    head = re.split(rb"\r?\n\r?\n", _without_mark(data[:65_536]), maxsplit=1)[0]
    return bool(_FIRST_LINE.match(head)) and len(_FIELD.findall(head)) > 1


def _mail(data: bytes, name: str) -> Document:
    try:
        found = _html_body(data, name)
    except RewriteError as error:
        raise CommandError(f"{name} cannot be read as a mail: {error}") from error
    if not found.strip():
        raise CommandError(f"{name} has no HTML part, or an empty one")
    if not is_text(found):
        raise CommandError(f"the HTML part of {name} holds no text: its transfer encoding or its charset is wrong")
    return Document(text=found, form=Form.MAIL, mark=_BOMS[0][0])  # the mark outdoes a charset named in the HTML


def _html_body(data: bytes, name: str) -> str:
    """Return the HTML a mail program would show; where there is none, that of an attachment or a forwarded mail."""
    for _ in range(MAX_DEPTH):
        root = read_parts(data)
        for part in (*find_bodies(data, root), *walk(root)):
            if part.content_type == "text/html":
                return _text(data[part.body : part.end], part, name)
        inner = next((part for part in walk(root) if part.content_type == "message/rfc822"), None)
        if inner is None:
            break
        data = data[inner.body : inner.end]
    return ""


def _text(body: bytes, part: Part, name: str) -> str:
    """Return what a part says; a byte that its charset does not know becomes the sign for that."""
    if _decoded_size(body, part.encoding) > MAX_DOCUMENT:
        raise CommandError(f"the HTML part of {name} has over {MAX_DOCUMENT / 1e6:.0f} MB, too much for a newsletter")
    raw = decode(body, part.encoding)
    if raw is None and part.encoding == "base64":
        raise CommandError(f"the HTML part of {name} is not the base64 it is said to be")
    raw = body if raw is None else raw
    label = part.parameters.get("charset", "")
    text = read_text(raw, label) or read_text(raw, "utf-8")
    if text is None or text.errors != "strict":
        return raw.decode("latin-1" if text is None else text.codec, "replace")
    return text.text
