"""JSON for the model's data classes: versioned, compact, and able to read older versions.

A record writes ``{"v": 1, …}`` and leaves out every field that is empty, so that a field added later needs no new version.
A value that is not empty is always written, be it the default or not: a changed default changes no stored row. What is
read has the types the fields say, or is a ``DataError``; what a field means is the class's own to check.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import datetime
from enum import Enum
from functools import lru_cache
from json.encoder import encode_basestring
from math import isfinite
from typing import Any, ClassVar, Self, cast, get_type_hints

from mailbeacon.errors import DataError, MailbeaconError

__all__ = ["Json", "Record", "check_version", "read_json", "read_text", "read_whole", "word_reader"]

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
    except (TypeError, ValueError, RecursionError):
        raise DataError(f"not the JSON of {what}") from None  # the cause would hold the whole text
    if not isinstance(value, dict):
        raise DataError(f"the JSON of {what} must be an object, got {type(value).__name__}")
    return value


def check_version(values: Mapping[str, Json], what: str, newest: int) -> None:
    """Raise unless a version is one this package reads.

    Raises:
        DataError: If it is newer, or no version at all.
    """
    version = values.get("v", 1)
    if version.__class__ is not int or not 1 <= version <= newest:
        raise DataError(f"{what} of version {version!r:.20}, this package reads up to {newest}")


def read_text(value: Json) -> str:
    """Return a value if it is text, and raise if not."""
    if not isinstance(value, str):
        raise TypeError("expected a text")
    return value


def read_whole(value: Json) -> int:
    """Return a value if it is a whole number, and raise if not."""
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


_READERS: Mapping[object, Callable[[Json], object]] = {
    str: read_text,
    int: read_whole,
    bool: _read_flag,
    float: _read_number,
    str | None: lambda value: None if value is None else read_text(value),
    int | None: lambda value: None if value is None else read_whole(value),
}
"""How to read a field of a plain type."""


def word_reader(words: type[Enum], unknown: Enum | None) -> Callable[[Json], Enum]:
    """Return what reads a word of an enumeration.

    Args:
        words: The words this version knows.
        unknown: What stands for a word of a newer version, so that its row is not lost; ``None`` refuses it.
    """
    known = words._value2member_map_

    def read(value: Json) -> Enum:
        found = known.get(value, unknown if isinstance(value, str) else None)
        if found is None:
            raise ValueError(f"no {words.__name__}")
        return found

    return read


class Record:
    """A frozen data class with ``to_json`` and ``from_json``."""

    __slots__ = ()

    _version: ClassVar[int] = 1
    _readers: ClassVar[Mapping[str, Callable[..., object]]] = {}
    """How to make a field's value from JSON, where it is not of a plain type."""
    _absent: ClassVar[Mapping[str, object]] = {}
    """What a field that is not in a row means, where that is not its empty value; it never changes, for rows stay."""

    @classmethod
    def _forms(cls) -> tuple[_Form, ...]:
        return _forms(cls)  # type: ignore[arg-type]  # mypy takes no class for hashable (python/mypy#11470)

    def to_json(self) -> str:
        """Return the record as one line of JSON.

        Raises:
            DataError: If a word is none that this version knows, or a value has no form in JSON.
        """
        return f'{{"v":{self._version}{_writer(type(self))(self)}}}'  # type: ignore[arg-type]  # as in _forms

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return what :meth:`to_json` of this or an older version wrote.

        Raises:
            DataError: If it is not such JSON, or of a newer version.
        """
        return cls.from_dict(read_json(text, cls.__name__))

    def to_dict(self) -> dict[str, Json]:
        """Return the record as JSON values, without the fields that are empty.

        Raises:
            DataError: As :meth:`to_json`.
        """
        found: dict[str, Json] = {"v": self._version}
        for name, empty, words, _ in self._forms():
            value = getattr(self, name)
            if words is not None and value.__class__ is not words:
                raise _no_word(self, name, words)
            if value != empty:
                found[name] = _plain(value)
        return found

    @classmethod
    def from_dict(cls, values: Mapping[str, Json]) -> Self:
        """Return what :meth:`to_dict` gave; unknown fields are left out.

        Raises:
            DataError: If a field is missing or wrong, or the version is newer.
        """
        name = ""
        try:
            check_version(values, cls.__name__, cls._version)
            found, readers = {**cls._absent}, _read_by_name(cls)  # type: ignore[arg-type]  # as in _forms
            for name, value in values.items():
                if name in readers:
                    found[name] = readers[name](value)
            name = ""
            return cls(**found)
        except DataError:
            raise
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError, MailbeaconError) as error:
            # without the cause, which would repeat what is stored, and so perhaps name a person
            where = f"{cls.__name__}.{name}" if name else cls.__name__
            raise DataError(f"the values are not those of {where}: {type(error).__name__}") from None


def _no_word(record: Record, name: str, words: type[Enum]) -> DataError:
    found = type(getattr(record, name)).__name__
    return DataError(f"{name} of {type(record).__name__} must be a {words.__name__}, got {found}")


@lru_cache(maxsize=64)
def _writer(cls: Any) -> Callable[[Any], str]:
    """Return what gives the JSON of the fields of a class's records, each behind a comma.

    It does what the encoder does with ``to_dict``, in a third of the time. As ``dataclasses`` does, it makes the source of a
    function without a loop: that text is of the fields' names alone.
    """
    known: dict[str, object] = {"quoted": encode_basestring, "write": _write_any, "no_word": _no_word}
    lines = ["def text(record):", " parts = []"]
    for number, (name, empty, words, _) in enumerate(_forms(cls)):
        key = f',"{name}":'
        known |= {f"empty{number}": empty, f"words{number}": words, f"write{number}": _word_writer(words)}
        lines += [f" value = record.{name}", f" if value is not empty{number}:"]
        if words is None:
            lines += [
                f"  if value != empty{number}:",
                f"   parts += {key!r}, (quoted if value.__class__ is str else write)(value)",
            ]
        else:
            lines += [
                f"  if value.__class__ is not words{number}: raise no_word(record, {name!r}, words{number})",
                f"  parts += {key!r}, write{number}(value)",
            ]
    exec("\n".join([*lines, " return ''.join(parts)"]), known)
    return cast("Callable[[Any], str]", known["text"])


def _write_any(value: object) -> str:
    """Return a field's value as JSON text."""
    return _WRITERS.get(value.__class__, _written)(value)


def _written(value: object) -> str:
    """Return the JSON text of a value of another type than those of :data:`_WRITERS`."""
    if isinstance(value, Record) and (text := value.to_json()).startswith('{"v":1,'):
        return f"{{{text[7:]}"  # inside another one the first version is not named
    if isinstance(value, Enum):
        value = value.value
        return encode_basestring(value) if value.__class__ is str else _encoder.encode(value)
    return _encoder.encode(_plain(value))


_WRITERS: Mapping[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: int.__repr__,
    datetime: lambda value: f'"{value.isoformat()}"',
    frozenset: lru_cache(maxsize=1024)(_written),  # the same few hints come again and again
}
"""What :func:`_written` does with the types of most values."""


def _plain(value: object) -> Json:
    """Return a field's value as JSON values."""
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
    raise DataError(f"no JSON for {type(value).__name__}")


_Form = tuple[str, object, type[Enum] | None, Callable[..., object]]
_REQUIRED = object()
"""Equal to no value."""


@lru_cache(maxsize=64)
def _forms(cls: Any) -> tuple[_Form, ...]:
    """Return the fields of a class: name, empty value, enumeration if it is one, and reader."""
    types = get_type_hints(cls)
    return tuple(_form(cls, one, types[one.name]) for one in fields(cls))


def _word_writer(words: type[Enum] | None) -> Callable[[Any], str]:
    """Return what writes the words of an enumeration, which are texts or whole numbers themselves."""
    if words is not None and issubclass(words, str):
        return encode_basestring
    return int.__repr__ if words is not None and issubclass(words, int) else _written


@lru_cache(maxsize=64)
def _read_by_name(cls: Any) -> dict[str, Callable[..., object]]:
    """Return the readers of a class by field."""
    return {name: read for name, _, _, read in _forms(cls)}


def _form(cls: type[Record], one: Field[object], kind: object) -> _Form:
    empty = one.default if one.default_factory is MISSING else one.default_factory()
    words = kind if isinstance(kind, type) and issubclass(kind, Enum) else None
    read = cls._readers.get(one.name) or _READERS.get(kind)
    if read is None and words is not None:
        read = word_reader(words, words.__members__.get("UNKNOWN"))
    if read is None and isinstance(kind, type) and issubclass(kind, Record):
        read = kind.from_dict
    if read is None:
        raise TypeError(f"{cls.__name__}.{one.name} needs a reader")
    return one.name, _REQUIRED if empty is MISSING or one.name in cls._absent else empty, words, read
