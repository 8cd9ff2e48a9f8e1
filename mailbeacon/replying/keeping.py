"""Judge an event and hand it to all who keep it, whatever way it came; what fails is logged and stops nothing else.

Used for requests (``answering``) and by whoever has events from elsewhere, such as a provider's webhooks.
"""

from __future__ import annotations

from mailbeacon.errors import RuleError
from mailbeacon.model import Actor, Event, Facts, Hint, History, Judge, Level, Signal, Sink, Verdict
from mailbeacon.model.protocols import day_keeper
from mailbeacon.settings import Settings, failed

__all__ = ["UNJUDGED", "UNOBSERVED", "hand", "judged", "keep", "lost"]

UNOBSERVED = Facts(hints=frozenset({Hint.HEADERS_UNKNOWN, Hint.NO_USER_AGENT}))
"""The facts of an event that could not be observed: what is missing says nothing, so nobody can say who made it."""
UNJUDGED = Verdict(
    actor=Actor.UNKNOWN,
    signals=(Signal(name="not-judged", weight=0.0, detail="something failed when it came, so it was not judged"),),
)
_FULL = Level.FULL
_DATE = Level.DATE


def judged(event: Event, judge: Judge, history: History | None, settings: Settings) -> Verdict:
    """Return the verdict on an event with its facts; never raises.

    Args:
        event: Not yet redacted to a day.
        judge: Says who it was.
        history: Gives what came before, for events of level FULL; ``None`` for nothing.
        settings: With ``on_error``.
    """
    earlier = () if history is None or event.level is not _FULL else _earlier(event, history, settings)
    try:
        verdict = judge.classify(event, earlier)
        if not isinstance(verdict, Verdict):
            raise TypeError("a judge must give a Verdict")
        return verdict
    except RuleError as error:
        failed(settings, f"judging, for the rule {error.rule!r}", error.__cause__ or error)
    except Exception as error:
        failed(settings, "judging", error)
    return UNJUDGED


def keep(event: Event, verdict: Verdict, settings: Settings, history: History | None = None) -> bool:
    """Hand a redacted event to sink, history and ``on_event``; never raises.

    Args:
        event: As it may be kept.
        verdict: On it.
        settings: With ``sink`` and ``on_event``.
        history: Remembers it for later verdicts; ``None`` for that of the settings.

    Returns:
        Whether the sink took it; true where there is none.
    """
    taken = True
    if settings.sink is not None:
        try:
            hand(settings.sink, event, verdict)
        except Exception as error:
            lost(event, verdict, settings, error)
            taken = False
    known = settings.history if history is None else history
    if known is not None and event.level is _FULL:
        try:
            known.add(event)
        except Exception as error:
            failed(settings, "the history", error)
    if settings.on_event is not None:
        try:
            settings.on_event(event, verdict)
        except Exception as error:
            failed(settings, "on_event", error)
    return taken


def lost(event: Event, verdict: Verdict, settings: Settings, error: BaseException) -> None:
    """Log that the sink did not take an event, and tell ``on_error`` and ``on_lost``; never raises."""
    failed(settings, f"the sink, so event {event.id} is not kept,", error)
    if settings.on_lost is not None:
        try:
            settings.on_lost(event, verdict)
        except Exception as error:
            failed(settings, "on_lost", error)


def hand(sink: Sink, event: Event, verdict: Verdict) -> object:
    """Hand an event to the sink; of a recipient at level DATE only the day, unless a machine opened it.

    Returns:
        What the sink's method returned: to be awaited, where it is async.

    Raises:
        Exception: What the sink raises, and ``TypeError`` if it keeps no days.
    """
    if event.level is not _DATE:
        return sink.record(event, verdict)  # type: ignore[func-returns-value]
    if verdict.is_human is not False and event.recipient is not None:
        return day_keeper(sink).put_last_open(event.recipient, event.received_at.date())  # type: ignore[func-returns-value]
    return None


def _earlier(event: Event, history: History, settings: Settings) -> tuple[Event, ...]:
    try:
        return tuple(history.recent(event))
    except Exception as error:
        failed(settings, "the history", error)
        return ()
