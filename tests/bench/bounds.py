"""What is aimed at, and why a row of the accuracy table misses it: from its own events, so that a reason is true of its row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from math import log2

from mailbeacon import fake
from mailbeacon.model import Actor, Kind, Verdict
from tests.bench.untold import FIRST, UNTOLD
from tests.scenes import LabelledEvent

__all__ = ["LEAST", "TARGETS", "Pairs", "bound_of", "figures", "least", "reasons", "scored", "worst"]

Pairs = Sequence[tuple[LabelledEvent, Verdict]]
Pair = tuple[LabelledEvent, Verdict]
LEAST = 200
"""How many verdicts a bin of ten points must have for its confidence to be held against what came true."""
TARGETS = {
    "people's clicks kept": ">= 99.5 %",
    "people's clicks called a machine's": "<= 0.1 %",
    "machines' clicks found, but for what nobody can tell": ">= 98 %",
    "all machines' clicks called people's, what nobody can tell too": "",
    "bursts not called people": ">= 98 %, without network data >= 95 %; the first clicks of live ones are left out",
    "machine opens called people": "",
    "the same, but for what nobody can tell": "<= 5 %",
    "Apple's proxy and Gmail's prefetch": "100 %",
}
_KEPT, _FOUND, _LOST, _OPENS, _OFF = 0.995, 0.98, 0.001, 0.05, 0.05


def figures(pairs: Pairs) -> dict[str, float]:
    """Return the figures that are promised, as fractions."""

    def rate(hits: list[bool]) -> float:
        return sum(hits) / len(hits) if hits else 1.0

    clicks = [v.is_human for t, v in pairs if t.truth is Actor.HUMAN and t.event.kind is Kind.CLICK]
    opens = [(t, v.is_human is True) for t, v in pairs if t.machine and t.event.kind is Kind.OPEN]
    found = (
        rate([human is True for human in clicks]),
        rate([human is False for human in clicks]) if clicks else 0.0,
        rate([v.is_human is False for t, v in pairs if _is_machine_click(t) and t.does not in UNTOLD]),
        rate([v.is_human is True for t, v in pairs if _is_machine_click(t)]),
        rate([v.is_human is not True for t, v in pairs if "machine: burst" in t.does and t.does != FIRST]),
        rate([called for _, called in opens]),
        rate([called for t, called in opens if t.does not in UNTOLD]),
        rate([v.actor is t.truth for t, v in pairs if t.truth in (Actor.PRIVACY_PROXY, Actor.PREFETCH)]),
    )
    return dict(zip(TARGETS, found, strict=True))


def scored(pairs: Pairs) -> fake.Assessment:
    """Compare the verdicts with the truth."""
    told = [one for one, _ in pairs]
    truths = (fake.GroundTruth(actor=one.truth, behaviour=one.does) for one in told)
    return fake.assess((one.event for one in told), (verdict for _, verdict in pairs), truths)


def bound_of(title: str) -> float:
    """Return the largest Brier score that is aimed at on a list."""
    return 0.01 if title.startswith("consumer") else 0.02


def worst(score: fake.Assessment) -> fake.Bin | None:
    """Return the bin of many verdicts whose share that was right is farthest from what was said."""
    return max(
        (one for one in score.calibration if one.events >= LEAST),
        key=lambda one: abs(one.said - one.right),
        default=None,
    )


def reasons(title: str, pairs: Pairs) -> list[str]:
    """Return for each bound that a row misses who it was."""
    kept, called, found, _, bursts, _, opens, proxies = figures(pairs).values()
    said = []
    if kept < _KEPT or called > _LOST:
        said.append("people's clicks: " + _who(pairs, lambda t, v: _is_reader(t) and v.is_human is not True))
    if found < _FOUND:
        said.append("machines' clicks: " + _who(pairs, lambda t, v: _is_telling(t) and v.is_human is not False))
    if bursts < _FOUND:
        said.append("bursts: " + _who(pairs, lambda t, v: "machine: burst" in t.does and v.is_human is True))
    if opens > _OPENS:
        said.append("machine opens: " + _who(pairs, lambda t, v: _is_telling_open(t) and v.is_human is True))
    if proxies < 1:
        said.append("proxies: " + _who(pairs, lambda t, v: t.truth is Actor.PRIVACY_PROXY and v.actor is not t.truth))
    for kind in (Kind.CLICK, Kind.OPEN):
        said += _unsure(title, kind, [pair for pair in pairs if pair[0].event.kind is kind])
    return said


def _unsure(title: str, kind: Kind, pairs: Pairs) -> list[str]:
    """Return whose verdicts are less right than is aimed at: by the Brier score, and in the worst bin."""
    said, score = [], scored(pairs)
    if score.brier > bound_of(title):
        errors = Counter[str]()
        for told, verdict in pairs:
            errors[told.does] += _error(told, verdict)
        untold = sum(error for does, error in errors.items() if does in UNTOLD) / sum(errors.values())
        most = "; ".join(f"{error / sum(errors.values()):.0%} {does}" for does, error in errors.most_common(2))
        said.append(
            f"Brier score, {kind.value}s: at least {least(pairs):.4f}, whoever judges;"
            f" {untold:.0%} of ours by what nobody can tell ({most})"
        )
    bin_ = worst(score)
    if bin_ is not None and abs(bin_.said - bin_.right) > _OFF:
        over = bin_.said > bin_.right
        place = round(bin_.low * 10)
        inside = [
            one for one in pairs if one[1].actor is not Actor.UNKNOWN and min(9, int(one[1].confidence * 10)) == place
        ]
        who = _who(inside, lambda t, v: _is_right(t, v) is not over)
        said.append(
            f"said {bin_.said:.0%}, right {bin_.right:.0%} ({kind.value}s): {'wrong' if over else 'right'} are {who}"
        )
    return said


def least(pairs: Pairs) -> float:
    """Return the least Brier score that anybody could reach, who says of each event how many that look like it were right.

    Alike look events of which the rules see the same, with the same agent, network and header fields, that came as late to a
    factor of two. Who says of all of them the share p that were machines' is wrong by p (1 - p); that p is this very row's,
    which nobody knows beforehand. Of a group of one nothing is said.
    """
    groups: dict[object, list[bool]] = defaultdict(list)
    judged = [(told, verdict) for told, verdict in pairs if verdict.actor is not Actor.UNKNOWN]
    for told, verdict in judged:
        event, seen = told.event, frozenset(signal.name for signal in verdict.signals)
        gone = (event.received_at - event.sent_at).total_seconds() if event.sent_at else 0
        facts = event.facts
        looks = (event.kind, facts.agent, facts.network.kind, facts.hints, seen, int(log2(max(gone, 0) + 1)))
        groups[looks].append(_is_right(told, verdict) is (verdict.is_human is True))
    wrong = 0.0
    for found in groups.values():
        share = sum(found) / len(found)
        wrong += len(found) * share * (1 - share) * (len(found) / (len(found) - 1) if len(found) > 1 else 0)
    return wrong / len(judged) if judged else 0.0


def _who(pairs: Pairs, wanted: Callable[[LabelledEvent, Verdict], bool]) -> str:
    """Name whose events they are, the most of them first, each with how many of how many."""
    every, some = Counter[str](), Counter[str]()
    for told, verdict in pairs:
        every[told.does] += 1
        some[told.does] += wanted(told, verdict)
    return "; ".join(f"{count} of {every[does]} {does}" for does, count in some.most_common(3) if count)


def _error(told: LabelledEvent, verdict: Verdict) -> float:
    """Return what one event adds to the Brier score."""
    return 0.0 if verdict.actor is Actor.UNKNOWN else (_is_right(told, verdict) - verdict.confidence) ** 2


def _is_right(told: LabelledEvent, verdict: Verdict) -> bool:
    return verdict.is_human is fake.GroundTruth(actor=told.truth, behaviour="").is_human


def _is_telling_open(told: LabelledEvent) -> bool:
    return told.machine and told.event.kind is Kind.OPEN and told.does not in UNTOLD


def _is_reader(told: LabelledEvent) -> bool:
    return told.truth is Actor.HUMAN and told.event.kind is Kind.CLICK


def _is_machine_click(told: LabelledEvent) -> bool:
    return told.machine and told.event.kind is Kind.CLICK


def _is_telling(told: LabelledEvent) -> bool:
    return _is_machine_click(told) and told.does not in UNTOLD
