"""What speaks against changing a mail: signatures, encryption, several recipients.

Verifies no signature and looks up no address.

Source: RFC 1847 (1995) and RFC 8551 (2019) for signed and encrypted parts, RFC 6376 (2011) for DKIM, RFC 8617 (2019)
for ARC, RFC 5322 (2008) for address lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailbeacon.mime.fields import Field, unfolded
from mailbeacon.mime.parts import Part, walk

__all__ = ["addresses", "count_recipients", "seal", "signature_fields"]

_SIGNATURES = frozenset(
    {
        "dkim-signature",
        "domainkey-signature",
        "arc-seal",
        "arc-message-signature",
        "arc-authentication-results",
    }
)
_SEALED = frozenset({"multipart/signed", "multipart/encrypted"})
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_WORDS = re.compile(
    rb'"(?>[^"\\]|\\.)*+"?|\((?>[^()\\]|\\.)*+\)?|(<[^<>]*+>?)|([,;:])|([^",;:<>()\s\\]++)|.', re.DOTALL
)


def seal(root: Part) -> str:
    """Return the content type by which a mail is signed or encrypted as a whole or in part; empty if none."""
    if root.content_type in _SMIME:
        return root.content_type
    return next((part.content_type for part in walk(root) if part.content_type in _SEALED), "")


def signature_fields(root: Part) -> tuple[Field, ...]:
    """Return the header fields that sign the mail: DKIM, its forerunner, and ARC."""
    return tuple(field for field in root.fields if field.name in _SIGNATURES)


def count_recipients(raw: bytes, root: Part) -> int:
    """Count the different addresses in To, Cc and Bcc."""
    found: set[bytes] = set()
    for field in root.fields:
        if field.name in ("to", "cc", "bcc"):
            found.update(addresses(unfolded(raw, field)))
    return len(found)


def addresses(value: bytes) -> Iterator[bytes]:
    """Return the addresses of an address list in lower case; names, comments and groups are passed over.

    Example:
        >>> list(addresses(b'"Lee, Ann" <Ann@example.net>, bo@example.net (Bo)'))
        [b'ann@example.net', b'bo@example.net']
    """
    bare: list[bytes] = []
    pointed = b""
    for match in _WORDS.finditer(value):
        if match[1]:
            pointed = match[1]
        elif match[3]:
            bare.append(match[3])
        elif match[2] == b":":
            bare.clear()
        elif match[2]:
            yield from _address(pointed, bare)
            bare.clear()
            pointed = b""
    yield from _address(pointed, bare)


def _address(pointed: bytes, bare: list[bytes]) -> Iterator[bytes]:
    text = pointed.strip(b"<> \t").rpartition(b":")[2] if pointed else b"".join(bare)
    if b"@" in text:
        yield text.lower()
