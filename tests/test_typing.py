"""What a type checker finds before any mail goes out: wrong names and values in ``Beacon(...)``."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from typing import get_type_hints

import pytest

from mailbeacon.settings import MoreOptions, Options, Settings

SLIPS = """\
from datetime import timedelta

import mailbeacon as mb
from mailbeacon.store import SqliteSink

BASE = "https://t.example.com/m"
KEYS = [b"an example key of 27 bytes!"]

good = mb.Beacon(BASE, secret_keys=KEYS, honor_dnt=True, sink=SqliteSink("x"), max_age=timedelta(days=9))
also = mb.Beacon(BASE, secret_keys=["an example key of 27 bytes!"], exclude=["seeds"], utm={"a": "b"})
more = mb.Beacon(BASE, secret_keys=("a key", b"another"), digest_keys=lambda day: b"", judge=mb.Classifier())
same = mb.Beacon(settings=mb.Settings(base_url=BASE, secret_keys=KEYS))
made = mb.Beacon.from_env({}, honor_dnt=True)
message = mb.Message(recipient="u-17", campaign="spring", metadata={"order": "8841"})

mb.Beacon(BASE, secret_keyz=KEYS)  # slip
mb.Beacon(BASE)  # slip
mb.Beacon(BASE, secret_keys=KEYS, honor_dnt="no")  # slip
mb.Beacon(BASE, secret_keys="an example key of 27 bytes!")  # slip
mb.Beacon(BASE, secret_keys=b"an example key of 27 bytes!")  # slip
mb.Beacon(BASE, secret_keys=KEYS, sink=SqliteSink)  # slip
mb.Beacon(BASE, secret_keys=KEYS, pixel="left")  # slip
mb.Beacon.from_env({}, honour_dnt=True)  # slip
mb.Settings(base_url=BASE, secret_keys="an example key of 27 bytes!")  # slip
mb.Message(recipient=17)  # slip
mb.Message(recipient="u-17", metadata={"order": 8841})  # slip
"""


@pytest.mark.parametrize("checker", [["mypy", "--strict", "--no-color-output"], ["pyright"]], ids=lambda call: call[0])
def test_a_type_checker_finds_each_slip_and_nothing_else(checker, tmp_path):
    if importlib.util.find_spec(checker[0]) is None:
        pytest.skip(f"{checker[0]} is not installed: it comes with the extra dev")
    file = tmp_path / "slips.py"
    file.write_text(SLIPS)
    call = [sys.executable, "-m", *checker, str(file)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    found = {int(line) for line in re.findall(r"slips\.py:(\d+):.*error", done.stdout)}
    assert found == {n for n, line in enumerate(SLIPS.splitlines(), 1) if "# slip" in line}, done.stdout + done.stderr


def test_the_keywords_are_the_settings():
    settings = get_type_hints(Settings)
    del settings["base_url"]
    assert get_type_hints(Options) == settings
    assert {*get_type_hints(MoreOptions), "secret_keys"} == {*settings}
