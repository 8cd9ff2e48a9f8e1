"""A canary: addresses, agents, headers and tokens that are sent in, and looked for in everything that stays or goes out."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

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
from mailbeacon.web import wsgi

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
MESSAGE = mb.Message(recipient=RECIPIENT, campaign="spring", sent_at=SENT)


def sinks(folder):
    inner = SqliteSink(folder / "inner.sqlite", wait=timedelta(seconds=5))
    yield "memory", MemorySink()
    yield "jsonl", JsonlSink(folder / "events.jsonl")
    yield "sqlite", SqliteSink(folder / "events.sqlite")
    yield "queue", QueueSink(inner)
    yield "spool", SpoolSink(inner, folder / "spool")


def requests(beacon):
    """Give every kind of request there is, good and bad."""
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


@pytest.mark.parametrize("kind", ["memory", "jsonl", "sqlite", "queue", "spool"])
@pytest.mark.parametrize("level", Level)
def test_nothing_personal_reaches_a_sink_a_history_or_any_file(kind, level, tmp_path):
    sink = dict(sinks(tmp_path))[kind]
    history = SqliteHistory(tmp_path / "history.sqlite")
    consents = SqliteConsents(tmp_path / "consents.sqlite")
    told = []
    beacon = mb.Beacon(
        BASE,
        secret_keys=[b"0123456789abcdef"],
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
    beacon = mb.Beacon(BASE, secret_keys=[b"0123456789abcdef"])
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


def test_the_wsgi_door_says_nothing_of_its_own(caplog):
    beacon = mb.Beacon(BASE, secret_keys=[b"0123456789abcdef"], trusted_proxies=["127.0.0.1/32"], sink=MemorySink())
    application = wsgi.application(beacon)
    errors = type("Errors", (list,), {"write": list.append, "flush": lambda self: None})()
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": beacon.open_url(MESSAGE).partition("example.com")[2],
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.errors": errors,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in SENT_IN.items()},
    }
    with caplog.at_level(logging.DEBUG):
        b"".join(application(environ, lambda status, headers: None))
    assert errors == []
    check(caplog.text, RECIPIENT, what="the log")
    ((event, _),) = beacon.settings.sink.events()
    check(event.to_json(), what="the event")
