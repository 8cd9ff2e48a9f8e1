"""Look addresses up in disjoint ranges: one bisection an address.

Entries may overlap; the table is cut into disjoint ranges once, when it is made. Does not read files.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from heapq import merge
from operator import itemgetter
from socket import AF_INET, AF_INET6, inet_pton
from typing import NamedTuple

from mailbeacon.errors import ConfigError
from mailbeacon.model import Network, NetworkKind, Networks
from mailbeacon.networks.addresses import MAPPED, pack

__all__ = ["UNKNOWN", "Entry", "Layers", "Parts", "Range", "Table", "read_cidr"]

UNKNOWN = Network()
"""What is said of an address in no table."""

_LOCAL = Network(kind=NetworkKind.LOCAL)
_LOCAL_RANGES = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::/127",
    "fc00::/7",
    "fe80::/10",
)
"""Addresses that never travel the Internet. Source: IANA special-purpose address registries (RFC 6890)."""

_RANK = {
    kind: rank
    for rank, kind in enumerate(
        (
            NetworkKind.UNKNOWN,
            NetworkKind.MAIL,
            NetworkKind.HOSTING,
            NetworkKind.CDN,
            NetworkKind.VPN,
            NetworkKind.SECURITY,
            NetworkKind.CORPORATE_PROXY,
            NetworkKind.RELAY,
            NetworkKind.LOCAL,
        )
    )
}
"""Which kind wins where two lists name the very same range: the narrower use."""


class Entry(NamedTuple):
    """One network: its first address as packed bytes, its prefix length, and who runs it."""

    first: bytes
    bits: int
    network: Network


def read_cidr(text: str) -> tuple[bytes, int]:
    """Read a network such as ``192.0.2.0/24``, or a single address.

    Args:
        text: CIDR form; bits beyond the prefix are cleared.

    Returns:
        The first address packed (4 or 16 bytes), and the prefix length.

    Raises:
        ConfigError: If it is not one.

    Example:
        >>> first, bits = read_cidr("192.0.2.77/24")
        >>> tuple(first), bits
        ((192, 0, 2, 0), 24)
    """
    base, slash, bits = text.partition("/")
    try:
        packed = inet_pton(AF_INET6 if ":" in base else AF_INET, base)
    except (OSError, ValueError) as error:
        raise ConfigError("not a network in CIDR form, such as 192.0.2.0/24") from error
    width = 8 * len(packed)
    if not slash:
        bits = str(width)
    if not (bits.isascii() and bits.isdigit() and len(bits) <= 3 and int(bits) <= width):
        raise ConfigError(f"the prefix length of a network must be 0 to {width}")
    free = width - int(bits)
    first = (int.from_bytes(packed) >> free << free).to_bytes(len(packed))
    if first.startswith(MAPPED) and width - free >= 96:
        return first[12:], int(bits) - 96  # IPv4 written as IPv6 is looked up as IPv4
    return first, int(bits)


Range = tuple[int, int, Network]
"""First and last address, and who runs what is between."""
Parts = tuple[list[bytes], list[Network]]
"""Where networks begin, packed, and who runs each."""


def _lay(ranges: Iterable[Range], size: int) -> Parts:
    """Lay disjoint ranges one behind another, with what no range covers between them."""
    starts, found, end = [0], [UNKNOWN], 0
    for first, last, network in ranges:
        if first == end:
            starts.pop()
            found.pop()
        end = last + 1
        starts += (first, end)
        found += (network, UNKNOWN)
    if end >> 8 * size:
        starts.pop()
        found.pop()
    return [start.to_bytes(size) for start in starts], found


def _cut(entries: Iterable[Entry], size: int) -> Parts:
    """Cut nested networks into disjoint ranges that together cover every address of ``size`` bytes.

    CIDR networks either nest or are apart, so one pass over them in order, with a stack of those still open, is enough.
    """
    end_of_all = 1 << (8 * size)
    starts: list[int] = [0]
    found: list[Network] = [UNKNOWN]
    open_: list[tuple[int, Network]] = [(end_of_all, UNKNOWN)]

    def begin(at: int, network: Network) -> None:
        if starts[-1] == at:
            starts.pop()
            found.pop()
        if not found or found[-1] != network:
            starts.append(at)
            found.append(network)

    def close_until(at: int) -> None:
        while open_[-1][0] <= at:
            end, _ = open_.pop()
            begin(end, open_[-1][1])

    ordered = sorted(
        (int.from_bytes(first), bits, _RANK[network.kind], network.operator, network)
        for first, bits, network in entries
        if len(first) == size
    )
    for first, bits, _, _, network in ordered:
        close_until(first)
        outer = open_[-1][1]
        inner = outer if outer.kind is NetworkKind.RELAY and network.kind is NetworkKind.CDN else network
        open_.append((first + (1 << (8 * size - bits)), inner))
        begin(first, inner)
    close_until(end_of_all - 1)
    return [start.to_bytes(size) for start in starts], found


def _over(upper: Parts, lower: Parts) -> Parts:
    """Lay one table's parts over another's: what the upper one does not know, the lower one may."""
    starts: list[bytes] = []
    found: list[Network] = []
    known = below = UNKNOWN
    upper_parts, lower_parts = zip(*upper, strict=True), zip(*lower, strict=True)
    sides = ((start, True, network) for start, network in upper_parts)
    others = ((start, False, network) for start, network in lower_parts)
    for start, above, network in merge(sides, others, key=itemgetter(0)):
        if above:
            known = network
        else:
            below = network
        best = below if known.kind is NetworkKind.UNKNOWN else known
        if starts and starts[-1] == start:
            found[-1] = best
        elif not found or best is not found[-1]:
            starts.append(start)
            found.append(best)
    return starts, found


class Table:
    """Networks as disjoint ranges, and look addresses up.

    Where entries overlap the most specific wins, but a relay's range stays a relay's though a content network's list
    names a part of it; of two that name the same range, the narrower use wins. Loopback, private and link-local
    addresses are always ``LOCAL``.

    Args:
        entries: In any order.
        version: The name of the data, for verdicts; without entries there are none, and no verdict rests on them.
    """

    __slots__ = ("_found4", "_found6", "_starts4", "_starts6", "_version")

    def __init__(self, entries: Iterable[Entry], *, version: str) -> None:
        everything = [*entries, *(Entry(*read_cidr(text), _LOCAL) for text in _LOCAL_RANGES)]
        self._version = version if len(everything) > len(_LOCAL_RANGES) else ""
        self._starts4, self._found4 = _cut(everything, 4)
        self._starts6, self._found6 = _cut(everything, 16)

    def __repr__(self) -> str:
        return f"Table(version={self._version!r})"

    @classmethod
    def of_ranges(cls, ranges4: Iterable[Range], ranges6: Iterable[Range], *, version: str) -> Table:
        """Make a table of ranges that are disjoint already, and in order; no address is ``LOCAL`` but by them.

        Args:
            ranges4: Of IPv4: first and last address as numbers, and who runs it.
            ranges6: The same of IPv6.
            version: The name of the data, for verdicts.
        """
        return cls.of_parts(_lay(ranges4, 4), _lay(ranges6, 16), version=version)

    @classmethod
    def of_parts(cls, parts4: Parts, parts6: Parts, *, version: str) -> Table:
        """Make a table of where networks begin, in order from the first address on; each goes on to the next.

        Args:
            parts4: Of IPv4: packed first addresses, and who runs each.
            parts6: The same of IPv6.
            version: The name of the data, for verdicts.
        """
        made = cls((), version="")
        made._version = version
        made._starts4, made._found4 = parts4
        made._starts6, made._found6 = parts6
        return made

    def over(self, under: Table) -> Table:
        """Return one table of two, in which this one decides wherever it knows an address: one look-up in place of two."""
        return Table.of_parts(
            _over((self._starts4, self._found4), (under._starts4, under._found4)),
            _over((self._starts6, self._found6), (under._starts6, under._found6)),
            version="+".join(filter(None, (self.version, under.version))),
        )

    @property
    def version(self) -> str:
        """The version of the data."""
        return self._version

    def parts(self, size: int) -> list[tuple[int, Network]]:
        """Return where each network begins, as a number, and who runs it; of addresses of ``size`` bytes, 4 or 16."""
        starts, found = (self._starts4, self._found4) if size == 4 else (self._starts6, self._found6)
        return [(int.from_bytes(start), network) for start, network in zip(starts, found, strict=True)]

    def __len__(self) -> int:
        return len(self._starts4) + len(self._starts6)

    def lookup(self, address: str) -> Network:
        """Return the network of an address; never raises.

        Args:
            address: IPv4, IPv6, IPv4 mapped into IPv6, with or without a zone, brackets or a port; anything else is
                unknown.

        Example:
            >>> shop = Network(operator="Shop", kind=NetworkKind.CORPORATE_PROXY)
            >>> table = Table([Entry(*read_cidr("192.0.2.0/24"), shop)], version="1")
            >>> table.lookup("::ffff:192.0.2.7").operator
            'Shop'
        """
        return self.find(pack(address))

    def find(self, packed: bytes) -> Network:
        """Return the same of an address as ``pack`` gives it."""
        if len(packed) == 4:
            return self._found4[bisect_right(self._starts4, packed) - 1]
        return self._found6[bisect_right(self._starts6, packed) - 1] if packed else UNKNOWN


class Layers:
    """Ask several tables in turn: the first that knows an address decides.

    Args:
        tables: The most trusted first.
    """

    __slots__ = ("_tables", "_version")

    def __init__(self, tables: Sequence[Networks]) -> None:
        self._tables = tuple(tables)
        self._version = "+".join(table.version for table in self._tables if table.version)

    @property
    def version(self) -> str:
        """The versions of all tables, joined with a plus sign."""
        return self._version

    def lookup(self, address: str) -> Network:
        """Return the network of an address; never raises."""
        for table in self._tables:
            found = table.lookup(address)
            if found.kind is not NetworkKind.UNKNOWN:
                return found
        return UNKNOWN
