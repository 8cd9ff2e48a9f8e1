"""What is kept of an event once it was judged.

Redaction never touches ``facts``, so that a redacted event is judged as the whole one was. It does not decide who made a
request, and it does not delete what a host has stored.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, date
from functools import partial
from hashlib import blake2b
from typing import Literal

from mailbeacon.errors import ConfigError
from mailbeacon.model import MAX_ADDRESS, MAX_VALUE, Event
from mailbeacon.model.web import without_query
from mailbeacon.networks.addresses import Address, parse
from mailbeacon.settings import Keep

__all__ = ["Secret", "forget", "redact", "redactor"]

_HASHED = re.compile(r"hash:[0-9a-f]{32}\Z")
_VERSION_TAIL = re.compile(r"(?<![^\Wv])(?<!\.)(\d++)[._][\d._]*+")
_KEEPS = ("drop", "truncate", "hash", "keep")

Secret = bytes | Callable[[date], bytes]
"""The key of digests, or what gives that of a day (UTC)."""


def redact(
    event: Event,
    *,
    address: Keep = "drop",
    user_agent: Keep = "drop",
    headers: Literal["drop", "keep"] = "drop",
    url: Literal["page", "keep"] = "page",
    secret: Secret = b"",
) -> Event:
    """Take from an event what names a person; doing it twice is doing it once.

    Args:
        event: As decoded. Its facts stay as they are.
        address: ``truncate`` leaves the network: /24 of IPv4, /48 of IPv6; what is no address is dropped then.
        user_agent: ``truncate`` leaves names and first numbers of versions, at most 512 characters.
        headers: The header fields of the allow-list: dropped, or kept, each up to 512 characters.
        url: ``page`` leaves out query and fragment of the destination.
        secret: The key of ``hash``; without it a digest of an address is as good as the address.

    Returns:
        The same event where nothing changes.

    Raises:
        ConfigError: For a word that is none of these, or ``hash`` without a secret.
    """
    page = event.url if url == "keep" else without_query(event.url)
    if address == user_agent == headers == "drop":
        if event.url == page and not (event.address or event.user_agent or event.headers):
            return event
        return event.changed(address="", user_agent="", headers=(), url=page)
    _check(address, user_agent, headers, secret)
    if callable(secret):
        secret = secret(event.received_at.astimezone(UTC).date()) if "hash" in (address, user_agent) else b""
    return event.changed(
        address=_address(event.address, address, secret),
        user_agent=_agent(event.user_agent, user_agent, secret),
        headers=tuple([(name, value[:MAX_VALUE]) for name, value in event.headers]) if headers == "keep" else (),
        url=page,
    )


def forget(event: Event) -> Event:
    """Take from an event itself what :func:`redact` takes by default, for one that nobody else holds: a copy costs 2 µs."""
    put = object.__setattr__
    put(event, "address", "")
    put(event, "user_agent", "")
    put(event, "headers", ())
    if event.url:
        put(event, "url", without_query(event.url))
    return event


def redactor(
    *,
    address: Keep = "drop",
    user_agent: Keep = "drop",
    headers: Literal["drop", "keep"] = "drop",
    url: Literal["page", "keep"] = "page",
    secret: Secret = b"",
) -> Callable[[Event], Event]:
    """Return :func:`redact` with its arguments filled in, for one host's events."""
    if address == user_agent == headers == "drop" and url == "page":
        return redact
    return partial(redact, address=address, user_agent=user_agent, headers=headers, url=url, secret=secret)


def _check(address: str, user_agent: str, headers: str, secret: Secret) -> None:
    for name, how in (("address", address), ("user_agent", user_agent)):
        if how not in _KEEPS:
            raise ConfigError(f"{name} must be drop, truncate, hash or keep, got {how!r}")
    if headers not in ("drop", "keep"):
        raise ConfigError(f"headers must be drop or keep, got {headers!r}")
    if "hash" in (address, user_agent) and not secret:
        raise ConfigError("hash needs a secret: without a key, all addresses can be tried")


def _address(text: str, how: Keep, secret: bytes) -> str:
    if not text or how == "drop":
        return ""
    if how == "keep":
        return text[:MAX_ADDRESS]
    if how == "hash":
        found = parse(text)
        return _digest(text if found is None else str(found), b"address", secret)
    if "/" in text:
        return text if _is_coarse(text) else ""
    address = parse(text)
    return "" if address is None else str(ipaddress.ip_network((address, _kept_bits(address)), strict=False))


def _kept_bits(address: Address) -> int:
    """Return how many bits of an address name its network; 6to4 holds an IPv4 address after 16 (RFC 3056, 2001)."""
    if isinstance(address, ipaddress.IPv4Address):
        return 24
    return 48 if address.sixtofour is None else 16 + 24


def _is_coarse(text: str) -> bool:
    """Check whether a text is a network as ``truncate`` writes it."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return False
    return network.prefixlen <= (24 if network.version == 4 else 48)


def _agent(text: str, how: Keep, secret: bytes) -> str:
    if not text or how == "drop":
        return ""
    if how == "hash":
        return _digest(text, b"user agent", secret)
    return _VERSION_TAIL.sub(r"\1", text[:MAX_VALUE]) if how == "truncate" else text[:MAX_VALUE]


def _digest(text: str, purpose: bytes, secret: bytes) -> str:
    """Return a keyed digest, marked as such so that it is not digested again."""
    if _HASHED.match(text):
        return text
    key = secret if len(secret) <= blake2b.MAX_KEY_SIZE else blake2b(secret).digest()
    found = blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=16, person=purpose)
    return "hash:" + found.hexdigest()
