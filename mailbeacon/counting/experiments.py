"""Which variant did better, by how much, and whether that could be chance.

Does not pick who gets which variant, and does not stop a test early: looking again and again and stopping at the first
good p-value finds differences that are not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from mailbeacon.counting.figures import Dimension
from mailbeacon.counting.proportions import difference, holm, p_value, sample_size
from mailbeacon.counting.ratios import Interval, Rate, rate
from mailbeacon.counting.sentences import NOTHING, Sentence
from mailbeacon.counting.tallies import Tally
from mailbeacon.errors import ConfigError
from mailbeacon.model import Kind

__all__ = ["MOST_UNKNOWN", "Comparison", "Contrast", "compare", "missing_for_comparison"]

MOST_UNKNOWN = 0.2
"""Above this share of unknown among possible opens, clicks decide in their place."""

_ASKED = {Kind.OPEN: "Opens decide, as asked.", Kind.CLICK: "Clicks decide, as asked."}
_LEVEL = {
    Kind.OPEN: "{better} and {other} are level in opens.",
    Kind.CLICK: "{better} and {other} are level in clicks.",
}
_LEAD = {
    Kind.OPEN: "{better} leads {other} by {points} points in opens ({low} to {high})",
    Kind.CLICK: "{better} leads {other} by {points} points in clicks ({low} to {high})",
}
_CLEAR = {kind: lead + "; chance alone would rarely give as much (p = {p})." for kind, lead in _LEAD.items()}
_CHANCE = {kind: lead + "; that could be chance (p = {p})." for kind, lead in _LEAD.items()}
_MORE = " A lead of this size needs about {needed} messages per variant to be told from chance."
_COST = "While it waits, each 1,000 messages sent with {other} in place of {better} cost about {lost} "
_WAITING = {
    Kind.OPEN: _COST + "opens (between {low} and {high}).",
    Kind.CLICK: _COST + "clicks (between {low} and {high}).",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """The difference of two variants.

    Attributes:
        better: The variant with the higher share.
        other: The variant with the lower share.
        points: The difference as a fraction, from 0.
        interval: Where the true difference may lie; below 0 the other one is better.
        p: How often chance alone would give as much; corrected (Holm) when there are more than two variants.
        needed: Messages per variant to make a difference of this size certain (80 in 100 times); ``None`` for none.
    """

    better: str
    other: str
    points: float
    interval: Interval
    p: float
    needed: int | None

    @property
    def is_clear(self) -> bool:
        """Whether chance alone would rarely give as much."""
        return self.p < 1 - self.interval.confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The answer of an experiment.

    Attributes:
        kind: What decided: ``OPEN`` or ``CLICK``.
        why: Why that, in a sentence.
        rates: Each variant's share of delivered messages, by people.
        contrasts: Every pair, the first variant's with the best first.
        sentence: The answer.
        waiting: What it would cost to wait for more certainty, in a sentence; empty where nothing does.
    """

    kind: Kind
    why: Sentence
    rates: Mapping[str, Rate]
    contrasts: Sequence[Contrast]
    sentence: Sentence
    waiting: Sentence = NOTHING


def compare(
    variants: Tally | Mapping[str, Tally],
    *,
    kind: Kind | None = None,
    confidence: float = 0.95,
    most_unknown: float = MOST_UNKNOWN,
) -> Comparison:
    """Compare the variants of an experiment.

    Args:
        variants: A tally whose events name their variants, or a tally for each.
        kind: What decides; ``None`` for opens, or clicks where too many opens are unknown.
        confidence: Of the intervals, and one minus the chance of a false alarm.
        most_unknown: The share of unknown among possible opens above which clicks decide.

    Raises:
        ConfigError: If there are fewer than two variants, or of one it is not known how many were delivered.
    """
    arms = _arms(variants)
    decided, why = _kind(arms, kind, most_unknown)
    rates = {name: _rate(name, arm, decided, confidence) for name, arm in arms.items()}
    contrasts = _contrasts(rates, confidence)
    return Comparison(
        kind=decided,
        why=why,
        rates=rates,
        contrasts=contrasts,
        sentence=_sentence(contrasts, decided),
        waiting=_waiting(contrasts[0], decided),
    )


def missing_for_comparison(tally: Tally) -> Sentence:
    """Return what is missing to compare the variants there are; empty where nothing is, or where there are none."""
    variants = [name for name in tally.values(Dimension.VARIANT) if name]
    if len(variants) < 2:
        return NOTHING
    unknown = [name for name in variants if tally.select(variant=name).deliveries is None]
    if unknown:
        named = ", ".join(unknown)
        return Sentence.of(
            "The variants cannot be compared: it is not known how many messages of {named} were delivered.", named=named
        )
    for name in variants:
        part = tally.select(variant=name)
        seen = max(part.count(kind).messages.people for kind in (Kind.OPEN, Kind.CLICK))
        if seen > (part.deliveries or 0):
            return Sentence.of(
                "The variants cannot be compared: more messages of {name} were seen ({seen}) than delivered.",
                name=name,
                seen=seen,
            )
    return NOTHING


def _arms(variants: Tally | Mapping[str, Tally]) -> dict[str, Tally]:
    if isinstance(variants, Tally):
        tally = variants
        variants = {name: tally.select(variant=name) for name in tally.values(Dimension.VARIANT) if name}
    if len(variants) < 2:
        raise ConfigError(f"a comparison needs at least two variants, got {len(variants)}")
    return dict(variants)


def _kind(arms: Mapping[str, Tally], kind: Kind | None, most_unknown: float) -> tuple[Kind, Sentence]:
    if kind is not None:
        if kind not in (Kind.OPEN, Kind.CLICK):
            raise ConfigError(f"opens or clicks decide a comparison, not {kind}")
        return kind, Sentence.of(_ASKED[kind])
    counts = [arm.count(Kind.OPEN).messages for arm in arms.values()]
    highest = max((count.unknown / count.possible for count in counts if count.possible), default=0.0)
    if highest > most_unknown:
        return Kind.CLICK, Sentence.of(
            "Clicks decide, for of the opens up to {percent} % are unknown (Apple's proxy).",
            percent=round(100 * highest),
        )
    return Kind.OPEN, Sentence.of(
        "Opens decide, for of them at most {percent} % are unknown.", percent=round(100 * highest)
    )


def _rate(name: str, arm: Tally, kind: Kind, confidence: float) -> Rate:
    delivered = arm.deliveries
    if delivered is None:
        raise ConfigError("a comparison needs to know how many messages of each variant were delivered")
    people = arm.count(kind).messages.people
    if people > delivered:
        raise ConfigError(f"more messages of a variant were seen ({people}) than delivered ({delivered})")
    return rate(f"{kind} rate of {name}", people, delivered, of="delivered", confidence=confidence)


def _contrasts(rates: Mapping[str, Rate], confidence: float) -> list[Contrast]:
    """Compare every pair, the better one first; the best pair of names first."""
    order = sorted(rates, key=lambda name: (-(rates[name].value or 0.0), name))
    pairs = list(combinations(order, 2))
    cells = [(*_cell(rates[better]), *_cell(rates[other])) for better, other in pairs]
    return [
        Contrast(
            better=better,
            other=other,
            points=(rates[better].value or 0.0) - (rates[other].value or 0.0),
            interval=difference(*cell, confidence=confidence),
            p=p,
            needed=_needed(rates[other].value, rates[better].value, confidence),
        )
        for (better, other), cell, p in zip(pairs, cells, holm([p_value(*cell) for cell in cells]), strict=True)
    ]


def _cell(found: Rate) -> tuple[int, int]:
    return found.numerator, found.denominator


def _needed(share: float | None, better: float | None, confidence: float) -> int | None:
    if not share or not better or share == better or better == 1:
        return None
    return sample_size(share, better, confidence=confidence)


def _sentence(contrasts: Sequence[Contrast], kind: Kind) -> Sentence:
    """Return the answer in a sentence: the leader against the runner-up."""
    first = contrasts[0]
    named = {"better": first.better, "other": first.other}
    if not first.points:
        return Sentence.of(_LEVEL[kind], **named)
    low, high, points = (100 * value for value in (first.interval.low, first.interval.high, first.points))
    figures = {**named, "points": points, "low": low, "high": high, "p": _p(first.p)}
    if first.is_clear:
        return Sentence.of(_CLEAR[kind], **figures)
    if not first.needed:
        return Sentence.of(_CHANCE[kind], **figures)
    return Sentence.of(_CHANCE[kind] + _MORE, needed=first.needed, **figures)


def _waiting(first: Contrast, kind: Kind) -> Sentence:
    """Return a sentence on what is lost while the better variant is not sent to all."""
    if not first.points:
        return NOTHING
    lost, low, high = (round(1_000 * value) for value in (first.points, first.interval.low, first.interval.high))
    return Sentence.of(_WAITING[kind], other=first.other, better=first.better, lost=lost, low=low, high=high)


def _p(value: float) -> str:
    return "less than 0.001" if value < 0.001 else f"{value:.3f}"
