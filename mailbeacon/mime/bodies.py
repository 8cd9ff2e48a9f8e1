"""The bodies of a mail: which parts a reader sees as text, what they say, and how to change them in the raw bytes.

Does not decide what a body should say. What is an attachment, a forwarded message or a part of unknown kind is no body.

Source: RFC 2387 (1998) for multipart/related, RFC 2183 (1997) for dispositions, RFC 2046 (1996) for the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailbeacon.errors import RewriteError
from mailbeacon.mime.fields import Field, parameters, unfolded
from mailbeacon.mime.parts import Part, find_field
from mailbeacon.mime.texts import Change, Text, is_charset, read_text
from mailbeacon.mime.transfer import PLAIN, apply, decode, fits, is_readable_plain, line_end, quote, splice

__all__ = ["Body", "find_bodies", "header_changes", "is_text", "open_body", "why_unreadable"]

_CLOSED = frozenset({"multipart/digest", "multipart/form-data", "multipart/report", "multipart/appledouble"})
"""Multiparts whose parts are not the sender's own text."""
_ENCODING = re.compile(rb"\s*+([^\s;(]*+)")
_PARAMETER_START = re.compile(rb";\s*\Z")
_CONTROL = re.compile("[\x01-\x08\x0b\x0e-\x1f\x7f]|\x00++")
_ADDRESS = re.compile(r"https?://[\w\[]")
_BEGIN = 64
_FEW_CONTROL = 3
"""So many control characters are slips, however short the text."""
_MOST_CONTROL = 0.01
"""What has a larger share of control characters is no text: a picture under a wrong label, or bytes that lost theirs."""


def find_bodies(raw: bytes, root: Part) -> tuple[Part, ...]:
    """Find the text/html and text/plain parts a reader sees, in the order of the mail; not the empty ones.

    A named part is a file, but as the whole mail, as a choice of ``multipart/alternative`` or as the root of
    ``multipart/related``, where there is nothing else to read (MimeKit#435).
    """
    found: list[Part] = []
    waiting = [(root, True)]
    while waiting:
        part, is_body = waiting.pop()
        if part.disposition not in ("", "inline") or (part.filename and not is_body):
            continue
        if part.content_type in ("text/html", "text/plain"):
            found += [part] if part.end > part.body else []
        elif part.content_type == "multipart/related":
            waiting.extend((inner, True) for inner in _related_root(raw, part))
        elif part.content_type not in _CLOSED:
            is_choice = part.content_type == "multipart/alternative"
            waiting.extend((inner, is_choice) for inner in reversed(part.parts))
    return tuple(found)


def _related_root(raw: bytes, part: Part) -> Sequence[Part]:
    """Return the one part of a multipart/related that is no resource: the one ``start`` names, else the first."""
    start = part.parameters.get("start", "").encode("latin-1")
    for inner in part.parts if start else ():
        named = find_field(inner.fields, "content-id")
        if named and unfolded(raw, named) == start:
            return (inner,)
    return part.parts[:1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The text of a body and what is needed to put a changed one back.

    Attributes:
        part: Where it is.
        data: Its bytes without the transfer encoding.
        text: Its text, and how the bytes say it.
    """

    part: Part
    data: bytes
    text: Text

    @property
    def is_html(self) -> bool:
        """Whether it is HTML, not plain text."""
        return self.part.content_type == "text/html"

    def changes(self, raw: bytes, edits: Sequence[tuple[int, int, str]]) -> list[Change]:
        """Turn edits of the text into changes of the raw mail.

        Charset and transfer encoding are kept where they can say the new text in lines mail allows; else the body
        becomes quoted-printable, or UTF-8, and its header says so.

        Args:
            raw: The mail.
            edits: Start, end and new text, in order; offsets in ``text.text``.

        Raises:
            RewriteError: If the text holds bytes its charset does not know, so that the new text cannot be said, or if
                what was written does not read as the new text.
        """
        if not edits:
            return []
        part = self.part
        try:
            cut = self.text.changes(edits)
            data = apply(self.data, cut) if cut is not None else self._encoded(edits)
        except UnicodeEncodeError:
            return self._encoded_again(raw, self._utf8(self._new(edits)), charset="utf-8")
        if (self.text.errors != "strict" or self.text.data) and not self._reads_as(data, edits):
            raise RewriteError("a body holds bytes its charset does not know, next to a change")
        old = raw[part.body : part.end]
        if cut is not None and (part.encoding not in PLAIN or fits(data)):
            new = splice(old, part.encoding, cut)
            if decode(new, part.encoding) != data:
                raise RewriteError("a changed body does not read as it should")
            return [self._put(raw, new)]
        return self._encoded_again(raw, data)

    def recoded(self, raw: bytes, charset: str, encoding: str) -> list[Change]:
        """Return the changes of the raw mail that say the same text in another charset or transfer encoding.

        Args:
            raw: The mail.
            charset: ``utf-8``, or empty to keep the charset.
            encoding: ``quoted-printable``, or empty to keep the transfer encoding.

        Raises:
            RewriteError: If the text holds bytes no other charset can say.
        """
        if not charset and not encoding:
            return []
        part = self.part
        data = self._utf8(self.text.text) if charset else self.data
        said = encoding or part.encoding
        new = quote(data, line_end(raw)) if said == "quoted-printable" else data
        return [*header_changes(raw, part, charset=charset, encoding=encoding), self._put(raw, new)]

    def _new(self, edits: Sequence[tuple[int, int, str]]) -> str:
        pieces: list[str] = []
        at = 0
        for start, end, new in edits:
            pieces += (self.text.text[at:start], new)
            at = end
        return "".join(pieces) + self.text.text[at:]

    def _reads_as(self, data: bytes, edits: Sequence[tuple[int, int, str]]) -> bool:
        """Check whether bytes say the new text: stray bytes can take what follows them for their own."""
        found = read_text(data, self.part.parameters.get("charset", ""))
        return found is not None and found.text == self._new(edits)

    def _encoded(self, edits: Sequence[tuple[int, int, str]]) -> bytes:
        return self.text.prefix + self.text.encode(self._new(edits))

    def _put(self, raw: bytes, new: bytes) -> Change:
        """Replace the encoded body; an empty line goes before it if it lacks one, lest it read as header."""
        part = self.part
        if _empty_line(raw, part):
            return part.body, part.end, new
        newline = b"\r\n" if raw[part.body - 1 : part.body] == b"\r" else line_end(raw)
        return part.body, part.end, newline + new

    def _utf8(self, text: str) -> bytes:
        try:
            if self.text.is_whole:
                return text.encode()
        except UnicodeEncodeError:
            pass
        raise RewriteError("a body holds bytes its charset does not know, and needs another charset")

    def _encoded_again(self, raw: bytes, data: bytes, charset: str = "") -> list[Change]:
        """Encode the whole body anew: quoted-printable where nothing else will do."""
        part, old = self.part, raw[self.part.body : self.part.end]
        encoding = part.encoding
        if encoding in PLAIN and not (fits(data) and (encoding in ("8bit", "binary") or data.isascii())):
            encoding = "quoted-printable"
        if encoding == "base64":
            new = splice(old, encoding, [(0, len(self.data), data)])
        else:
            new = quote(data, line_end(raw)) if encoding == "quoted-printable" else data
        changed = "" if encoding == part.encoding else encoding
        return [*header_changes(raw, part, charset=charset, encoding=changed), self._put(raw, new)]


def open_body(raw: bytes, part: Part) -> Body | None:
    """Decode a body; ``None`` if it cannot be read, see :func:`why_unreadable`.

    One of unknown transfer encoding is read as mail programs show it, as it stands, where addresses are seen in it.
    """
    found = _opened(raw, part)
    return None if isinstance(found, str) else found


def why_unreadable(raw: bytes, part: Part) -> str:
    """Return why a body cannot be read; empty if it can."""
    found = _opened(raw, part)
    return found if isinstance(found, str) else ""


def _opened(raw: bytes, part: Part) -> Body | str:
    written = raw[part.body : part.end]
    data = decode(written, part.encoding)
    if data is None and is_readable_plain(written, part.encoding):
        part, data = replace(part, encoding="8bit"), written
    if data is None:
        broken = part.encoding == "base64"
        return "its base64 is broken" if broken else f"its transfer encoding {_shown(part.encoding)} is unknown"
    charset = part.parameters.get("charset", "")
    if not is_charset(charset):
        return f"its charset {_shown(charset)} is unknown, or unsafe in mail"
    text = read_text(data, charset)
    if text is None:
        return f"its bytes are not what its charset {_shown(charset)} writes"
    if not (text.is_ascii_based or part.encoding not in PLAIN):
        return f"its charset {_shown(charset)} needs base64 or quoted-printable"
    if not is_text(text.text):
        wide = "\0" in text.text[:_BEGIN] and is_text(text.text.replace("\0", ""))
        return "it is UTF-16 and does not say so" if wide else "it decodes to no text"
    return Body(part=part, data=data, text=text)


def _shown(word: str) -> str:
    return ascii(word or "us-ascii")[:80]


def is_text(found: str) -> bool:
    """Check whether a text is one, not bytes that look like it: such are full of control characters.

    Zero bytes alone do not speak against a text with an address in it: some programs fill up or end their lines with them.
    """
    most = max(_FEW_CONTROL, _MOST_CONTROL * len(found))
    control = _CONTROL.findall(found)
    if len(control) <= most:
        return True
    return sum(sign[0] != "\0" for sign in control) <= most and _ADDRESS.search(found) is not None


def header_changes(raw: bytes, part: Part, *, charset: str = "", encoding: str = "") -> list[Change]:
    """Return the changes that put a charset or a transfer encoding in a part's header, and touch nothing else in it."""
    newline = line_end(raw)
    changes: list[Change] = []
    added = b""
    if charset:
        written = f'charset="{charset}"'.encode()
        if kind := find_field(part.fields, "content-type"):
            changes += _charset_changes(raw, kind, written)
        else:
            added += b"Content-Type: " + part.content_type.encode() + b"; " + written + newline
    if encoding:
        if field := find_field(part.fields, "content-transfer-encoding"):
            match = _ENCODING.match(raw, field.value, field.end)
            if match and match[1]:
                changes.append((*match.span(1), encoding.encode()))
            else:
                changes.append((field.value, field.value, b" " + encoding.encode()))
        else:
            added += b"Content-Transfer-Encoding: " + encoding.encode() + newline
    if added:
        if part.start == 0 and not find_field(part.fields, "mime-version"):
            added = b"MIME-Version: 1.0" + newline + added
        at = part.body - len(_empty_line(raw, part))
        changes.append((at, at, added))
    return sorted(changes)


def _charset_changes(raw: bytes, kind: Field, written: bytes) -> list[Change]:
    """Replace the charset parameter, however it is written; add one at the end where there is none."""
    found = [one for one in parameters(raw, kind) if one.name.partition("*")[0] == "charset"]
    if not found:
        end = kind.value + len(raw[kind.value : kind.end].rstrip(b"; \t\r\n"))
        return [(end, end, b"; " + written)]
    changes = [(found[0].start, found[0].end, written)]
    for extra in found[1:]:
        before = _PARAMETER_START.search(raw[kind.value : extra.start])
        changes.append((kind.value + before.start() if before else extra.start, extra.end, b""))
    return changes


def _empty_line(raw: bytes, part: Part) -> bytes:
    """Return the line end that parts header and body; nothing where a mail lacks it."""
    last = part.fields[-1].end if part.fields else part.start
    line = raw[last : part.body]
    end = b"\r\n" if line.endswith(b"\r\n") else line[-1:]
    before = line.removesuffix(end)
    return end if not before or before.endswith((b"\r", b"\n")) else b""  # else it ends a line that says something
