"""Postal, the mail server that many host themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailbeacon.errors import ConfigError
from mailbeacon.model import Kind
from mailbeacon.webhooks.reading import Fields, Post, Provider, Report, Verify, one
from mailbeacon.webhooks.signatures import loaded_rsa, rsa_holds, unbase64

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

__all__ = ["PROVIDER", "PostalKey"]

KINDS = {
    "MessageSent": Kind.DELIVERED,
    "MessageDelayed": Kind.DEFERRED,
    "MessageDeliveryFailed": Kind.BOUNCED,
    "MessageHeld": None,
    "MessageBounced": Kind.BOUNCED,
    "MessageLinkClicked": Kind.CLICK,
    "MessageLoaded": Kind.OPEN,
    "DomainDNSError": None,
    "SendLimitApproaching": None,
    "SendLimitExceeded": None,
}
"""Postal says ``MessageSent`` once the receiving server has taken the mail."""
SIGNATURE = "x-postal-signature-256"
OLD_SIGNATURE = "x-postal-signature"


class PostalKey:
    """The public key of a Postal installation.

    Args:
        pem: The installation's DKIM public key: as PEM, or the base64 of its DNS record.
        allow_sha1: Take the SHA-1 signature of installations that send no other.
    """

    __slots__ = ("allow_sha1", "pem")

    def __init__(self, pem: str | bytes, *, allow_sha1: bool = False) -> None:
        if not isinstance(pem, str | bytes):
            raise ConfigError(f"key must be text, got {type(pem).__name__}")
        self.pem = pem.decode("ascii", "replace") if isinstance(pem, bytes) else pem
        self.allow_sha1 = allow_sha1


def _read(event: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    payload = event.within("payload")
    message = payload.within("original_message" if "original_message" in payload.values else "message")
    incoming = message.text("direction") == "incoming"
    yield Report(
        kind=None if incoming else KINDS.get(event.text("event"), Kind.UNKNOWN),
        at=event.seconds("timestamp") or payload.seconds("timestamp"),
        id=event.text("uuid"),
        address=message.text("to"),
        message=message.text("id", "token", "message_id"),
        campaign=message.text("tag"),
        carried=(message.get("tag"),),
        url=payload.text("url"),
        user_agent=payload.text("user_agent"),
        ip=payload.text("ip_address"),
    )


def _verifier(key: object) -> Verify:
    own = key if isinstance(key, PostalKey) else PostalKey(key)  # type: ignore[arg-type]  # it refuses other types
    loaded: RSAPublicKey = loaded_rsa(own.pem)

    def holds(post: Post) -> bool:
        signature = post.headers.get(SIGNATURE, "")
        if signature:
            return rsa_holds(loaded, unbase64(signature), post.body)
        old = post.headers.get(OLD_SIGNATURE, "")
        return own.allow_sha1 and bool(old) and rsa_holds(loaded, unbase64(old), post.body, sha1=True)

    return holds


PROVIDER = Provider(
    name="postal",
    title="Postal",
    kinds=KINDS,
    carried="`payload.message.tag`",
    signed="RSA with SHA-256 over the raw body; with SHA-1 only for `PostalKey(pem, allow_sha1=True)`",
    source="postalserver/postal, webhook delivery and its documentation, 2026",
    split=one,
    read=_read,
    verifier=_verifier,
)
