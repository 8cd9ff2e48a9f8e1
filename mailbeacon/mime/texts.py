"""Bytes to text and back, in the charsets of mail, so that what is not changed keeps its bytes.

Does not guess beyond the label: text of an unknown charset is refused, not damaged.

Most text encodes to the very bytes it came from, and is changed by encoding what is around a change. A charset that switches
with escape sequences can say one text in many ways: ``ESC ( J`` and ``ESC ( B`` both begin what is ASCII but for two signs, and
real mail has signs that no table of Python's knows. There the changes are put among the bytes as they are, wherever the
characters beside them are ASCII.

Source: WHATWG Encoding (2024), for the labels that name a larger charset than they say; RFC 1468 (1993) for ISO-2022-JP.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Change", "Text", "is_charset", "read_text"]

Change = tuple[int, int, bytes]
"""Replace ``data[start:end]`` by these bytes."""

_LARGER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso2022_jp": "iso2022_jp_ext",
    "tis-620": "cp874",
    "ascii": "utf_8",
}
"""Charsets whose labels real mail puts on text of a larger one."""
_NAMES = {
    "windows-874": "cp874",
    "iso-8859-8-i": "iso-8859-8",
    "x-sjis": "shift_jis",
    "x-gbk": "gbk",
    "x-euc-jp": "euc_jp",
    "unicode-1-1-utf-8": "utf-8",
    "unknown-8bit": "ascii",
    "x-mac-cyrillic": "mac_cyrillic",
}
_REFUSED = frozenset({"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
"""Not charsets of mail, or not safe: browsers read no UTF-7 since it smuggles markup."""
_SWITCHING = ("iso2022", "hz")
"""How the names of charsets begin that switch tables by escape sequences, and are ASCII where they begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Decoded text and how it was decoded, so that ``prefix + text`` encodes to exactly the bytes it came from.

    A byte that the charset does not know is a lone surrogate in ``text`` (PEP 383), and the same byte afterwards. Where the
    text does not encode to its bytes, they are kept beside it, and an unknown sign is U+FFFD.

    Attributes:
        text: The text, without a byte order mark.
        codec: Python's name of the charset.
        errors: How bytes are handled that the charset does not know.
        prefix: The byte order mark.
        data: The bytes it came from, where it does not encode to them; empty where it does.
    """

    text: str
    codec: str
    errors: str = "strict"
    prefix: bytes = b""
    data: bytes = field(default=b"", repr=False)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was lost in decoding, so that other charsets can say the text."""
        return self.errors != "replace"

    def encode(self, text: str) -> bytes:
        """Encode more text in the same way.

        Raises:
            UnicodeEncodeError: If the charset has no such character.
        """
        return text.encode(self.codec, self.errors)

    @property
    def is_ascii_based(self) -> bool:
        """Whether ASCII text is the same bytes anywhere in this charset."""
        return not self.codec.startswith(("utf-16", "utf_16", "utf-32", "utf_32"))

    def changes(self, edits: Iterable[tuple[int, int, str]]) -> list[Change] | None:
        """Turn edits of the text into changes of the bytes it came from.

        Returns:
            ``None`` if the text around an edit does not encode to its own bytes when cut there.

        Raises:
            UnicodeEncodeError: If the charset has no such character.
        """
        if self.data:
            return self._changes_in_place(edits)
        found: list[Change] = []
        kept: list[bytes] = []
        at, offset = 0, len(self.prefix)
        for start, end, new in edits:
            before, old = self.encode(self.text[at:start]), self.encode(self.text[start:end])
            kept += (before, old)
            offset += len(before)
            found.append((offset, offset + len(old), self.encode(new)))
            offset += len(old)
            at = end
        kept.append(self.encode(self.text[at:]))
        return found if b"".join(kept) == self.encode(self.text) else None

    def _changes_in_place(self, edits: Iterable[tuple[int, int, str]]) -> list[Change]:
        """Turn edits into changes of the bytes that are kept: after the character before, or else right before the next."""
        behind, before = _places(self.data, self.codec, self.errors)
        found = []
        for start, end, new in edits:
            is_first = start == end and (not start or self.text[start - 1].isascii())
            at = behind[start] if is_first else before[start]
            found.append((at, max(at, behind[end]), new.encode("ascii")))
        return found


def read_text(data: bytes, label: str) -> Text | None:
    """Decode the bytes of a body.

    Args:
        data: The body, without its transfer encoding.
        label: The charset as the mail names it; empty for US-ASCII.

    Returns:
        ``None`` if the charset is not known, or the bytes would not come back the same.
    """
    codec = _codec(label)
    if codec is None:
        return None
    if codec in ("utf-16", "utf-32"):
        return _read_wide(data, codec)
    larger = _LARGER.get(codec)
    tries = [(codec, "strict"), *([(larger, "strict")] if larger else []), (codec, "surrogateescape")]
    if codec.startswith(_SWITCHING):
        return _read_switching(data, tries, larger or codec)
    mark = codecs.BOM_UTF8 if codec == "utf-8" and data.startswith(codecs.BOM_UTF8) else b""
    for name, errors in tries:
        found = _exact(data[len(mark) :], name, errors)
        if found is not None:
            return Text(text=found, codec=name, errors=errors, prefix=mark)
    return None


def _read_switching(data: bytes, tries: Iterable[tuple[str, str]], codec: str) -> Text | None:
    """Decode text that switches tables: exactly if that is possible, else beside its bytes."""
    for name, errors in tries:
        found = _exact(data, name, errors)
        if found is not None:
            return Text(text=found, codec=name, errors=errors)
    for errors in ("strict", "replace"):
        try:
            return Text(text=data.decode(codec, errors), codec=codec, errors=errors, data=data)
        except UnicodeDecodeError:
            continue
    return None  # pragma: no cover - replacing never fails


def _places(data: bytes, codec: str, errors: str) -> tuple[list[int], list[int]]:
    """Return for each character of a text, and for its end, where the one before it ends in the bytes, and where it begins.

    The two differ by the escape sequences between them.
    """
    decoder = codecs.getincrementaldecoder(codec)(errors)
    behind, before = [0], [0]
    for at in range(len(data)):
        made = len(decoder.decode(data[at : at + 1]))
        behind += [at + 1] * made
        before += [at + 1] * made
        if not made and not decoder.getstate()[0]:
            before[-1] = at + 1
    made = len(decoder.decode(b"", final=True))
    return behind + [len(data)] * made, before + [len(data)] * made


def is_charset(label: str) -> bool:
    """Check whether text of a charset can be read, as a mail names it."""
    return _codec(label) is not None


def _codec(label: str) -> str | None:
    label = label.strip(" '\"").lower() or "ascii"
    try:
        name = codecs.lookup(_NAMES.get(label, label)).name
        b"aa".decode(name, "replace")
    except (LookupError, ValueError):
        return None
    return None if name in _REFUSED else name


def _exact(data: bytes, codec: str, errors: str) -> str | None:
    try:
        text = data.decode(codec, errors)
        return text if text.encode(codec, errors) == data else None
    except ValueError:
        return None


def _read_wide(data: bytes, codec: str) -> Text | None:
    """Decode UTF-16 or UTF-32 that names no order: its mark tells, else the side the zero bytes of ASCII are on."""
    width = 2 if codec == "utf-16" else 4
    little, big = "\ufeff".encode(f"{codec}-le"), "\ufeff".encode(f"{codec}-be")
    mark = data[:width] if data[:width] in (little, big) else b""
    is_little = mark == little if mark else data[width - 1 :: width].count(0) > data[::width].count(0)
    name = f"{codec}-le" if is_little else f"{codec}-be"
    found = _exact(data[len(mark) :], name, "strict")
    return None if found is None else Text(text=found, codec=name, prefix=mark)
