"""What of the host's failed while a request was answered or an event kept: logged, and told to its ``on_error``.

Ends nothing: whoever calls it goes on.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from traceback import extract_tb

from mailbeacon.errors import StoreError
from mailbeacon.settings.settings import Settings

__all__ = ["failed"]

_log = logging.getLogger("mailbeacon")


def failed(settings: Settings, what: str, error: BaseException) -> None:
    """Log that something of the host's failed, and tell its ``on_error``; never raises.

    The log has the error's name, and at level DEBUG where it came from. Its text, which may name a person, only if it is a
    store's of ours: that says which file or database it is, and what to do.
    """
    with suppress(Exception):
        said = f"{type(error).__name__}: {error}" if isinstance(error, StoreError) else type(error).__name__
        _log.error("%s failed: %s", what, said)
        for frame in extract_tb(error.__traceback__):
            _log.debug("  at %s:%s in %s", frame.filename, frame.lineno, frame.name)
    if settings.on_error is not None:
        try:
            settings.on_error(what, error)
        except Exception as second:
            with suppress(Exception):
                _log.error("on_error failed: %s", type(second).__name__)
