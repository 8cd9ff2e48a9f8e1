"""Providers' webhooks over WSGI and ASGI: the raw body in, the receiver's reply out.

A body longer than is read is refused by what it says of its length, or once that many bytes have come. Nothing is decided
here but when to stop reading.
Source: PEP 3333 (2010); ASGI specification 3.0, HTTP (2019).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from mailbeacon.model import Headers, Reply, Request
from mailbeacon.web import asgi
from mailbeacon.web.asgi import Receive, Scope, Send
from mailbeacon.web.wsgi import raw_url

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Receiver", "asgi_application", "wsgi_application"]

_MOST_BYTES = 8_000_000
_LONGEST_LINE = 65_536

ASGIApplication = Callable[[Scope, Receive, Send], Awaitable[None]]


class Receiver(Protocol):
    """What a door needs: ``mailbeacon.webhooks.receiver`` gives one."""

    def answer(self, request: Request) -> Reply:
        """Read a post, keep its events, and give the reply; never raises."""


def wsgi_application(receiver: Receiver) -> WSGIApplication:
    """Return a receiver as a WSGI application, to mount where the provider posts to."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        pairs = [(name[5:].replace("_", "-"), str(value)) for name, value in environ.items() if name[:5] == "HTTP_"]
        request = Request(
            url=raw_url(environ), method=environ["REQUEST_METHOD"], headers=Headers(pairs), body=_body(environ)
        )
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
        length = _MOST_BYTES + 1
    pieces, left = [], min(length, _MOST_BYTES + 1)
    while left > 0 and (piece := environ["wsgi.input"].read(min(left, _LONGEST_LINE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def asgi_application(receiver: Receiver) -> ASGIApplication:
    """Return a receiver as an ASGI application; judging and keeping happen in a thread."""

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
    while length <= _MOST_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        length += len(pieces[-1])
        if not message.get("more_body"):
            break
    return b"".join(pieces)
