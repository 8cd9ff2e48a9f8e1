"""The one reader of addresses: as a server, a proxy or a host's own view writes them.

Looks nothing up.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import AF_INET, AF_INET6, inet_pton

__all__ = ["MAPPED", "Address", "pack", "parse", "plain"]

Address = IPv4Address | IPv6Address

_BRACKETS = re.compile(r"\[([^\]]*)\](?::\d{1,5})?")
_PORT = re.compile(r"([0-9.]+):\d{1,5}")
MAPPED = bytes(10) + b"\xff\xff"
"""How an IPv4 address inside IPv6 begins. Source: RFC 4291 (2006), section 2.5.5.2."""


def plain(text: str) -> str:
    """Return an address without what may stand around it: blanks, quotes, brackets, a port, a zone.

    Example:
        >>> plain("[2001:db8::7%eth0]:443"), plain("192.0.2.7:8080")
        ('2001:db8::7', '192.0.2.7')
    """
    text = text.strip().strip('"')
    found = _BRACKETS.fullmatch(text) or _PORT.fullmatch(text)
    return (found[1] if found else text).partition("%")[0]


def pack(address: str) -> bytes:
    """Return an address as bytes: 4 of IPv4, also where it is mapped into IPv6; 16 of IPv6; none of anything else."""
    try:
        if ":" not in address:
            return inet_pton(AF_INET, address)
        packed = inet_pton(AF_INET6, address)
    except (OSError, ValueError, TypeError):
        bare = plain(address) if isinstance(address, str) else ""
        return pack(bare) if bare != address and bare else b""
    return packed[12:] if packed.startswith(MAPPED) else packed


def parse(text: str) -> Address | None:
    """Return an address, an IPv4 one inside IPv6 taken out; ``None`` for what is none, whatever stands around it."""
    packed = pack(text)
    return ip_address(packed) if packed else None
