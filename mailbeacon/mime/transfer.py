"""Transfer encodings: decode a body, and splice changes into the encoded bytes.

Does not know charsets. Everything outside a change keeps its encoded bytes, but for base64, where what follows the
first change shifts.

Source: RFC 2045 (1996), sections 6.7 and 6.8; RFC 5322 (2008), section 2.1.1, for the 998 octets of a line.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64, b2a_qp
from bisect import bisect_right
from collections.abc import Sequence

from mailbeacon.errors import RewriteError
from mailbeacon.mime.texts import Change
from mailbeacon.model.mail import MAX_LINE

__all__ = ["MAX_LINE", "PLAIN", "apply", "decode", "fits", "is_readable_plain", "line_end", "quote", "splice"]

PLAIN = frozenset({"", "7bit", "8bit", "binary"})
"""The transfer encodings that change nothing."""
_KNOWN = PLAIN | {"quoted-printable", "base64"}

_ESCAPE = re.compile(rb"=(?:([0-9A-Fa-f]{2})|[ \t]*+(?:\r\n|\n|\r|\Z))")
_DANGLING = re.compile(rb"=(?:[0-9A-Fa-f]|[ \t]++)?\Z")
"""An equals sign that is no escape yet, but may become one by what is put after it."""
_NEWLINE = re.compile(rb"\r\n|\n|\r")
_LINE_FEED = re.compile(rb"=0A(?!=\n|\Z)")
_DASHES = re.compile(rb"(?:(?<=[\r\n])|\A)-(?=-)")
"""Where a line might be taken for a boundary, now that it begins there."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]*+=?\s*+=?\s*+")
_LONG = re.compile(rb"[^\r\n]{999}")
_ADDRESS = re.compile(rb"https?://[\w\[]", re.IGNORECASE)
_ENCODED = re.compile(rb"=(?:3[Dd]|[ \t]*+[\r\n])|^begin(?:-base64)? [0-7]{3,4} |^=ybegin ", re.MULTILINE)
"""Signs of quoted-printable, uuencode and yEnc. Source: RFC 2045 (1996), POSIX uuencode, yEnc draft 1.3 (2002)."""
_QUOTED_LINE = 76


def decode(body: bytes, encoding: str) -> bytes | None:
    """Take off a transfer encoding; ``None`` if it is unknown, or base64 is broken."""
    if encoding in PLAIN:
        return body
    if encoding == "quoted-printable":
        return b"".join(_unquoted(body)[0])
    if encoding == "base64" and _BASE64.fullmatch(body):
        packed = body.translate(None, b" \t\r\n\v\f=")
        try:
            return a2b_base64(packed + b"=" * (-len(packed) % 4))
        except Error:
            return None
    return None


def is_readable_plain(body: bytes, encoding: str) -> bool:
    """Check whether a body of unknown transfer encoding is encoded in none, so that its addresses stand there to be read.

    Source: mail programs show such a body as it stands; many write ``utf-8``, ``7-bit`` or ``none`` for the encoding.
    """
    return encoding not in _KNOWN and _ADDRESS.search(body) is not None and _ENCODED.search(body) is None


def splice(body: bytes, encoding: str, changes: Sequence[Change]) -> bytes:
    """Make changes, given by offsets in the decoded bytes, in the encoded body.

    Args:
        body: The encoded body.
        encoding: One that :func:`decode` can read.
        changes: In order, not overlapping.

    Example:
        >>> splice(b"caf=C3=A9 =3D", "quoted-printable", [(0, 3, b"the")])
        b'the=C3=A9 =3D'
    """
    if not changes:
        return body
    if encoding in PLAIN:
        return apply(body, changes)
    if encoding == "quoted-printable":
        return _splice_quoted(body, changes)
    return _wrapped_base64(apply(decode(body, encoding) or b"", changes), body)


def apply(data: bytes, changes: Sequence[Change]) -> bytes:
    """Replace spans of bytes, given in order.

    Raises:
        RewriteError: If they are not in order.
    """
    pieces: list[bytes] = []
    at = 0
    for start, end, new in changes:
        if not at <= start <= end <= len(data):
            raise RewriteError("the changes of a mail overlap, so nothing was changed")
        pieces += (data[at:start], new)
        at = end
    pieces.append(data[at:])
    return b"".join(pieces)


def fits(data: bytes) -> bool:
    """Check whether no line is longer than mail allows."""
    return _LONG.search(data) is None


def line_end(data: bytes) -> bytes:
    """Return the line end to write: LF where the first one found is that, else CRLF; never a lone CR."""
    found = _NEWLINE.search(data)
    return b"\n" if found and found[0] == b"\n" else b"\r\n"


def quote(data: bytes, newline: bytes) -> bytes:
    """Encode in quoted-printable, with lines of at most 76 octets.

    Args:
        data: Any bytes.
        newline: The mail's line end: written as it is where ``data`` has the same, while any other is encoded, so that
            decoding gives exactly ``data``.
    """
    soft = b"=" + newline
    quoted = newline.join(
        _LINE_FEED.sub(b"=0A=\n", b2a_qp(line, istext=False)).replace(b"=\n", soft) if line else b""
        for line in data.split(newline)
    )
    return _DASHES.sub(b"=2D", quoted) if b"--" in quoted else quoted


def _unquoted(body: bytes) -> tuple[list[bytes], list[int], list[int]]:
    """Decode quoted-printable; also give, after each escape, the offsets in the decoded and in the encoded bytes."""
    pieces: list[bytes] = []
    decoded, encoded = [0], [0]
    at = size = 0
    for escape in _ESCAPE.finditer(body):
        start = escape.start()
        pieces.append(body[at:start])
        size += start - at
        if code := escape[1]:
            pieces.append(bytes((int(code, 16),)))
            size += 1
        at = escape.end()
        decoded.append(size)
        encoded.append(at)
    pieces.append(body[at:])
    return pieces, decoded, encoded


def _splice_quoted(body: bytes, changes: Sequence[Change]) -> bytes:
    pieces, decoded, encoded = _unquoted(body)
    newline = line_end(body)
    out: list[bytes] = []
    at = column = 0

    def place(offset: int) -> int:
        mark = bisect_right(decoded, offset) - 1
        return encoded[mark] + offset - decoded[mark]

    for start, end, new in changes:
        before = body[at : place(start)]
        column = _column(before, column)
        quoted = quote(new, newline)
        if column >= _QUOTED_LINE or _DANGLING.search(before):
            return quote(apply(b"".join(pieces), changes), newline)
        out.append(before)
        if column and column + len(quoted.partition(newline)[0]) >= _QUOTED_LINE:
            out.append(b"=" + newline)
            column = 0
        out.append(quoted)
        at = place(end)
        column = _column(quoted, column)
        rest = _NEWLINE.split(body[at : at + _QUOTED_LINE + 2], maxsplit=1)[0]
        if rest and column + len(rest) > _QUOTED_LINE:
            out.append(b"=" + newline)
            column = 0
            if rest.startswith(b"--"):
                out.append(b"=2D")
                at += 1
    out.append(body[at:])
    return b"".join(out)


def _column(text: bytes, before: int) -> int:
    """Return how long the last line is after ``text``, when the line was ``before`` long."""
    last = max(text.rfind(b"\n"), text.rfind(b"\r"))
    return len(text) - last - 1 if last >= 0 else before + len(text)


def _wrapped_base64(data: bytes, like: bytes) -> bytes:
    """Encode in base64 with the line length, the line end and the last blanks of another body."""
    newline, lines = line_end(like), like.split(maxsplit=1)
    tail = like[len(like.rstrip()) :]
    packed = b2a_base64(data, newline=False)
    width = min(len(lines[0]) if lines and len(lines) > 1 else _QUOTED_LINE, MAX_LINE)
    return newline.join(packed[at : at + width] for at in range(0, len(packed), width)) + tail
