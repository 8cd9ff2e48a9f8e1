"""Header fields to write: encoded for people's languages, folded, and closed to injection.

Reads no header. Addresses must be ASCII; the names beside them may be anything.

Source: RFC 2047 (1996) for encoded words, RFC 5322 (2008) for folding at 78 and the limit of 998 octets.
"""

from __future__ import annotations

import re
from binascii import b2a_base64

from mailbeacon.errors import ConfigError
from mailbeacon.mime.transfer import MAX_LINE

__all__ = ["FOLD", "field"]

_NAME = re.compile(r"[!-9;-~]{1,76}")
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
FOLD = 78
"""The characters a line of a header should have at the most. Source: RFC 5322 (2008), section 2.1.1."""
_WORD_BYTES = 45
"""How many bytes fit an encoded word of at most 75 characters in base64."""
_ADDRESSES = frozenset({"to", "cc", "bcc", "from", "sender", "reply-to", "resent-to", "resent-from", "resent-cc"})
_BLANKS = re.compile(r"[ \t]+")
_MAILBOX = re.compile(r'((?>"(?>[^"\\]|\\.)*+"|[^",<])*+)(<[^<>]*+>)?\s*+(,|\Z)', re.DOTALL)
_FORBIDDEN = re.compile(r"content-|mime-version\Z", re.IGNORECASE)


def field(name: str, value: str, newline: bytes) -> bytes:
    """Write one header field with its line end.

    Args:
        name: The field's name.
        value: Its value as people read it; encoded per RFC 2047 where it is not ASCII.
        newline: The mail's line end.

    Raises:
        ConfigError: For a name that is none or says how the mail is built, a value with a line break or another control
            character, an address that is not ASCII, or a word too long for a line.

    Example:
        >>> field("Subject", "Grüße", b"")
        b'Subject: =?utf-8?b?R3LDvMOfZQ==?='
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError("a header's name must be printable ASCII without a colon")
    if not isinstance(value, str):
        raise ConfigError(f"the header {name} must be a str, got {type(value).__name__}")
    if _FORBIDDEN.match(name):
        raise ConfigError(f"the header {name} says how the mail is built and cannot be set")
    if _UNSAFE.search(value):
        raise ConfigError(f"the header {name} holds a line break or a control character")
    if not value.isascii():
        value = _addresses(name, value) if name.lower() in _ADDRESSES else _encoded(value.strip())
    line = f"{name}: {value.strip()}"
    if len(line) <= FOLD:
        return line.encode() + newline
    return _folded(name, line, newline)


def _folded(name: str, line: str, newline: bytes) -> bytes:
    """Break a line before its blanks, as near before 78 octets as its words allow."""
    cuts, start, last = [], 0, len(name) + 1
    for blank in _BLANKS.finditer(line, len(name) + 2):
        if blank.start() - start > FOLD and last > start and last > len(name) + 1:
            cuts.append(last)
            start = last
        last = blank.start()
    if len(line) - start > FOLD and last > start and last > len(name) + 1:
        cuts.append(last)
    pieces = [line[a:b] for a, b in zip([0, *cuts], [*cuts, len(line)], strict=True)]
    if any(len(piece) > MAX_LINE for piece in pieces):
        raise ConfigError(f"the header {name} has a word too long for a line of mail")
    return newline.join(piece.encode() for piece in pieces) + newline


def _encoded(text: str) -> str:
    """Encode text as encoded words of whole characters."""
    words, piece = [], b""
    for sign in text:
        try:
            code = sign.encode()
        except UnicodeEncodeError as error:
            raise ConfigError("a header holds a lone surrogate, which UTF-8 cannot carry") from error
        if len(piece) + len(code) > _WORD_BYTES:
            words.append(piece)
            piece = b""
        piece += code
    words.append(piece)
    return " ".join(f"=?utf-8?b?{b2a_base64(word, newline=False).decode()}?=" for word in words)


def _addresses(name: str, value: str) -> str:
    """Encode the names in a list of addresses."""
    found = []
    for match in _MAILBOX.finditer(value):
        words, address = match[1].strip(), match[2] or ""
        if not address:
            words, address = "", words
        if not address.isascii():
            raise ConfigError(f"the header {name} holds an address that is not ASCII")
        if words and not words.isascii():
            words = _encoded(re.sub(r"\\(.)", r"\1", words[1:-1]) if words[0] == words[-1] == '"' else words)
        if address:
            found.append(f"{words} {address}".strip())
    return ", ".join(found)
