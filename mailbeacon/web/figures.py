"""The report of what a beacon's sink holds, for the commands and pages of frameworks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

from mailbeacon import reporting
from mailbeacon.counting import tally
from mailbeacon.counting.deliveries import read_delivered, with_deliveries
from mailbeacon.errors import ConfigError, StoreError
from mailbeacon.judging import classify_all
from mailbeacon.model import Event, Verdict
from mailbeacon.store import SpoolSink
from mailbeacon.store.files import replace_whole

__all__ = ["Readable", "readable_sink", "report_of", "write_page"]

_PATIENCE: Final = timedelta(seconds=30)
"""How long a report waits for what dead processes left in a spool."""

_LOOKED_AT: Final = 1000
"""Events that are looked at to tell what campaigns there are."""


@runtime_checkable
class Readable(Protocol):
    """A sink that gives back what it keeps."""

    def events(self) -> Iterator[tuple[Event, Verdict | None]]:
        """Return events with their verdicts."""


def readable_sink(sink: object) -> Readable:
    """Return the sink that can be read: itself, or the one behind a spool, which is waited for.

    Raises:
        ConfigError: If there is none.
        StoreError: If what waits in the spool cannot be handed over.
    """
    if isinstance(sink, SpoolSink):
        if not sink.flush(_PATIENCE):
            raise StoreError(
                "events still wait in the spool, for the sink behind it does not take them: the log says why"
            )
        sink = sink.sink
    if sink is None:
        raise ConfigError("there is no sink, so no event is kept: name one in the settings, such as events.sqlite")
    if not isinstance(sink, Readable):
        raise ConfigError("the sink cannot be read: give one with a method events, such as SqliteSink")
    return sink


def report_of(
    sink: object, campaign: str = "", *, judge: object = None, as_page: bool = False, delivered: Sequence[str] = ()
) -> str:
    """Return the report of a campaign, or of all, as text or as an HTML page; all events are judged again.

    Args:
        sink: What holds the events.
        campaign: Only this one; empty for all.
        judge: The host's own, as ``Beacon.judge`` gives it; one that cannot judge many events leaves it to the package's.
        as_page: Whether to make the page.
        delivered: How many mails were delivered: ``N``, or ``CAMPAIGN=N`` or ``CAMPAIGN/VARIANT=N`` for each.

    Raises:
        ConfigError: If the sink cannot be read, the numbers leave a campaign out, or nothing at all is known of the campaign.
    """
    readable = readable_sink(sink)
    events = list(_of(readable, campaign))
    if campaign and not events and not delivered:
        known = ", ".join(sorted({f"{event.campaign!r:.80}" for event, _ in islice(readable.events(), _LOOKED_AT)})[:5])
        raise ConfigError(f"no event is of this campaign; there are events of {known or 'none'}")
    verdicts = getattr(judge, "classify_all", classify_all)(events)
    given = [read_delivered(text) for text in delivered]
    counts, notes = with_deliveries(
        tally(events, verdicts), given, {event.campaign for event in events}, campaign or None
    )
    report = reporting.Report(tally=counts, title=campaign or "All campaigns", notes=notes)
    return reporting.to_html(report) if as_page else reporting.to_text(report)


def _of(sink: Readable, campaign: str) -> Iterator[Event]:
    """Return a campaign's events, or all; a sink that can choose by campaign reads no others."""
    choose = getattr(sink, "of_campaign", None) if campaign else None
    pairs: Iterable[tuple[Event, Any]] = choose(campaign) if choose else sink.events()
    return (event for event, _ in pairs if not campaign or event.campaign == campaign)


def write_page(path: Path, page: str) -> None:
    """Write a page for its owner alone, as a whole or not at all.

    Raises:
        OSError: If it cannot be written; nothing is left over then.
    """
    replace_whole(path, page.encode())
