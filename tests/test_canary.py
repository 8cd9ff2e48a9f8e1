"""A canary: addresses, agents, headers and tokens that are sent in, and looked for in everything that stays or goes out."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import djangosite
import pytest
from loops import run

import mailbeacon as mb
from mailbeacon.errors import MailbeaconError
from mailbeacon.model import Action, Level
from mailbeacon.store import (
    CallbackSink,
    JsonlSink,
    MemoryHistory,
    MemorySink,
    QueueSink,
    SpoolSink,
    SqliteConsents,
    SqliteHistory,
    SqliteSink,
)
from mailbeacon.web import asgi, close_stores, wsgi
from tests import making

BASE = "https://t.example.com/m"
SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
ADDRESS = "198.51.100.77"
V6 = "2001:db8:ca:4a:7::1"
AGENT = "CanaryAgent/7.3 (zz; made-up)"
SENT_IN = {
    "User-Agent": AGENT,
    "Referer": "https://canary-referer.example/in/box?who=canary-query",
    "Cookie": "session=canary-cookie",
    "Authorization": "Basic canary-secret",
    "X-Forwarded-For": "203.0.113.99",
    "Forwarded": "for=203.0.113.98",
    "Accept-Language": "de",
}
PERSONAL = [ADDRESS, V6, "CanaryAgent", "canary-", "203.0.113.9"]
RECIPIENT = "u-kanarie-17"
SOON = timedelta(minutes=2)
"""A wait that only ends what hangs, however busy the machine."""
MESSAGE = mb.Message(recipient=RECIPIENT, campaign="spring", sent_at=SENT)


def sql_stores(folder):
    from mailbeacon.store.sql import SqlHistory, SqlSink

    url = f"sqlite:///{folder / 'events.sql.sqlite'}"
    return SqlSink(url, wait=SOON), SqlHistory(url, wait=SOON)


def stores(kind, folder):
    """Make a sink, and a history of its kind."""
    if kind == "sql":
        return sql_stores(folder)
    inner = SqliteSink(folder / "inner.sqlite", wait=SOON)
    make = {
        "memory": MemorySink,
        "jsonl": lambda: JsonlSink(folder / "events.jsonl"),
        "sqlite": lambda: SqliteSink(folder / "events.sqlite"),
        "queue": lambda: QueueSink(inner),
        "spool": lambda: SpoolSink(inner, folder / "spool"),
    }
    return make[kind](), SqliteHistory(folder / "history.sqlite")


def requests(beacon):
    """Yield every kind of request there is, good and bad."""
    token = beacon.signer.sign_message(MESSAGE)
    good = [beacon.open_url(MESSAGE), beacon.click_url(MESSAGE, "https://example.com/a?mail=canary-query#canary-part")]
    good += [beacon.leave_url(MESSAGE, action) for action in Action]
    bad = [url[:-3] + "AAA" for url in good] + [
        f"{BASE}/o/{token}x.gif",
        f"{BASE}/c/{token}/x",
        f"{BASE}/u/{token}",
        BASE,
    ]
    for url in good + bad:
        for method in ("GET", "HEAD", "POST", "PUT"):
            for address in (ADDRESS, V6):
                yield mb.Request(
                    url=url, method=method, headers=SENT_IN, address=address, received_at=SENT + timedelta(hours=3)
                )


def boom(*_):
    raise RuntimeError(f"{ADDRESS} {V6} {AGENT} {RECIPIENT}")


FAILING = {
    "nothing": {},
    "the judge": {"judge": type("Judge", (), {"classify": boom})()},
    "the networks": {"networks": type("Networks", (), {"lookup": boom, "version": ""})()},
    "consent": {"consent": boom},
    "on_event": {"on_event": boom},
    "on_leave": {"on_leave": boom},
    "may_redirect": {"may_redirect": boom},
    "the history": {"history": type("History", (), {"recent": boom, "add": boom})()},
    "the sink": {"sink": type("Sink", (), {"record": boom})()},
}


def check(text, *more, what):
    for secret in (*PERSONAL, *more):
        assert secret not in text, f"{secret} in {what}"


@pytest.mark.parametrize("kind", ["memory", "jsonl", "sqlite", "queue", "spool", "sql"])
@pytest.mark.parametrize("level", Level)
def test_nothing_personal_reaches_a_sink_a_history_or_any_file(kind, level, tmp_path, need):
    if kind == "sql":
        need("sqlalchemy", "SqlSink")
    sink, history = stores(kind, tmp_path)
    consents = SqliteConsents(tmp_path / "consents.sqlite")
    told = []
    beacon = making.beacon(
        sink=sink,
        history=history,
        consent=lambda message, kind: level,
        on_event=lambda *pair: told.extend(map(repr, pair)),
        on_leave=consents.record_leave,
    )
    for request in requests(beacon):
        beacon.handle(request)
    getattr(sink, "flush", lambda: None)()
    for event, _ in getattr(sink, "events", list)():
        check(event.to_json(), what=f"{kind} at {level.name}")
    check("".join(told), what="on_event")
    for store in (sink, history, consents):
        getattr(store, "close", lambda: None)()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 2
    for path in files:
        check(path.read_bytes().decode("latin-1"), what=path.name)


@pytest.mark.parametrize("fails", FAILING)
def test_no_log_record_at_debug_and_no_reply_holds_an_address_a_recipient_or_a_token(fails, caplog):
    options = {"sink": CallbackSink(lambda *_: None), "history": MemoryHistory(), "on_leave": lambda leave: None}
    beacon = mb.Beacon(BASE, **{"secret_keys": [b"0123456789abcdef"], **options, **FAILING[fails]})
    secrets = [RECIPIENT, beacon.signer.sign_message(MESSAGE), beacon.signer.sign_action(MESSAGE)]
    with caplog.at_level(logging.DEBUG):
        for request in requests(beacon):
            reply = beacon.handle(request)
            check(reply.body.decode("latin-1"), *secrets, what="a page")
            fields = [f"{name}: {value}" for name, value in reply.headers if name != "Location"]
            check("\n".join(fields), *secrets, what="a header")
            check(repr(request), *secrets, what="the request's own form")
    logged = [logging.Formatter("%(name)s %(message)s").format(record) for record in caplog.records]
    check("\n".join(logged), *secrets, what="the log")
    assert fails == "nothing" or logged


def test_no_error_holds_what_was_given():
    beacon = making.beacon()
    tried = 0
    for request in requests(beacon):
        try:
            beacon.decode(request)
        except MailbeaconError as error:
            tried += 1
            token = request.url.rpartition("/")[2]
            chain = error
            while chain is not None:
                check(f"{chain} {chain!r}", RECIPIENT, token if len(token) > 20 else RECIPIENT, what="an error")
                chain = chain.__cause__
    assert tried
    for wrong in ({"recipient": "ann@canary-mail.example"}, {"recipient": RECIPIENT, "sent_at": datetime(2026, 1, 1)}):
        with pytest.raises(MailbeaconError) as caught:
            beacon.open_url(mb.Message(**wrong))
        check(str(caught.value), RECIPIENT, what="an error")


def through_wsgi(beacon, path, method):
    errors = type("Errors", (list,), {"write": list.append, "flush": lambda self: None})()
    fields = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in SENT_IN.items()}
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "REMOTE_ADDR": ADDRESS, "wsgi.errors": errors, **fields}
    said = []
    body = b"".join(wsgi.application(beacon)(environ, lambda status, headers: said.extend(headers)))
    assert errors == []
    return body, said


def through_asgi(beacon, path, method):
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in SENT_IN.items()],
        "client": (ADDRESS, 5000),
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    run(asgi.application(beacon)(scope, receive, send))
    return sent[1]["body"], [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]


def door_requests(beacon):
    for url in (beacon.open_url(MESSAGE), beacon.click_url(MESSAGE, "https://example.com/a")):
        yield from (
            (urlsplit(one).path, method) for one in (url, url[:-3] + "AAA") for method in ("GET", "HEAD", "PUT")
        )
    for action in Action:
        yield from ((urlsplit(beacon.leave_url(MESSAGE, action)).path, method) for method in ("GET", "POST"))


def check_door(beacon, ask, log):
    """Send all kinds of requests through a door; nothing personal is in a page, a header field, the log or an event."""
    secrets = [RECIPIENT, beacon.signer.sign_message(MESSAGE), beacon.signer.sign_action(MESSAGE)]
    with log.at_level(logging.DEBUG):
        for path, method in door_requests(beacon):
            body, headers = ask(path, method)
            check(body.decode("latin-1"), *secrets, what="a page")
            check("\n".join(f"{name}: {value}" for name, value in headers), *secrets, what="a header")
    ours = [record.getMessage() for record in log.records if record.name.startswith("mailbeacon")]
    check("\n".join(ours), *secrets, what="our log")


@pytest.mark.parametrize("door", [through_wsgi, through_asgi])
@pytest.mark.parametrize("fails", ["nothing", "the judge", "the sink", "on_leave"])
def test_the_wsgi_and_the_asgi_door_say_nothing_of_their_own(door, fails, caplog):
    options = {"secret_keys": [b"0123456789abcdef"], "sink": MemorySink(), "on_leave": lambda leave: None}
    beacon = mb.Beacon(BASE, **{**options, "trusted_proxies": ["127.0.0.1/32"], **FAILING[fails]})
    check_door(beacon, lambda path, method: door(beacon, path, method), caplog)
    if fails != "the sink":
        events = [event.to_json() for event, _ in beacon.settings.sink.events()]
        assert len(events) >= 8
        check("".join(events), what="an event")


def test_the_flask_door_keeps_and_says_nothing_personal(tmp_path, caplog):
    flask = pytest.importorskip("flask", reason="the Flask extension needs flask")
    from mailbeacon.web.flask import Mailbeacon

    app = flask.Flask("garden")
    app.config.update(
        MAILBEACON_BASE_URL=BASE, MAILBEACON_SECRET_KEYS="0123456789abcdef", MAILBEACON_SINK=str(tmp_path / "e.sqlite")
    )
    Mailbeacon(app)
    beacon, client = app.extensions["mailbeacon"].beacon, app.test_client()

    def ask(path, method):
        answer = client.open(path, method=method, headers=SENT_IN, environ_base={"REMOTE_ADDR": ADDRESS})
        return answer.data, [*answer.headers]

    check_door(beacon, ask, caplog)
    close_stores(beacon)
    found = "".join(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir())
    assert RECIPIENT in found
    check(found, what="the file")


def test_the_django_door_keeps_and_says_nothing_personal(caplog):
    pytest.importorskip("django", reason="the Django app needs django")
    djangosite.ready()
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client, override_settings

    from mailbeacon.web.django import beacon
    from mailbeacon.web.django.models import Event

    call_command("migrate", verbosity=0)
    Event.objects.all().delete()
    client = Client(raise_request_exception=False)

    def ask(path, method):
        answer = client.generic(method, path, headers=SENT_IN, REMOTE_ADDR=ADDRESS)
        return answer.content, [*answer.headers.items()]

    with override_settings(MAILBEACON={"BASE_URL": BASE, "SECRET_KEYS": "0123456789abcdef0123456789abcdef"}):
        beacon.cache_clear()
        check_door(beacon(), ask, caplog)
        rows = [repr(row) for row in Event.objects.values()]
        Event.objects.all().delete()
    beacon.cache_clear()
    connection.close()
    assert any(RECIPIENT in row for row in rows)
    check("".join(rows), what="the table")
