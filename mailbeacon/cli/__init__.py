"""The command line: one module for each command.

Each command reads files, the environment and the clock so that the library need not. Nothing here decides anything
about mail, events or figures.
"""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from mailbeacon import __version__
from mailbeacon.cli import decode, demo, export, fake, figures, judge, keys, privacy, report, rewrite, webhook
from mailbeacon.cli.console import (
    INPUT,
    INTERRUPTED,
    OK,
    USAGE,
    CommandError,
    complain,
    guard_output,
    hush_output,
    masked,
    reason,
)
from mailbeacon.errors import ConfigError, MailbeaconError

__all__ = ["main"]

_EXAMPLES = {
    "demo": "newsletter.html --recipients 5000 --serve",
    "rewrite": "newsletter.html --base-url https://t.example.com/m --recipient u-17 > tracked.html",
    "decode": "https://t.example.com/m/o/….gif --key-file keys.txt",
    "report": "events.sqlite --delivered 12000 --html report.html",
    "leads": "events.sqlite --most 20",
    "audiences": "events.sqlite --subscribers list.csv",
    "hours": "events.sqlite --zone Europe/Berlin",
    "readers": "events.sqlite --groups staff.csv --campaign policy",
    "compare": "events.sqlite --delivered spring=12000 --delivered summer=12400",
    "judge": "access.log access.log.1 --workers 2 --out judged",
    "export": "events.sqlite events.parquet",
    "webhook": "body.json --provider sendgrid",
    "privacy": "export u-17 events.sqlite",
    "fake": "newsletter.html --audience business --recipients 10000 --format nginx > access.log",
    "keys": "new",
}
"""One for each command, below its help."""

_COMMANDS = (demo, rewrite, decode, report, figures, judge, export, webhook, privacy, fake, keys)


class _Parser(ArgumentParser):
    """Refuse a wrong command line in one line instead of a page."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{masked(message)} (see {self.prog} --help)", USAGE)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments after the program's name; ``None`` takes the process's own.

    Returns:
        0 when it worked, 1 when the input is at fault, 2 when the command line is, 130 after Ctrl-C or being told to end.
    """
    try:
        if argv is None:
            _tidy_up_when_told_to_end()
        guard_output()
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
        return code
    except CommandError as refused:
        return complain(str(refused), refused.code)
    except ConfigError as error:
        return complain(str(error), USAGE)
    except MailbeaconError as error:
        return complain(str(error), INPUT)
    except BrokenPipeError:
        hush_output()
        return INPUT
    except OSError as error:  # a full disk behind standard output, most likely
        hush_output()
        return complain(f"input or output failed: {reason(error)}", INPUT)
    except KeyboardInterrupt:
        return complain("stopped", INTERRUPTED)


def _tidy_up_when_told_to_end() -> None:
    """Make a signal to end act as Ctrl-C does; what the caller has ignored, as ``nohup`` has SIGHUP, stays ignored."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # a closing terminal tells twice, and the second must not stop the tidying
    signal.default_int_handler(number, frame)


def _run(argv: Sequence[str]) -> int:
    parser = _parser()
    _complete(parser)
    if not argv:
        parser.print_help()
        return OK
    try:
        options, unknown = parser.parse_known_args(argv)
    except SystemExit as stop:  # --help and --version
        return int(stop.code or OK)
    if unknown:
        raise CommandError(
            f"unrecognized arguments: {masked(' '.join(unknown))} (see mailbeacon {options.command} --help)", USAGE
        )
    code: int = options.run(options)
    return code


def _parser() -> ArgumentParser:
    parser = _Parser(
        prog="mailbeacon",
        description="Email tracking that can be trusted: rewrite mail, decode what comes back, count.",
    )
    parser.add_argument("--version", action="version", version=f"mailbeacon {__version__}")
    commands = parser.add_subparsers(metavar="command", required=True, dest="command")
    for command in _COMMANDS:
        command.register(commands)
    for name, one in commands.choices.items():
        one.epilog = f"example: mailbeacon {name} {_EXAMPLES[name]}"
    return parser


def _complete(parser: ArgumentParser) -> None:
    """Answer a shell that asks how a command line goes on, where argcomplete is installed."""
    if "_ARGCOMPLETE" in os.environ:
        with suppress(ImportError):
            from argcomplete import autocomplete

            autocomplete(parser)
