"""One signature: HMAC-SHA256 with a salt for each purpose, several keys, and the keys derived from them.

Key derivation and the shape of the signature are itsdangerous'; the hash states that a key was fed to are kept, for a
mailing signs millions. Knows nothing of what is signed (see ``payloads``).
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import Protocol

from itsdangerous import Signer

from mailbeacon.errors import BadToken, ConfigError, ForgedToken
from mailbeacon.links.metadata import SIGNATURE_LENGTH

__all__ = ["FROM_URL", "MAX_TOKEN_LENGTH", "TO_URL", "Purpose", "derive_key"]

MAX_TOKEN_LENGTH = 16_384
"""Longer texts are refused before any work."""

_SIGNATURE_BYTES = 16
_BLOCK = 64
"""The block size of SHA-256 in bytes. Source: FIPS 180-4 (2015), and RFC 2104 (1997) for its use in HMAC."""
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
TO_URL = bytes.maketrans(b"+/", b"-_")
"""From the letters of base64 to those of URLs. Source: RFC 4648 (2006), section 5."""
FROM_URL = bytes.maketrans(b"-_", b"+/")
"""And back."""


class _Hash(Protocol):
    """What of a hashlib object is used; hashlib gives its objects no public type."""

    def copy(self) -> _Hash: ...
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class Purpose:
    """What signs and verifies under one salt, with every key.

    Copying two hash states that were fed the key costs less than half of hashing it into them again.
    Source: RFC 2104 (1997), section 4, describes the precomputation.
    """

    __slots__ = ("_newest_first", "_states")

    def __init__(self, keys: Sequence[bytes], salt: bytes) -> None:
        self._states = [_keyed_states(derive_key(key, salt)) for key in keys]
        self._newest_first = [(number, *self._states[number]) for number in range(len(keys) - 1, -1, -1)]

    def sign(self, payload: str, context: bytes = b"") -> str:
        """Return the token of a payload, made with the newest key.

        Raises:
            ConfigError: If the payload cannot be written in UTF-8.
        """
        try:
            body = b"a" + b2a_base64(payload.encode()).rstrip(b"=\n").translate(TO_URL)
        except UnicodeEncodeError as error:
            raise ConfigError("a text in the token holds a lone surrogate, which UTF-8 cannot carry") from error
        inner, outer = self._states[-1]
        inner, outer = inner.copy(), outer.copy()
        inner.update(context + body if context else body)
        outer.update(inner.digest())
        signature = b2a_base64(outer.digest()[:_SIGNATURE_BYTES])[:SIGNATURE_LENGTH]
        return (body + b"." + signature.translate(TO_URL)).decode("ascii")

    def body(self, token: str, context: bytes = b"") -> tuple[bytes, int]:
        """Return the payload of a token that one of our keys made, and that key's number, 0 for the oldest.

        Raises:
            BadToken: If the text is not in the form of a token of version 1.
            ForgedToken: If no key of ours made it.
        """
        if len(token) > MAX_TOKEN_LENGTH:
            raise BadToken(f"longer than {MAX_TOKEN_LENGTH:,} characters, so not a token")
        body, _, given = token.encode("utf-8", "replace").rpartition(b".")
        if body[:1] != b"a" or len(given) != SIGNATURE_LENGTH:
            return self.sealed_body(token, context)
        signed = context + body if context else body
        for number, inner_state, outer_state in self._newest_first:
            inner, outer = inner_state.copy(), outer_state.copy()
            inner.update(signed)
            outer.update(inner.digest())
            expected = b2a_base64(outer.digest()[:_SIGNATURE_BYTES])[:SIGNATURE_LENGTH].translate(TO_URL)
            if compare_digest(expected, given):
                return a2b_base64(body[1:].translate(FROM_URL) + b"=="), number
        raise ForgedToken("not signed with any of our keys, or altered since")

    def bodies(self, tokens: Iterable[str]) -> Iterator[tuple[str, bytes, int]]:
        """Yield tokens that one of our keys signed with what :meth:`body` returns of each, in two thirds of its time.

        Others are left out, be they forged or only odd.
        """
        for token in tokens:
            data = token.encode("utf-8", "replace")
            body, given = data[: -SIGNATURE_LENGTH - 1], data[-SIGNATURE_LENGTH - 1 :]
            if data[:1] != b"a" or given[:1] != b"." or len(data) > MAX_TOKEN_LENGTH:
                continue
            for number, inner_state, outer_state in self._newest_first:
                inner, outer = inner_state.copy(), outer_state.copy()
                inner.update(body)
                outer.update(inner.digest())
                if compare_digest(
                    b2a_base64(outer.digest()[:_SIGNATURE_BYTES])[:SIGNATURE_LENGTH].translate(TO_URL), given[1:]
                ):
                    yield token, a2b_base64(body[1:].translate(FROM_URL) + b"=="), number
                    break

    def sealed_body(self, token: str, context: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - for who seals
        """Return the same of a token that is sealed instead of signed; this purpose knows none.

        Raises:
            BadToken: Always.
        """
        raise BadToken("not in the form of a token of version 1")


def _keyed_states(key: bytes) -> tuple[_Hash, _Hash]:
    block = key.ljust(_BLOCK, b"\0")  # a derived key has 32 bytes, so none is longer than a block
    return sha256(block.translate(_INNER)), sha256(block.translate(_OUTER))


def derive_key(key: bytes, salt: bytes) -> bytes:
    """Return the 32-byte key that itsdangerous derives for a salt."""
    return Signer(key, salt=salt, key_derivation="hmac", digest_method=sha256).derive_key()
