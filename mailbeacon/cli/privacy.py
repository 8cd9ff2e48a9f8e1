"""``mailbeacon privacy``: what files keep of a person, given, erased, or kept no longer than said."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from mailbeacon.cli.console import OK, USAGE, CommandError, Commands, reason, shown
from mailbeacon.errors import DataError
from mailbeacon.model import Kind
from mailbeacon.privacy import Done, Retention, erase_person, export_person, retain
from mailbeacon.store import open_stores

__all__ = ["register"]

_TIME: Final = re.compile(r"([0-9]{1,6})(d|h)")
_HOURS: Final = {"d": 24, "h": 1}


def register(commands: Commands) -> None:
    """Add the commands to the command line."""
    parser = commands.add_parser(
        "privacy",
        help="give or erase what is kept of a person",
        description="Export, erase and retain what files keep.",
    )
    actions = parser.add_subparsers(metavar="action", required=True, dest="action")
    export = actions.add_parser(
        "export",
        help="print all that is kept of a person",
        description="Print all that files keep of a person, as JSON.",
    )
    _add_recipient(export)
    export.set_defaults(run=_export)
    erase = actions.add_parser(
        "erase", help="erase what is kept of a person", description="Take all that files keep of a person out of them."
    )
    _add_recipient(erase)
    erase.add_argument("--with-proof", action="store_true", help="erase the records of consent too")
    erase.set_defaults(run=_erase)
    keep = actions.add_parser(
        "retain", help="keep nothing longer than said", description="Take out of files what is older than said."
    )
    keep.add_argument(
        "--after", type=_time, required=True, metavar="TIME", help="how long is kept, such as 365d or 48h"
    )
    keep.add_argument(
        "--kind", type=_kind, action="append", default=[], metavar="KIND", help="only events of this kind"
    )
    keep.add_argument("--drop", choices=("event", "recipient"), default="event", help="what goes of an older event")
    _add_files(keep)
    keep.set_defaults(run=_retain)


def _add_recipient(parser: ArgumentParser) -> None:
    parser.add_argument(
        "recipient", metavar="RECIPIENT", help="the host's name for the person; - reads it from standard input"
    )
    _add_files(parser)


def _add_files(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="SQLite or JSON lines, as a store wrote it")


def _time(text: str) -> timedelta:
    found = _TIME.fullmatch(text)
    if not found:
        raise ArgumentTypeError("must be a number of days or hours, such as 365d or 48h")
    return timedelta(hours=int(found[1]) * _HOURS[found[2]])


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError as error:
        raise ArgumentTypeError(f"must be one of {', '.join(Kind)}") from error


def _export(options: Namespace) -> int:
    print(export_person(_recipient(options.recipient), *_stores(options.files)))
    return OK


def _erase(options: Namespace) -> int:
    recipient, stores = _recipient(options.recipient), _stores(options.files)
    _tell(erase_person(recipient, *stores, proof="erase" if options.with_proof else "keep"))
    return OK


def _retain(options: Namespace) -> int:
    stores = [store for store in _stores(options.files) if hasattr(store, "rework")]
    rule = Retention(after=options.after, kinds=tuple(options.kind), drop=options.drop)
    _tell(retain([rule], datetime.now(UTC), *stores))
    return OK


def _recipient(text: str) -> str:
    found = sys.stdin.readline().strip("\r\n") if text == "-" else text
    if not found:
        raise CommandError("the recipient must not be empty", USAGE)
    return found


def _tell(done: Iterable[Done]) -> None:
    for one in done:
        print(f"{one.store}: {one.count:,} {one.what}", file=sys.stderr)


def _stores(files: Iterable[Path]) -> list[object]:
    """Open the stores that files hold; none is made.

    Raises:
        CommandError: If a file cannot be read, or holds no table of ours.
    """
    return [store for file in files for store in _stores_of(file)]


def _stores_of(file: Path) -> list[object]:
    try:
        return [*open_stores(file)]
    except OSError as error:
        raise CommandError(f"{shown(str(file))} cannot be read: {reason(error)}") from error
    except DataError as error:
        raise CommandError(f"{shown(str(file))}: {error}") from error
