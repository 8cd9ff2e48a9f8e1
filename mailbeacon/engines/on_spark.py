"""Spark: the steps as functions over the partitions of DataFrames, on one machine or many.

The files must be where every executor can read them, and the package installed there. Needs the extra ``spark`` and Java 17.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from mailbeacon.counting import Tally
from mailbeacon.engines.parquet import columns_of, rows_of, schema
from mailbeacon.engines.results import Outcome, judged_folder, merged, write_summary
from mailbeacon.engines.rows import COLUMNS, EVENT_COLUMNS, Rows
from mailbeacon.engines.steps import Hit, Job, Part, Reject, classifier_of, gathered, judge_rows, note, read, total
from mailbeacon.errors import MissingExtra
from mailbeacon.logs import Counts, Piece

__all__ = ["judge_logs"]

_ROWS = {**EVENT_COLUMNS, "file": "number", "part": "number", "crowds": "flag", "told": "text", "piece": "number"}
_TYPES = {
    "text": "string", "word": "string", "words": "array<string>", "time": "timestamp", "flag": "boolean", "number": "int",
    "share": "double",
}  # fmt: skip


def _ddl(columns: dict[str, str]) -> str:
    return ", ".join(f"`{name}` {_TYPES[kind]}" for name, kind in columns.items())


def _plain(columns: dict[str, str]) -> Any:
    """Return an Arrow schema as Spark understands it: without dictionaries."""
    return schema({name: "text" if kind == "word" else kind for name, kind in columns.items()})


def judge_logs(
    job: Job,
    *,
    out: Path | None = None,
    session: Any = None,
    progress: Callable[[str, int, int], object] | None = None,
) -> Outcome:
    """Judge logs with Spark.

    Args:
        job: What is to be judged.
        out: Where to write the judged events as Parquet, one file a partition.
        session: A ``SparkSession`` that is there; ``None`` takes the running one, or makes one of two local cores.
        progress: Told what is being done, how much of it is done, and how much there is.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise MissingExtra("spark", purpose="the engine spark") from error
    running = session or SparkSession.getActiveSession()
    spark = running or _made(SparkSession.builder)
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    spark.conf.set("spark.sql.shuffle.partitions", str(job.partitions))
    try:
        return _judged(spark, job, job.pieces(), out, progress)
    finally:
        if running is None:
            spark.stop()


def _made(builder: Any) -> Any:
    """Make a session of two local cores, which no other machine can reach, and whose warnings are not a user's to read."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the only way to say which Python has the package
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    off = dict.fromkeys(("spark.ui.enabled", "spark.ui.showConsoleProgress"), "false")
    spark = builder.master("local[2]").config(map=off).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def _judged(spark: Any, job: Job, pieces: list[Piece], out: Path | None, progress: Any) -> Outcome:
    asked = [(number, *piece) for number, piece in enumerate(pieces)]
    named = spark.createDataFrame(asked, "number int, path string, file int, `start` long, `end` long")
    events = named.repartition(max(len(pieces), 1), "number").mapInArrow(partial(_read, job), _ddl(_ROWS)).persist()
    heads = {row["piece"]: row["told"] for row in events.filter("told IS NOT NULL").select("piece", "told").collect()}
    if progress is not None:
        progress("reading", len(pieces), len(pieces))
    hits = events.filter("crowds").select("id", "network_id", "received_at", "recipient", "part")
    notes = hits.repartition(job.partitions, "network_id").mapInArrow(
        partial(_note, job), "note_id string, recipients int"
    )
    rows = events.filter("told IS NULL")
    joined = rows.join(notes.dropDuplicates(["note_id"]), rows["id"] == notes["note_id"], "left").drop("note_id")
    whole = joined.repartition(job.partitions, "part")
    judged = whole.mapInArrow(partial(_judge, job), _ddl({**COLUMNS, "tally": "text"})).persist()
    if out is not None:
        folder = judged_folder(out)
        judged.filter("tally IS NULL").drop("tally").write.mode("append").parquet(folder.as_posix())
    totals = judged.filter("tally IS NOT NULL").select("tally").persist()
    totals.count()  # all parts side by side; then their totals one by one, for all may be more than Spark hands over at once
    tally = merged(Tally.from_json(row["tally"]) for row in totals.toLocalIterator())
    for one in (totals, events, judged):
        one.unpersist()
    counts, rejects = gathered(pieces, [_head(heads[number]) for number in range(len(pieces))])
    if out is not None:
        write_summary(out, counts)
    return Outcome(tally=tally, counts=counts, rejects=rejects)


def _head(text: str) -> Part:
    values = json.loads(text)
    return Part(counts=Counts(**values["counts"]), rejects=[Reject(*one) for one in values["rejects"]])


def _read(job: Job, batches: Iterator[Any]) -> Iterator[Any]:
    """Read pieces; the last row of each says what its lines were."""
    made = _plain(_ROWS)
    for batch in batches:
        for number, *piece in rows_of(batch, ["number", "path", "file", "start", "end"]):
            part = read(job, Piece(*piece))
            crowds = {hit.id for hits in part.hits.values() for hit in hits}
            for place, rows in part.rows.items():
                yield columns_of([(*row, place, row[0] in crowds, None, number) for row in rows], made)
            told = json.dumps({"counts": asdict(part.counts), "rejects": part.rejects})
            yield columns_of([(*(None for _ in EVENT_COLUMNS), None, None, None, told, number)], made)


def _note(job: Job, batches: Iterator[Any]) -> Iterator[Any]:
    rows = (Hit(*row) for batch in batches for row in rows_of(batch, Hit._fields))
    noted = [pair for notes in note(classifier_of(job.beacon()), rows).values() for pair in notes.items()]
    yield columns_of(noted, schema({"note_id": "text", "recipients": "number"}))


def _judge(job: Job, batches: Iterator[Any]) -> Iterator[Any]:
    """Judge the mails of a partition; the last row holds their totals."""
    names = [*EVENT_COLUMNS, "file", "recipients"]
    rows, notes = [], {}
    for batch in batches:
        for *row, recipients in rows_of(batch, names):
            rows.append(tuple(row))
            if recipients is not None:
                notes[row[0]] = recipients
    judged = judge_rows(classifier_of(job.beacon()), rows, notes)
    made = _plain({**COLUMNS, "tally": "text"})
    kept = [(*row, None) for row in Rows().judged(judged)]
    for start in range(0, len(kept), 50_000):
        yield columns_of(kept[start : start + 50_000], made)
    yield columns_of([(*(None for _ in COLUMNS), total(judged).to_json())], made)
