"""The client's address behind proxies the host trusts.

Header fields from anyone else are ignored. Knows no framework, and resolves no names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_network

from mailbeacon.caches import Cache
from mailbeacon.model import Headers
from mailbeacon.networks.addresses import Address, parse

__all__ = ["TrustedProxies"]

_MAX_FIELD = 8_192
_MOST_PEERS = 1_024
_SOCKET = "127.0.0.1"
"""What a peer without an address, on a Unix socket, counts as: it is on the same machine."""

_PART = re.compile(r'\s*+([^\s=;,"]*+)(?>\s*+=\s*+(?:"((?>[^"\\]|\\.)*+)"|([^;,"]*+)))?+\s*+([;,]|\Z)', re.DOTALL)
"""One pair of the ``Forwarded`` field and what ends it. Source: RFC 7239 (2014), section 4."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class TrustedProxies:
    """Find the client's address from the one field that trusted proxies write.

    Args:
        networks: The proxies' own addresses in CIDR form, not a whole network in which clients are too: whoever is inside
            may choose an address. ``127.0.0.1/32`` trusts a proxy on this machine, over loopback or a Unix socket. None for
            no proxy at all.
        header: The field the proxies write: ``X-Forwarded-For``, ``Forwarded``, or one that holds a single address, such as
            ``X-Real-IP`` or ``CF-Connecting-IP``. Every other field is the client's own, and ignored.
    """

    def __init__(self, networks: Iterable[str] = (), *, header: str = "X-Forwarded-For") -> None:
        self._networks = tuple(ip_network(network, strict=False) for network in networks)
        self._header = header.lower()
        self._peers: Cache[str, tuple[str, bool]] = Cache(_MOST_PEERS)

    def client(self, peer: str, headers: Headers) -> str:
        """Return the address of the client, empty when it cannot be known.

        From the peer backwards, each hop is believed only if the one after it is a trusted proxy.

        Args:
            peer: The address the connection came from; empty for a Unix socket, which counts as ``127.0.0.1``.
            headers: The request's.

        Returns:
            In plain form: no port, brackets or zone, and an IPv4 address inside IPv6 taken out.

        Example:
            >>> proxies = TrustedProxies(["10.0.0.1/32"])
            >>> proxies.client("10.0.0.1", Headers({"X-Forwarded-For": "203.0.113.9, 192.0.2.7"}))
            '192.0.2.7'
        """
        known = self._peers.get(peer) or self._peers.put(peer, self._look(peer or _SOCKET))
        address, is_trusted = known
        field = headers.get_lower(self._header) if is_trusted else ""
        if not field:
            return address if peer else ""
        if len(field) > _MAX_FIELD:
            return ""
        return self._walk(_forwarded(field) if self._header == "forwarded" else field.split(","))

    def _look(self, peer: str) -> tuple[str, bool]:
        """Return a peer's address in plain form, and whether it is a trusted proxy's."""
        address = parse(peer)
        return str(address or ""), address is not None and self._trusts(address)

    def _walk(self, hops: list[str]) -> str:
        """Return the last address of those a trusted proxy wrote that is no trusted proxy's, or the first of all."""
        last = None
        for hop in reversed(hops):
            if last is not None and not self._trusts(last):
                break
            last = parse(hop)
            if last is None:
                return ""
        return str(last or "")

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def _forwarded(field: str) -> list[str]:
    """Return the ``for`` of each hop of a ``Forwarded`` field, empty where a hop names none."""
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
