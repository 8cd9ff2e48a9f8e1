"""``manage.py mailbeacon_erase RECIPIENT``: take out all that is kept of a person."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailbeacon.web.django.configuring import beacon
from mailbeacon.web.django.management import told_in_a_line
from mailbeacon.web.figures import readable_sink

__all__ = ["Command"]


class Command(BaseCommand):
    """Erase a recipient's events."""

    help = "Erase all events of a recipient, by the name you gave them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the recipient to erase."""
        parser.add_argument("recipient")

    @told_in_a_line()
    def handle(self, *_: Any, recipient: str, **__: Any) -> None:
        """Do it."""
        erase = getattr(readable_sink(beacon().settings.sink), "erase", None)
        if erase is None:
            raise CommandError("the sink cannot erase")
        self.stdout.write(f"{erase(recipient)} events erased")
