"""Ways to a receiver: WSGI, ASGI, the command line, and the views that the how-to shows."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from wsgiref.simple_server import WSGIServer
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from hooks import APPLE, NOW, keys, posted, reported
from servers import QuietHandler, fetch, serving

import mailbeacon as mb
from mailbeacon import fake, webhooks
from mailbeacon.cli import main
from mailbeacon.model import Hint
from mailbeacon.store import MemorySink
from mailbeacon.web.webhooks import asgi_application, wsgi_application
from mailbeacon.webhooks import MOST_BYTES
from tests import making

KEY = b"0123456789abcdef"


@pytest.fixture
def host():
    """Return a receiver that keeps what comes, and its sink."""
    sink = MemorySink()
    beacon = making.beacon(sink=sink, clock=lambda: NOW)
    return webhooks.receiver("sendgrid", beacon, key=keys("sendgrid").public), sink


def environ(request: mb.Request, **more: object) -> dict[str, object]:
    found: dict[str, object] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/hook",
        "QUERY_STRING": "",
        "wsgi.input": BytesIO(request.body),
    }
    found["CONTENT_LENGTH"] = str(len(request.body))
    for name, value in request.fields.items():
        found["CONTENT_TYPE" if name == "content-type" else f"HTTP_{name.upper().replace('-', '_')}"] = value
    found |= more
    setup_testing_defaults(found)
    return found


def call(application, environ: dict[str, object]) -> tuple[str, bytes]:
    said: list[str] = []
    parts = validator(application)(environ, lambda status, headers, info=None: said.append(status))
    body = b"".join(parts)
    parts.close()
    return said[0], body


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="a length"),
        pytest.param({"CONTENT_LENGTH": "", "wsgi.input_terminated": True}, id="chunked"),
    ],
)
def test_a_post_over_wsgi_is_kept_and_a_forged_one_is_not(host, more):
    hook, sink = host
    [request] = posted("sendgrid", reported(mb.Kind.DELIVERED))
    assert call(wsgi_application(hook), environ(request, **more))[0] == "200 OK"
    assert [one.kind for one, _ in sink.events()] == [mb.Kind.DELIVERED]
    spoiled = mb.Request(url="/hook", method="POST", headers=request.fields, body=request.body + b" ")
    assert call(wsgi_application(hook), environ(spoiled, **more))[0] == "403 Forbidden"
    assert call(wsgi_application(hook), environ(mb.Request(url="/hook", method="HEAD")))[0] == "200 OK"


@pytest.mark.parametrize("length", ["", "-5", "many", "٣", "9" * 30])
def test_a_length_that_is_none_reads_nothing(host, length):
    hook, _ = host
    [request] = posted("sendgrid", reported(mb.Kind.DELIVERED))
    said: list[str] = []
    b"".join(
        wsgi_application(hook)(environ(request, CONTENT_LENGTH=length), lambda status, headers: said.append(status))
    )
    assert said == ["403 Forbidden"]


def test_a_body_too_long_is_not_read_to_its_end(host):
    class Endless:
        taken = 0

        def read(self, size: int = -1) -> bytes:
            Endless.taken += size
            return b" " * size

    hook, _ = host
    said: list[str] = []
    wide = environ(mb.Request(url="/hook", method="POST"), CONTENT_LENGTH=str(10**12), **{"wsgi.input": Endless()})
    b"".join(wsgi_application(hook)(wide, lambda status, headers: said.append(status)))
    assert said[0].startswith("413")
    assert Endless.taken == MOST_BYTES + 1


def test_a_post_over_real_http_is_kept(host):
    hook, sink = host

    server = WSGIServer(("127.0.0.1", 0), QuietHandler)
    server.set_app(wsgi_application(hook))
    [request] = posted("sendgrid", reported(mb.Kind.BOUNCED))
    with serving(server) as port:
        assert fetch(port, "/hook?x=1", "POST", request.body, request.fields)[0].status == 200
    assert [one.kind for one, _ in sink.events()] == [mb.Kind.BOUNCED]


def asked(hook: object, request: mb.Request, *pieces: bytes, gone: bool = False) -> list[dict[str, object]]:
    """Run the ASGI application over one request, whose body comes in pieces."""
    scope = {
        "type": "http",
        "method": request.method,
        "path": "/hook",
        "raw_path": b"/hook",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in request.fields.items()],
    }
    left = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    left.append({"type": "http.disconnect"} if gone else {"type": "http.request", "body": b""})
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return left.pop(0)

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    def run() -> None:
        asyncio.run(asgi_application(hook)(scope, receive, send))

    with ThreadPoolExecutor(1) as alone:  # a browser of another test may have a loop in this thread
        alone.submit(run).result()
    return sent


def test_a_post_over_asgi_is_kept_and_a_forged_one_is_not(host):
    hook, sink = host
    [request] = posted("sendgrid", reported(mb.Kind.DELIVERED))
    start, end = asked(hook, request, request.body[:9], request.body[9:])
    assert (start["status"], end["body"]) == (200, b"")
    assert [one.kind for one, _ in sink.events()] == [mb.Kind.DELIVERED]
    assert asked(hook, request, request.body, b" ")[0]["status"] == 403
    assert asked(hook, request, request.body[:9], gone=True) == []
    assert asked(hook, request, *[b" " * 1_000_000] * 9)[0]["status"] == 413


def saved(tmp_path, *events: mb.Event, name: str = "sendgrid") -> str:
    [request] = posted(name, *events)
    file = tmp_path / "body.json"
    file.write_bytes(request.body)
    return str(file)


def test_the_command_line_says_what_a_saved_post_says(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MAILBEACON_SECRET_KEYS", KEY.decode())
    proxy = mb.Facts(hints=frozenset({Hint.PROVIDER_PROXY}))
    file = saved(tmp_path, reported(mb.Kind.DELIVERED), reported(mb.Kind.OPEN, "2", facts=proxy, user_agent=APPLE))
    assert main(["webhook", file, "--provider", "sendgrid"]) == 0
    delivered, opened = map(json.loads, capsys.readouterr().out.splitlines())
    assert (delivered["kind"], delivered["ours"], delivered["recipient"]) == ("delivered", True, "u-17")
    assert (opened["flags"], opened["actor"]) == (["provider-proxy"], "privacy_proxy")


def test_without_keys_the_command_line_cannot_say_whose_mail_it_was(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("MAILBEACON_SECRET_KEYS", raising=False)
    file = saved(tmp_path, reported(mb.Kind.BOUNCED), name="postmark")
    assert main(["webhook", file, "--provider", "postmark"]) == 0
    out = capsys.readouterr().out
    assert (json.loads(out)["kind"], json.loads(out)["ours"]) == ("bounced", False)
    assert "@" not in out


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"{broken", "not a post of SendGrid"), (b'[7, {"event": "open", "sg_event_id": "1"}]', "could not be read")],
)
def test_what_cannot_be_read_is_said_and_is_an_error(tmp_path, capsys, monkeypatch, body, said):
    monkeypatch.setenv("MAILBEACON_SECRET_KEYS", KEY.decode())
    file = tmp_path / "body.json"
    file.write_bytes(body)
    assert main(["webhook", str(file), "--provider", "sendgrid"]) == 1
    assert said in capsys.readouterr().err


def test_made_up_posts_are_refused_where_they_cannot_be_made():
    with pytest.raises(mb.errors.ConfigError, match="choose one of"):
        fake.webhooks("pigeon", [])
    with pytest.raises(mb.errors.ConfigError, match="webhook_keys"):
        fake.webhooks("sendgrid", [reported(mb.Kind.DELIVERED)], key="no key")
    assert fake.webhooks("scaleway", [reported(mb.Kind.OPEN)]) == []


def test_a_thousand_events_are_one_post_where_the_provider_makes_it_one():
    events = [reported(mb.Kind.DELIVERED, str(number)) for number in range(1_001)]
    assert [len(json.loads(one.body)) for one in posted("sendgrid", *events)] == [1_000, 1]
    assert len(posted("postmark", *events[:3])) == 3
