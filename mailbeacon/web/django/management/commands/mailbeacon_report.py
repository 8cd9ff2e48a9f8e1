"""``manage.py mailbeacon_report``: the figures of what the sink holds."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from mailbeacon.web.django.configuring import beacon
from mailbeacon.web.django.management import told_in_a_line
from mailbeacon.web.figures import report_of, write_page

__all__ = ["Command"]


class Command(BaseCommand):
    """Print the report of a campaign, or write it as a page."""

    help = "Count what the sink holds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what a report may be narrowed to."""
        parser.add_argument("--campaign", default="", help="only this campaign")
        parser.add_argument("--html", default="", metavar="FILE", help="write the page to this file")

        parser.add_argument(
            "--delivered",
            action="append",
            default=[],
            metavar="N",
            help="how many mails were delivered: N, or CAMPAIGN=N or CAMPAIGN/VARIANT=N, which may be given several times",
        )

    @told_in_a_line()
    def handle(self, *_: Any, campaign: str, html: str, delivered: Sequence[str], **__: Any) -> None:
        """Do it."""
        one = beacon()
        found = report_of(one.settings.sink, campaign, judge=one.judge, as_page=bool(html), delivered=delivered)
        if html:
            write_page(Path(html), found)
        else:
            self.stdout.write(found)
