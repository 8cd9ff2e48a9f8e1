"""The client's address behind proxies the host trusts.

Header fields from anyone else are ignored. Knows no framework, and resolves no names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from mailbeacon.model import Headers

__all__ = ["TrustedProxies"]

_MAX_FIELD = 8_192
_SOCKET = "127.0.0.1"
"""What a peer without an address, on a Unix socket, counts as: it is on the same machine."""

_PART = re.compile(r'\s*+([^\s=;,"]*+)(?>\s*+=\s*+(?:"((?>[^"\\]|\\.)*+)"|([^;,"]*+)))?+\s*+([;,]|\Z)', re.DOTALL)
"""One pair of the ``Forwarded`` field and what ends it. Source: RFC 7239 (2014), section 4."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BRACKETS = re.compile(r"\[([^\[\]]*)\](?::\d{1,5})?\Z")
_V4_PORT = re.compile(r"([\d.]+):\d{1,5}\Z")

_Address = IPv4Address | IPv6Address


class TrustedProxies:
    """Find the client's address from what trusted proxies say.

    Args:
        networks: In CIDR form; none for no proxy at all.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(ip_network(network, strict=False) for network in networks)

    def client(self, peer: str, headers: Headers) -> str:
        """Give the address of the client, empty when it cannot be known.

        From the peer backwards, each hop is believed only if the one after it is a trusted proxy. A client can send a
        ``Forwarded`` of its own through a proxy that only knows ``X-Forwarded-For``, and the other way round: where
        both are there and disagree, nobody is believed.

        Args:
            peer: The address the connection came from; empty for a Unix socket, which counts as this machine.
            headers: The request's.

        Returns:
            In plain form: no port, brackets or zone, and an IPv4 address inside IPv6 taken out.

        Example:
            >>> proxies = TrustedProxies(["10.0.0.0/8"])
            >>> proxies.client("10.0.0.1", Headers({"X-Forwarded-For": "203.0.113.9, 192.0.2.7"}))
            '192.0.2.7'
        """
        last = _address(peer or _SOCKET)
        if last is None or not self._trusts(last):
            return str(last) if last and peer else ""
        forwarded = headers.get_lower("forwarded")
        listed = headers.get_lower("x-forwarded-for")
        if not forwarded and not listed:
            return str(last) if peer else ""
        found = {self._walk(last, hops) for hops in (_forwarded(forwarded), listed.split(",")) if hops != [""]}
        return found.pop() if len(found) == 1 and max(len(forwarded), len(listed)) <= _MAX_FIELD else ""

    def _walk(self, last: _Address, hops: list[str]) -> str:
        for hop in reversed(hops):
            if not self._trusts(last):
                break
            before = _address(hop)
            if before is None:
                return ""
            last = before
        return str(last)

    def _trusts(self, address: _Address) -> bool:
        return any(address in network for network in self._networks)


def _forwarded(field: str) -> list[str]:
    """Give the ``for`` of each hop of a ``Forwarded`` field, empty where a hop names none."""
    hops = [""]
    position = 0
    while position < len(field):
        found = _PART.match(field, position)
        if not found:
            return [*hops, "unreadable"]
        name, quoted, plain, end = found.groups()
        if name.lower() == "for":
            hops[-1] = _ESCAPED.sub(r"\1", quoted) if quoted is not None else (plain or "").strip()
        position = found.end()
        if end == ",":
            hops.append("")
    return hops


def _address(text: str) -> _Address | None:
    """Read an address as proxies write it: perhaps with a port, in brackets, or with a zone."""
    text = text.strip().strip('"')
    found = _BRACKETS.match(text) or _V4_PORT.match(text)
    try:
        address = ip_address((found[1] if found else text).partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
