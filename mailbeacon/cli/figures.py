"""``mailbeacon leads|audiences|hours|readers|compare``: answers to the questions people ask of stored events.

Each reads files of events, judges them as a whole, and prints a table: text, or CSV or JSON.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from mailbeacon.cli.arguments import add_events, from_one, moment
from mailbeacon.cli.console import INPUT, OK, USAGE, CommandError, Commands, complain, shown, write
from mailbeacon.cli.report.delivered import delivered

__all__ = ["NAMES", "register"]

NAMES = ("leads", "audiences", "hours", "readers", "compare")
T = TypeVar("T")


class Table(NamedTuple):
    """What is printed.

    Attributes:
        head: The names of the columns.
        rows: The rows.
        notes: Sentences below them.
        metadata: The host's own texts for each row, which are in the JSON alone; empty where no row is of one mail.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    notes: Sequence[str]
    metadata: Sequence[Mapping[str, str]] = ()


def register(commands: Commands) -> None:
    """Add the commands to the command line."""
    leads = _add(commands, "leads", _leads, "print who shows interest, the most interested first", now=True)
    leads.add_argument("--at-least", type=float, default=5.0, metavar="SCORE", help="the score of a lead (default: 5)")
    leads.add_argument("--campaign", metavar="C", help="only events of this campaign (default: all)")
    leads.add_argument("--most", type=from_one, metavar="N", help="how many at most (default: all)")
    people = _add(commands, "audiences", _audiences, "print who still reads, who has stopped, and why", now=True)
    people.add_argument(
        "--subscribers",
        type=Path,
        required=True,
        metavar="FILE",
        help="CSV with recipient, added_at, and if known mails (sent within 180 days) and level",
    )
    people.add_argument("--since", type=moment, metavar="DATE", help="when recording began (default: the first event)")
    people.add_argument("--sunset", action="store_true", help="only the inactive, the longest silent first")
    hours = _add(commands, "hours", _hours, "print when people read, and an hour to send at if one stands out")
    hours.add_argument("--zones", type=Path, metavar="FILE", help="CSV with recipient and zone, such as Europe/Berlin")
    hours.add_argument("--zone", default="UTC", metavar="ZONE", help="the zone of all others (default: UTC)")
    readers = _add(commands, "readers", _readers, "print how many of each group have read a mail")
    readers.add_argument("--groups", type=Path, required=True, metavar="FILE", help="CSV with recipient and group")
    readers.add_argument("--campaign", metavar="C", help="only events of this campaign (default: all)")
    readers.add_argument(
        "--minimum",
        type=from_one,
        default=5,
        metavar="N",
        help="the least size of a group shown, and what numbers are rounded down to a multiple of (default: 5)",
    )
    readers.add_argument("--names", action="store_true", help="say it of each recipient; only where that is allowed")
    compare = _add(commands, "compare", _compare, "print campaigns side by side, each against those before it")
    compare.add_argument(
        "--delivered", type=delivered, action="append", default=[], metavar="CAMPAIGN=N", help="as of report"
    )
    compare.add_argument(
        "--last", type=from_one, default=5, metavar="N", help="against how many before it (default: 5)"
    )


def _add(
    commands: Commands, name: str, make: Callable[[Namespace], tuple[Table, str]], said: str, *, now: bool = False
) -> ArgumentParser:
    parser = commands.add_parser(name, help=said, description=f"Judge stored events as a whole, and {said}.")
    add_events(parser)
    if now:
        parser.add_argument("--now", type=moment, metavar="DATE", help="the moment to judge at (default: now)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON in place of the text")
    form.add_argument("--csv", action="store_true", help="print CSV in place of the text")
    parser.set_defaults(run=lambda options: _run(make, options))
    return parser


def _run(make: Callable[[Namespace], tuple[Table, str]], options: Namespace) -> int:
    from mailbeacon.cli.events.sources import check_files

    check_files(options.events)
    table, broken = make(options)
    _print(table, options)
    return complain(broken, INPUT) if broken else OK


def _judged(options: Namespace, use: Callable[..., T]) -> tuple[T, str]:
    from mailbeacon.cli.events.judged import judge_all

    found, reading = judge_all(options.events, use, stored=options.stored_verdicts)
    return found, reading.broken


def _leads(options: Namespace) -> tuple[Table, str]:
    from mailbeacon.counting import hot, score
    from mailbeacon.settings import utc_now

    now = options.now or utc_now()
    leads, broken = _judged(options, lambda pairs: score(pairs, now=now, campaign=options.campaign))
    found = hot(leads, at_least=options.at_least, most=options.most)
    head = ("recipient", "score", "last", "region", "why")
    rows = [(one.lead.recipient, round(one.lead.score, 1), one.lead.last, one.lead.region, one.why) for one in found]
    notes = [] if rows else ["Nobody has a score that high."]
    return Table(head, rows, notes, [one.lead.metadata for one in found]), broken


def _audiences(options: Namespace) -> tuple[Table, str]:
    from mailbeacon.cli.events.lists import read_subscribers
    from mailbeacon.counting import Segment, audiences, sunset
    from mailbeacon.settings import utc_now

    listed, now = read_subscribers(options.subscribers), options.now or utc_now()
    members, broken = _judged(options, lambda pairs: audiences(pairs, None, listed, now, since=options.since))
    shown_ones = sunset(members) if options.sunset else members
    rows = [(one.recipient, one.audience, one.last, one.reason) for one in shown_ones]
    numbers = [f"{sum(one.audience is name for one in members):,} {name}" for name in Segment]
    return Table(("recipient", "audience", "last", "reason"), rows, [", ".join(numbers)]), broken


def _hours(options: Namespace) -> tuple[Table, str]:
    from mailbeacon.cli.events.lists import read_pairs
    from mailbeacon.counting import reading_hours

    zones = read_pairs(options.zones, "zone") if options.zones is not None else None
    found, broken = _judged(options, lambda pairs: reading_hours(pairs, zones=zones, default=options.zone))
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    likely = found.by_likelihood or [None] * 24
    rows = [
        (hour, *(day[hour] for day in found.cells), None if times is None else round(times, 2))
        for hour, times in enumerate(likely)
    ]
    said = f"No hour is suggested: {found.reason}."
    if found.suggestion is not None:
        bounds = found.suggestion.interval
        said = (
            f"In the hour from {found.suggestion.hour}:00 an unread mail is {found.suggestion.times:.1f} times as likely to be "
            f"read as in the twelve next best ({bounds.low:.1f} to {bounds.high:.1f})."
        )
    return Table(("hour", *days, "likelihood"), rows, [said]), broken


def _readers(options: Namespace) -> tuple[Table, str]:
    from mailbeacon.cli.events.lists import read_pairs
    from mailbeacon.counting import read_report

    groups = read_pairs(options.groups, "group")
    asked = {"campaign": options.campaign, "minimum": options.minimum, "names": options.names}
    found, broken = _judged(options, lambda pairs: read_report(pairs, None, groups, **asked))
    if options.names:
        readers = [(one.recipient, one.group, one.state, one.day, one.region) for one in found.readers]
        columns = ("recipient", "group", "state", "day", "region")
        return Table(columns, readers, [], [one.metadata for one in found.readers]), broken
    head = ("group", "recipients", "read", "clicked", "unknown", "not seen")
    rows = [(row.group, row.recipients, row.read, row.clicked, row.unknown, row.not_seen) for row in found.rows]
    notes = [f"{found.hidden:,} recipients are in no row, for they are too few."] if found.hidden else []
    if rows and found.minimum > 1:
        notes.insert(0, f"Numbers but those of recipients are rounded down to a multiple of {found.minimum}.")
    return Table(head, rows, notes), broken


def _compare(options: Namespace) -> tuple[Table, str]:
    from mailbeacon.cli.report.counted import Choice
    from mailbeacon.cli.report.counting import count
    from mailbeacon.cli.report.delivered import naming_option
    from mailbeacon.counting import compare_campaigns, tally
    from mailbeacon.counting.deliveries import deliveries_of

    found = count(options.events, Choice(stored=options.stored_verdicts))
    with naming_option():
        deliveries = deliveries_of(options.delivered, found.campaigns, found.tally.reported, None)
    if isinstance(deliveries, int):
        raise CommandError("argument --delivered: give a number for each campaign, as in spring=1200", USAGE)
    rows = []
    for row in compare_campaigns(found.tally.merge(tally([], [], deliveries=deliveries)), last=options.last):
        line: list[object] = [row.campaign, row.first.date() if row.first else None, row.rates.delivered]
        for rate, change in ((row.rates.opens, row.opens), (row.rates.clicks, row.clicks)):
            line += [
                None if rate is None else _percent(rate.low.value),
                None if rate is None else _percent(rate.high.value),
            ]
            line += [
                None if change is None else _percent(change.points),
                None if change is None else change.could_be_chance,
            ]
        rows.append(line)
    names = ("low", "high", "change", "chance")
    head = ("campaign", "first", "delivered", *(f"{kind} {name}" for kind in ("opens", "clicks") for name in names))
    notes = ["Rates in percent: by people, and by people or unknown; the change is of people, in points."]
    return Table(head, rows, notes), found.broken


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _print(table: Table, options: Namespace) -> None:
    from mailbeacon.counting.spreadsheets import csv_text

    if options.json:
        text = json.dumps(_as_json(table), ensure_ascii=False, indent=2) + "\n"
    elif options.csv:
        text = csv_text(table.head, table.rows)
    else:
        text = _aligned(table.head, table.rows) + "".join(f"{note}\n" for note in table.notes)
    write([text.encode("utf-8", "backslashreplace")])


def _as_json(table: Table) -> list[dict[str, object]]:
    """Return a table as JSON values, with the metadata that are known."""
    found: list[dict[str, object]] = [dict(zip(table.head, map(_plain, row), strict=True)) for row in table.rows]
    for row, metadata in zip(found, table.metadata, strict=False):
        row |= {"metadata": {**metadata}} if metadata else {}
    return found


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _aligned(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Lay a table out in columns, numbers to the right; the last column is as wide as it needs."""
    if not rows:
        return ""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(line[place]) for line in [list(head), *cells]) for place in range(len(head))]
    right = [
        all(row[place] is None or isinstance(row[place], int | float) for row in rows) for place in range(len(head))
    ]
    lines = [
        "  ".join(
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [list(head), *cells]
    ]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else shown(str(value))
