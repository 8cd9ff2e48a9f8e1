"""The option of how many mails were delivered."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager

from mailbeacon.cli.console import USAGE, CommandError
from mailbeacon.counting.deliveries import Delivered, read_delivered
from mailbeacon.errors import ConfigError

__all__ = ["add_delivered", "delivered", "naming_option"]


def add_delivered(parser: ArgumentParser) -> None:
    """Add the option to a command that prints a report."""
    parser.add_argument(
        "--delivered",
        type=delivered,
        action="append",
        default=[],
        metavar="N",
        help="how many mails were delivered: N, or CAMPAIGN=N or CAMPAIGN/VARIANT=N, which may be given several times",
    )


def delivered(text: str) -> Delivered:
    """Read ``N``, ``CAMPAIGN=N`` or ``CAMPAIGN/VARIANT=N``."""
    try:
        return read_delivered(text)
    except ConfigError as error:
        raise ArgumentTypeError(str(error)) from error


@contextmanager
def naming_option() -> Iterator[None]:
    """Name the option of what is wrong with the numbers together."""
    try:
        yield
    except ConfigError as error:
        raise CommandError(f"argument --delivered: {error}", USAGE) from error
