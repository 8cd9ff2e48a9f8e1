"""JSON for the model's data classes: versioned, compact, and able to read older versions.

A record writes ``{"v": 1, …}`` and leaves out every field that has its default, so that a field added later needs no new
version. It does not validate what a field means: that is the class's own work when it is made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from enum import Enum
from typing import ClassVar, Self

from mailbeacon.errors import DataError, MailbeaconError

__all__ = ["Json", "Record", "read_json"]

Json = object
"""A value made of ``dict``, ``list``, ``str``, ``int``, ``float``, ``bool`` and ``None``."""

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def read_json(text: str | bytes, what: str) -> dict[str, Json]:
    """Read a JSON object.

    Args:
        text: The JSON text.
        what: What it should be, for the error.

    Raises:
        DataError: If it is not JSON, or not an object.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not the JSON of {what}") from error
    if not isinstance(value, dict):
        raise DataError(f"the JSON of {what} must be an object, got {type(value).__name__}")
    return value


class Record:
    """Give a frozen data class ``to_json`` and ``from_json``."""

    __slots__ = ()

    _version: ClassVar[int] = 1
    _readers: ClassVar[Mapping[str, Callable[..., object]]] = {}
    """How to make a field's value from JSON, where the JSON value itself will not do."""

    def to_json(self) -> str:
        """Write the record as one line of JSON."""
        return _encoder.encode(self.to_dict())

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what :meth:`to_json` of this or an older version wrote.

        Raises:
            DataError: If it is not such JSON, or of a newer version.
        """
        return cls.from_dict(read_json(text, cls.__name__))

    def to_dict(self) -> dict[str, Json]:
        """Give the record as JSON values, without the fields that have their default."""
        found: dict[str, Json] = {"v": self._version}
        for name, default in _defaults(type(self)):
            value = getattr(self, name)
            if value != default:
                found[name] = _plain(value)
        return found

    @classmethod
    def from_dict(cls, values: Mapping[str, Json]) -> Self:
        """Read what :meth:`to_dict` gave; unknown fields are left out.

        Raises:
            DataError: If a field is missing or wrong, or the version is newer.
        """
        try:
            version = values.get("v", 1)
            if not isinstance(version, int) or version > cls._version:
                raise DataError(f"{cls.__name__} of version {version!r}, this package reads up to {cls._version}")
            readers = cls._readers
            found = {
                name: readers[name](values[name]) if name in readers else values[name]
                for name, _ in _defaults(cls)
                if name in values
            }
            return cls(**found)
        except DataError:
            raise
        except (TypeError, ValueError, KeyError, AttributeError, MailbeaconError) as error:
            raise DataError(f"the values are not those of {cls.__name__}: {type(error).__name__}") from error


def _plain(value: object) -> Json:
    """Turn a field's value into JSON values."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Record):
        return {name: found for name, found in value.to_dict().items() if name != "v" or found != 1}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(_plain(item)) for item in value)
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    raise TypeError(f"no JSON for {type(value).__name__}")


def _defaults(cls: type[Record]) -> tuple[tuple[str, object], ...]:
    """Give the fields of a class and their defaults, worked out once per class."""
    found = _known.get(cls)
    if found is None:
        found = _known[cls] = tuple(
            (field.name, field.default if field.default_factory is MISSING else field.default_factory())
            for field in fields(cls)  # type: ignore[arg-type]  # every record is a data class
        )
    return found


_known: dict[type[Record], tuple[tuple[str, object], ...]] = {}
