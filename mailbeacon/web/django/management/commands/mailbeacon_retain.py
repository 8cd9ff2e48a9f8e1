"""``manage.py mailbeacon_retain DAYS``: forget what is older."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from mailbeacon.web.django.configuring import beacon
from mailbeacon.web.django.management import told_in_a_line
from mailbeacon.web.figures import readable_sink

__all__ = ["Command"]

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Command(BaseCommand):
    """Drop events older than a number of days."""

    help = "Keep the events and last opens of the last DAYS days, and drop all older ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add how long events are kept."""
        parser.add_argument("days", type=int)

    @told_in_a_line()
    def handle(self, *_: Any, days: int, **__: Any) -> None:
        """Do it."""
        found = beacon()
        now = found.settings.clock()
        if not 1 <= days <= (now - _BEGINNING).days:
            raise CommandError("DAYS must be 1 or more, and not before 1970")
        sink, before = readable_sink(found.settings.sink), now - timedelta(days=days)
        drop = getattr(sink, "drop_before", None)
        if drop is None:
            raise CommandError("the sink cannot drop events by time")
        said = f"{drop(before)} events dropped"
        if hasattr(sink, "drop_last_opens") and (opens := sink.drop_last_opens(before.date())):
            said += f", and {opens} last opens"
        self.stdout.write(said)
