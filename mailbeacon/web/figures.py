"""The report of what a beacon's sink holds, for the commands and pages of frameworks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

from mailbeacon import reporting
from mailbeacon.counting import tally
from mailbeacon.errors import ConfigError
from mailbeacon.judging import classify_all
from mailbeacon.model import Event, Verdict
from mailbeacon.store import SpoolSink

__all__ = ["Readable", "readable_sink", "report_of"]


@runtime_checkable
class Readable(Protocol):
    """A sink that gives back what it keeps."""

    def events(self) -> Iterator[tuple[Event, Verdict | None]]:
        """Return events with their verdicts."""


def readable_sink(sink: object) -> Readable:
    """Return the sink that can be read: itself, or the one behind a spool, which is waited for.

    Raises:
        ConfigError: If there is none.
    """
    if isinstance(sink, SpoolSink):
        sink.flush()
        sink = sink.sink
    if not isinstance(sink, Readable):
        raise ConfigError("the sink cannot be read: give one with a method events, such as SqliteSink")
    return sink


def report_of(sink: object, campaign: str = "", *, as_page: bool = False) -> str:
    """Return the report of a campaign, or of all, as text or as an HTML page; all events are judged again.

    Raises:
        ConfigError: If the sink cannot be read.
    """
    pairs: Iterable[tuple[Event, Any]] = readable_sink(sink).events()
    events = [event for event, _ in pairs if not campaign or event.campaign == campaign]
    report = reporting.Report(tally=tally(events, classify_all(events)), title=campaign or "All campaigns")
    return reporting.to_html(report) if as_page else reporting.to_text(report)
