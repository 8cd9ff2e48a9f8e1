"""``mailbeacon report``: the figures of stored events, as text, JSON, CSV or a page.

Changes nothing in the files of events. All are judged again, each in the light of all, but for those a host's own rules judged.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mailbeacon.cli.arguments import add_events, least, moment, workers
from mailbeacon.cli.console import Commands
from mailbeacon.cli.report.delivered import add_delivered
from mailbeacon.counting import Dimension

__all__ = ["DIMENSIONS", "register"]

DIMENSIONS = tuple(dimension.value for dimension in Dimension if dimension is not Dimension.GROUP)
"""What figures can be broken down by: who belongs to which group is not in the events."""


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "report",
        help="print the figures of stored events",
        description="Judge the stored events again as a whole, and print the figures: a text, or with --json or --csv that. "
        "With --html the page is written as well.",
    )
    add_events(parser)
    _add_choice(parser)
    _add_form(parser)
    parser.set_defaults(run=_run)


def _add_choice(parser: ArgumentParser) -> None:
    parser.add_argument("--campaign", metavar="C", help="count this campaign only (default: all)")
    parser.add_argument(
        "--since", type=moment, metavar="DATE", help="count events from this moment on; UTC unless it has an offset"
    )
    add_delivered(parser)
    parser.add_argument(
        "--group-by", choices=DIMENSIONS, metavar="WHAT", help=f"also by one of {', '.join(DIMENSIONS)}"
    )
    parser.add_argument(
        "--groups",
        type=Path,
        metavar="FILE",
        help="also by groups of recipients: CSV with recipient and a column for each kind",
    )
    parser.add_argument(
        "--minimum",
        type=least,
        default=0,
        metavar="N",
        help="for a report others see: add up smaller rows, round every number down to a multiple of this (default: 0)",
    )
    parser.add_argument(
        "--fit", action="store_true", help="judge twice: first to learn from these events what is usual on their list"
    )
    parser.add_argument("--zone", default="UTC", metavar="ZONE", help="the time zone of hours and days (default: UTC)")


def _add_form(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--title", metavar="T", help="what stands at the top (default: the campaign, or the file's name)"
    )
    parser.add_argument(
        "--newsletter",
        type=Path,
        metavar="FILE",
        help="the newsletter as it was before rewriting, HTML or a mail: names the links, and draws the click map",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report as one self-contained page too")
    parser.add_argument("--language", choices=("en", "de"), default="en", help="of the page (default: en)")
    parser.add_argument(
        "--no-campaigns", dest="campaigns", action="store_false", help="leave out the campaigns side by side"
    )
    parser.add_argument(
        "--workers", type=workers, default=1, metavar="N", help="share the work among N processes, of one SQLite file"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON in place of the text")
    form.add_argument("--csv", action="store_true", help="print CSV in place of the text")


def _run(options: Namespace) -> int:
    from mailbeacon.cli.report.running import run

    return run(options)
