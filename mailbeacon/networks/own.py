"""The tables that come ready: the package's own small one, and the larger one of ``iporigin`` under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Protocol

from mailbeacon.errors import MissingExtra
from mailbeacon.model import Network, NetworkKind
from mailbeacon.networks.table import UNKNOWN, Entry, Layers, Table, read_cidr

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


class _Origin(Protocol):
    """What ``iporigin`` says of an address."""

    kind: str
    provider: str


class _IpOrigin:
    """Ask ``iporigin``, remembering the last answers."""

    __slots__ = ("_version", "lookup")

    def __init__(self) -> None:
        try:
            import iporigin
        except ImportError as error:
            raise MissingExtra("networks", purpose="the larger network table") from error
        self._version = f"iporigin-{iporigin.__version__}"
        classify: Callable[[str], _Origin] = iporigin.classify

        @lru_cache(maxsize=8192)
        def lookup(address: str) -> Network:
            plain = address.partition("%")[0]
            try:
                found = classify(plain.removeprefix("::ffff:") if "." in plain else plain)
            except ValueError:
                return UNKNOWN
            kind = NetworkKind.RELAY if found.provider == _RELAY else _KINDS.get(found.kind, NetworkKind.UNKNOWN)
            return Network(operator=found.provider, kind=kind) if kind is not NetworkKind.UNKNOWN else UNKNOWN

        self.lookup = lookup

    @property
    def version(self) -> str:
        return self._version


def from_iporigin() -> Layers:
    """Make a table that asks our own first and ``iporigin`` (extra ``networks``) for the rest.

    Raises:
        MissingExtra: If ``iporigin`` is not installed.
    """
    return Layers([builtin(), _IpOrigin()])
