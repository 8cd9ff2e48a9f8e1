"""``mailbeacon demo``: the whole way once, from a newsletter to an honest report, with made-up readers.

Everything happens in this process and on loopback. Nothing is sent, and no real reader is in it.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from mailbeacon.cli.arguments import directory, recipients
from mailbeacon.cli.console import Commands

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "demo",
        help="send a newsletter to made-up readers and print the report",
        description="Track a newsletter, let made-up readers open it and click over real HTTP on this machine, and print "
        "the report. Nothing is sent anywhere.",
    )
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="HTML, or a mail (.eml); a sample when left out"
    )
    parser.add_argument(
        "--recipients", type=recipients, default=1_000, metavar="N", help="how many readers (default: 1000)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed, the same readers (default: 1)")
    parser.add_argument(
        "--out",
        type=directory,
        default=Path("mailbeacon-demo"),
        metavar="DIR",
        help="where files go (default: mailbeacon-demo)",
    )
    parser.add_argument("--serve", action="store_true", help="keep serving, to open the mail and click in it yourself")
    parser.set_defaults(run=_run)


def _run(options: Namespace) -> int:
    from mailbeacon.cli.demo.running import run

    return run(options.file, options.recipients, options.seed, options.out, serve=options.serve)
