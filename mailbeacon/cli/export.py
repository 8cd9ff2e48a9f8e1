"""``mailbeacon export``: the stored events of a sink as Parquet, for DuckDB, Polars, Spark and whatever else reads it.

Judges nothing: verdicts are those that were stored.
"""

from __future__ import annotations

from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path

from mailbeacon.cli.console import INPUT, OK, CommandError, Commands, complain, counted, reason, shown

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "export",
        help="write stored events as Parquet",
        description="Write the events of a SqliteSink, a JsonlSink, or a SQL database as Parquet, with the verdicts that were "
        "stored. It needs the extra arrow.",
    )
    parser.add_argument(
        "events", metavar="EVENTS", help="the file of a sink, or the URL of a database (postgresql://…)"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the Parquet file to write")
    parser.set_defaults(run=_run)


def _run(options: Namespace) -> int:
    from mailbeacon.engines.parquet import write_rows
    from mailbeacon.engines.rows import Rows
    from mailbeacon.errors import DataError, MissingExtra
    from mailbeacon.store import read_events

    broken: list[str] = []
    try:
        with ExitStack() as opened:
            if "://" in options.events:
                from mailbeacon.store.sql import SqlSink

                pairs = opened.enter_context(SqlSink(options.events)).events()
            else:
                pairs = read_events(options.events, on_broken=lambda error: broken.append(str(error)))
            number = write_rows(options.file, Rows().judged(pairs))
    except MissingExtra as error:
        raise CommandError(str(error)) from error
    except (DataError, ValueError) as error:
        raise CommandError(f"cannot export: {error}") from error
    except OSError as error:
        raise CommandError(
            f"cannot read {shown(options.events)} or write {shown(str(options.file))}: {reason(error)}"
        ) from error
    print(f"{counted(number, 'event')} written to {shown(str(options.file))}")
    return complain(f"{counted(len(broken), 'row')} cannot be read: {broken[0]}", INPUT) if broken else OK
