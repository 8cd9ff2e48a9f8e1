"""Where an address is, from a database file that the host supplies (extra ``geo``).

Ships no data: a place database ages within weeks. The place of a proxy, relay or scanner is not the reader's; leaving
those out is the observer's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import NamedTuple

from mailbeacon.errors import ConfigError, MissingExtra
from mailbeacon.networks.addresses import plain

__all__ = ["Geography", "Location"]


class Location(NamedTuple):
    """What is known of a place; empty where nothing is."""

    country: str = ""
    region: str = ""
    city: str = ""


_NOWHERE = Location()


class Geography:
    """Look addresses up in a MaxMind DB file (GeoLite2, GeoIP2, DB-IP or the like).

    Args:
        path: The ``.mmdb`` file; it stays open.
        language: The language of region and city names.

    Raises:
        MissingExtra: If ``maxminddb`` is not installed.
        ConfigError: If the file is missing or not such a database.
    """

    __slots__ = ("_language", "_reader")

    def __init__(self, path: str | PathLike[str], *, language: str = "en") -> None:
        try:
            import maxminddb
        except ImportError as error:
            raise MissingExtra("geo", purpose="geography") from error
        try:
            self._reader = maxminddb.open_database(path)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise ConfigError("the geography file is missing or not a MaxMind database") from error
        self._language = language

    def locate(self, address: str) -> Location:
        """Return the place of an address; empty fields where it is unknown; never raises."""
        try:
            record = self._reader.get(plain(address))
        except Exception:  # whatever a broken file makes the reader raise must not cost a reply
            return _NOWHERE
        if not isinstance(record, Mapping):
            return _NOWHERE
        regions = record.get("subdivisions")
        return Location(
            _code(record.get("country")),
            self._name(regions[0]) if isinstance(regions, list) and regions else "",
            self._name(record.get("city")),
        )

    def _name(self, part: object) -> str:
        names = part.get("names") if isinstance(part, Mapping) else None
        name = names.get(self._language) if isinstance(names, Mapping) else None
        return name if isinstance(name, str) else ""


def _code(part: object) -> str:
    code = part.get("iso_code") if isinstance(part, Mapping) else None
    return code if isinstance(code, str) else ""
