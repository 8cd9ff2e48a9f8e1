"""What is read off people's events one recipient at a time: pairs of event and verdict, and the days they fell on.

Helps leads, audiences, read reports and hours; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mailbeacon.counting.buckets import is_from_the_future
from mailbeacon.counting.traits import FETCHED
from mailbeacon.errors import ConfigError
from mailbeacon.model import Event, Level, Verdict

__all__ = ["Events", "Texts", "Verdicts", "pairs", "region_of", "seen", "texts_of"]

_END = object()
Events = Iterable[Event] | Iterable[tuple[Event, Verdict | None]]
"""Events, or pairs of event and verdict, which are what a sink gives."""
Verdicts = Iterable[Verdict | None] | None
"""One verdict for each event, in the same order; ``None`` where the events come as pairs."""

Texts = tuple[tuple[str, str], ...]
"""A mail's metadata by name, which can be compared and kept in a set."""


def texts_of(event: Event) -> Texts:
    """Return an event's metadata."""
    return tuple(sorted(event.metadata.items())) if event.metadata else ()


def region_of(event: Event) -> str:
    """Return where an event came from, country and region at the finest; empty when it is not known."""
    return ", ".join(filter(None, (event.facts.country, event.facts.region)))


def pairs(events: Events, verdicts: Verdicts = None) -> Iterator[tuple[Event, Verdict | None]]:
    """Pair events and verdicts.

    Raises:
        ConfigError: If there is not one verdict for each event. An error of either source passes through.
    """
    if verdicts is None:
        yield from _paired(events)
        return
    rest = iter(verdicts)
    for event in events:
        if not isinstance(event, Event):
            raise ConfigError(
                f"events must be Events, got {type(event).__name__}: pairs of event and verdict are given alone"
            )
        verdict = next(rest, _END)
        if verdict is _END:
            raise ConfigError("there must be one verdict for each event: there are more events")
        yield event, verdict  # type: ignore[misc]
    if next(rest, _END) is not _END:
        raise ConfigError("there must be one verdict for each event: there are more verdicts")


def _paired(given: Events) -> Iterator[tuple[Event, Verdict | None]]:
    for pair in given:
        if isinstance(pair, Event):
            raise ConfigError("there must be one verdict for each event, or pairs of event and verdict")
        try:
            event, verdict = pair
        except (TypeError, ValueError) as error:
            raise ConfigError(f"expected pairs of event and verdict, got {type(pair).__name__}") from error
        if not isinstance(event, Event) or not (verdict is None or isinstance(verdict, Verdict)):
            raise ConfigError(f"expected pairs of event and verdict, got one of {type(event).__name__}")
        yield event, verdict


def seen(events: Events, verdicts: Verdicts) -> Iterator[tuple[str, Event, bool | None]]:
    """Return recipient, event and whether a person did it, for opens and clicks that count at the level FULL."""
    for event, verdict in pairs(events, verdicts):
        counts = event.kind in FETCHED and event.level == Level.FULL
        counts = counts and (not event.expired or is_from_the_future(event.sent_at, event.received_at))
        if counts and event.recipient is not None:
            yield event.recipient, event, None if verdict is None else verdict.is_human
