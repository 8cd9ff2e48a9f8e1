"""From a file of events to the report: read, judge as a whole, choose, count, print."""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence

from mailbeacon import reporting
from mailbeacon.beacon import Beacon
from mailbeacon.cli.console import INPUT, OK, USAGE, Refused, complain, shown
from mailbeacon.cli.newsletter import Newsletter, compiled, load
from mailbeacon.cli.report.delivered import numbers
from mailbeacon.cli.report.page import check_target, replace_file
from mailbeacon.cli.report.reading import read
from mailbeacon.counting import Dimension, tally
from mailbeacon.judging import classify_all
from mailbeacon.model import Event, Kind, Link, Verdict
from mailbeacon.settings import utc_now

__all__ = ["run"]

_WIDTH = 80
_Judged = tuple[Event, Verdict]


def run(options: Namespace) -> int:
    """Report what a file of events holds.

    Returns:
        0; or 1 where some lines could not be read, though all else is reported.

    Raises:
        Refused: If there is nothing to report, or what was typed does not fit the events.
    """
    if options.html is not None:
        check_target(options.html, options.events, options.newsletter)
    newsletter = None if options.newsletter is None else load(options.newsletter)
    stored = read(options.events)
    judged = _chosen(stored.events, classify_all(stored.events), options)
    report = _report(judged, newsletter, stored.broken, options)
    if options.html is not None:
        replace_file(options.html, reporting.to_html(report).encode("utf-8", "replace"))
    _print(report, options)
    return complain(stored.broken, INPUT) if stored.broken else OK


def _chosen(events: Sequence[Event], verdicts: Sequence[Verdict], options: Namespace) -> list[_Judged]:
    """Choose what is counted, after judging: what is left out may still say who made the rest."""
    found = list(zip(events, verdicts, strict=True))
    if options.campaign is not None:
        found = [one for one in found if one[0].campaign == options.campaign]
        if not found:
            known = ", ".join(repr(shown(name)) for name in sorted({event.campaign for event in events})[:5])
            raise Refused(f"no event is of this campaign; there are events of {known}")
    if options.since is not None:
        last = max(event.received_at for event, _ in found)
        found = [one for one in found if one[0].received_at >= options.since]
        if not found:
            raise Refused(f"no event is as young as that: the last is of {last:%Y-%m-%d %H:%M %Z}")
    return found


def _report(
    judged: Sequence[_Judged], newsletter: Newsletter | None, broken: str, options: Namespace
) -> reporting.Report:
    events = [event for event, _ in judged]
    campaigns = {event.campaign for event in events}
    deliveries = numbers(options.delivered, events, options.campaign)
    counted = tally(events, (verdict for _, verdict in judged), deliveries=deliveries)
    notes = [f"Only events from {options.since:%Y-%m-%d %H:%M %Z} on are counted."] if options.since else []
    if not isinstance(deliveries, int | None):
        silent = ", ".join(sorted(deliveries.keys() - campaigns))
        notes += [f"Delivered, but without any event: {silent}."] if silent else []
    name = campaigns.copy().pop() if len(campaigns) == 1 else ""
    return reporting.Report(
        tally=counted,
        title=(name or options.events.name) if options.title is None else options.title,
        links=_links(newsletter, events, campaigns) if newsletter is not None else (),
        newsletter=newsletter.html if newsletter is not None else "",
        made_at=utc_now().replace(microsecond=0),
        notes=[*notes, *([f"{broken}."] if broken else [])],
        group_by=Dimension(options.group_by) if options.group_by else None,
    )


def _links(newsletter: Newsletter, events: Sequence[Event], campaigns: set[str]) -> Sequence[Link]:
    """Find the newsletter's links, insisting that they are those that were clicked.

    Raises:
        Refused: If they are not, or the events are of several newsletters.
    """
    if len(campaigns) > 1:
        raise Refused("argument --newsletter: the events are of several campaigns, choose one with --campaign", USAGE)
    beacon = Beacon("https://report.invalid", secret_keys=["nothing is sent with this key"])
    links = compiled(beacon, newsletter, "report").links
    known = {link.number: _page(link.url) for link in links}
    for number, url in sorted(set(_clicked(events))):
        if known.get(number, _page(url)) != _page(url):
            raise Refused(f"{newsletter.name} is not the newsletter of these events: its link {number} leads elsewhere")
    return links


def _clicked(events: Sequence[Event]) -> Iterator[tuple[int, str]]:
    return ((event.link, event.url) for event in events if event.kind is Kind.CLICK and event.link is not None)


def _page(url: str) -> str:
    """Give a URL without query and fragment: tracking adds parameters of its own."""
    return url.partition("#")[0].partition("?")[0]


def _print(report: reporting.Report, options: Namespace) -> None:
    if options.json or options.csv:
        text = f"{reporting.to_json(report)}\n" if options.json else reporting.to_csv(report)
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))  # in JSON this is its own escape
        sys.stdout.buffer.flush()
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH
    print(reporting.to_text(report, width=width), end="")
