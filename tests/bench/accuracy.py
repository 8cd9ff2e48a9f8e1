"""How right the verdicts are, on made-up mixed business traffic whose truth is known.

Run: python -m tests.bench.accuracy [--recipients 60000] [--seed 1]. Prints tables; asserts nothing.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Sequence

from mailbeacon.judging import Classifier
from mailbeacon.model import Actor, Kind, Verdict
from tests.scenes import UNDECIDABLE, Mailing, Told

Pairs = Sequence[tuple[Told, Verdict]]


def share(part: int, whole: int) -> str:
    return f"{part / whole:8.2%}" if whole else "       –"


def judged(seed: int, recipients: int, *, networks: bool = True, headers: bool = True) -> list[tuple[Told, Verdict]]:
    told = Mailing(seed, with_networks=networks, with_headers=headers).told(recipients)
    return list(zip(told, Classifier().classify_all(one.event for one in told), strict=True))


def figures(pairs: Pairs) -> dict[str, float]:
    """Give the four figures that are promised, as fractions."""

    def rate(hits: list[bool]) -> float:
        return sum(hits) / len(hits) if hits else 1.0

    return {
        "people's clicks kept": rate([v.is_human is True for t, v in pairs if t.does == "person: clicks"]),
        "bursts not called people": rate([v.is_human is not True for t, v in pairs if t.does == "machine: burst"]),
        "Apple's proxy and Gmail's prefetch": rate(
            [v.actor is t.truth for t, v in pairs if t.truth in (Actor.PRIVACY_PROXY, Actor.PREFETCH)]
        ),
        "machine opens called people": rate(
            [v.is_human is True for t, v in pairs if t.machine and t.event.kind is Kind.OPEN]
        ),
    }


def show_behaviours(pairs: Pairs) -> None:
    rows: dict[str, Counter[bool | None]] = defaultdict(Counter)
    for told, verdict in pairs:
        rows[told.does][verdict.is_human] += 1
    print(f"{'behaviour':55} {'events':>7}   person  unknown  machine")
    for does, seen in sorted(rows.items(), key=lambda row: (row[0] == UNDECIDABLE, row[0])):
        total = seen.total()
        print(f"{does:55} {total:7} {share(seen[True], total)} {share(seen[None], total)} {share(seen[False], total)}")


def show_actors(pairs: Pairs) -> None:
    print(f"\n{'actor':55}  said   precision  recall")
    for actor in Actor:
        said = sum(verdict.actor is actor for _, verdict in pairs)
        true = sum(told.truth is actor for told, _ in pairs)
        both = sum(told.truth is actor is verdict.actor for told, verdict in pairs)
        if said or true:
            print(f"{actor.value:55} {said:6}  {share(both, said)} {share(both, true)}")


def show_calibration(pairs: Pairs) -> None:
    bins: dict[int, list[bool]] = defaultdict(list)
    sure: dict[int, float] = defaultdict(float)
    error, count = 0.0, 0
    for told, verdict in pairs:
        if verdict.actor is Actor.UNKNOWN:
            continue
        right = verdict.actor is told.truth
        place = min(9, int(verdict.confidence * 10))
        bins[place].append(right)
        sure[place] += verdict.confidence
        error, count = error + (verdict.confidence - right) ** 2, count + 1
    print(f"\n{'confidence said (UNKNOWN left out)':55} events     said    right")
    for place, rights in sorted(bins.items()):
        mean = sure[place] / len(rights)
        label = f"{place / 10:.1f} to {place / 10 + 0.1:.1f}"
        print(f"{label:55} {len(rights):6} {mean:8.2%} {share(sum(rights), len(rights))}")
    print(f"Brier score {error / max(count, 1):.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for title, networks, headers in (
        ("With network data and headers", True, True),
        ("Without network data", False, True),
        ("An access log: network data, no headers", True, False),
        ("An access log without network data", False, False),
    ):
        pairs = judged(options.seed, options.recipients, networks=networks, headers=headers)
        clicks = [told.machine for told, _ in pairs if told.event.kind is Kind.CLICK]
        print(f"\n== {title}: {len(pairs)} events, {share(sum(clicks), len(clicks)).strip()} of clicks by scanners\n")
        for name, figure in figures(pairs).items():
            print(f"{name:55} {figure:.2%}")
        print()
        show_behaviours(pairs)
        show_actors(pairs)
        show_calibration(pairs)


if __name__ == "__main__":
    main()
