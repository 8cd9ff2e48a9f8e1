"""The accuracy tables can be made, and the promised figures hold on small scenes of the other generator too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mailbeacon import fake, networks
from mailbeacon.model import Hint, Kind, NetworkKind, Networks
from tests.bench.accuracy import figures
from tests.bench.traffic import FIRST, live, whole

ROOT = Path(__file__).resolve().parents[1]
NONE = networks.Table([], version="none")


@pytest.mark.parametrize("audience", [fake.CONSUMER, fake.BUSINESS, fake.INTERNAL], ids=lambda one: one.name)
@pytest.mark.parametrize(
    ("table", "bursts"), [pytest.param(None, 0.98, id="own table"), pytest.param(NONE, 0.95, id="no network data")]
)
def test_the_promised_figures_hold_on_made_up_audiences(
    audience: fake.Audience, table: Networks | None, bursts: float
) -> None:
    found = figures(whole(audience, 4000, 3, table=table))
    assert found["people's clicks kept"] >= 0.985  # few clicks, so one person with five tabs weighs much
    assert found["bursts not called people"] >= bursts
    assert found["Apple's proxy and Gmail's prefetch"] == 1
    assert found["machine opens called people"] <= 0.03


@pytest.mark.parametrize("audience", [fake.BUSINESS, fake.INTERNAL], ids=lambda one: one.name)
@pytest.mark.parametrize(
    ("table", "bursts"), [pytest.param(None, 0.98, id="own table"), pytest.param(NONE, 0.95, id="no network data")]
)
def test_live_verdicts_keep_the_promise_but_for_first_clicks(
    audience: fake.Audience, table: Networks | None, bursts: float
) -> None:
    pairs = live(audience, 4000, 3, table=table)
    assert figures(pairs)["bursts not called people"] >= bursts
    assert figures(pairs)["people's clicks kept"] >= 0.985
    clicked: set[str] = set()
    for told, _ in pairs:
        event = told.event
        if told.does == FIRST:
            assert event.message_id not in clicked
            assert Hint.SEC_FETCH in event.facts.hints
            assert event.facts.network.kind is NetworkKind.UNKNOWN
        if event.kind is not Kind.OPEN:
            clicked.add(event.message_id)
    assert any(told.does == FIRST for told, _ in pairs)


def test_logs_do_not_turn_machines_opens_into_peoples() -> None:
    for table in (None, NONE):
        found = figures(whole(fake.BUSINESS, 6000, 3, table=table, headers=False))
        assert found["machine opens called people"] <= 0.03


def test_live_verdicts_are_on_the_same_events() -> None:
    """All but those of readers who asked not to be tracked."""
    together, one_by_one = whole(fake.INTERNAL, 200, 1), live(fake.INTERNAL, 200, 1)
    assert [told.event.id for told, _ in together] == [told.event.id for told, _ in one_by_one]


@pytest.mark.parametrize("program", ["accuracy.py --recipients 40", "agents.py"])
def test_the_tables_are_printed(program: str, tmp_path: Path) -> None:
    name, *options = program.split()
    command = [sys.executable, str(ROOT / "tests" / "bench" / name), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "\n\n" in done.stdout
