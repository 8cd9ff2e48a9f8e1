"""Tokens that nobody can read: sealed with AES-SIV instead of signed, for mail that others handle on its way.

``b`` and the base64url of what AES-SIV gives. It authenticates too, so there is no second signature, and the same message
always gives the same token: nothing random is needed, and nothing can go wrong with it. Signed tokens go on being read.

Needs the extra ``encrypt``. Source: RFC 5297 (2008).
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from mailbeacon.errors import BadToken, ConfigError, ForgedToken, MissingExtra
from mailbeacon.tokens.signing import FROM_URL, TO_URL, Purpose, derive_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

__all__ = ["SealedPurpose"]


class SealedPurpose(Purpose):
    """What seals and opens under one salt, with every key, and reads signed tokens too.

    Args:
        keys: The newest last; the newest seals, all open.
        salt: Tells apart what tokens are for.
        seal: Whether to seal; otherwise to sign, and to open what was sealed before.

    Raises:
        MissingExtra: If it is to seal, and ``cryptography`` is not installed.
    """

    __slots__ = ("__dict__", "_keys", "_salt", "_seals")

    def __init__(self, keys: Sequence[bytes], salt: bytes, *, seal: bool) -> None:
        super().__init__(keys, salt)
        self._keys = tuple(keys)
        self._salt = salt
        self._seals = seal
        if seal:
            _ = self._ciphers

    @cached_property
    def _ciphers(self) -> list[AESSIV]:
        """One for each key, made when first needed: a host that never sealed needs no ``cryptography``."""
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESSIV
        except ImportError as error:
            raise MissingExtra("encrypt", purpose="sealing tokens") from error
        halves = (self._salt + b".seal.1", self._salt + b".seal.2")  # SIV wants two keys of 32 bytes: RFC 5297, 2.2
        return [AESSIV(b"".join(derive_key(key, half) for half in halves)) for key in self._keys]

    def sign(self, payload: str, context: bytes = b"") -> str:
        """Return the token of a payload, sealed or signed with the newest key.

        Raises:
            ConfigError: If the payload cannot be written in UTF-8.
        """
        if not self._seals:
            return Purpose.sign(self, payload, context)
        try:
            data = payload.encode()
        except UnicodeEncodeError as error:
            raise ConfigError("a text in the token holds a lone surrogate, which UTF-8 cannot carry") from error
        if (
            len(data) + 16
        ) % 3 == 0:  # the last character is then a letter or digit, which no mail gateway's mending takes off
            data += b" "
        sealed = self._ciphers[-1].encrypt(data, [context])
        return "b" + b2a_base64(sealed, newline=False).rstrip(b"=").translate(TO_URL).decode("ascii")

    def sealed_body(self, token: str, context: bytes) -> tuple[bytes, int]:
        """Return the payload of a token that one of our keys sealed, and that key's number, 0 for the oldest.

        Raises:
            BadToken: If the text is not in the form of a token of version 1.
            ForgedToken: If no key of ours made it.
            MissingExtra: If it is sealed, and ``cryptography`` is not installed.
        """
        if token[:1] != "b":
            return super().sealed_body(token, context)
        sealed = _decoded(token[1:])
        from cryptography.exceptions import InvalidTag

        for number in range(len(self._ciphers) - 1, -1, -1):
            try:
                return self._ciphers[number].decrypt(sealed, [context]).rstrip(b" "), number
            except InvalidTag:
                continue
        raise ForgedToken("not sealed with any of our keys, or altered since")


def _decoded(text: str) -> bytes:
    """Return the bytes of base64url in its one canonical form.

    Raises:
        BadToken: If it is in any other.
    """
    try:
        letters = text.encode("ascii")
        found = a2b_base64(letters.translate(FROM_URL) + b"=" * (-len(letters) % 4), strict_mode=True)
    except (UnicodeEncodeError, Base64Error) as error:
        raise BadToken("not in the form of a token of version 1") from error
    if len(found) <= 16 or b2a_base64(found, newline=False).rstrip(b"=").translate(TO_URL) != letters:
        raise BadToken("not in the form of a token of version 1")
    return found
