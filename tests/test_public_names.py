"""A public name works for two minor versions after the one that called it deprecated."""

from __future__ import annotations

import importlib
import re
import warnings

import pytest
from pages import DOCS
from public_names import FOLDER, listed, public

import mailbeacon

pytest.importorskip("django", reason="the names of the Django app")
pytest.importorskip("flask", reason="the names of the Flask extension")

VERSIONS = sorted((path.stem for path in FOLDER.glob("*.txt")), key=lambda text: tuple(map(int, text.split("."))))
CHANGELOG = (DOCS / "changelog.md").read_text("utf-8")


def minor(version: str) -> tuple[int, int]:
    major, number, _ = map(int, version.split("."))
    return major, number


def test_there_is_a_list_of_this_version_and_it_is_whole_when_released():
    assert VERSIONS[-1] == mailbeacon.__version__
    now, then = set(public()), set(listed(mailbeacon.__version__))
    if "\n## Unreleased\n" not in CHANGELOG:
        assert now == then


@pytest.mark.parametrize("version", VERSIONS)
def test_the_names_of_this_version_and_of_two_before_it_work(version):
    major, number = minor(mailbeacon.__version__)
    if minor(version) < (major, number - 2):
        pytest.skip("older than what is promised")
    now = set(public())
    for line in listed(version):
        module, name = line.split()
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            assert getattr(importlib.import_module(module), name) is not None, line
        assert line in now or DeprecationWarning in [one.category for one in said], f"{line} is gone without a word"


def test_a_name_that_is_deprecated_says_what_to_use_and_is_in_the_changelog():
    """Those of 0.1.0 that shadowed modules, or had two meanings, are the first."""
    from mailbeacon import agents, counting, fake, networks, privacy, replying, reporting

    for name in ("text", "json", "csv", "html"):
        with pytest.warns(DeprecationWarning, match=f"to_{name}"):
            assert getattr(reporting, name) is getattr(reporting, f"to_{name}")
    with pytest.warns(DeprecationWarning, match="use AgentRule"):
        assert agents.Rule is agents.AgentRule
    with pytest.warns(DeprecationWarning, match="use Location"):
        assert networks.Place is networks.Location
    with pytest.warns(
        DeprecationWarning,
        match=r"replying.level_now is deprecated and goes with 0.4: use mailbeacon\.privacy\.level_now",
    ):
        assert replying.level_now is privacy.level_now
    with pytest.warns(DeprecationWarning, match=r"replying.marked"):
        assert replying.marked is privacy.marked
    for name in ("score", "score_lines", "lines", "Score"):
        with pytest.warns(DeprecationWarning, match=f"fake.{name} is deprecated"):
            assert getattr(fake, name).__name__ in CHANGELOG
    for name in ("Audience", "Reader", "Windows"):
        with pytest.warns(DeprecationWarning, match=f"counting.{name} is deprecated"):
            assert getattr(counting, name).__name__ in CHANGELOG
    assert re.search(r"to_text", CHANGELOG)
