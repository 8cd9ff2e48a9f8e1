"""DuckDB on one machine: it holds the rows, on disk where memory ends, sorts networks together, and answers SQL afterwards.

Needs the extra ``duckdb``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mailbeacon.engines.parquet import arrow, columns_of, rows_of, schema, write_rows
from mailbeacon.engines.results import Outcome, judged_folder, write_summary
from mailbeacon.engines.rows import EVENT_COLUMNS, Rows
from mailbeacon.engines.steps import Job, Judged, Notes, Part, classifier_of, gathered, judge_rows, note, read, total
from mailbeacon.errors import MissingExtra
from mailbeacon.logs import Piece

__all__ = ["connect", "judge_logs"]

_ROWS = {**EVENT_COLUMNS, "file": "number", "part": "number", "crowds": "flag"}
_CROWDED = """
    SELECT id, network_id, epoch_us(received_at) AS moment, recipient, part FROM events WHERE crowds AND network_id IN (
        SELECT network_id FROM (
            SELECT network_id, received_at AS moment,
                lead(received_at, $least - 1) OVER (PARTITION BY network_id ORDER BY received_at) AS later FROM events WHERE crowds
        ) WHERE epoch_us(later) - epoch_us(moment) <= $window
    ) ORDER BY network_id"""
"""The hits of networks that made as many hits at a machine's pace as the rule asks for; which of them count is the rule's."""


def connect(out: Path | None = None) -> Any:
    """Return a connection; with a folder of judged events, they are its view ``judged``.

    Raises:
        MissingExtra: If DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtra("duckdb", purpose="the engine duckdb") from error
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    if out is not None:
        files = str(out / "judged" / "*.parquet").replace("'", "''")
        connection.execute(f"CREATE VIEW judged AS SELECT * FROM read_parquet('{files}')")
    return connection


def judge_logs(
    job: Job, *, out: Path | None = None, progress: Callable[[str, int, int], object] | None = None
) -> Outcome:
    """Judge logs with DuckDB.

    Args:
        job: What is to be judged: logs, or Parquet files of events.
        out: Where to write the judged events as Parquet.
        progress: Told what is being done, how much of it is done, and how much there is.
    """
    pieces, parts = job.pieces(), list[Part]()
    classifier = classifier_of(job.beacon())
    with TemporaryDirectory(prefix="mailbeacon-") as spill, connect() as connection:
        connection.execute(f"SET temp_directory = '{spill}'")
        reader = arrow().RecordBatchReader.from_batches(schema(_ROWS), _batches(job, pieces, parts, progress))
        connection.register("read", reader)
        connection.execute("CREATE TABLE events AS SELECT * FROM read")
        notes = _notes(connection, classifier)
        folder = None if out is None else judged_folder(out)

        def parted() -> Iterator[Judged]:
            for part in range(job.partitions):
                reader = connection.sql(f"SELECT * FROM events WHERE part = {part:d}").to_arrow_reader(50_000)
                rows = (row for batch in reader for row in rows_of(batch, [*EVENT_COLUMNS, "file"]))
                judged = judge_rows(classifier, rows, notes.get(part, {}))
                if folder is not None and judged:
                    write_rows(folder / f"part-{part:05}.parquet", Rows().judged(judged))
                yield from judged
                if progress is not None:
                    progress("judging", part + 1, job.partitions)

        tally = total(parted())  # of all parts at once: to close a tally takes time for each campaign
    counts, rejects = gathered(pieces, parts)
    if out is not None:
        write_summary(out, counts)
    return Outcome(tally=tally, counts=counts, rejects=rejects)


def _batches(
    job: Job, pieces: list[Piece], parts: list[Part], progress: Callable[[str, int, int], object] | None
) -> Iterator[Any]:
    """Read the pieces one after the other, and give their rows as columns."""
    made = schema(_ROWS)
    for done, piece in enumerate(pieces, start=1):
        part = read(job, piece)
        crowds = {hit.id for hits in part.hits.values() for hit in hits}
        for number, rows in part.rows.items():
            yield columns_of([(*row, number, row[0] in crowds) for row in rows], made)
        part.rows, part.hits = {}, {}
        parts.append(part)
        if progress is not None:
            progress("reading", done, len(pieces))


def _notes(connection: Any, classifier: Any) -> dict[int, Notes]:
    windows = classifier.windows
    asked = {"least": windows.recipients_count, "window": int(windows.recipients.total_seconds() * 1_000_000)}
    return note(classifier, connection.execute(_CROWDED, asked).fetchall())
