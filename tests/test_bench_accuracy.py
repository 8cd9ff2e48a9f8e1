"""The accuracy tables can be made, and the promised figures hold on small scenes of the other generator too."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mailbeacon import fake, networks
from mailbeacon.judging import Classifier, estimate_priors, explain
from mailbeacon.model import Hint, Kind, NetworkKind, Networks
from tests.bench.accuracy import figures, scored
from tests.bench.traffic import FIRST, TIMES, live, scene, whole

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
        found = figures(whole(fake.BUSINESS, 6000, 3, table=table, known="log"))
        assert found["machine opens called people"] <= 0.03


NOBODY_CAN_TELL = {
    "late click through a rented VPN": "a rented server, and a browser with all its header fields: unknown",
    "rented, one link and its pixel": "the same, where it comes late; else a machine",
    "assistant that signs": "a person's, but not a person: unknown",
}
LOGGED = {"late click through a rented VPN": "a log shows no gesture, so it looks like any scanner's"}


@pytest.mark.parametrize(("known", "links"), [*((known, 20) for known in TIMES), ("fine", 8)])
def test_who_is_easily_mistaken_is_not(known: str, links: int) -> None:
    """People called machines at most one in a thousand, and kept; machines found: in each behaviour by itself."""
    found: dict[str, Counter[bool | None]] = {}
    for told, verdict in whole(fake.MISTAKEN, 1600, 11, known=known, links=links):
        found.setdefault(told.does, Counter())[verdict.is_human] += 1
    assert len(found) > 20
    for does, said in found.items():
        who, name = does.split(": ", 1)
        name = name.rpartition(",")[0]
        if known == "log" and (name in LOGGED or name == "assistant that signs"):
            continue
        if who == "person":
            assert said[False] <= 0.001 * said.total(), does
            assert name in NOBODY_CAN_TELL or said[True] >= 0.99 * said.total(), does
        else:
            assert said[True] <= 0.05 * said.total(), does
            assert name in NOBODY_CAN_TELL or said[False] >= 0.97 * said.total(), does


def test_explanations_say_nothing_untrue() -> None:
    """Numbers of links, what they are counted from, and delivery or sending, held against the events themselves."""
    pairs = whole(fake.MISTAKEN, 1200, 7, links=20)
    followed: dict[object, set[int | None]] = {}
    for told, _ in pairs:
        event = told.event
        if event.kind is Kind.CLICK:
            followed.setdefault((event.mail, event.facts.network_id), set()).add(event.link)
    said = Counter[str]()
    for told, verdict in pairs:
        event, text = told.event, explain(verdict)
        links = followed.get((event.mail, event.facts.network_id), set())
        assert "all links" not in text
        assert "delivery" not in text  # nobody reported one
        for count, of in re.findall(r"the same client followed (\d+)(?: of the mail's (\d+))?", text):
            said["counted"] += 1
            assert 2 <= int(count) <= len(links)
            assert of in ("", "20")
        gone = (event.received_at - event.sent_at).total_seconds()
        for words, low, high in (("within an instant of", 0, 3), ("within seconds of", 3, 5), ("long after", 600, 1e9)):
            if f"{words} the sending" in text:
                said[words] += 1
                assert low <= gone <= high
    assert len(said) >= 3


def test_the_assistant_a_person_sent_has_a_name_and_is_neither() -> None:
    told = [told for told, _ in whole(fake.MISTAKEN, 1500, 11, links=8) if "assistant" in told.does]
    assert {one.event.facts.client for one in told} == {"ChatGPT agent"}


@pytest.mark.parametrize("audience", [fake.CONSUMER, fake.BUSINESS], ids=["consumer", "business"])
@pytest.mark.parametrize("known", TIMES)
def test_confidence_means_it_with_a_list_s_own_priors(audience: fake.Audience, known: str) -> None:
    """On another scene than the priors were estimated on: the mean squared error of the confidences of clicks, and of opens.

    Few clicks are drawn here, so that one wrong weighs much; the page shows larger scenes.
    """
    priors = estimate_priors(told.event for told in scene(audience, 5000, 6, known=known))
    told = scene(audience, 5000, 5, known=known)
    pairs = list(zip(told, Classifier(priors=priors).classify_all(one.event for one in told), strict=True))
    for kind in (Kind.CLICK, Kind.OPEN):
        assert scored([pair for pair in pairs if pair[0].event.kind is kind]).brier <= 0.02


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
