"""Secret keys from a file or the environment.

Makes none (see ``keys``), and shows none.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Final

from mailbeacon.cli.console import USAGE, CommandError, read_bytes, shown
from mailbeacon.errors import ConfigError
from mailbeacon.settings import SECRET_KEYS, check_keys, split_keys

__all__ = ["VARIABLE", "add_key_option", "read_keys"]

VARIABLE: Final = SECRET_KEYS
"""The environment variable: keys with white space or commas between, the newest last."""

_MAX_FILE: Final = 1_000_000
"""In bytes."""


def add_key_option(parser: ArgumentParser) -> None:
    """Add the option that names a file of keys to a command."""
    parser.add_argument(
        "--key-file", type=Path, metavar="F", help=f"a file of keys, one a line, the newest last (default: ${VARIABLE})"
    )


def read_keys(path: Path | None) -> list[bytes]:
    """Return the keys, the newest last.

    Args:
        path: The file; ``None`` for the environment.

    Raises:
        CommandError: If there are none, or one is too short or can be guessed.
    """
    if path is None:
        found = split_keys(os.environ.get(VARIABLE, ""))
        if not found:
            raise CommandError(
                f"no secret key: give --key-file, or set {VARIABLE} (mailbeacon keys new makes one)", USAGE
            )
        where = VARIABLE
    else:
        where = shown(str(path))
        found = [line.strip() for line in _text(read_bytes(path, _MAX_FILE), where).splitlines() if line.strip()]
        if not found:
            raise CommandError(f"{where} holds no key")
    try:
        return list(check_keys([key.encode("utf-8", "surrogateescape") for key in found], where))
    except ConfigError as error:
        raise CommandError(str(error)) from error


def _text(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")  # editors on Windows put a byte order mark before the first key
    except ValueError as error:
        raise CommandError(f"{where} is not a text file of keys, one a line") from error
