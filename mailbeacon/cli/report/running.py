"""From files of events to the report: read, judge as a whole, choose, count, print."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from mailbeacon import reporting
from mailbeacon.beacon import Beacon
from mailbeacon.cli.console import INPUT, OK, USAGE, CommandError, complain, counted, width, write
from mailbeacon.cli.events.lists import read_groups
from mailbeacon.cli.events.sources import check_files
from mailbeacon.cli.newsletter import Newsletter, compiled, load
from mailbeacon.cli.report.counted import Choice, Counted
from mailbeacon.cli.report.counting import count
from mailbeacon.cli.report.delivered import naming_option
from mailbeacon.cli.report.page import check_target, replace_file
from mailbeacon.counting import Dimension, LinkKey, Tally
from mailbeacon.counting.deliveries import with_deliveries
from mailbeacon.counting.zones import zone_named
from mailbeacon.engines.steps import collect_rarely
from mailbeacon.errors import BadToken
from mailbeacon.links import parse
from mailbeacon.model import Kind, Link
from mailbeacon.model.web import without_query
from mailbeacon.settings import utc_now

__all__ = ["print_report", "run", "title_of"]


def run(options: Namespace) -> int:
    """Report what files of events hold.

    Returns:
        0; or 1 where some lines could not be read, though all else is reported.

    Raises:
        CommandError: If there is nothing to report, or what was typed does not fit the events.
    """
    check_files(options.events)
    zone_named(options.zone)
    if options.html is not None:
        check_target(options.html, *options.events, options.newsletter)
    newsletter = None if options.newsletter is None else load(options.newsletter)
    choice = Choice(
        campaign=options.campaign,
        since=options.since,
        stored=options.stored_verdicts,
        zone=options.zone,
        fit=options.fit,
        groups=read_groups(options.groups) if options.groups is not None else {},
    )
    collect_rarely()
    found = count(options.events, choice, options.workers)
    report = _report(found, newsletter, options)
    if options.html is not None:
        replace_file(options.html, reporting.to_html(report).encode("utf-8", "replace"))
    print_report(report, options)
    return complain(found.broken, INPUT) if found.broken else OK


def _report(found: Counted, newsletter: Newsletter | None, options: Namespace) -> reporting.Report:
    with naming_option():
        counts, notes = with_deliveries(found.tally, options.delivered, found.campaigns, options.campaign)
    notes += [f"{counted(found.twice, 'event')} stood in two files and counts once."] if found.twice else []
    return reporting.Report(
        tally=counts,
        title=title_of(found.tally, options.events[0].name) if options.title is None else options.title,
        links=_links(newsletter, found) if newsletter is not None else (),
        newsletter=newsletter.html if newsletter is not None else "",
        made_at=utc_now().replace(microsecond=0),
        notes=[*notes, *([f"{found.broken}."] if found.broken else [])],
        group_by=options.group_by,
        since=options.since,
        zone=options.zone,
        campaigns=options.campaigns,
        minimum=options.minimum,
        texts=reporting.GERMAN if options.language == "de" else reporting.ENGLISH,
    )


def _links(newsletter: Newsletter, found: Counted) -> Sequence[Link]:
    """Find the newsletter's links, insisting that they are those that were clicked.

    Raises:
        CommandError: If they are not, were wrapped already, or the events are of several newsletters.
    """
    if len(found.campaigns) > 1:
        raise CommandError(
            "argument --newsletter: the events are of several campaigns, choose one with --campaign", USAGE
        )
    beacon = Beacon("https://report.invalid", secret_keys=["nothing is sent with this key"])
    links = compiled(beacon, newsletter, "report").links
    if any(_is_wrapped(link.url) for link in links):
        raise CommandError(
            f"{newsletter.name} has been tracked already: the newsletter as it was before rewriting is needed"
            " (from Python, beacon.unwrap(html) gives it back)"
        )
    known = {link.number: without_query(link.url) for link in links}
    for clicked in found.tally.by(Dimension.LINK, Kind.CLICK):
        if isinstance(clicked, LinkKey) and known.get(clicked.number, clicked.url) != clicked.url:
            raise CommandError(
                f"{newsletter.name} is not the newsletter of these events: its link {clicked.number} leads elsewhere"
            )
    return links


def _is_wrapped(url: str) -> bool:
    """Check whether a destination is a tracking URL by its form, whoever's it is."""
    try:
        return parse(url).kind == "c"
    except BadToken:
        return False


def title_of(tally: Tally, source: str) -> str:
    """Return the campaign's name where there is only one; otherwise what the events were read from."""
    campaigns = tally.values(Dimension.CAMPAIGN)
    return (campaigns[0] if len(campaigns) == 1 else "") or source


def print_report(report: reporting.Report, options: Namespace) -> None:
    """Print a report as the options say: as text, JSON or CSV."""
    if options.json or options.csv:
        text = f"{reporting.to_json(report)}\n" if options.json else reporting.to_csv(report)
        write([text.encode("utf-8", "backslashreplace")])  # in JSON this is its own escape
        return
    print(reporting.to_text(report, width=width()), end="")
