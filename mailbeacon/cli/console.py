"""What the commands share of a terminal: exit codes, one line for each refusal, and progress.

Knows no command.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = [
    "INPUT",
    "INTERRUPTED",
    "OK",
    "USAGE",
    "CommandError",
    "Commands",
    "Progress",
    "complain",
    "counted",
    "guard_output",
    "hush_output",
    "masked",
    "print_json",
    "read_bytes",
    "reason",
    "shown",
    "width",
    "write",
]

OK: Final = 0
INPUT: Final = 1
"""The input is at fault: a file, a key, a token."""
USAGE: Final = 2
"""The command line is at fault."""
INTERRUPTED: Final = 130
"""Ended by Ctrl-C. Source: the shells' 128 plus the signal's number."""

_SECONDS_BETWEEN: Final = 0.1
_WIDTH: Final = 80
_PRIVATE: Final = re.compile(r"[^\s']*[@/][^\s']*|[^\s'…]{40,}")
_TOKEN_OR_ADDRESS: Final = re.compile(r"(?<![\w.-])[\w-]++\.[\w-]{22}(?![\w-])|(?<![^\s'/])[^\s'/@]++@[^\s'/@]+\.\w+")
"""A token as links hold it, and an e-mail address, wherever they stand in what was typed: a file's name too."""
_VALUE: Final = re.compile(r"(--[\w-]+=)[^\s']*")

if TYPE_CHECKING:
    Commands = _SubParsersAction[ArgumentParser]
else:
    Commands = object


class CommandError(Exception):
    """Why a command does nothing, in one line for the user.

    Attributes:
        code: The exit code.
    """

    def __init__(self, message: str, code: int = INPUT) -> None:
        super().__init__(message)
        self.code = code


def complain(message: str, code: int) -> int:
    """Write one line to standard error, without a token or an address, and give the exit code back."""
    line = _TOKEN_OR_ADDRESS.sub("…", " ".join(message.split()))
    print(f"mailbeacon: {shown(line)}", file=sys.stderr)
    return code


def width() -> int:
    """Return how wide a text may be: as the terminal is, or 80 characters where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH


def shown(text: str) -> str:
    """Return a text without the characters that would move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def masked(words: str) -> str:
    """Return what was typed without what may be a link with a token, an address or a person's name.

    Example:
        >>> masked("'reprot' 'https://t.example.com/o/aWyJz.gif' --recipient=u-17 ann@garden.example")
        "'reprot' '…' --recipient=… …"
    """
    return _PRIVATE.sub("…", _VALUE.sub(r"\1…", words))


def counted(number: int, noun: str) -> str:
    """Write a number with what it counts: ``1 link``, ``1,200 links``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def reason(error: OSError) -> str:
    """Return what went wrong with a file, in lower case."""
    return (error.strerror or type(error).__name__).lower()


def read_bytes(path: Path, most: int) -> bytes:
    """Read a whole file, or a pipe, of a bounded size.

    Raises:
        CommandError: If it cannot be read, or has more bytes than ``most``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise CommandError(f"cannot read {shown(str(path))}: {reason(error)}") from error
    except ValueError as error:  # a zero byte in the name
        raise CommandError("cannot read a file of this name") from error
    if len(data) > most:
        raise CommandError(f"{shown(str(path))} has over {most / 1e6:,.0f} MB, more than can be meant")
    return data


def write(pieces: Iterable[bytes]) -> None:
    """Write bytes to standard output behind what was printed, as they are on every system."""
    sys.stdout.flush()
    sys.stdout.buffer.writelines(pieces)
    sys.stdout.buffer.flush()


def print_json(value: object, *, indent: int | None = None) -> None:
    """Print JSON, with escapes where the terminal has no Unicode."""
    wide = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    print(json.dumps(value, indent=indent, ensure_ascii=not wide))


def guard_output() -> None:
    """Make a terminal that lacks a character show its code instead of ending the program.

    Raises:
        CommandError: If standard output is closed.
    """
    if sys.stdout is None:
        raise CommandError("standard output is closed")
    for stream in (sys.stdout, sys.stderr):
        change = getattr(stream, "reconfigure", None)
        if change is not None:
            change(errors="backslashreplace")


def hush_output() -> None:
    """Write no more to a reader who has gone, such as ``head``, not even at the end of the process."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class Progress:
    """Show one line that keeps changing, on a terminal only."""

    def __init__(self) -> None:
        self._wanted = sys.stderr.isatty()
        self._next = 0.0

    @property
    def is_seen(self) -> bool:
        """Whether anybody looks: then it is worth counting how much there is."""
        return self._wanted

    def show(self, text: str) -> None:
        """Show a text in place of the last, a few times a second at most."""
        if self._wanted and time.monotonic() >= self._next:
            self._next = time.monotonic() + _SECONDS_BETWEEN
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._wanted:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._next = 0.0
