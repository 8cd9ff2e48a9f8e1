"""``mailbeacon judge`` with each engine: the figures of one process, a folder that ``mailbeacon report`` reads, and no noise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailbeacon import fake
from mailbeacon.cli import main
from mailbeacon.engines import ENGINES
from mailbeacon.fake.traffic import sample_beacon, sample_traffic

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
_PACKAGES = {"duckdb": "duckdb", "dask": "distributed", "spark": "pyspark"}


def figures(text: str) -> dict[str, object]:
    """Return what a report counts."""
    return {name: value for name, value in json.loads(text).items() if name not in ("title", "made_at", "notes")}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_prints_the_figures_of_one_process_and_leaves_them_in_a_folder(
    tmp_path: Path, capfd, engine: str, need
):
    need("pyarrow", "Parquet")
    if engine in _PACKAGES:
        need(_PACKAGES[engine], f"the engine {engine}")
    if engine == "spark":
        need("java", "spark")
    log, out = tmp_path / "access.log", tmp_path / "out"
    beacon, _, _ = sample_beacon()
    traffic = sample_traffic(beacon, "business", recipients=100)
    log.write_text("".join(f"{line}\n" for line in fake.log_lines(traffic.hits, "nginx")) + "nonsense\n")
    (tmp_path / "keys").write_text("a key for tests, no secret at all")
    judge = ["judge", str(log), "--key-file", str(tmp_path / "keys"), "--json"]
    assert main([*judge, "--rejects", str(tmp_path / "one")]) == 0
    printed = capfd.readouterr()
    workers = ["--workers", "2"] if engine == "local" else []
    assert main([*judge, "--engine", engine, "--out", str(out), "--rejects", str(tmp_path / "more"), *workers]) == 0
    found = capfd.readouterr()
    assert figures(found.out) == figures(printed.out)
    assert [line for line in found.err.splitlines() if line.startswith("mailbeacon: ")] == printed.err.splitlines()
    assert [noise for noise in ("FutureWarning", "[Stage", "Truncated") if noise in found.err] == []
    assert (tmp_path / "more").read_text() == (tmp_path / "one").read_text()
    assert main(["report", str(out), "--json"]) == 0
    assert figures(capfd.readouterr().out) == figures(printed.out)
