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
from mailbeacon.counting.tallies import Tally
from mailbeacon.errors import ConfigError
from mailbeacon.model import Kind

__all__ = ["MOST_UNKNOWN", "Comparison", "Contrast", "compare", "missing_for_comparison"]

MOST_UNKNOWN = 0.2
"""Above this share of unknown among possible opens, clicks decide in their place."""


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
    why: str
    rates: Mapping[str, Rate]
    contrasts: Sequence[Contrast]
    sentence: str
    waiting: str = ""


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


def missing_for_comparison(tally: Tally) -> str:
    """Say what is missing to compare the variants there are; empty where nothing is, or where there are none."""
    variants = [name for name in tally.values(Dimension.VARIANT) if name]
    if len(variants) < 2:
        return ""
    unknown = [name for name in variants if tally.select(variant=name).deliveries is None]
    if unknown:
        named = ", ".join(unknown)
        return f"The variants cannot be compared: it is not known how many messages of {named} were delivered."
    for name in variants:
        part = tally.select(variant=name)
        seen = max(part.count(kind).messages.people for kind in (Kind.OPEN, Kind.CLICK))
        if seen > (part.deliveries or 0):
            return f"The variants cannot be compared: more messages of {name} were seen ({seen:,}) than delivered."
    return ""


def _arms(variants: Tally | Mapping[str, Tally]) -> dict[str, Tally]:
    if isinstance(variants, Tally):
        tally = variants
        variants = {name: tally.select(variant=name) for name in tally.values(Dimension.VARIANT) if name}
    if len(variants) < 2:
        raise ConfigError(f"a comparison needs at least two variants, got {len(variants)}")
    return dict(variants)


def _kind(arms: Mapping[str, Tally], kind: Kind | None, most_unknown: float) -> tuple[Kind, str]:
    if kind is not None:
        if kind not in (Kind.OPEN, Kind.CLICK):
            raise ConfigError(f"opens or clicks decide a comparison, not {kind}")
        return kind, f"{kind.capitalize()}s decide, as asked."
    counts = [arm.count(Kind.OPEN).messages for arm in arms.values()]
    highest = max((count.unknown / count.possible for count in counts if count.possible), default=0.0)
    if highest > most_unknown:
        return Kind.CLICK, f"Clicks decide, for of the opens up to {100 * highest:.0f} % are unknown (Apple's proxy)."
    return Kind.OPEN, f"Opens decide, for of them at most {100 * highest:.0f} % are unknown."


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


def _sentence(contrasts: Sequence[Contrast], kind: Kind) -> str:
    """Say the answer: the leader against the runner-up."""
    first = contrasts[0]
    if not first.points:
        return f"{first.better} and {first.other} are level in {kind}s."
    bounds = f"{100 * first.interval.low:.1f} to {100 * first.interval.high:.1f}"
    lead = f"{first.better} leads {first.other} by {100 * first.points:.1f} points in {kind}s ({bounds})"
    if first.is_clear:
        return f"{lead}; chance alone would rarely give as much (p = {_p(first.p)})."
    more = (
        f" A lead of this size needs about {first.needed:,} messages per variant to be told from chance."
        if first.needed
        else ""
    )
    return f"{lead}; that could be chance (p = {_p(first.p)}).{more}"


def _waiting(first: Contrast, kind: Kind) -> str:
    """Say what is lost while the better variant is not sent to all."""
    if not first.points:
        return ""
    low, high = (1_000 * bound for bound in (first.interval.low, first.interval.high))
    return (
        f"While it waits, each 1,000 messages sent with {first.other} in place of {first.better} cost about "
        f"{1_000 * first.points:,.0f} {kind}s (between {low:,.0f} and {high:,.0f})."
    )


def _p(value: float) -> str:
    return "less than 0.001" if value < 0.001 else f"{value:.3f}"
