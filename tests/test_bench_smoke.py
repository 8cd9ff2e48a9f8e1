"""The speed tables can be made: every row is there. What they say is no test's business, for a busy machine is no defect.

The table of speed is tested only where the peers of the extra ``bench`` are installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from mailbeacon.webhooks import PROVIDERS

ROOT = Path(__file__).resolve().parents[1]
ROWS = {
    "one recipient of a compiled campaign": {
        "pytracking",
        "lxml rewrite_links",
        "python-lolhtml",
        "same token and a bare join",
    },
    "one document, every message different": {"pytracking", "lxml rewrite_links", "python-lolhtml"},
    "one document, a new beacon each time": {"pytracking", "lxml rewrite_links", "python-lolhtml"},
    "sign and verify a message token": {"URLSafeSerializer"},
    "answer to an open: decode to reply": {"pytracking decode, unsigned"},
    "classify_all, scaled to a million events": {"a limit of 8 s", "8 s where pytracking takes 2,520 µs"},
    "classify_all, all events and half of them": {"half of them"},
    "scanner, hostile: open comments": {"n"},
    "import mailbeacon": {"its ground"},
}


@pytest.mark.parametrize("corpus", ["shared", "absent"])
def check_the_speed_table_has_all_its_rows(corpus, tmp_path):
    """With the shared documents, and with made-up ones in their place."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    if corpus == "absent":
        environment["MAILBEACON_SHARED"] = str(tmp_path)
    file = tmp_path / "speed.json"
    command = [sys.executable, str(ROOT / "tests" / "bench" / "speed.py"), "--quick", "--json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(file.read_text("utf-8"))["rows"]
    for work, peers in ROWS.items():
        assert work in done.stdout
        assert {row["peer"] for row in rows if row["work"] == work} >= peers, work
    sizes = {row["size"] for row in rows if row["work"] == "one recipient of a compiled campaign"}
    assert sizes == {"S", "M", "L", "XL"}
    assert all(row["ours"] > 0 and row["theirs"] > 0 and row["ratio"] > 0 for row in rows)
    assert f"of {sum(row['met'] is not None for row in rows)} targets met" in done.stdout


if all(map(find_spec, ("pytracking", "lxml", "lolhtml"))):
    test_the_speed_table_has_all_its_rows = check_the_speed_table_has_all_its_rows


def test_the_table_of_webhooks_has_a_row_for_each_provider(need):
    need("cryptography", "keys of the providers that sign")
    command = [sys.executable, str(ROOT / "tests" / "bench" / "webhooks.py"), "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == list(PROVIDERS)
