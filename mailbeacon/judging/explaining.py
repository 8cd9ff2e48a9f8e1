"""A verdict in plain words. Says only what the verdict holds, and so nothing personal."""

from __future__ import annotations

from collections.abc import Sequence

from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Signal, Verdict

__all__ = ["explain"]

_WHO = {
    Actor.HUMAN: "a person",
    Actor.IMAGE_PROXY: "a person, through a mail provider's image proxy",
    Actor.PRIVACY_PROXY: "Apple's privacy proxy; whether a person looked cannot be known",
    Actor.PREFETCH: "a machine that fetches ahead of the reader",
    Actor.SCANNER: "a security scanner",
    Actor.PREVIEW: "a link preview",
    Actor.CRAWLER: "a crawler",
    Actor.SCRIPT: "a script",
}


def explain(verdict: Verdict) -> str:
    """Return a paragraph on who it was, how sure that is, and why.

    Args:
        verdict: Any verdict.

    Returns:
        Plain text without line breaks, an address, a recipient or a token.

    Raises:
        ConfigError: If it is no verdict.
    """
    if not isinstance(verdict, Verdict):
        raise ConfigError(f"a Verdict is needed, got {type(verdict).__name__}")
    against = [signal for signal in verdict.signals if signal.weight > 0]
    toward = [signal for signal in verdict.signals if signal.weight <= 0]
    sentences = [_opening(verdict)]
    if verdict.is_human is False:
        sentences += [_reasons("Why: ", against), _reasons("Against that: ", toward)]
    elif verdict.actor is Actor.UNKNOWN and not verdict.confidence:
        sentences.append(_reasons("Why: ", verdict.signals))
    elif verdict.actor is Actor.UNKNOWN:
        sentences += [_reasons("For a machine: ", against), _reasons("For a person: ", toward)]
    else:
        sentences += [_reasons("Why: ", toward), _reasons("Against that: ", against)]
    if not verdict.signals and verdict.confidence:
        sentences.append("Nothing was seen that speaks for a machine or for a person, so this rests on what is usual.")
    if verdict.version:
        sentences.append(f"Judged with {verdict.version}.")
    return " ".join(sentence for sentence in sentences if sentence)


def _opening(verdict: Verdict) -> str:
    percent = min(99, int(verdict.confidence * 100 + 0.5))
    if verdict.actor is not Actor.UNKNOWN:
        return f"{_sure(verdict.confidence)} {_WHO[verdict.actor]} ({percent} % sure)."
    if not verdict.confidence:
        if verdict.signals:
            return "It cannot be told who this was."
        return "Nobody's visit: this kind of event is not a reader's act, so there is nobody to name."
    lean = f"; it leans toward a {verdict.leans} ({percent} %)" if verdict.leans and percent > 50 else ""
    return f"It cannot be told whether this was a person or a machine{lean}."


def _sure(confidence: float) -> str:
    if confidence >= 0.95:
        return "Almost certainly"
    return "Very likely" if confidence >= 0.8 else "Probably"


def _reasons(start: str, signals: Sequence[Signal]) -> str:
    said = "; ".join(" ".join((signal.detail or signal.name).split()) for signal in signals)
    return f"{start}{said}." if said else ""
