"""Send made-up hits to a server as real HTTP, one after the other, at the pace the server takes.

Waits for nobody's clock: the simulated moment is handed to a clock the server under test was given. Follows no
redirect. Talks to this machine alone unless asked otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Lock
from typing import Protocol
from urllib.parse import urlsplit

from mailbeacon.errors import ConfigError
from mailbeacon.fake.hits import Hit
from mailbeacon.model import Request, check_aware
from mailbeacon.settings import is_loopback

__all__ = ["Clock", "Settable", "play"]


class Clock:
    """A clock that stands at the moment it was set to; what ``Settings.clock`` may be in tests.

    Args:
        moment: The first moment, with a time zone.
    """

    def __init__(self, moment: datetime) -> None:
        check_aware(moment, "moment")
        self._moment = moment
        self._lock = Lock()

    def __call__(self) -> datetime:
        """Return the moment."""
        return self._moment

    def set(self, moment: datetime) -> None:
        """Go to a moment, also back.

        Raises:
            ConfigError: If it has no time zone.
        """
        check_aware(moment, "moment")
        self._moment = moment

    def advance(self, by: timedelta) -> None:
        """Go on by some time."""
        with self._lock:
            self._moment += by


class Settable(Protocol):
    """A clock that can be set; :class:`Clock` is one."""

    def set(self, moment: datetime) -> None:
        """Go to a moment."""


def play(
    hits: Iterable[Hit],
    base_url: str,
    *,
    clock: Settable | None = None,
    forwarded: bool = True,
    remote: bool = False,
    timeout: timedelta = timedelta(seconds=10),
) -> Iterator[tuple[Hit, int]]:
    """Send hits to a server, one at a time on one kept connection, and give each with the status it got.

    Args:
        hits: In the order to send them.
        base_url: Where the server is, such as ``http://127.0.0.1:8000``. A path that the hits' URLs do not begin with
            already is put before them.
        clock: Set to each hit's moment before it is sent.
        forwarded: Whether to send the made-up address in ``X-Forwarded-For``; the server must trust this machine.
        remote: Allow a server that is not on this machine.
        timeout: How long to wait for one reply.

    Raises:
        ConfigError: If the URL is not http or https, or not of this machine while ``remote`` is off.
        OSError: If the server cannot be reached.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError("base_url must be an http or https URL such as http://127.0.0.1:8000")
    if not remote and not is_loopback(host):
        raise ConfigError("base_url is not on this machine: made-up hits go elsewhere only with remote=True")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(host, parts.port, timeout=timeout.total_seconds())
    return _played(hits, connection, parts.path.rstrip("/"), clock, forwarded)


def _played(
    hits: Iterable[Hit], connection: HTTPConnection, path: str, clock: Settable | None, forwarded: bool
) -> Iterator[tuple[Hit, int]]:
    try:
        for hit in hits:
            request = hit.request
            if clock is not None and request.received_at is not None:
                clock.set(request.received_at)
            yield hit, _send(connection, request, path, forwarded)
    finally:
        connection.close()


def _send(connection: HTTPConnection, request: Request, path: str, forwarded: bool) -> int:
    """Send one request; once more on a new connection if the server had closed the kept one."""
    url = request.url if request.url.startswith(path + "/") else path + request.url
    kept = connection.sock is not None
    try:
        return _sent(connection, request, url, forwarded)
    except (HTTPException, ConnectionError):
        connection.close()
        if not kept:
            raise
        return _sent(connection, request, url, forwarded)


def _sent(connection: HTTPConnection, request: Request, url: str, forwarded: bool) -> int:
    connection.putrequest(request.method, url, skip_accept_encoding=True)
    for name, value in request.fields.items():
        if value:
            connection.putheader(name, value)
    if forwarded and request.address:
        connection.putheader("X-Forwarded-For", request.address)
    connection.endheaders(request.body or None)
    with connection.getresponse() as reply:
        reply.read()
        return reply.status
