"""The tracking routes as a WSGI application, to mount under any prefix of any WSGI server.

Reads the body of a form for leaving, and no other. It does not serve mails or reports.
Source: PEP 3333 (2010).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING
from urllib.parse import quote

from mailbeacon.caches import Cache
from mailbeacon.errors import ConfigError
from mailbeacon.model import Headers, Request
from mailbeacon.networks.proxies import TrustedProxies
from mailbeacon.settings import Settings
from mailbeacon.web import MAX_BODY, PATH_SAFE, Beacon, has_body

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["RequestReader", "application", "headers_of", "raw_url"]

_STATUSES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_NO_PEER = "0.0.0.0"
"""What uWSGI's ``--http-socket`` calls a peer on a Unix socket; no connection comes from it. Seen with uWSGI 2.0.31, 2026."""


def application(beacon: Beacon) -> WSGIApplication:
    """Return the WSGI application of a beacon.

    Args:
        beacon: Its ``settings.trusted_proxies`` say whose ``proxy_header`` is believed. An application around this one that
            sets ``REMOTE_ADDR`` itself, such as Werkzeug's ``ProxyFix``, has the same task: use one of the two.

    Returns:
        An application for any thread; it answers with a list of one body, empty for HEAD.

    Raises:
        ConfigError: If the sink's ``record`` is an ``async def``.
    """
    if iscoroutinefunction(getattr(beacon.settings.sink, "record", None)):
        raise ConfigError("a sink whose record is async needs the ASGI application")
    reader = RequestReader(beacon.settings)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        reply = beacon.handle(reader.read(environ, _body))
        start_response(_STATUSES[reply.status], list(reply.headers))
        return [reply.body]

    return answer


class RequestReader:
    """Make requests of what WSGI tells of them; also for frameworks that pass it on.

    Args:
        settings: With the trusted proxies.
    """

    def __init__(self, settings: Settings) -> None:
        self._proxies = TrustedProxies(settings.trusted_proxies, header=settings.proxy_header)

    def read(self, environ: WSGIEnvironment, body: Callable[[WSGIEnvironment], bytes]) -> Request:
        """Return the request; ``body`` gives its body, and is asked for that of a form for leaving only."""
        headers = headers_of(environ)
        method, url = environ["REQUEST_METHOD"], raw_url(environ)
        peer = environ.get("REMOTE_ADDR") or ""
        return Request(
            url=url,
            method=method,
            headers=headers,
            address=self._proxies.client("" if peer == _NO_PEER else peer, headers),
            body=body(environ) if has_body(method, url) else b"",
        )


def raw_url(environ: Mapping[str, object]) -> str:
    """Return the path and query as the client wrote them, as nearly as the server tells.

    gunicorn and uWSGI give the request's own text (``RAW_URI``, ``REQUEST_URI``). Where a server gives only the decoded
    ``PATH_INFO``, it is encoded again, so that a percent sign is still read as the client meant it.
    """
    for name in ("RAW_URI", "REQUEST_URI"):
        found = environ.get(name)
        if isinstance(found, str) and found:
            return found
    path = f"{environ.get('SCRIPT_NAME') or ''}{environ.get('PATH_INFO') or ''}"
    query = environ.get("QUERY_STRING")
    encoded = quote(path.encode("latin-1", "replace"), safe=PATH_SAFE)
    return f"{encoded}?{query}" if query else encoded


def _body(environ: WSGIEnvironment) -> bytes:
    """Read a short body; none where its length is not said, or it breaks off."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        found = environ["wsgi.input"].read(min(length, MAX_BODY)) if length > 0 else b""
    except (KeyError, ValueError, OSError):
        return b""
    return bytes(found)


def headers_of(environ: Mapping[str, object]) -> Headers:
    """Return the header fields that WSGI tells of."""
    found = [
        (field, str(value)) for name, value in environ.items() if (field := _fields.get(name) or _field(name)) != "-"
    ]
    if environ.get("CONTENT_TYPE"):
        found.append(("content-type", str(environ["CONTENT_TYPE"])))
    return Headers(found)


_fields: Cache[str, str] = Cache(512)
"""What :func:`_field` gives: the same few names come again and again."""


def _field(name: str) -> str:
    """Return the header field that a name of an environment stands for, ``-`` for none, and remember it."""
    return _fields.put(name, name[5:].replace("_", "-").lower() if name.startswith("HTTP_") else "-")
