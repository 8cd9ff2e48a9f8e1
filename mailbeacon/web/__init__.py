"""Doors for web frameworks: each turns the framework's request into ours and our reply into the framework's.

Nothing is decided here. Importing this imports no framework.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Final, Protocol

from mailbeacon.model import Answer, History, Reply, Request
from mailbeacon.settings import Settings

__all__ = ["MAX_BODY", "Beacon", "close_stores", "has_body"]

_log = logging.getLogger("mailbeacon")
PATH_SAFE: Final = "/:@!$&'()*+,;=~"
"""What stays as it is in a decoded path that is encoded again."""
MAX_BODY: Final = 8_192
"""How much of a body is read, in bytes: the forms for leaving are far smaller."""


class Beacon(Protocol):
    """What a door needs of a beacon."""

    @property
    def settings(self) -> Settings:
        """The host's decisions."""

    @property
    def history(self) -> History:
        """What came before."""

    def answer(self, request: Request, history: History | None = None) -> Answer:
        """Answer a request, and change nothing; never raises."""

    def handle(self, request: Request) -> Reply:
        """Answer a request and record it; never raises."""


def has_body(method: str, url: str) -> bool:
    """Check whether a request's body is worth reading: that of a form for leaving."""
    return method == "POST" and "/u/" in url


def close_stores(beacon: Beacon) -> None:
    """Close the sink and the history of a server that ends, so that what waits in them is handed over; never raises."""
    sink = beacon.settings.sink
    for store in (sink, getattr(sink, "sink", None), beacon.history):  # a spool, then what is behind it
        with suppress(AttributeError):
            close = store.close  # type: ignore[union-attr]  # only some can be closed
            try:
                close()
            except Exception as error:
                _log.error("closing %s failed: %s", type(store).__name__, type(error).__name__)
