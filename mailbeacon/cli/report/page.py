"""Where the page goes: refused early if it cannot go there, and replaced as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

from mailbeacon.cli.console import USAGE, CommandError, reason, shown
from mailbeacon.store.files import replace_whole

__all__ = ["check_target", "replace_file"]


def check_target(path: Path, *sources: Path | None) -> None:
    """See that a file can be written there without loss, before any work is done.

    Raises:
        CommandError: If it is one of the sources, no file, or in no folder.
    """
    name = shown(str(path))
    if "\0" in str(path):
        raise CommandError("cannot write to a file of this name", USAGE)
    try:
        exists = path.exists()
        if exists and not path.is_file():
            raise CommandError(f"cannot write to {name}: it is not a file")
        if not path.parent.is_dir():
            raise CommandError(f"cannot write to {name}: there is no such folder")
        if exists and any(source is not None and source.exists() and path.samefile(source) for source in sources):
            raise CommandError(f"cannot write to {name}: it is what is read", USAGE)
    except OSError as error:
        raise CommandError(f"cannot write to {name}: {reason(error)}") from error


def replace_file(path: Path, data: bytes) -> None:
    """Write a file beside the place where it goes, and move it there once it is whole.

    It is made anew under a name nobody can foresee, for its owner alone; a file that it takes the place of leaves it its
    mode.

    Raises:
        CommandError: If it cannot be written.
    """
    try:
        replace_whole(path, data, keeps_mode=True)
    except OSError as error:
        raise CommandError(f"cannot write to {shown(str(path))}: {reason(error)}") from error
