"""The tables that come ready: the package's own, and the larger one of ``iporigin`` under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Protocol

from mailbeacon.errors import MissingExtra
from mailbeacon.model import Network, NetworkKind
from mailbeacon.networks.table import UNKNOWN, Entry, Table, read_cidr

__all__ = ["builtin", "from_iporigin", "own_rows", "own_table", "raw_iporigin"]


def own_rows() -> Iterator[tuple[str, ...]]:
    """Yield the version (alone in the first row), then the rows of the own table: CIDR, operator, kind, source, year."""
    text = files("mailbeacon").joinpath("data", "networks.tsv").read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("# version "):
            yield (line.removeprefix("# version "),)
        elif line and not line.startswith("#"):
            yield tuple(line.split("\t"))


def builtin() -> Table:
    """Make the package's own table: what large clouds publish, and mail providers' proxies, relays and security vendors.

    Our own rows stand with source and year in ``mailbeacon/data/networks.tsv``; the clouds' are in ``clouds.txt`` beside it,
    with our rows laid over them, made by ``docs/networks_data.py`` at the date its version tells.

    Example:
        >>> builtin().lookup("66.249.84.65").operator
        'Google'
    """
    text = files("mailbeacon").joinpath("data", "clouds.txt").read_text("ascii")
    head, v4, v6 = text.split("\n\n")
    version = ""
    named = {}
    for line in head.splitlines():
        if line.startswith("# version "):
            version = line.removeprefix("# version ")
        elif not line.startswith("#"):
            letter, kind, operator = line.split("\t")
            named[letter] = Network(operator=operator, kind=NetworkKind(kind))
    own = next(own_rows())[0]
    return Table.of_parts(_parts(v4, 4, named), _parts(v6, 16, named), version=f"own-{own}+clouds-{version}")


def _parts(text: str, size: int, named: Mapping[str, Network]) -> tuple[list[bytes], list[Network]]:
    """Return where networks begin, and whose each is."""
    cells = text.replace("\n", "\t").rstrip("\t").split("\t")
    digits = bytes.fromhex("".join([start.ljust(2 * size, "0") for start in cells[::2]]))
    starts = [digits[place : place + size] for place in range(0, len(digits), size)]
    return starts, [named[letter] for letter in cells[1::2]]


def own_table() -> Table:
    """Make a table of our own rows alone, and of what is never on the Internet."""
    rows = own_rows()
    version = next(rows)[0]
    named: dict[tuple[str, str], Network] = {}
    entries = []
    for cidr, operator, kind, *_ in rows:
        network = named.setdefault((operator, kind), Network(operator=operator, kind=NetworkKind(kind)))
        entries.append(Entry(*read_cidr(cidr), network))
    return Table(entries, version=f"own-{version}")


_KINDS = {
    "hosting": NetworkKind.HOSTING,
    "cdn": NetworkKind.CDN,
    "vpn": NetworkKind.VPN,
    "tor": NetworkKind.VPN,
    "bot": NetworkKind.HOSTING,
}
"""What the kinds of ``iporigin`` are in our words; its declared crawlers run on rented or own servers."""

_RELAY = "Apple Private Relay"
_ACCESS = frozenset({"Cogent", "DataCamp"})
"""Operators that ``iporigin`` lists, and from whose networks people come.

Source: Cogent's own page sells Internet access to offices, 36 million addresses; DataCamp's carry several VPNs, 2026.
"""


class _Data(Protocol):
    """What ``iporigin`` loads: disjoint ranges in order, and what each is."""

    labels: Sequence[tuple[str, str]]
    v4_starts: Sequence[int]
    v4_ends: Sequence[int]
    v4_labels: Sequence[int]
    v6_starts: Sequence[int]
    v6_ends: Sequence[int]
    v6_labels: Sequence[int]
    built_at: int


def from_iporigin() -> Table:
    """Make a table that asks our own first and ``iporigin`` (extra ``networks``) for the rest: smaller hosters, more CDNs.

    Raises:
        MissingExtra: If ``iporigin`` is not installed.
    """
    v4, v6, labels, _, version = raw_iporigin()
    known = [_named(provider, kind) for provider, kind in labels]
    under = Table.of_ranges(
        ((first, last, known[label]) for first, last, label in v4),
        ((first, last, known[label]) for first, last, label in v6),
        version=f"iporigin-{version}",
    )
    return builtin().over(under)


_Raw = list[tuple[int, int, int]]


def raw_iporigin() -> tuple[_Raw, _Raw, Sequence[tuple[str, str]], int, str]:
    """Return ``iporigin``'s ranges of IPv4 and IPv6, its labels, when it was made, and its version.

    Its own look-up parses each address anew and is ten times as slow as ours.

    Raises:
        MissingExtra: If it is not installed.
    """
    try:
        import iporigin
        from iporigin.core import dataset  # type: ignore[attr-defined]  # exported by its comment, not by its types
    except ImportError as error:
        raise MissingExtra("networks", purpose="the larger network table") from error
    load: Callable[[], _Data] = dataset
    data = load()
    v4 = list(zip(data.v4_starts, data.v4_ends, data.v4_labels, strict=True))
    v6 = list(zip(data.v6_starts, data.v6_ends, data.v6_labels, strict=True))
    return v4, v6, data.labels, data.built_at, iporigin.__version__


def _named(provider: str, kind: str) -> Network:
    found = NetworkKind.RELAY if provider == _RELAY else _KINDS.get(kind, NetworkKind.UNKNOWN)
    known = found is not NetworkKind.UNKNOWN and provider not in _ACCESS
    return Network(operator=provider, kind=found) if known else UNKNOWN
