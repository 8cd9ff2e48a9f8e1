"""The tables that come ready: the package's own small one, and the larger one of ``iporigin`` under it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources import files
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


class _Data(Protocol):
    """What ``iporigin`` loads: disjoint ranges in order, and what each is."""

    labels: Sequence[tuple[str, str]]
    v4_starts: Sequence[int]
    v4_ends: Sequence[int]
    v4_labels: Sequence[int]
    v6_starts: Sequence[int]
    v6_ends: Sequence[int]
    v6_labels: Sequence[int]


def _iporigin() -> Table:
    """Make a table of ``iporigin``'s ranges: its own look-up parses each address anew and is ten times as slow."""
    try:
        import iporigin
        from iporigin.core import dataset  # type: ignore[attr-defined]  # exported by its comment, not by its types
    except ImportError as error:
        raise MissingExtra("networks", purpose="the larger network table") from error
    load: Callable[[], _Data] = dataset
    data = load()
    known = [_named(provider, kind) for provider, kind in data.labels]
    return Table.of_ranges(
        _ranges(data.v4_starts, data.v4_ends, data.v4_labels, known),
        _ranges(data.v6_starts, data.v6_ends, data.v6_labels, known),
        version=f"iporigin-{iporigin.__version__}",
    )


def _named(provider: str, kind: str) -> Network:
    found = NetworkKind.RELAY if provider == _RELAY else _KINDS.get(kind, NetworkKind.UNKNOWN)
    return Network(operator=provider, kind=found) if found is not NetworkKind.UNKNOWN else UNKNOWN


def _ranges(
    starts: Iterable[int], ends: Iterable[int], labels: Iterable[int], known: Sequence[Network]
) -> Iterator[Range]:
    return ((start, end, known[label]) for start, end, label in zip(starts, ends, labels, strict=True))


def from_iporigin() -> Layers:
    """Make a table that asks our own first and ``iporigin`` (extra ``networks``) for the rest.

    Raises:
        MissingExtra: If ``iporigin`` is not installed.
    """
    return Layers([builtin(), _iporigin()])
