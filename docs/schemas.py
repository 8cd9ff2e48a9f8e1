"""Write the JSON Schemas of what is stored and reported, from the code: run ``python docs/schemas.py``.

A schema says what this version writes. A reader should take more: fields it does not know, and words it does not know as
``unknown``, for rows of newer versions have them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from enum import Enum
from inspect import getdoc
from pathlib import Path
from types import UnionType
from typing import get_args, get_origin, get_type_hints

from figure_schemas import report_schema, tally_schema

from mailbeacon import model
from mailbeacon.model.record import Record

__all__ = ["FOLDER", "RECORDS", "schemas"]

FOLDER = Path(__file__).parent / "_static" / "schemas"
RECORDS: tuple[type[Record], ...] = (model.Event, model.Facts, model.Verdict)
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}

Schema = dict[str, object]


def schemas() -> dict[str, Schema]:
    """Return the schema of each record that is stored, and of the figures, by its name."""
    return {**{record.__name__: _top(record) for record in RECORDS}, "Tally": tally_schema(), "Report": report_schema()}


def _top(record: type[Record]) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": record.__name__,
        "description": _first(record),
        **_object(record),
    }


def _first(record: type) -> str:
    return (getdoc(record) or "").partition("\n")[0]


def _meanings(record: type) -> dict[str, str]:
    """Return what the docstring says of each field."""
    found: dict[str, str] = {}
    section = (getdoc(record) or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    name = ""
    for line in section.splitlines():
        if line[:4] == "    " and line[4:5] != " ":
            name, _, text = line.strip().partition(": ")
            found[name] = text
        elif name:
            found[name] += " " + line.strip()
    return found


def _object(record: type[Record]) -> Schema:
    types, meanings = get_type_hints(record), _meanings(record)
    properties: Schema = {"v": {"const": record._version, "description": "The version of the form."}}  # noqa: SLF001
    for one in fields(record):
        told = {"description": meanings[one.name]} if one.name in meanings else {}
        properties[one.name] = {**_value(types[one.name]), **told}
    required = [one.name for one in fields(record) if one.default is MISSING and one.default_factory is MISSING]
    return {"type": "object", "properties": properties, "required": required}


def _value(kind: object) -> Schema:
    """Return the schema of a field's type."""
    if isinstance(kind, UnionType):
        return {"anyOf": [_value(one) for one in get_args(kind)]}
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}  # type: ignore[index]
    if kind is datetime:
        return {"type": "string", "format": "date-time"}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    if isinstance(kind, type) and issubclass(kind, Record):
        return {"description": _first(kind), **_object(kind)}
    inside = get_args(kind)
    if get_origin(kind) is Mapping:
        return {"type": "object", "additionalProperties": _value(inside[1])}
    if get_origin(kind) is tuple and inside[-1] is not ...:
        return {"type": "array", "prefixItems": [_value(one) for one in inside], "items": False}
    return {"type": "array", "items": _value(inside[0])}


def write() -> None:
    """Write the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (FOLDER / f"{name.lower()}.schema.json").write_text(json.dumps(schema, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    write()
