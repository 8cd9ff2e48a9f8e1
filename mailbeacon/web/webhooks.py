"""Providers' webhooks over WSGI and ASGI, and what the Flask and Django doors share: the raw body in, the reply out.

A body longer than is read is refused by what it says of its length, or once that many bytes have come. Nothing is decided
here but when to stop reading, and by its name which receiver answers.
Source: PEP 3333 (2010); ASGI specification 3.0, HTTP (2019).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

from mailbeacon.beacon import Beacon
from mailbeacon.beacon.configuring import imported
from mailbeacon.errors import ConfigError
from mailbeacon.model import Headers, Reply, Request
from mailbeacon.web import asgi
from mailbeacon.web.asgi import Receive, Scope, Send
from mailbeacon.web.wsgi import headers_of, raw_url
from mailbeacon.webhooks import MOST_BYTES

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["MOST_READ", "ByName", "Receiver", "asgi_application", "configured", "request_of", "wsgi_application"]

MOST_READ: Final = MOST_BYTES + 1
"""How much of a body is read, in bytes: one more than a receiver takes."""
_LONGEST_LINE = 65_536
_OPTIONS: Final = ("key", "password", "unsigned", "recipient_of", "kinds", "url")

ASGIApplication = Callable[[Scope, Receive, Send], Awaitable[None]]


class Receiver(Protocol):
    """What a door needs: ``mailbeacon.webhooks.receiver`` gives one."""

    def answer(self, request: Request) -> Reply:
        """Read a post, keep its events, and give the reply; never raises."""


class ByName:
    """Several receivers behind one door: the last part of the path names the one that answers.

    Example:
        ``wsgi_application(ByName({"sendgrid": hook, "postmark": other}))`` answers at ``…/sendgrid`` and ``…/postmark``.

    Args:
        receivers: By name.
    """

    def __init__(self, receivers: Mapping[str, Receiver]) -> None:
        self._receivers = dict(receivers)

    def answer(self, request: Request) -> Reply:
        """Have the named receiver answer; 404 where there is none. Never raises."""
        path = request.url.partition("?")[0].partition("#")[0]
        found = self._receivers.get(path.rstrip("/").rpartition("/")[2])
        if found is None:
            return Reply(status=404, headers=[("Content-Type", "text/plain; charset=utf-8")], body=b"Not found.\n")
        return found.answer(request)


def configured(options: object, beacon: Beacon, *, shown: str) -> ByName:
    """Return the receivers of a framework's configuration.

    Args:
        options: From a provider's name to what ``mailbeacon.webhooks.receiver`` takes for it, such as
            ``{"sendgrid": {"key": "…"}}``; ``recipient_of`` may be named as ``package.module:name``.
        beacon: Whose mails are reported.
        shown: The setting's name, for errors.

    Raises:
        ConfigError: If one of them cannot work.
        MissingExtra: If a public key is needed and ``cryptography`` is not installed.
    """
    from mailbeacon.webhooks import receiver  # it is much to load for those who have none

    if not isinstance(options, Mapping):
        raise ConfigError(f"{shown} must be a dictionary from a provider's name to its options")
    found: dict[str, Receiver] = {}
    for name, given in options.items():
        if not isinstance(given, Mapping) or not set(given) <= set(_OPTIONS):
            raise ConfigError(f"{shown}[{name!r:.40}] must be a dictionary with some of {', '.join(_OPTIONS)}")
        one = dict(given)
        if isinstance(one.get("recipient_of"), str):
            one["recipient_of"] = imported(one["recipient_of"], f"{shown}[{name!r:.40}]['recipient_of']")
        found[name] = receiver(name, beacon, **one)
    return ByName(found)


def request_of(environ: Mapping[str, object], body: bytes) -> Request:
    """Return the request that WSGI, or a framework in its words, tells of."""
    return Request(url=raw_url(environ), method=str(environ["REQUEST_METHOD"]), headers=headers_of(environ), body=body)


def wsgi_application(receiver: Receiver) -> WSGIApplication:
    """Return a receiver as a WSGI application, to mount where the provider posts to; for several, a :class:`ByName`."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = request_of(environ, _body(environ))
        reply = receiver.answer(request)
        length = ("Content-Length", str(len(reply.body)))
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", [*reply.headers, length])
        return [b"" if request.method == "HEAD" else reply.body]

    return answer


def _body(environ: WSGIEnvironment) -> bytes:
    """Read the body as far as it says it goes, and at most one byte more than is taken."""
    text = environ.get("CONTENT_LENGTH") or "0"
    length = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    if environ.get("wsgi.input_terminated") and not length:  # chunked, where the server says that it ends by itself
        length = MOST_READ
    pieces, left = [], min(length, MOST_READ)
    while left > 0 and (piece := environ["wsgi.input"].read(min(left, _LONGEST_LINE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def asgi_application(receiver: Receiver) -> ASGIApplication:
    """Return a receiver as an ASGI application; judging and keeping happen in a thread. For several, a :class:`ByName`."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _read(receive)
        if body is None:
            return
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        request = Request(url=asgi.raw_url(scope), method=scope["method"], headers=Headers(headers), body=body)
        reply = await asyncio.to_thread(receiver.answer, request)
        pairs = [*reply.headers, ("Content-Length", str(len(reply.body)))]
        sent = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
        await send({"type": "http.response.start", "status": reply.status, "headers": sent})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else reply.body})

    return answer


async def _read(receive: Receive) -> bytes | None:
    """Read the body, at most a little more than is taken; ``None`` if the client went away."""
    pieces, length = [], 0
    while length < MOST_READ:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        length += len(pieces[-1])
        if not message.get("more_body"):
            break
    return b"".join(pieces)
