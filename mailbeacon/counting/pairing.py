"""What is read off people's events one recipient at a time: pairs of event and verdict, and the days they fell on.

Helps leads, audiences, read reports and hours; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mailbeacon.counting.ledger import FETCHED
from mailbeacon.errors import ConfigError
from mailbeacon.model import Event, Level, Verdict

__all__ = ["pairs", "seen"]

_END = object()


def pairs(events: Iterable[Event], verdicts: Iterable[Verdict | None]) -> Iterator[tuple[Event, Verdict | None]]:
    """Pair events and verdicts.

    Raises:
        ConfigError: If there is not one verdict for each event. An error of either source passes through.
    """
    rest = iter(verdicts)
    for event in events:
        if not isinstance(event, Event):
            raise ConfigError(
                f"events must be Events, got {type(event).__name__}: a sink gives pairs, to be taken apart"
            )
        verdict = next(rest, _END)
        if verdict is _END:
            raise ConfigError("there must be one verdict for each event: there are more events")
        yield event, verdict  # type: ignore[misc]
    if next(rest, _END) is not _END:
        raise ConfigError("there must be one verdict for each event: there are more verdicts")


def seen(events: Iterable[Event], verdicts: Iterable[Verdict | None]) -> Iterator[tuple[str, Event, bool | None]]:
    """Give recipient, event and whether a person did it, for opens and clicks that count at the level FULL."""
    for event, verdict in pairs(events, verdicts):
        counts = event.kind in FETCHED and event.level == Level.FULL and not event.expired
        if counts and event.recipient is not None:
            yield event.recipient, event, None if verdict is None else verdict.is_human
