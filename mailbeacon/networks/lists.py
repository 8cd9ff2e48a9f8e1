"""Read the lists of their networks that operators publish, so that a host may use fresh ones.

Does not download them: a path is an argument. Several listings make one :class:`Table`:
``Table([*a.entries, *b.entries], version=...)``, or :meth:`Listing.table` for a single one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from os import PathLike
from pathlib import Path

from mailbeacon.errors import ConfigError
from mailbeacon.model import Network, NetworkKind
from mailbeacon.networks.table import Entry, Table, read_cidr

__all__ = ["Listing", "apple", "aws", "azure", "google", "plain"]

_Path = str | PathLike[str]
_Row = tuple[str, Network]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The networks of one published list.

    Attributes:
        version: The file's name and a digest of its bytes, so that a verdict names the very data it used.
        entries: The networks, in the file's order.
    """

    version: str
    entries: tuple[Entry, ...] = field(repr=False)

    def table(self) -> Table:
        """Make a table of this list alone."""
        return Table(self.entries, version=self.version)

    @staticmethod
    def join(listings: Iterable[Listing]) -> Table:
        """Make one table of several lists: the most specific range wins."""
        kept = list(listings)
        return Table(
            (entry for listing in kept for entry in listing.entries),
            version="+".join(listing.version for listing in kept),
        )


def plain(path: _Path, *, operator: str, kind: NetworkKind) -> Listing:
    """Read one network a line; blank lines and what follows ``#`` are left out.

    Raises:
        ConfigError: If the file cannot be read, or a line is not a network: with the file's name and the line.
    """
    if not isinstance(operator, str):
        raise ConfigError(f"operator must be a str, got {type(operator).__name__}")
    try:
        network = Network(operator=operator, kind=NetworkKind(kind))
    except ValueError as error:
        raise ConfigError(f"kind must be a NetworkKind, got {kind!r}") from error
    return _lines(path, lambda line: line.partition("#")[0].strip(), network)


def apple(path: _Path) -> Listing:
    """Read Apple's list of iCloud Private Relay addresses (``egress-ip-ranges.csv``).

    Raises:
        ConfigError: As for :func:`plain`.

    Source: Apple, "Prepare your network or web server for iCloud Private Relay", 2021: rows
    ``cidr,country,region,city,``.
    """
    return _lines(path, _relay_cidr, Network(operator="Apple Private Relay", kind=NetworkKind.RELAY))


def _relay_cidr(row: str) -> str:
    """Return the network of a row of Apple's; one cut off or without one is an error, for it may seem to say far more."""
    if not row.strip():
        return ""
    cells = row.split(",")
    if len(cells) < 4 or "/" not in cells[0]:
        raise ConfigError("not a row of network, country, region and city: was the download cut off?")
    return cells[0].strip()


def aws(path: _Path) -> Listing:
    """Read Amazon's ``ip-ranges.json``: CloudFront and Global Accelerator are a CDN, all else is hosting.

    Raises:
        ConfigError: If it is not such a file: with its name and the line.

    Source: AWS documentation, "AWS IP address ranges", 2026.
    """
    hosting = Network(operator="Amazon AWS", kind=NetworkKind.HOSTING)
    cdn = Network(operator="Amazon CloudFront", kind=NetworkKind.CDN)

    def rows(data: object) -> Iterator[_Row]:
        for key, name in (("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix")):
            for row in _list(data, key):
                service = _text(row, "service")
                yield _text(row, name), cdn if service in ("CLOUDFRONT", "GLOBALACCELERATOR") else hosting

    return _json(path, rows)


def google(path: _Path) -> Listing:
    """Read Google's ``cloud.json`` (hosting) or ``goog.json`` (Google's own machines, the image proxy among them).

    Give both to :meth:`Listing.join`, so that what is rented out is told from Google's own.

    Raises:
        ConfigError: If it is not such a file: with its name and the line.

    Source: Google Workspace help, "Obtain Google IP address ranges", 2026.
    """
    own = Network(operator="Google", kind=NetworkKind.MAIL)
    cloud = Network(operator="Google Cloud", kind=NetworkKind.HOSTING)

    def rows(data: object) -> Iterator[_Row]:
        for row in _list(data, "prefixes"):
            network = cloud if _text(row, "service", "") else own
            yield _text(row, "ipv4Prefix", "") or _text(row, "ipv6Prefix"), network

    return _json(path, rows)


def azure(path: _Path) -> Listing:
    """Read Microsoft's ``ServiceTags_Public_….json``: Front Door is a CDN, all else is hosting.

    Raises:
        ConfigError: If it is not such a file: with its name and the line.

    Source: Microsoft, "Azure IP Ranges and Service Tags - Public Cloud", 2026.
    """
    hosting = Network(operator="Microsoft Azure", kind=NetworkKind.HOSTING)
    cdn = Network(operator="Azure Front Door", kind=NetworkKind.CDN)

    def rows(data: object) -> Iterator[_Row]:
        for tag in _list(data, "values"):
            network = cdn if _text(tag, "name").startswith("AzureFrontDoor") else hosting
            for prefix in _list(_part(tag, "properties"), "addressPrefixes"):
                yield prefix if isinstance(prefix, str) else "", network

    return _json(path, rows)


class _Shape(Exception):
    """JSON is not in the shape the operator documents."""


def _part(value: object, key: str) -> object:
    if isinstance(value, dict) and key in value:
        return value[key]
    raise _Shape(key)


def _list(value: object, key: str) -> list[object]:
    part = _part(value, key)
    if isinstance(part, list):
        return part
    raise _Shape(key)


def _text(value: object, key: str, default: str | None = None) -> str:
    if default is not None and isinstance(value, dict) and key not in value:
        return default
    part = _part(value, key)
    if isinstance(part, str):
        return part
    raise _Shape(key)


def _read(path: _Path) -> tuple[str, str, str]:
    """Return a file's name, its version, and its text."""
    name = Path(path).name
    try:
        data = Path(path).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{name}: the list of networks cannot be read") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}, line {data[: error.start].count(10) + 1}: not text in UTF-8") from error
    return name, f"{name}@{blake2b(data, digest_size=6).hexdigest()}", text


def _lines(path: _Path, cidr: Callable[[str], str], network: Network) -> Listing:
    name, version, text = _read(path)
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if found := cidr(line):
                entries.append(Entry(*read_cidr(found), network))
        except ConfigError as error:
            raise ConfigError(f"{name}, line {number}: {error}") from error
    return _listing(name, version, entries)


def _json(path: _Path, rows: Callable[[object], Iterable[_Row]]) -> Listing:
    name, version, text = _read(path)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{name}, line {error.lineno}: not JSON") from error
    except (RecursionError, ValueError) as error:  # too deep, or a number of thousands of digits
        raise ConfigError(f"{name}: not JSON that can be read") from error
    entries = []
    try:
        for cidr, network in rows(data):
            try:
                entries.append(Entry(*read_cidr(cidr), network))
            except ConfigError as error:
                line = text.count("\n", 0, max(text.find(json.dumps(cidr)), 0)) + 1
                raise ConfigError(f"{name}, line {line}: {error}") from error
    except _Shape as error:
        raise ConfigError(f"{name}, line 1: not this operator's list: {error} is missing or of another type") from error
    return _listing(name, version, entries)


def _listing(name: str, version: str, entries: list[Entry]) -> Listing:
    if not entries:
        raise ConfigError(f"{name}: holds no network at all: was the download cut off?")
    return Listing(version=version, entries=tuple(entries))
