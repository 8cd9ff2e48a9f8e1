"""Judged events in Parquet files: written, and read again.

The columns are those of ``rows``; ``docs/reference/parquet.md`` says what each holds. Needs the extra ``arrow``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailbeacon.engines.rows import COLUMNS, EVENT_COLUMNS, SCHEMA_VERSION, Row
from mailbeacon.errors import DataError, MissingExtra
from mailbeacon.store.files import open_private

if TYPE_CHECKING:
    import pyarrow

__all__ = ["arrow", "columns_of", "parts_of", "read_rows", "rows_of", "schema", "write_rows"]

_BATCH = 50_000
_VERSION = b"mailbeacon"
_PART = re.compile(r"part-(\d+)")


def arrow() -> Any:
    """Return the library.

    Raises:
        MissingExtra: If it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtra("arrow", purpose="Parquet") from error
    return pyarrow


def schema(columns: Mapping[str, str] = COLUMNS) -> pyarrow.Schema:
    """Return the schema of some columns."""
    pa = arrow()
    kinds = {
        "text": pa.string(),
        "word": pa.dictionary(pa.int32(), pa.string()),
        "words": pa.list_(pa.string()),
        "time": pa.timestamp("us", tz="UTC"),
        "flag": pa.bool_(),
        "number": pa.int32(),
        "share": pa.float64(),
    }
    return pa.schema(
        [(name, kinds[kind]) for name, kind in columns.items()], metadata={_VERSION: str(SCHEMA_VERSION).encode()}
    )


def columns_of(rows: Sequence[Row], made: pyarrow.Schema) -> pyarrow.RecordBatch:
    """Return rows as a batch of columns; a lone surrogate, which UTF-8 cannot carry, becomes a question mark."""
    pa = arrow()
    values = list(zip(*rows, strict=True)) if rows else [()] * len(made)
    arrays = []
    for column, field in zip(values, made, strict=True):
        plain = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        try:
            array = pa.array(column, type=plain)
        except UnicodeEncodeError:
            array = pa.array([_clean(value) for value in column], type=plain)
        arrays.append(array.dictionary_encode() if pa.types.is_dictionary(field.type) else array)
    return pa.RecordBatch.from_arrays(arrays, schema=made)


def _clean(value: object) -> object:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write rows of all columns to a file for its owner alone; it is there whole, or not at all. Return how many."""
    pa = arrow()
    made, waiting, number = schema(), iter(rows), 0
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with (
            open(open_private(part), "wb") as file,  # noqa: PTH123
            pa.parquet.ParquetWriter(file, made, compression="zstd") as writer,
        ):
            while batch := list(islice(waiting, _BATCH)):
                writer.write_batch(columns_of(batch, made))
                number += len(batch)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()
    return number


def rows_of(batch: pyarrow.RecordBatch, names: Iterable[str]) -> Iterator[Row]:
    """Return the rows of a batch, with these columns in this order; one that is not there is null."""
    known = set(batch.schema.names)
    columns = [_values(batch.column(name)) if name in known else [None] * batch.num_rows for name in names]
    return zip(*columns, strict=True)


def _values(column: Any) -> list[Any]:
    pa = arrow()
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz="UTC")).view(pa.int64())
    elif pa.types.is_list(column.type):
        return [tuple(value) for value in column.to_pylist()]
    found: list[Any] = column.to_pylist()
    return found


def read_rows(paths: Iterable[str | Path]) -> Iterator[Row]:
    """Read the rows of files, of all columns; a column that a file lacks is null, or what an event has by default.

    Raises:
        DataError: If a file is no such Parquet, or of a newer version.
    """
    pa = arrow()
    for path in paths:
        try:
            with pa.parquet.ParquetFile(path) as file:
                _check(file.schema_arrow, path)
                for batch in file.iter_batches(_BATCH):
                    yield from rows_of(batch, COLUMNS)
        except pa.ArrowInvalid as error:
            raise DataError(f"{Path(path).name} is not a Parquet file that can be read") from error


def _check(made: pyarrow.Schema, path: str | Path) -> None:
    version = (made.metadata or {}).get(_VERSION, b"1")
    missing = [name for name in EVENT_COLUMNS if name not in made.names]
    if not version.isdigit() or int(version) > SCHEMA_VERSION:
        raise DataError(
            f"{Path(path).name} is of version {version.decode()!r:.9}, this package reads up to {SCHEMA_VERSION}"
        )
    if missing:
        raise DataError(f"{Path(path).name} holds no events: the column {missing[0]} is missing")


def parts_of(folder: Path) -> list[list[Path]]:
    """Return the files of a folder of judged events, those of one part of the mails together."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.parquet")):
        named = _PART.match(path.name)
        found.setdefault(named[1] if named else path.name, []).append(path)
    return list(found.values())
