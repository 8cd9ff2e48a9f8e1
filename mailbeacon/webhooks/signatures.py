"""How a provider proves that a post is its own: keyed hashes, public keys, a password.

Every comparison takes the same time for any answer. Public keys need the extra ``webhooks``; nothing is fetched.
"""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from mailbeacon.errors import ConfigError, MissingExtra
from mailbeacon.webhooks.reading import Post, Verifier, Verify

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

__all__ = [
    "TOKEN_HEADER",
    "body_hmac",
    "certified_rsa",
    "ecdsa_key",
    "has_password",
    "key_bytes",
    "loaded_rsa",
    "need_cryptography",
    "rsa_holds",
    "same",
    "unbase64",
]

TOKEN_HEADER = "x-webhook-token"
"""A header field for the password, for providers that send fields of the host's choice."""
_BEARER = re.compile(r"\s*bearer\s+(\S+)\s*", re.IGNORECASE)
_BASIC = re.compile(r"\s*basic\s+(\S+)\s*", re.IGNORECASE)
_PEM = "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n"


def same(given: str, wanted: str) -> bool:
    """Compare two texts in a time that tells nothing of them."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))


def unbase64(text: str) -> bytes:
    """Decode base64; what is none gives nothing."""
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def key_bytes(key: object) -> bytes:
    """Return a shared key as bytes.

    Raises:
        ConfigError: If it is no key.
    """
    found = key.encode() if isinstance(key, str) else key
    if not isinstance(found, bytes) or not found.strip():
        raise ConfigError(f"key must be text or bytes that are not empty, got {type(key).__name__}")
    return found


def body_hmac(*headers: str) -> Verifier:
    """Make the check of a hexadecimal HMAC-SHA256 of the raw body, in any of the named header fields."""

    def verifier(key: object) -> Verify:
        secret = key_bytes(key)

        def holds(post: Post) -> bool:
            wanted = hmac.digest(secret, post.body, "sha256").hex()
            given = next((post.headers[name] for name in headers if name in post.headers), "")
            return same(given.strip().lower(), wanted)

        return holds

    return verifier


def has_password(post: Post, password: str, header: str, in_query: bool) -> bool:
    """Check whether a request carries the password: by Basic Auth, as a bearer token, or in a header field.

    Args:
        post: The request.
        password: A password, or a user's name and password with a colon between.
        header: A header field of the provider's own.
        in_query: Whether any parameter of the URL may be the password.
    """
    return any(same(given, password) for given in _given(post, header, in_query))


def _given(post: Post, header: str, in_query: bool) -> Iterator[str]:
    authorization = post.headers.get("authorization", "")
    if bearer := _BEARER.fullmatch(authorization):
        yield bearer[1]
    if basic := _BASIC.fullmatch(authorization):
        pair = unbase64(basic[1]).decode("utf-8", "replace")
        yield pair
        yield pair.partition(":")[2]
    for name in filter(None, (TOKEN_HEADER, header)):
        yield post.headers.get(name, "")
    if in_query:
        yield from _parameters(post.url)


def _parameters(url: str) -> list[str]:
    try:
        return [value for _, value in parse_qsl(urlsplit(url).query, max_num_fields=50)]
    except ValueError:
        return []


def loaded_rsa(pem: str) -> RSAPublicKey:
    """Load an RSA public key.

    Raises:
        ConfigError: If it is none.
        MissingExtra: If ``cryptography`` is not installed.
    """
    with _Extra():
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    try:
        found = load_pem_public_key((pem if "BEGIN" in pem else _PEM.format(pem.strip())).encode())
    except ValueError as error:
        raise ConfigError("key must be an RSA public key as PEM, or the base64 inside") from error
    if not isinstance(found, RSAPublicKey):
        raise ConfigError("key must be an RSA public key")
    return found


def certified_rsa(pem: str | bytes) -> RSAPublicKey | None:
    """Return the RSA key of an X.509 certificate as PEM; ``None`` if it is none.

    Raises:
        MissingExtra: If ``cryptography`` is not installed.
    """
    with _Extra():
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.x509 import load_pem_x509_certificate
    try:
        found = load_pem_x509_certificate(pem.encode() if isinstance(pem, str) else pem).public_key()
    except Exception:  # the library names no one error for what it cannot read
        return None
    return found if isinstance(found, RSAPublicKey) else None


def rsa_holds(key: RSAPublicKey, signature: bytes, data: bytes, *, sha1: bool = False) -> bool:
    """Check a PKCS #1 v1.5 signature. Source: RFC 8017 (2016), section 8.2."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    try:
        key.verify(signature, data, PKCS1v15(), SHA1() if sha1 else SHA256())
    except InvalidSignature:
        return False
    return True


def ecdsa_key(key: object) -> Callable[[bytes, bytes], bool]:
    """Return the check of an ECDSA P-256 signature with SHA-256: of (signature as DER, data).

    Args:
        key: The public key as base64 of its DER form, as the provider's console shows it, or PEM.

    Raises:
        ConfigError: If it is no such key.
        MissingExtra: If ``cryptography`` is not installed.
    """
    with _Extra():
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    text = key_bytes(key).decode("ascii", "replace")
    try:
        found = load_pem_public_key((text if "BEGIN" in text else _PEM.format(text.strip())).encode())
    except ValueError as error:
        raise ConfigError("key must be an ECDSA public key: the base64 text of the provider's console") from error
    if not isinstance(found, EllipticCurvePublicKey):
        raise ConfigError("key must be an ECDSA public key")

    def holds(signature: bytes, data: bytes) -> bool:
        try:
            found.verify(signature, data, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True

    return holds


def need_cryptography() -> None:
    """Raise unless ``cryptography`` is there, when a receiver is made and not when the first post comes.

    Raises:
        MissingExtra: If it is not.
    """
    with _Extra():
        import cryptography  # noqa: F401 - whether it is there is all that is asked


class _Extra:
    """Turn a missing library into the error that tells how to install it."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ImportError):
            raise MissingExtra("webhooks", purpose="checking a provider's public-key signature") from error
