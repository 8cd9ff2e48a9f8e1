"""The tracking routes as an ASGI application: bare under uvicorn or hypercorn, or mounted in Starlette, FastAPI or Quart.

Answers in threads of its own, so that a slow sink keeps the event loop of nobody waiting. Reads the body of a form for
leaving, and no other. It does not serve mails or reports.
Source: ASGI specification 3.0, and its HTTP and lifespan protocols 2.5.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, Final
from urllib.parse import quote

from mailbeacon.model import Answer, Headers, Level, Reply, Request
from mailbeacon.networks.proxies import TrustedProxies
from mailbeacon.replying import HitLimit, deliver, hand, lost
from mailbeacon.web import MAX_BODY, PATH_SAFE, Beacon, close_stores, has_body

__all__ = ["Application", "application", "lifespan", "raw_url"]

_THREADS: Final = 16
_SINK_SECONDS: Final = 0.25
"""How long a reply waits for an async sink."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def application(beacon: Beacon) -> Application:
    """Return the ASGI application of a beacon.

    Args:
        beacon: Its ``settings.trusted_proxies`` say whose ``proxy_header`` is believed. Its sink's ``record`` may be an
            ``async def``; a reply waits 250 ms for it at most.

    Returns:
        An application for any event loop. Where the server runs it by itself, it closes sink and history when the server
        ends; mounted in another application, that one must, with :func:`lifespan`.
    """
    return Application(beacon)


@asynccontextmanager
async def lifespan(beacon: Beacon) -> AsyncIterator[None]:
    """Close sink and history of a beacon when a server ends, for an application it is mounted in.

    Example:
        In FastAPI: ``app = FastAPI(lifespan=lambda app: asgi.lifespan(beacon))``.
    """
    try:
        yield
    finally:
        await asyncio.to_thread(close_stores, beacon)


class Application:
    """The application; made by :func:`application`."""

    def __init__(self, beacon: Beacon) -> None:
        self._beacon = beacon
        settings = beacon.settings
        self._proxies = TrustedProxies(settings.trusted_proxies, header=settings.proxy_header)
        self._awaits = iscoroutinefunction(getattr(settings.sink, "record", None))
        self._without_sink = replace(settings, sink=None) if self._awaits else settings
        self._limit = HitLimit(settings.max_hits_per_message)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="mailbeacon")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or go through a server's life."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
        method, url = scope["method"], raw_url(scope)
        request = Request(
            url=url,
            method=method,
            headers=headers,
            address=self._proxies.client((scope.get("client") or ("",))[0] or "", headers),
            body=await _body(receive) if has_body(method, url) else b"",
        )
        reply = await self._handle(request)
        fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": fields})
        await send({"type": "http.response.body", "body": reply.body})

    async def _handle(self, request: Request) -> Reply:
        run = partial(asyncio.get_running_loop().run_in_executor, self._threads)
        if not self._awaits:
            return await run(self._beacon.handle, request)
        answer = await run(self._beacon.answer, request, self._beacon.history)
        event = answer.event and self._limit.admit(answer.event)
        if event is None:
            return answer.reply
        answer = replace(answer, event=event)
        kept = await self._record(answer)
        return await run(partial(deliver, answer, self._without_sink, self._beacon.history, kept=kept))

    async def _record(self, answer: Answer) -> bool:
        """Wait for the host's async sink, but not for long; what it raises costs the reader nothing. Return whether it has it."""
        sink, event, verdict = self._beacon.settings.sink, answer.event, answer.verdict
        if sink is None or event is None or verdict is None:
            return False
        run = asyncio.get_running_loop().run_in_executor
        try:
            if event.level is Level.DATE:  # of which only the day is kept, by a method that may be none to await
                kept = await run(self._threads, hand, sink, event, verdict)
            else:
                kept = hand(sink, event, verdict)
            if isawaitable(kept):
                await asyncio.wait_for(kept, _SINK_SECONDS)
        except Exception as error:
            lost(event, verdict, self._beacon.settings, error)
            return False
        return True

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.to_thread(close_stores, self._beacon)
                self._threads.shutdown(wait=False)
                await send({"type": "lifespan.shutdown.complete"})
                return


def raw_url(scope: Scope) -> str:
    """Return the path and query as the client wrote them, as nearly as the server tells.

    The prefix an application is mounted under (``root_path``) need not be there: tracking URLs are read from their end.
    """
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(scope["path"], safe=PATH_SAFE)
    query = (scope.get("query_string") or b"").decode("latin-1")
    return f"{path}?{query}" if query else path


async def _body(receive: Receive) -> bytes:
    """Read a short body; what is beyond the limit is not kept."""
    found = b""
    while len(found) <= MAX_BODY:
        message = await receive()
        if message["type"] != "http.request":
            break
        found += message.get("body", b"")
        if not message.get("more_body"):
            break
    return found[:MAX_BODY]
