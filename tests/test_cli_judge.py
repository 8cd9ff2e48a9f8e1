"""``mailbeacon judge`` and ``mailbeacon export``: logs and stores in, figures and Parquet out."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from servers import PATIENCE, running

import mailbeacon as mb
from mailbeacon import fake, logs
from mailbeacon.cli import main
from mailbeacon.fake.traffic import sample_beacon, sample_traffic
from mailbeacon.store import JsonlSink, SqliteSink

KEY = "a key for tests, no secret at all"


@pytest.fixture(scope="module")
def traffic():
    beacon, _, _ = sample_beacon()
    return sample_traffic(beacon, "business", recipients=200)


@pytest.fixture
def log(tmp_path: Path, traffic, monkeypatch) -> Path:
    monkeypatch.setenv("MAILBEACON_SECRET_KEYS", "")
    (tmp_path / "keys").write_text(KEY)
    path = tmp_path / "access.log"
    path.write_text("".join(f"{line}\n" for line in fake.log_lines(traffic.hits, "nginx")) + "nonsense\n")
    return path


def judge(log: Path, *more: str) -> int:
    key = [] if "--key-file" in more else ["--key-file", str(log.with_name("keys"))]
    return main(["judge", str(log), *key, *more])


def test_a_log_gives_figures_and_says_its_format_and_what_was_lost(log: Path, capsys, traffic):
    assert judge(log, "--json", "--rejects", str(log.with_name("lost"))) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)
    assert f"{log}: combined" in printed.err
    assert "1 line of the log could not be read." in printed.out
    file, number, _, line = log.with_name("lost").read_text().rstrip("\n").split("\t")
    assert (file, int(number), line) == (str(log), len(traffic.hits) + 1, "nonsense")


def figures(text: str) -> object:
    found = json.loads(text)
    return {name: value for name, value in found.items() if name not in ("title", "made_at", "notes")}


@pytest.mark.parametrize("given", [["1000"], ["spring=900", "autumn=100"], ["spring/a=400", "spring/b=500"]])
def test_rates_by_delivered_mails_are_those_of_a_store_from_the_log_and_from_its_folder(
    log: Path, tmp_path: Path, capsys, given, need
):
    need("pyarrow", "Parquet")
    beacon, _, _ = sample_beacon()
    made = [mb.Message(recipient=f"u-{n}", campaign="spring", id=f"m-{n}", variant="ab"[n % 2]) for n in range(40)]
    lines = [
        f'192.0.2.{n} - - [03/Nov/2026:10:00:{n:02} +0000] "GET {beacon.open_url(one)} HTTP/1.1" 200 43 "-" "Mozilla/5.0"\n'
        for n, one in enumerate(made)
    ]
    log.write_text("".join(lines))
    with JsonlSink(tmp_path / "events.jsonl") as sink:
        for event in logs.read(str(log), beacon, "nginx"):
            sink.record(event)
    more = [part for one in given for part in ("--delivered", one)]
    assert main(["report", str(tmp_path / "events.jsonl"), "--json", *more]) == 0
    expected = json.loads(capsys.readouterr().out)
    assert expected["open_rate"] is not None
    assert judge(log, "--json", "--out", str(tmp_path / "out"), *more) == 0
    own = json.loads(capsys.readouterr().out)
    assert main(["report", str(tmp_path / "out"), "--json", *more]) == 0
    folder = json.loads(capsys.readouterr().out)
    for found in (own, folder):
        assert figures(json.dumps(found)) == figures(json.dumps(expected))
        assert [one for one in found["notes"] if "Delivered" in one] == expected["notes"]


def test_numbers_of_delivered_mails_that_do_not_fit_cost_no_figures(log: Path, capsys):
    assert judge(log, "--delivered", "summer=7") == 2
    found = capsys.readouterr()
    assert "Delivered: not known" in found.out
    assert "argument --delivered: campaign 'allotment' has no number" in found.err


@pytest.mark.parametrize(
    ("campaigns", "title"), [(["spring"], "spring"), ([""], "access.log"), (["spring", "summer"], "access.log")]
)
def test_the_figures_bear_the_name_of_the_campaign_where_it_is_one(log: Path, capsys, campaigns, title):
    beacon, _, _ = sample_beacon()
    urls = [beacon.open_url(mb.Message(recipient="u-1", campaign=one, id=f"{one}-1")) for one in campaigns]
    log.write_text("".join(f'192.0.2.1 - - [03/Nov/2026:10:00:00 +0000] "GET {url} HTTP/1.1" 200 43\n' for url in urls))
    assert judge(log, "--json") == 0
    assert json.loads(capsys.readouterr().out)["title"] == title


def test_with_workers_a_folder_or_standard_output_the_figures_are_the_same(log: Path, tmp_path: Path, capsys, need):
    need("pyarrow", "Parquet")
    assert judge(log, "--json") == 0
    expected = figures(capsys.readouterr().out)
    for more in (
        ["--out", str(tmp_path / "one")],
        ["--workers", "2", "--out", str(tmp_path / "two")],
        ["--engine", "duckdb"],
    ):
        assert judge(log, "--json", *more) == 0
        assert figures(capsys.readouterr().out) == expected
    for folder in ("one", "two"):
        assert main(["report", str(tmp_path / folder), "--json"]) == 0
        assert figures(capsys.readouterr().out) == expected


def test_a_run_that_goes_on_counts_nothing_twice_and_keeps_the_rejects(log: Path, tmp_path: Path, capsys, need):
    need("pyarrow", "Parquet")
    out, lost, whole = tmp_path / "out", tmp_path / "lost", log.read_text().splitlines(keepends=True)
    log.write_text("".join(["nonsense\n", *whole[:60]]))
    more = ["--out", str(out), "--resume", "--rejects", str(lost), "--json"]
    assert judge(log, *more) == 0
    log.write_text("".join(["nonsense\n", *whole]))
    assert judge(log, *more) == 0
    capsys.readouterr()
    assert judge(log, *more) == 0
    resumed = figures(capsys.readouterr().out)
    assert judge(log, "--json") == 0
    assert resumed == figures(capsys.readouterr().out)
    assert [line.split("\t")[1] for line in lost.read_text().splitlines()] == ["1", str(len(whole) + 1)]


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (["--resume"], "needs --out"),
        (["--fit", "--resume", "--out", "x"], "twice"),
        (["--format", "nonsense"], "there is no format"),
        (["--zone", "Nowhere/Land"], "must be a zone"),
        (["--delivered", "7", "--delivered", "8"], "argument --delivered: give one number, or one for each campaign"),
        (["--format", "$request"], "no time"),
    ],
)
def test_what_cannot_work_is_told_in_one_line(log: Path, capsys, more: list[str], what: str):
    assert judge(log, *more) == 2
    assert what in capsys.readouterr().err


def test_a_judge_that_learned_from_the_log_gives_the_same_figures_however_the_work_is_done(
    log: Path, tmp_path: Path, capsys, need
):
    need("pyarrow", "Parquet")
    from mailbeacon.engines.results import read_parts

    beacon, _, _ = sample_beacon()
    many = sample_traffic(beacon, "business", recipients=4000)
    log.write_text("".join(f"{line}\n" for line in fake.log_lines(many.hits, "nginx")))
    found = []
    for number, more in enumerate(([], ["--workers", "2"], ["--engine", "duckdb"])):
        assert judge(log, "--json", "--fit", "--out", str(tmp_path / f"out{number}"), *more) == 0
        found.append(figures(capsys.readouterr().out))
        assert main(["report", str(tmp_path / f"out{number}"), "--fit"]) == 2
        assert "judged already" in capsys.readouterr().err
    assert found[0] == found[1] == found[2]
    versions = {verdict.version for part in read_parts(tmp_path / "out0") for _, verdict in part}
    assert all(re.match(r"rules \d{4}\.\d+\.\d+\+\w{8};", version) for version in versions)


def test_a_log_that_is_not_there_is_told(tmp_path: Path, log: Path, capsys):
    assert judge(tmp_path / "keys.none", "--key-file", str(tmp_path / "keys")) == 1
    assert "keys.none: no such file" in capsys.readouterr().err


def test_a_log_from_standard_input_is_read_where_its_format_is_named(log: Path, capsys, monkeypatch):
    with log.open("rb") as file:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=file))
        assert judge(Path("-"), "--key-file", str(log.with_name("keys")), "--format", "nginx", "--json") == 0
    piped = figures(capsys.readouterr().out)
    assert judge(log, "--json") == 0
    assert piped == figures(capsys.readouterr().out)
    assert judge(Path("-"), "--key-file", str(log.with_name("keys"))) == 2
    assert "name it" in capsys.readouterr().err


@pytest.mark.parametrize("more", [[], ["--workers", "2"]], ids=["one process", "two"])
def test_where_no_key_fits_it_is_told_that_a_key_may_be_missing(log: Path, tmp_path: Path, capsys, more, traffic):
    (tmp_path / "others").write_text("another key, no secret at all either")
    assert judge(log, "--key-file", str(tmp_path / "others"), "--json", *more) == 0
    told = capsys.readouterr().err
    assert f"0 events in {len(traffic.hits) + 1} lines" in told
    lines = re.search(r"mailbeacon: (\d+) lines ask for tracking URLs that none of these keys signed", told)
    assert lines
    assert int(lines[1]) > len(traffic.hits) // 2
    assert judge(log, "--json", *more) == 0
    assert "none of these keys" not in capsys.readouterr().err


def test_a_line_doubled_very_late_counts_once_with_and_without_a_folder(
    log: Path, tmp_path: Path, capsys, need, monkeypatch
):
    need("pyarrow", "Parquet")
    monkeypatch.setattr("mailbeacon.engines.streaming._LEAST", 40)
    monkeypatch.setattr("mailbeacon.logs.files.blocks.__kwdefaults__", {"finished": None, "size": 3_000})
    assert judge(log, "--json") == 0
    expected = figures(capsys.readouterr().out)
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join([*lines, *lines[10:13]]))
    for more in ([], ["--out", str(tmp_path / "out")]):
        assert judge(log, "--json", *more) == 0
        told = json.loads(capsys.readouterr().out)
        assert "3 events came too late to be judged with those of their time." in told["notes"]
        assert figures(json.dumps(told)) == expected


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        pytest.param([], r"[\d,]+ lines, [\d,]+ a second(, \d+ s left)?", id="one process"),
        pytest.param(["--workers", "2"], r"megabytes: 1 of 1, [\d,]+ a minute", id="two processes"),
        pytest.param(["--engine", "duckdb"], r"judging: 4 of 16, [\d,]+ a minute, \d+ s left", id="DuckDB"),
    ],
)
def test_on_a_terminal_the_rate_and_what_is_left_are_shown(log: Path, capsys, monkeypatch, more, shown, need):
    if "duckdb" in more:
        need("duckdb", "the engine duckdb")
    monkeypatch.setattr("mailbeacon.engines.streaming._LEAST", 40)
    monkeypatch.setattr("mailbeacon.logs.files.blocks.__kwdefaults__", {"finished": None, "size": 3_000})
    monkeypatch.setattr("mailbeacon.cli.console._SECONDS_BETWEEN", 0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert judge(log, "--json", *more) == 0
    told = capsys.readouterr().err
    assert re.search(shown, told)
    if not more:
        assert " s left" in told


def test_of_standard_input_the_rate_is_shown_and_no_remaining_time(log: Path, capsys, monkeypatch):
    monkeypatch.setattr("mailbeacon.engines.streaming._LEAST", 40)
    monkeypatch.setattr("mailbeacon.logs.files.blocks.__kwdefaults__", {"finished": None, "size": 3_000})
    monkeypatch.setattr("mailbeacon.cli.console._SECONDS_BETWEEN", 0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with log.open("rb") as file:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=file))
        assert judge(Path("-"), "--key-file", str(log.with_name("keys")), "--format", "nginx", "--json") == 0
    told = capsys.readouterr().err
    assert re.search(r"[1-9][\d,]* lines, [\d,]+ a second", told)
    assert " left" not in told


@pytest.mark.skipif(
    not hasattr(signal, "pthread_sigmask"), reason="a terminal's Ctrl-C goes to the whole group on POSIX only"
)
def test_ctrl_c_ends_a_run_with_workers_in_one_line(log: Path):
    log.write_text(log.read_text() * 300)  # it takes some seconds, so that Ctrl-C comes before its end
    command = [
        sys.executable,
        "-m",
        "mailbeacon",
        "judge",
        str(log),
        "--key-file",
        str(log.with_name("keys")),
        "--workers",
        "2",
    ]
    with running(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        assert "combined" in process.stderr.readline()  # its processes start now
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=PATIENCE)[1] == "mailbeacon: stopped\n"
    assert process.returncode == 130


@pytest.mark.parametrize("kind", ["SQLite", "JSON lines", "a database"])
def test_a_store_is_exported_with_its_verdicts(kind: str, tmp_path: Path, traffic, capsys, need):
    need("pyarrow", "Parquet")
    from mailbeacon.engines.parquet import read_rows
    from mailbeacon.engines.rows import Rows

    source, rows = str(tmp_path / "events"), Rows()
    if kind == "a database":
        need("sqlalchemy", "SQL databases")
        from mailbeacon.store.sql import SqlSink

        source = f"sqlite:///{tmp_path / 'events'}"
        sink = SqlSink(source, wait=timedelta(seconds=PATIENCE))
    else:
        sink = SqliteSink(source) if kind == "SQLite" else JsonlSink(source)
    for event, _ in traffic.events():
        sink.record(traffic.beacon.redact(event), traffic.beacon.judge.classify(event))
    stored = list(sink.events())
    sink.close()
    assert main(["export", source, str(tmp_path / "events.parquet")]) == 0
    assert f"{len(stored):,} events written" in capsys.readouterr().out
    assert [(rows.event(row), rows.verdict(row)) for row in read_rows([tmp_path / "events.parquet"])] == stored


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("nonsense://there", id="a database of no known kind"),
        pytest.param("sqlite:////nowhere/at/all", id="a database that is not there"),
        pytest.param("nowhere.sqlite", id="a file that is not there"),
        pytest.param("://", id="no URL"),
    ],
)
def test_what_cannot_be_exported_is_one_line(source: str, tmp_path: Path, monkeypatch, capsys, need):
    need("pyarrow", "Parquet")
    need("sqlalchemy", "SQL databases")
    monkeypatch.chdir(tmp_path)
    assert main(["export", source, "events.parquet"]) == 1
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("mailbeacon: cannot ")
    assert not Path("events.parquet").exists()


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have modes")
def test_what_holds_readers_and_lines_of_the_log_is_for_its_owner_alone(log: Path, tmp_path: Path, capsys, need):
    need("pyarrow", "Parquet")
    out, lost = tmp_path / "judged", tmp_path / "lost"
    assert judge(log, "--out", str(out), "--rejects", str(lost)) == 0
    files = [lost, *out.rglob("*.parquet")]
    assert len(files) > 1
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
