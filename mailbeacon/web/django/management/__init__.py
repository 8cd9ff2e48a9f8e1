"""Commands of the app."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from mailbeacon.errors import MailbeaconError

__all__ = ["told_in_a_line"]


@contextmanager
def told_in_a_line() -> Iterator[None]:
    """End a command with a line that says what cannot be done, in place of a traceback.

    Raises:
        CommandError: In place of the package's errors, and of the system's.
    """
    try:
        yield
    except (MailbeaconError, OSError) as error:
        raise CommandError(str(error)) from error
