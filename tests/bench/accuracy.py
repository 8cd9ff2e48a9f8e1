"""How right the verdicts are, on made-up traffic whose truth is known: ``python tests/bench/accuracy.py [--all]``.

Two generators, made apart from each other: the mixed business mailing of ``tests/scenes.py``, on which the weights were
set, and the audiences of ``mailbeacon.fake``, whose requests go through a beacon. Prints tables; asserts nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from mailbeacon import fake  # noqa: E402
from mailbeacon.judging import Classifier  # noqa: E402 - run as a program, the package is found beside it
from mailbeacon.model import Actor, Kind, Verdict  # noqa: E402
from tests.bench.methods import compared  # noqa: E402
from tests.bench.traffic import AUDIENCES, FIRST, TIMES, UNTOLD, live, network_data, scene, whole  # noqa: E402
from tests.scenes import LabelledEvent, Mailing  # noqa: E402

Pairs = Sequence[tuple[LabelledEvent, Verdict]]
TARGETS = {
    "people's clicks kept": ">= 99 %",
    "bursts not called people": ">= 98 %, without network data >= 95 %",
    "Apple's proxy and Gmail's prefetch": "100 %",
    "machine opens called people": "<= 3 %",
    "the same, without Gmail's prefetch": "",
    "(2) with the first clicks that live verdicts cannot decide": "",
    "people's clicks called a machine's": "<= 0.1 %",
    "machines' clicks found, but for what nobody can tell": ">= 98 %",
    "all machines' clicks called people's, what nobody can tell too": "",
}
LEAST = 200
"""How many verdicts a bin of ten points must have for its confidence to be held against what came true."""


def share(part: int, whole: int) -> str:
    return f"{part / whole:8.2%}" if whole else "       –"


def judged(
    seed: int, recipients: int, *, networks: bool = True, headers: bool = True, one_agent: bool = False
) -> list[tuple[LabelledEvent, Verdict]]:
    told = Mailing(seed, with_networks=networks, with_headers=headers, one_agent=one_agent).told(recipients)
    return list(zip(told, Classifier().classify_all(one.event for one in told), strict=True))


def figures(pairs: Pairs) -> dict[str, float]:
    """Return the figures that are promised, as fractions."""

    def rate(hits: list[bool]) -> float:
        return sum(hits) / len(hits) if hits else 1.0

    clicks = [v.is_human for t, v in pairs if t.truth is Actor.HUMAN and t.event.kind is Kind.CLICK]
    opens = [(t, v.is_human is True) for t, v in pairs if t.machine and t.event.kind is Kind.OPEN]
    return {
        "people's clicks kept": rate([human is True for human in clicks]),
        "bursts not called people": rate([v.is_human is not True for t, v in pairs if _in_burst(t)]),
        "Apple's proxy and Gmail's prefetch": rate(
            [v.actor is t.truth for t, v in pairs if t.truth in (Actor.PRIVACY_PROXY, Actor.PREFETCH)]
        ),
        "machine opens called people": rate([called for _, called in opens]),
        "the same, without Gmail's prefetch": rate([called for t, called in opens if t.truth is not Actor.PREFETCH]),
        "(2) with the first clicks that live verdicts cannot decide": rate(
            [v.is_human is not True for t, v in pairs if "machine: burst" in t.does]
        ),
        "people's clicks called a machine's": rate([human is False for human in clicks]),
        "machines' clicks found, but for what nobody can tell": rate(
            [v.is_human is False for t, v in pairs if _is_machine_click(t) and t.does not in UNTOLD]
        ),
        "all machines' clicks called people's, what nobody can tell too": rate(
            [v.is_human is True for t, v in pairs if _is_machine_click(t)]
        ),
    }


def _is_machine_click(told: LabelledEvent) -> bool:
    return told.machine and told.event.kind is Kind.CLICK


def means_it(pairs: Pairs) -> str:
    """Return how well confidences come true: of clicks, then of opens, the Brier score and the worst bin's points."""
    found = []
    for kind in (Kind.CLICK, Kind.OPEN):
        score = scored([pair for pair in pairs if pair[0].event.kind is kind])
        worst = max((abs(one.said - one.right) for one in score.calibration if one.events >= LEAST), default=0.0)
        found.append(f"{score.brier:8.4f}{worst:7.1%}")
    return "  ".join(found)


def _in_burst(told: LabelledEvent) -> bool:
    return "machine: burst" in told.does and told.does != FIRST


def scored(pairs: Pairs) -> fake.Score:
    """Compare the verdicts with the truth."""
    told = [one for one, _ in pairs]
    truths = (fake.GroundTruth(actor=one.truth, behaviour=one.does) for one in told)
    return fake.score((one.event for one in told), (verdict for _, verdict in pairs), truths)


def scenes(seed: int, recipients: int) -> Iterator[tuple[str, str, Pairs]]:
    """Return every scene under every condition: what it is, with what data, and the judged events."""
    conditions = {
        "network data": (True, True),
        "none": (False, True),
        "log, network data": (True, False),
        "log, none": (False, False),
    }
    for data, (networks, headers) in conditions.items():
        yield "tests/scenes.py", data, judged(seed, recipients, networks=networks, headers=headers)
    for data, networks in (("network data", True), ("none", False)):
        yield "one user agent", data, judged(seed, recipients, networks=networks, one_agent=True)
    tables = network_data()
    for known in TIMES:
        for data, table in tables.items():
            pairs = whole(fake.MISTAKEN, recipients // 4, seed, table=table, known=known, links=20)
            yield "mistaken, 20 links", f"{known}, {data}", pairs
        pairs = whole(fake.MISTAKEN, recipients // 4, seed, known=known, links=8)
        yield "mistaken, 8 links", f"{known}, own table", pairs
    for audience in AUDIENCES:
        for data, table in tables.items():
            yield f"{audience.name}, whole", data, whole(audience, recipients, seed, table=table)
        for data in ("own table", "none"):
            yield f"{audience.name}, live", data, live(audience, recipients, seed, table=tables[data])
        for data in ("own table", "none"):
            pairs = whole(audience, recipients, seed, table=tables[data], known="log")
            yield f"{audience.name}, whole", f"log, {data}", pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--recipients", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true", help="show behaviours, actors and calibration of every scene")
    options = parser.parse_args()
    for number, (name, target) in enumerate(TARGETS.items(), 1):
        print(f"({number}) {name}{f': {target}' if target else ''}")
    heads = "".join(f"{f'({number})':>9}" for number in range(1, len(TARGETS) + 1))
    print(f"\n{'scene':20} {'network data':25} {'events':>7} {'scanned':>8}{heads}   clicks: Brier, worst bin; opens")
    kept = []
    for title, data, pairs in scenes(options.seed, options.recipients):
        clicks = [told.machine for told, _ in pairs if told.event.kind is Kind.CLICK]
        row = "".join(f"{figure:9.2%}" for figure in figures(pairs).values())
        print(
            f"{title:20} {data:25} {len(pairs):7} {share(sum(clicks), len(clicks))}{row} {means_it(pairs)}",
            flush=True,
        )
        if options.all or (data in ("network data", "own table") and "live" not in title):
            kept.append((f"{title}, {data}", pairs))
    for audience in (*AUDIENCES, fake.MISTAKEN):
        print(f"\n== {audience.name}: what others publish, on the same scene, with the package's own table of networks")
        print(
            "of people's clicks called a person's, a machine's; of machines' a machine's, a person's; the same of opens\n"
        )
        for name, shares in compared(scene(audience, options.recipients // 2, options.seed)):
            print(f"{name:46}" + "".join(f"{one:8.1%}" for one in shares), flush=True)
    for title, pairs in kept:
        print(f"\n== {title}: {len(pairs)} events\n")
        print(scored(pairs).text())


if __name__ == "__main__":
    main()
