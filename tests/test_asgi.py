"""The ASGI application: bare, mounted in frameworks, and under a real server that is told to end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loops import run
from servers import fetch, free_port, listens, running, wait_for

import mailbeacon as mb
from mailbeacon import replying
from mailbeacon.errors import ConfigError
from mailbeacon.store import JsonlSink, MemorySink, QueueSink
from mailbeacon.web import asgi, wsgi
from tests import making

ROOT = Path(__file__).resolve().parent.parent
BASE = "https://t.example.com/m"
KEY = b"0123456789abcdef0123456789abcdef"
SHOP = "https://shop.example/?a=1&b=2"


class AsyncSink:
    """A sink of a host with an async database."""

    def __init__(self, *, fails: bool = False, hangs: bool = False) -> None:
        self.kept: list[mb.Event] = []
        self._fails, self._hangs = fails, hangs

    async def record(self, event: mb.Event, verdict: mb.Verdict) -> None:
        await asyncio.sleep(3600 if self._hangs else 0)
        if self._fails:
            raise OSError("no route")
        self.kept.append(event)


def beacon_with(sink=None, **options: object) -> mb.Beacon:
    return making.beacon(secret_keys=[KEY], sink=sink, keep_address="keep", **options)


def paths(beacon: mb.Beacon) -> tuple[str, str]:
    message = mb.Message(recipient="u-17", campaign="spring")
    return urlsplit(beacon.open_url(message)).path, urlsplit(beacon.click_url(message, SHOP)).path


async def ask(app, path: str, method: str = "GET", body: bytes = b"", **scope: object):
    """Ask an application as a server does; return status, headers and body."""
    whole = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"user-agent", b"Mozilla/5.0")],
        "client": ("192.0.2.1", 5000),
        **scope,
    }
    sent: list[dict] = []
    parts = [{"type": "http.request", "body": body[:3], "more_body": True}, {"type": "http.request", "body": body[3:]}]

    async def receive():
        return parts.pop(0) if parts else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    await app(whole, receive, send)
    return sent[0]["status"], {n.decode(): v.decode() for n, v in sent[0]["headers"]}, sent[1]["body"]


def test_an_open_and_a_click_are_answered_and_recorded():
    sink = MemorySink()
    beacon = beacon_with(sink)
    app, (open_path, click_path) = asgi.application(beacon), paths(beacon)
    status, headers, body = run(ask(app, open_path))
    assert (status, headers["content-type"], body) == (200, "image/gif", replying.PIXEL)
    status, headers, body = run(ask(app, click_path, query_string=b"utm=x"))
    assert (status, headers["location"], body) == (302, SHOP, b"")
    assert [(event.kind, event.address) for event, _ in sink.events()] == [
        (mb.Kind.OPEN, "192.0.2.1"),
        (mb.Kind.CLICK, "192.0.2.1"),
    ]


def test_case_23_head_has_the_headers_and_no_body():
    sink = MemorySink()
    beacon = beacon_with(sink)
    status, headers, body = run(ask(asgi.application(beacon), paths(beacon)[0], "HEAD"))
    assert (status, headers["content-length"], body) == (200, "43", b"")
    assert [event.method for event, _ in sink.events()] == ["HEAD"]


@pytest.mark.parametrize("scope", [{"client": None}, {"client": ("", 0)}, {"client": ("127.0.0.1", 9)}], ids=str)
def test_case_25_behind_a_proxy_on_this_machine_the_address_is_the_clients(scope):
    sink = MemorySink()
    beacon = beacon_with(sink, trusted_proxies=["127.0.0.1/32"])
    headers = [(b"x-forwarded-for", b"198.51.100.9, 203.0.113.5"), (b"forwarded", b"for=1.2.3.4")]
    run(ask(asgi.application(beacon), paths(beacon)[0], headers=headers, **scope))
    assert [event.address for event, _ in sink.events()] == ["203.0.113.5"]


def test_without_a_raw_path_the_decoded_one_is_encoded_again():
    assert asgi.raw_url({"path": "/m/c/a%b?", "query_string": b"x=1"}) == "/m/c/a%25b%3F?x=1"
    assert asgi.raw_url({"path": "/x", "raw_path": b"/m/%78"}) == "/m/%78"


def test_only_a_form_for_leaving_has_its_body_read():
    asked: list[mb.Request] = []

    class Door:
        settings, history = beacon_with().settings, None

        def handle(self, request: mb.Request) -> mb.Reply:
            asked.append(request)
            return mb.Reply(status=204, headers=[])

    app = asgi.application(Door())
    run(ask(app, "/m/u/token", "POST", b"List-Unsubscribe=One-Click"))
    run(ask(app, "/m/u/token", "POST", b"x" * 100_000))
    run(ask(app, "/m/c/token", "POST", b"x"))
    assert [request.body for request in asked] == [b"List-Unsubscribe=One-Click", b"x" * 8_192, b""]


@pytest.mark.parametrize("awaited", [True, False], ids=["async", "plain"])
def test_an_async_sink_keeps_the_day_of_a_last_open_by_either_kind_of_method(awaited):
    days: list[tuple[str, date]] = []

    class Days(AsyncSink):
        if awaited:

            async def put_last_open(self, recipient: str, day: date) -> None:
                await asyncio.sleep(0)
                days.append((recipient, day))
        else:

            def put_last_open(self, recipient: str, day: date) -> None:
                days.append((recipient, day))

    beacon = beacon_with(Days(), clock=lambda: making.NOW)
    url = beacon.open_url(mb.Message(recipient="u-17", campaign="spring", opens=mb.Level.DATE))
    assert run(ask(asgi.application(beacon), urlsplit(url).path))[0] == 200
    assert days == [("u-17", making.NOW.date())]
    assert beacon.settings.sink.kept == []


def test_hits_beyond_a_mails_limit_are_rows_that_stand_for_more_with_an_async_sink_too():
    sink = AsyncSink()
    beacon = beacon_with(sink, max_hits_per_message=2)
    app, path = asgi.application(beacon), paths(beacon)[0]
    for _ in range(9):
        assert run(ask(app, path))[0] == 200
    assert [event.unrecorded for event in sink.kept] == [0, 0, 1, 3]


def test_a_sink_may_be_async():
    sink = AsyncSink()
    beacon = beacon_with(sink)
    assert run(ask(asgi.application(beacon), paths(beacon)[1]))[0] == 302
    assert [event.kind for event in sink.kept] == [mb.Kind.CLICK]
    with pytest.raises(ConfigError, match="ASGI"):
        wsgi.application(beacon)


@pytest.mark.parametrize("how", ["fails", "hangs"])
def test_case_22_an_async_sink_that_fails_or_hangs_costs_the_reader_nothing(how, caplog):
    beacon = beacon_with(AsyncSink(**{how: True}))
    assert run(ask(asgi.application(beacon), paths(beacon)[1]))[0] == 302
    assert "is not kept" in caplog.text


async def live(app, path: str) -> list[str]:
    """Go through a server's life with one request in it; return what the application said of its own."""
    messages, sent = asyncio.Queue(), []
    started = asyncio.Event()

    async def send(message):
        sent.append(message["type"])
        started.set()

    messages.put_nowait({"type": "lifespan.startup"})
    life = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, messages.get, send))
    await started.wait()
    assert (await ask(app, path))[0] == 302
    messages.put_nowait({"type": "lifespan.shutdown"})
    await life
    return sent


def test_the_servers_end_closes_the_sink():
    kept = MemorySink()
    beacon = beacon_with(QueueSink(kept))
    said = run(live(asgi.application(beacon), paths(beacon)[1]))
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert len(kept) == 1
    assert beacon.settings.sink._closed


@given(path=st.binary(max_size=40), method=st.text(max_size=8), header=st.binary(max_size=20))
def test_law_3_no_request_makes_the_application_raise(path, method, header):
    app = asgi.application(beacon_with(MemorySink()))
    decoded = path.decode("latin-1")
    found = run(ask(app, decoded, method, raw_path=path, headers=[(b"x-forwarded-for", header)]))
    assert found[0] in (200, 404, 405)


def starlette_app(app, beacon):
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount("/m", app)], lifespan=lambda _: asgi.lifespan(beacon))


def fastapi_app(app, beacon):
    from fastapi import FastAPI

    site = FastAPI(lifespan=lambda _: asgi.lifespan(beacon))
    site.mount("/m", app)
    return site


def quart_app(app, beacon):
    from hypercorn.middleware import DispatcherMiddleware
    from quart import Quart

    return DispatcherMiddleware({"/m": app, "": Quart("site")})


@pytest.mark.parametrize("mounted", [starlette_app, fastapi_app, quart_app])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_is_mounted_in_frameworks(mounted, need):
    need(mounted.__name__.removesuffix("_app"), "an ASGI framework")
    sink = MemorySink()
    beacon = beacon_with(sink)
    site = mounted(asgi.application(beacon), beacon)
    for path, status in zip(paths(beacon), (200, 302), strict=True):
        assert run(ask(site, path))[0] == status
    assert len(sink) == 2


@pytest.mark.parametrize("mounted", [starlette_app, fastapi_app])
def test_an_application_it_is_mounted_in_closes_the_sink_at_its_end(mounted, need):
    need(mounted.__name__.removesuffix("_app"), "an ASGI framework")
    kept = MemorySink()
    beacon = beacon_with(QueueSink(kept))
    run(live(mounted(asgi.application(beacon), beacon), paths(beacon)[1]))
    assert len(kept) == 1
    assert beacon.settings.sink._closed


_SERVED = """
import mailbeacon as mb
from mailbeacon.store import CallbackSink, JsonlSink, QueueSink
from mailbeacon.web import asgi
import time
kept = JsonlSink("events.jsonl")
slow = CallbackSink(lambda event, verdict: (time.sleep(0.01), kept.record(event, verdict)))
beacon = mb.Beacon("https://t.example.com/m", secret_keys=["0123456789abcdef0123456789abcdef"], sink=QueueSink(slow))
app = asgi.application(beacon)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_uvicorn_that_is_told_to_end_hands_over_all_that_waits(how, need, tmp_path):
    need("uvicorn", "a real server")
    (tmp_path / "served.py").write_text(_SERVED)
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "served:app", "--port", str(port), "--log-level", "warning"]
    path = paths(beacon_with())[1]
    with running(command, how, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}) as server:
        wait_for(lambda: listens(port), server)
        for reader in range(100):
            assert fetch(port, path, headers={"User-Agent": f"reader {reader}"})[0].status == 302
    assert sum(1 for _ in JsonlSink(tmp_path / "events.jsonl").events()) == 100


@pytest.mark.parametrize(
    ("sink", "status"),
    [(MemorySink(), 200), (AsyncSink(), 200), (AsyncSink(fails=True), 503)],
    ids=["sync", "async", "failing"],
)
def test_a_reader_leaves_by_a_post_where_the_sink_is_the_only_word_of_it(sink, status):
    beacon = beacon_with(sink)
    url = urlsplit(beacon.leave_url(mb.Message(recipient="u-17", campaign="spring"), mb.Action.UNSUBSCRIBE)).path
    app = asgi.application(beacon)
    assert run(ask(app, url))[0] == 200
    assert run(ask(app, url, "POST", b"List-Unsubscribe=One-Click"))[0] == status


def test_on_leave_is_told_whatever_becomes_of_an_async_sink():
    left: list[mb.Leave] = []
    beacon = beacon_with(AsyncSink(fails=True), on_leave=left.append)
    url = urlsplit(beacon.leave_url(mb.Message(recipient="u-17", campaign="spring"), mb.Action.STOP_TRACKING)).path
    assert run(ask(asgi.application(beacon), url, "POST"))[0] == 200
    assert [leave.action for leave in left] == [mb.Action.STOP_TRACKING]
