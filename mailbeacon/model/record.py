"""JSON for the model's data classes: versioned, compact, and able to read older versions.

A record writes ``{"v": 1, …}`` and leaves out every field that has its default, so that a field added later needs no new
version. What is read has the types the fields say, or is a ``DataError``; what a field means is the class's own to check.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from enum import Enum
from math import isfinite
from typing import ClassVar, Self

from mailbeacon.errors import DataError, MailbeaconError

__all__ = ["Json", "Record", "check_version", "read_json", "read_text", "read_whole"]

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
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(f"not the JSON of {what}") from error
    if not isinstance(value, dict):
        raise DataError(f"the JSON of {what} must be an object, got {type(value).__name__}")
    return value


def check_version(values: Mapping[str, Json], what: str, newest: int) -> None:
    """Insist on a version this package reads.

    Raises:
        DataError: If it is newer, or no version at all.
    """
    version = values.get("v", 1)
    if version.__class__ is not int or not 1 <= version <= newest:
        raise DataError(f"{what} of version {version!r:.20}, this package reads up to {newest}")


def read_text(value: Json) -> str:
    """Let only text pass."""
    if not isinstance(value, str):
        raise TypeError("expected a text")
    return value


def read_whole(value: Json) -> int:
    """Let only whole numbers pass."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("expected a whole number")
    return value


def _read_flag(value: Json) -> bool:
    if not isinstance(value, bool):
        raise TypeError("expected true or false")
    return value


def _read_number(value: Json) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise TypeError("expected a number")
    return value


_READERS: Mapping[str, Callable[[Json], object]] = {
    "str": read_text,
    "int": read_whole,
    "bool": _read_flag,
    "float": _read_number,
    "str | None": lambda value: None if value is None else read_text(value),
    "int | None": lambda value: None if value is None else read_whole(value),
}
"""How to read a field that has no reader of its own, by its type as it is written."""


class Record:
    """Give a frozen data class ``to_json`` and ``from_json``."""

    __slots__ = ()

    _version: ClassVar[int] = 1
    _readers: ClassVar[Mapping[str, Callable[..., object]]] = {}
    """How to make a field's value from JSON, where it is not of a plain type."""

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
        for name, default, _ in _fields(type(self)):
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
            check_version(values, cls.__name__, cls._version)
            found = {name: read(values[name]) for name, _, read in _fields(cls) if name in values}
            return cls(**found)
        except DataError:
            raise
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError, MailbeaconError) as error:
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


_Field = tuple[str, object, Callable[..., object]]


def _fields(cls: type[Record]) -> tuple[_Field, ...]:
    """Give the fields of a class, each with its default and its reader, worked out once per class."""
    found = _known.get(cls)
    if found is None:
        found = _known[cls] = tuple(
            (
                one.name,
                one.default if one.default_factory is MISSING else one.default_factory(),
                cls._readers[one.name] if one.name in cls._readers else _READERS[str(one.type)],
            )
            for one in fields(cls)  # type: ignore[arg-type]  # every record is a data class
        )
    return found


_known: dict[type[Record], tuple[_Field, ...]] = {}
