"""Receivers named in a host's configuration, over real HTTP: WSGI, ASGI, Flask, Django and what is mounted in them."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIServer

import djangosite
import pytest
from hooks import HOOK, MARK, NOW, keys, post, posted, reported
from servers import QuietHandler, fetch, serving

import mailbeacon as mb
from mailbeacon import webhooks
from mailbeacon.errors import ConfigError
from mailbeacon.store import MemorySink
from mailbeacon.web.webhooks import ByName, asgi_application, configured, wsgi_application
from tests import making

KEY = "0123456789abcdef"
BASE = "https://t.example.com/m"
PASSWORD = "a secret of the hook"
BASIC = {"Authorization": "Basic " + base64.b64encode(f"mailbeacon:{PASSWORD}".encode()).decode()}


def hooks() -> dict[str, dict[str, object]]:
    """Return what stands in a host's configuration."""
    return {
        "sendgrid": {"key": keys("sendgrid").public},
        "mailjet": {"password": PASSWORD},
        "mandrill": {"key": keys("mandrill").public, "url": HOOK},
        "azure": {"password": PASSWORD, "recipient_of": "test_webhooks_hosts:reader"},
    }


def reader(address: str) -> str:
    """Name the reader of an address."""
    return "reader of " + address.partition("@")[0]


def mailjet(number: int, **changes: object) -> dict[str, object]:
    """Return one event as Mailjet posts it."""
    stamp = int(NOW.timestamp()) - 60
    return {"event": "sent", "time": stamp, "MessageID": number, "Payload": json.dumps(MARK), **changes}


class Broken(MemorySink):
    """A sink that is down."""

    def record(self, event: mb.Event, verdict: mb.Verdict | None = None) -> None:
        raise OSError("down")


@dataclass
class Host:
    """A running host: where it listens, and what it kept."""

    port: int
    sink: MemorySink

    def ask(
        self, name: str, body: bytes = b"", method: str = "POST", query: str = "", **more: str
    ) -> tuple[int, bytes]:
        headers = {field.replace("_", "-"): value for field, value in more.items()}
        answer, said = fetch(self.port, f"/m/webhooks/{name}{query}", method, body, headers)
        return answer.status, said

    def kinds(self) -> list[mb.Kind]:
        return [one.kind for one, _ in self.sink.events()]


@contextmanager
def wsgi_server(application: object) -> Iterator[int]:
    server = WSGIServer(("127.0.0.1", 0), QuietHandler)
    server.set_app(application)
    with serving(server) as port:
        yield port


@contextmanager
def asgi_server(application: object) -> Iterator[int]:
    uvicorn = pytest.importorskip("uvicorn", reason="a real ASGI server")
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def plain(server: Callable, made: Callable, sink: MemorySink) -> Iterator[int]:
    beacon = making.beacon(secret_keys=[KEY], sink=sink)
    with server(made(configured(hooks(), beacon, shown="hooks"))) as port:
        yield port


@contextmanager
def in_fastapi(sink: MemorySink) -> Iterator[int]:
    fastapi = pytest.importorskip("fastapi", reason="mounted in FastAPI")
    app = fastapi.FastAPI()
    beacon = making.beacon(secret_keys=[KEY], sink=sink)
    app.mount("/m/webhooks", asgi_application(configured(hooks(), beacon, shown="hooks")))
    with asgi_server(app) as port:
        yield port


@contextmanager
def in_flask(sink: MemorySink) -> Iterator[int]:
    flask = pytest.importorskip("flask", reason="the Flask extension needs flask")
    from mailbeacon.web.flask import Mailbeacon

    app = flask.Flask("host")
    app.config.update(MAILBEACON_BASE_URL=BASE, MAILBEACON_SECRET_KEYS=KEY, MAILBEACON_SINK=sink)
    app.config["MAILBEACON_WEBHOOKS"] = hooks()
    Mailbeacon(app)
    with wsgi_server(app) as port:
        yield port


@contextmanager
def in_django(server: Callable, handler: str, sink: MemorySink) -> Iterator[int]:
    pytest.importorskip("django", reason="the Django app needs django")
    djangosite.ready()
    from django.test import override_settings
    from django.utils.module_loading import import_string

    options = {"BASE_URL": BASE, "SECRET_KEYS": KEY, "SINK": sink, "WEBHOOKS": hooks()}
    with override_settings(MAILBEACON=options), server(import_string(handler)()) as port:
        yield port


DOORS: dict[str, Callable] = {
    "WSGI": lambda sink: plain(wsgi_server, wsgi_application, sink),
    "ASGI": lambda sink: plain(asgi_server, asgi_application, sink),
    "FastAPI": in_fastapi,
    "Flask": in_flask,
    "Django": lambda sink: in_django(wsgi_server, "django.core.handlers.wsgi.WSGIHandler", sink),
    "Django over ASGI": lambda sink: in_django(asgi_server, "django.core.handlers.asgi.ASGIHandler", sink),
}


@pytest.fixture(params=DOORS)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """Yield a host that has each door in turn."""
    sink = MemorySink()
    with DOORS[request.param](sink) as port:
        yield Host(port, sink)


def test_the_raw_body_is_what_was_signed_and_no_token_of_the_hosts_is_wanted(host):
    [request] = posted("sendgrid", reported(mb.Kind.DELIVERED), reported(mb.Kind.BOUNCED, "2"))
    sent = {name.replace("-", "_"): value for name, value in request.fields.items()}
    assert host.ask("sendgrid", request.body, **sent)[0] == 200
    assert host.kinds() == [mb.Kind.DELIVERED, mb.Kind.BOUNCED]
    assert host.ask("sendgrid", request.body + b" ", **sent)[0] == 403
    assert host.ask("sendgrid", request.body)[0] == 403
    assert host.ask("mailjet", b"[]")[0] == 401
    assert host.ask("sendgrid", request.body, method="PUT", **sent)[0] == 200
    assert len(host.kinds()) == 2


def test_a_form_is_raw_too(host):
    [request] = posted("mandrill", reported(mb.Kind.DELIVERED))
    sent = {name.replace("-", "_"): value for name, value in request.fields.items()}
    sent["Content_Type"] = "application/x-www-form-urlencoded"
    assert host.ask("mandrill", request.body, **sent)[0] == 200
    assert host.kinds() == [mb.Kind.DELIVERED]


def test_one_object_or_a_batch_of_which_one_is_broken(host, caplog):
    one = json.dumps(mailjet(1)).encode()
    many = json.dumps([mailjet(2, time="never"), 7, mailjet(3)]).encode()
    with caplog.at_level(logging.WARNING, "mailbeacon"):
        assert host.ask("mailjet", one, **BASIC)[0] == 200
        assert not caplog.records
        assert host.ask("mailjet", many, **BASIC)[0] == 200
    assert host.kinds() == [mb.Kind.DELIVERED] * 2
    assert [record.getMessage() for record in caplog.records] == ["2 events of mailjet could not be read"]


def test_what_is_asked_when_a_webhook_is_set_up(host):
    assert host.ask("mandrill", method="HEAD") == (200, b"")
    assert host.ask("mandrill", method="GET")[0] == 200
    validation = [
        {"id": "1", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "5d1"}}
    ]
    asked = json.dumps(validation).encode()
    query = "?" + urlencode({"code": PASSWORD})
    status, body = host.ask("azure", asked, query=query, aeg_event_type="SubscriptionValidation")
    assert (status, json.loads(body)) == (200, {"validationResponse": "5d1"})
    assert host.ask("azure", asked)[0] == 401
    assert host.ask("azure", method="OPTIONS", WebHook_Request_Origin="eventgrid.azure.net")[0] == 200
    assert host.ask("pigeon", b"[]", **BASIC)[0] == 404
    assert host.kinds() == []


def test_a_long_body_is_read_and_one_too_long_is_refused(host):
    """Django's limit for forms, 2.5 MB, is none for a webhook."""
    long = json.dumps([mailjet(1)]).encode() + b" " * 3_000_000
    assert host.ask("mailjet", long, **BASIC)[0] == 200
    assert host.kinds() == [mb.Kind.DELIVERED]
    assert host.ask("mailjet", b" " * (webhooks.MOST_BYTES + 1), **BASIC)[0] == 413


@pytest.mark.parametrize("door", DOORS)
def test_a_store_that_fails_is_the_one_reason_to_have_it_sent_again(door):
    with DOORS[door](Broken()) as port:
        host = Host(port, Broken())
        assert host.ask("mailjet", json.dumps(mailjet(1)).encode(), **BASIC)[0] == 503
        for body in (b"", b"null", b'{"event":', b'[{"event": "sent"}]', b'{"event": "sung", "time": 1}'):
            assert host.ask("mailjet", body, **BASIC)[0] == 200


def test_a_report_to_several_of_azure_names_each_that_it_can():
    beacon = making.beacon(secret_keys=[KEY], clock=lambda: NOW)
    hook = webhooks.receiver(
        "azure", beacon, unsigned=True, kinds="all", recipient_of={"ada@a.example": "ada", "eve@a.example": "eve"}.get
    )

    def read(sort: str, recipient: object, **data: object) -> webhooks.Events:
        data |= {"recipient": recipient, "messageId": "m"}
        return hook.read(
            post(
                [
                    {
                        "id": "1",
                        "eventTime": NOW.isoformat(),
                        "eventType": f"Microsoft.Communication.{sort}",
                        "data": data,
                    }
                ]
            )
        )

    for people in (
        "ada@a.example; eve@a.example,bob@a.example",
        ["ada@a.example", "eve@a.example", 7, "bob@a.example"],
    ):
        found = read("EmailDeliveryReportReceived", people, status="Delivered")
        assert [one.recipient for one in found] == ["ada", "eve"]
        assert len({one.id for one in found}) == 2
        assert found.passed == {webhooks.Passed.NOT_OURS: 1}
    for lone in ("ada@a.example", ["ada@a.example"]):
        assert [one.recipient for one in read("EmailDeliveryReportReceived", lone, status="Bounced")] == ["ada"]
    view = read("EmailEngagementTrackingReportReceived", "ada@a.example,eve@a.example", engagementType="View")
    assert (list(view), view.passed) == ([], {webhooks.Passed.NOT_OURS: 1})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("sendgrid", "must be a dictionary from"),
        ({"sendgrid": "a key"}, r"hooks\['sendgrid'\] must be a dictionary with some of key"),
        ({"postmark": {"pasword": "x"}}, r"hooks\['postmark'\] must be a dictionary with some of key, password"),
        ({"pigeon": {"password": "x"}}, "no provider 'pigeon'"),
        ({"postmark": {}}, "anybody could post"),
        ({"postmark": {"password": "x", "recipient_of": "nowhere:reader"}}, "as package.module:name"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused_at_the_start(options, said):
    beacon = making.beacon(secret_keys=[KEY])
    with pytest.raises(ConfigError, match=said):
        configured(options, beacon, shown="hooks")


def test_django_says_so_in_its_checks_and_flask_when_it_is_set_up():
    pytest.importorskip("django", reason="the Django app needs django")
    flask = pytest.importorskip("flask", reason="the Flask extension needs flask")
    djangosite.ready()
    from django.core import checks
    from django.test import override_settings

    from mailbeacon.web.flask import Mailbeacon

    wrong = {"postmark": {}}
    with override_settings(MAILBEACON={"BASE_URL": BASE, "SECRET_KEYS": KEY, "WEBHOOKS": wrong}):
        assert [one.id for one in checks.run_checks() if one.id.startswith("mailbeacon")] == ["mailbeacon.E001"]
    app = flask.Flask("host")
    app.config.update(MAILBEACON_BASE_URL=BASE, MAILBEACON_SECRET_KEYS=KEY, MAILBEACON_WEBHOOKS=wrong)
    with pytest.raises(ConfigError, match="anybody could post"):
        Mailbeacon(app)


@pytest.mark.parametrize("url", ["/m/webhooks/", "/", "", "?mailjet", "/mailjet/x", "#/mailjet"])
def test_the_last_part_of_the_path_names_the_receiver(url):
    hook = ByName({"mailjet": webhooks.receiver("mailjet", making.beacon(secret_keys=[KEY]), unsigned=True)})
    assert hook.answer(mb.Request(url=url, method="POST", body=b"[]")).status == 404
    assert hook.answer(mb.Request(url="/m/mailjet/?x=1", method="POST", body=b"[]")).status == 200
