"""How right the verdicts are, on made-up traffic whose truth is known: ``python tests/bench/accuracy.py [--all]``.

Two generators, made apart from each other: the mixed business mailing of ``tests/scenes.py``, on which the weights were
set, and the audiences of ``mailbeacon.fake``, whose requests go through a beacon. Prints tables; asserts nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from mailbeacon import fake  # noqa: E402
from mailbeacon.judging import classify_all  # noqa: E402 - run as a program, the package is found beside it
from mailbeacon.model import Actor, Kind, Verdict  # noqa: E402
from tests.bench.bounds import TARGETS, Pairs, figures, reasons, scored, worst  # noqa: E402
from tests.bench.methods import compared  # noqa: E402
from tests.bench.traffic import AUDIENCES, TIMES, live, network_data, scene, whole  # noqa: E402
from tests.scenes import LabelledEvent, Mailing  # noqa: E402


def share(part: int, whole: int) -> str:
    return f"{part / whole:8.2%}" if whole else "       –"


def judged(
    seed: int,
    recipients: int,
    *,
    networks: bool = True,
    headers: bool = True,
    one_agent: bool = False,
    fit: bool = False,
) -> list[tuple[LabelledEvent, Verdict]]:
    told = Mailing(seed, with_networks=networks, with_headers=headers, one_agent=one_agent).told(recipients)
    return list(zip(told, classify_all((one.event for one in told), fit=fit), strict=True))


def means_it(pairs: Pairs) -> list[str]:
    """Return how well confidences come true: of clicks, then of opens, the Brier score and the worst bin's points."""
    found = []
    for kind in (Kind.CLICK, Kind.OPEN):
        score = scored([pair for pair in pairs if pair[0].event.kind is kind])
        bin_ = worst(score)
        found += [f"{score.brier:.4f}", f"{abs(bin_.said - bin_.right) if bin_ else 0:.1%}"]
    return found


def unsaid(pairs: Pairs) -> list[str]:
    """Return the share of clicks that are unknown, and of those whose maker is one how often the side it leans to is right."""
    clicks = [(told, verdict) for told, verdict in pairs if told.event.kind is Kind.CLICK]
    unknown = [(told, verdict) for told, verdict in clicks if verdict.actor is Actor.UNKNOWN]
    leaning = [verdict.leans == ("machine" if told.machine else "person") for told, verdict in unknown if verdict.leans]
    return [share(len(unknown), len(clicks)).strip(), share(sum(leaning), len(leaning)).strip()]


def scenes(seed: int, recipients: int) -> Iterator[tuple[str, str, Pairs]]:
    """Return every scene under every condition: what it is, with what data, and the judged events."""
    conditions = {
        "network data": (True, True),
        "none": (False, True),
        "log, network data": (True, False),
        "log, none": (False, False),
    }
    for data, (networks, headers) in conditions.items():
        for fit in ("", ", fit"):
            yield (
                "tests/scenes.py",
                data + fit,
                judged(seed, recipients, networks=networks, headers=headers, fit=bool(fit)),
            )
    for data, networks in (("network data", True), ("none", False)):
        for fit in ("", ", fit"):
            pairs = judged(seed, recipients, networks=networks, one_agent=True, fit=bool(fit))
            yield "one user agent", data + fit, pairs
    tables = network_data()
    for known in TIMES:
        for data, table in tables.items():
            for fit in ("", ", fit") if data != "iporigin" else ("",):
                pairs = whole(fake.MISTAKEN, recipients // 4, seed, table=table, known=known, links=20, fit=bool(fit))
                yield "mistaken, 20 links", f"{known}, {data}{fit}", pairs
        pairs = whole(fake.MISTAKEN, recipients // 4, seed, known=known, links=8)
        yield "mistaken, 8 links", f"{known}, own table", pairs
    for audience in AUDIENCES:
        yield f"{audience.name}, whole", "iporigin", whole(audience, recipients, seed, table=tables.get("iporigin"))
        for data in ("own table", "none"):
            table = tables[data]
            for fit in ("", ", fit"):
                for log in ("", "log, "):
                    known = "log" if log else "fine"
                    pairs = whole(audience, recipients, seed, table=table, known=known, fit=bool(fit))
                    yield f"{audience.name}, whole", f"{log}{data}{fit}", pairs
                pairs = live(audience, recipients, seed, table=table, fit=bool(fit))
                yield f"{audience.name}, live", data + fit, pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--recipients", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true", help="show behaviours, actors and calibration of every scene")
    options = parser.parse_args()
    for number, (name, target) in enumerate(TARGETS.items(), 1):
        print(f"({number}) {name}{f': {target}' if target else ''}")
    heads = [f"({number})" for number in range(1, len(TARGETS) + 1)]
    print("of confidences, clicks' and then opens': Brier score (<= 0.02, consumers 0.01), and the worst bin (<= 5 %)")
    print("of clicks that are unknown, which no bin holds: their share, and how often the side they lean to is right")
    print("\nThe last column says of a row that misses a bound whose events those are.\n")
    confidences = "clicks: Brier | bin | opens: Brier | bin | unknown | leans right"
    print(f"| scene | known | events | machines' clicks | {' | '.join(heads)} | {confidences} | why it misses |")
    print("|---" * (len(heads) + 11) + "|")
    kept = []
    for title, data, pairs in scenes(options.seed, options.recipients):
        clicks = [told.machine for told, _ in pairs if told.event.kind is Kind.CLICK]
        cells = [title, data, str(len(pairs)), share(sum(clicks), len(clicks)).strip()]
        cells += [*(f"{figure:.2%}" for figure in figures(pairs).values()), *means_it(pairs), *unsaid(pairs)]
        print(f"| {' | '.join(cells)} | {' · '.join(reasons(title, pairs))} |", flush=True)
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
