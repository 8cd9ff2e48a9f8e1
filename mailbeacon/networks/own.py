"""The tables that come ready: the package's own small one, and the larger one of ``iporigin`` under it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources import files
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from itertools import chain
from typing import Protocol

from mailbeacon.errors import MissingExtra
from mailbeacon.model import Network, NetworkKind
from mailbeacon.networks.table import UNKNOWN, Entry, Layers, Range, Table, read_cidr

__all__ = ["builtin", "from_iporigin", "own_rows"]


def own_rows() -> Iterator[tuple[str, ...]]:
    """Give the version (alone in the first row), then the rows of the own table: CIDR, operator, kind, source, year."""
    text = files("mailbeacon").joinpath("data", "networks.tsv").read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("# version "):
            yield (line.removeprefix("# version "),)
        elif line and not line.startswith("#"):
            yield tuple(line.split("\t"))


def builtin() -> Table:
    """Make the package's own small table: mail providers' proxies, relays, security vendors, some large hosters.

    Each range stands with its source and year in ``mailbeacon/data/networks.tsv``.

    Example:
        >>> builtin().lookup("66.249.84.65").operator
        'Google'
    """
    version, entries = _own()
    return Table(entries, version=version)


def _own() -> tuple[str, list[Entry]]:
    rows = own_rows()
    version = next(rows)[0]
    named: dict[tuple[str, str], Network] = {}
    entries = []
    for cidr, operator, kind, *_ in rows:
        network = named.setdefault((operator, kind), Network(operator=operator, kind=NetworkKind(kind)))
        entries.append(Entry(*read_cidr(cidr), network))
    return f"own-{version}", entries


_KINDS = {
    "hosting": NetworkKind.HOSTING,
    "cdn": NetworkKind.CDN,
    "vpn": NetworkKind.VPN,
    "tor": NetworkKind.VPN,
    "bot": NetworkKind.HOSTING,
}
"""What the kinds of ``iporigin`` are in our words; its declared crawlers run on rented or own servers."""

_RELAY = "Apple Private Relay"


class _Data(Protocol):
    """What ``iporigin`` loads: disjoint ranges in order, and what each is."""

    labels: Sequence[tuple[str, str]]
    v4_starts: Sequence[int]
    v4_ends: Sequence[int]
    v4_labels: Sequence[int]
    v6_starts: Sequence[int]
    v6_ends: Sequence[int]
    v6_labels: Sequence[int]


_NARROWER = frozenset({NetworkKind.VPN, NetworkKind.CDN})
"""What stands inside a hoster's networks and is no rented machine like the others."""


def from_iporigin() -> Layers:
    """Make a table that asks our own first and ``iporigin`` (extra ``networks``) for the rest.

    Where ours only knows a hoster's whole network, what ``iporigin`` calls a VPN or a CDN in it is one.

    Raises:
        MissingExtra: If ``iporigin`` is not installed.
    """
    v4, v6, named = _iporigin()
    version, entries = _own()
    ours = Table(entries, version=version)
    inside = chain(_inside(ours, v4, IPv4Address), _inside(ours, v6, IPv6Address))
    return Layers([Table(chain(entries, inside), version=version), Table.of_ranges(v4, v6, version=named)])


def _iporigin() -> tuple[list[Range], list[Range], str]:
    """Give ``iporigin``'s ranges and version: its own look-up parses each address anew and is ten times as slow."""
    try:
        import iporigin
        from iporigin.core import dataset  # type: ignore[attr-defined]  # exported by its comment, not by its types
    except ImportError as error:
        raise MissingExtra("networks", purpose="the larger network table") from error
    load: Callable[[], _Data] = dataset
    data = load()
    known = [_named(provider, kind) for provider, kind in data.labels]
    v4 = list(_ranges(data.v4_starts, data.v4_ends, data.v4_labels, known))
    v6 = list(_ranges(data.v6_starts, data.v6_ends, data.v6_labels, known))
    return v4, v6, f"iporigin-{iporigin.__version__}"


def _inside(ours: Table, ranges: Iterable[Range], address: type[IPv4Address | IPv6Address]) -> Iterator[Entry]:
    """Give the ranges of narrower use that begin inside a hoster's network."""
    for first, last, network in ranges:
        if network.kind in _NARROWER and ours.lookup(str(address(first))).kind is NetworkKind.HOSTING:
            for one in summarize_address_range(address(first), address(last)):
                yield Entry(one.network_address.packed, one.prefixlen, network)


def _named(provider: str, kind: str) -> Network:
    found = NetworkKind.RELAY if provider == _RELAY else _KINDS.get(kind, NetworkKind.UNKNOWN)
    return Network(operator=provider, kind=found) if found is not NetworkKind.UNKNOWN else UNKNOWN


def _ranges(
    starts: Iterable[int], ends: Iterable[int], labels: Iterable[int], known: Sequence[Network]
) -> Iterator[Range]:
    return ((start, end, known[label]) for start, end, label in zip(starts, ends, labels, strict=True))
