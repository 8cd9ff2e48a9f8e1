"""Every engine gives the figures of one list, to the last digit."""

from __future__ import annotations

import gzip
import importlib
import socket
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from mailbeacon import Beacon, engines, fake, logs, tally
from mailbeacon.engines import Job, Stream, judge_logs, read_judged, tally_of
from mailbeacon.engines.rows import COLUMNS, Rows
from mailbeacon.errors import ConfigError, MissingExtra
from mailbeacon.fake.traffic import sample_beacon, sample_traffic
from mailbeacon.judging import Classifier, Needs, rule
from tests import making

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
KEY = b"a key for tests, no secret at all"
host = partial(Beacon, "https://t.example.com/m", secret_keys=[KEY])


def odd_rules() -> Beacon:
    """A host with a rule that looks at whole networks."""

    @rule(family="own", weight=1.0, source="this test", needs=Needs.EVENT)
    def own(event, around):
        """See nothing."""
        return ""

    return making.beacon(secret_keys=[KEY], judge=Classifier([own]))


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> tuple[list[str], str]:
    """Files of a log with everything that may go wrong in them, and the figures of one list."""
    folder = tmp_path_factory.mktemp("logs")
    beacon, _, _ = sample_beacon()
    traffic = sample_traffic(beacon, "business", recipients=900)
    lines = list(fake.log_lines(traffic.hits, "nginx"))
    burst = [line.replace(line.partition(" ")[0], "198.51.100.7", 1) for line in lines[-30:]]
    clock = burst[-1].partition("[")[2].partition("]")[0]
    burst = [line.replace(line.partition("[")[2].partition("]")[0], clock) for line in burst]  # one network, one second
    middle = len(lines) // 2
    whole = [*lines[:middle], lines[middle - 1], "nonsense", *lines[middle:], *burst]
    (folder / "a.log").write_text("".join(f"{line}\n" for line in whole[: middle + 40]))
    (folder / "b.log.gz").write_bytes(gzip.compress("".join(f"{line}\n" for line in whole[middle + 20 :]).encode()))
    paths = [str(folder / "a.log"), str(folder / "b.log.gz")]
    events = {event.id: event for event in logs.read(paths, beacon, on_error=lambda *_: None)}.values()
    return paths, tally(events, beacon.judge.classify_all(events)).closed().to_json()


def job(paths: list[str], **options: object) -> Job:
    return Job(paths=paths, beacon=host, partitions=5, piece_bytes=20_000, **options)


def test_the_log_has_a_crowd_in_it_so_that_two_groupings_are_needed(log):
    beacon = host()
    found = list(logs.read(log[0], beacon, on_error=lambda *_: None))
    assert beacon.judge.classify_all(found) != beacon.judge.classify_all(found, networks={})


@pytest.mark.parametrize("engine", engines.ENGINES)
def test_every_engine_gives_the_figures_of_one_list(log, tmp_path: Path, engine: str, need):
    need("pyarrow", "Parquet")
    if engine in ("duckdb", "dask", "spark"):
        need({"duckdb": "duckdb", "dask": "distributed", "spark": "pyspark"}[engine], f"the engine {engine}")
    if engine == "spark":
        need("java", "spark")
    paths, expected = log
    with socket.socket() as other:
        with suppress(OSError):  # Dask's usual port belongs to another, as it may on any machine
            other.bind(("", 8787))
            other.listen()
        outcome = judge_logs(job(paths), engine=engine, out=tmp_path)
    assert outcome.tally.to_json() == expected
    assert tally_of(tmp_path).to_json() == expected
    assert (outcome.counts.errors, [reject.line for reject in outcome.rejects]) == (1, ["nonsense"])
    assert outcome.rejects[0].number == _number(paths[0])


def _number(path: str) -> int:
    return Path(path).read_text().split("\n").index("nonsense") + 1


def test_a_stream_gives_the_figures_of_one_list(log, tmp_path: Path, need, monkeypatch):
    need("pyarrow", "Parquet")
    monkeypatch.setattr("mailbeacon.engines.streaming._LEAST", 100)
    paths, expected = log
    stream = Stream(job=job(paths), out=tmp_path)
    batches = list(stream.run())
    assert sum(bool(batch) for batch in batches) > 1
    assert tally(pair for batch in batches for pair in batch).closed().to_json() == expected
    assert tally_of(tmp_path).to_json() == expected
    assert stream.late == 0


def test_parquet_is_read_again_and_judged_again_to_the_same(log, tmp_path: Path, need):
    need("pyarrow", "Parquet")
    need("duckdb", "the engine duckdb")
    judge_logs(job(log[0]), engine="duckdb", out=tmp_path / "one")
    again = judge_logs(job([str(tmp_path / "one" / "judged" / "*.parquet")]), engine="duckdb", out=tmp_path / "two")
    assert again.tally.to_json() == log[1]
    assert sorted(read_judged(tmp_path / "one"), key=_name) == sorted(read_judged(tmp_path / "two"), key=_name)


def _name(pair) -> str:
    return pair[0].id


def test_duckdb_answers_sql_over_what_was_judged(log, tmp_path: Path, need):
    need("pyarrow", "Parquet")
    need("duckdb", "SQL over Parquet")
    from mailbeacon.engines.on_duckdb import connect

    judge_logs(job(log[0]), engine="duckdb", out=tmp_path)
    with connect(tmp_path) as connection:
        people = connection.execute(
            "SELECT count(DISTINCT (campaign, message_id, recipient)) FROM judged WHERE kind = 'click' AND is_human"
        ).fetchone()
    assert people == (tally_of(tmp_path).count("click").messages.people,)


def test_spark_reads_the_parquet_too(log, tmp_path: Path, need):
    need("pyarrow", "Parquet")
    need("pyspark", "the engine spark")
    need("java", "spark")
    from pyspark.sql import SparkSession

    judge_logs(job(log[0]), out=tmp_path)
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        found = spark.read.parquet((tmp_path / "judged").as_posix())
        assert found.columns == [*COLUMNS]
        assert {row["id"] for row in found.select("id").collect()} == {event.id for event, _ in read_judged(tmp_path)}
    finally:
        spark.stop()


def test_polars_reads_the_parquet_too(log, tmp_path: Path, need):
    need("pyarrow", "Parquet")
    polars = need("polars", "reading Parquet with polars")
    judge_logs(job(log[0]), out=tmp_path)
    frame = polars.read_parquet(tmp_path / "judged" / "*.parquet")
    assert frame.columns == list(COLUMNS)
    assert len(frame) == sum(1 for _ in read_judged(tmp_path))


def test_a_row_holds_all_of_an_event_and_its_verdict():
    beacon, _, _ = sample_beacon()
    traffic = sample_traffic(beacon, "business", recipients=100)
    events = [event.changed(metadata={"a": "é"}, headers=(("referer", "x"),)) for event, _ in traffic.events()]
    verdicts = beacon.judge.classify_all(events)
    rows = Rows()
    for row, event, verdict in zip(Rows().judged(zip(events, verdicts, strict=True)), events, verdicts, strict=True):
        assert (rows.event(row), rows.verdict(row)) == (event, verdict)
        assert len(row) == len(COLUMNS)


def test_what_judges_whole_networks_or_is_no_classifier_is_refused(log):
    with pytest.raises(ConfigError, match="whole networks"):
        judge_logs(Job(paths=log[0], beacon=odd_rules), engine="duckdb")
    with pytest.raises(ConfigError, match="no engine"):
        judge_logs(job(log[0]), engine="abacus")


@pytest.mark.parametrize("number", [0, -1, 1.5, "2"])
def test_how_many_parts_bytes_and_workers_is_a_whole_number_from_one(log, number):
    for name in ("partitions", "piece_bytes"):
        with pytest.raises(ConfigError, match=f"{name} must be a whole number from 1"):
            Job(paths=log[0], beacon=host, **{name: number})
    with pytest.raises(ConfigError, match="workers must be a whole number from 1"):
        judge_logs(job(log[0]), workers=number)


@pytest.mark.parametrize(
    ("module", "extra", "library"),
    [("on_duckdb", "duckdb", "duckdb"), ("on_dask", "dask", "distributed"), ("on_spark", "spark", "pyspark.sql")],
)
def test_without_its_extra_an_engine_tells_the_pip_line(log, module: str, extra: str, library: str, monkeypatch):
    found = importlib.import_module(f"mailbeacon.engines.{module}")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra, match=rf"mailbeacon\[{extra}\]"):
        found.judge_logs(job(log[0]))


def test_without_arrow_figures_are_made_but_no_parquet(log, tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert tally(pair for batch in Stream(job=job(log[0])).run() for pair in batch).closed().to_json() == log[1]
    with pytest.raises(MissingExtra, match=r"mailbeacon\[arrow\]"):
        list(Stream(job=job(log[0]), out=tmp_path).run())
