"""Metadata: the host's own texts come back where a reader may be told apart, and by no door of a mail at AGGREGATE."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hooks import posted, receiver

import mailbeacon as mb
from mailbeacon import logs
from mailbeacon.links import token_in
from mailbeacon.model import Action, Kind, Level
from mailbeacon.store import JsonlSink, MemoryHistory, SqliteSink
from mailbeacon.tokens import TokenSigner
from tests.making import BASE, KEY, SENT, beacon, message, request

ORDER = {"order": "8841"}
NONE, AGGREGATE, DATE, FULL = Level
LOW = list(product((NONE, AGGREGATE), repeat=2))
"""The levels of opens and clicks at which a mail's readers are told apart by nothing."""
HIGH = [pair for pair in product(Level, repeat=2) if pair not in LOW]
OLD = TokenSigner([KEY])
"""Signs into a link to leave whatever it is given, as versions before did."""


def leave_urls(host, mail, *, old=False):
    """Return the links to leave of a mail, as they are signed now, or as they were."""
    sign = (lambda mail, action: f"{BASE}/u/{OLD.sign_action(mail, action)}") if old else host.leave_url
    return [sign(mail, action) for action in Action]


def asked(host, mail, *, old=False):
    """Return what clients ask for at all doors of a mail: its pixel, a link, the pages for leaving, and their buttons."""
    opens, clicks = host.levels(mail)
    found = [request(host.open_url(mail))] if opens else []
    found += [request(host.click_url(mail, "https://shop.example/"))] if clicks else []
    leave = leave_urls(host, mail, old=old)
    return [*found, *(request(url, method) for url in leave for method in ("GET", "POST"))]


def kept(host, requests):
    """Return the events' metadata by kind."""
    answers = [host.answer(one) for one in requests]
    return {answer.event.kind: dict(answer.event.metadata) for answer in answers if answer.event}


def low_host(sink, way):
    """Return a host, and a mail that is at AGGREGATE or below it in one of the ways there are."""
    opens, clicks = way if isinstance(way, tuple) else (FULL, FULL)
    options = {
        "the host's default": {"default_level": AGGREGATE},
        "the host's ceiling": {"ceiling": AGGREGATE},
        "the host's answer today": {"consent": lambda mail, kind: AGGREGATE},
        "a consent that cannot be asked": {"consent": lambda mail, kind: 1 // 0},
    }.get(way, {})
    mail = message(metadata=ORDER, opens=opens, clicks=clicks)
    return beacon(sink=sink, history=MemoryHistory(), **options), mail


WAYS = [*LOW, "the host's default", "the host's ceiling", "the host's answer today", "a consent that cannot be asked"]


@pytest.mark.parametrize("old", [False, True], ids=["links of now", "links to leave of before"])
@pytest.mark.parametrize("make", [SqliteSink, JsonlSink])
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_at_aggregate_no_door_keeps_metadata_in_any_store(way, make, old, tmp_path, caplog):
    """Whether the mail was signed so or the host says so today, for a mail of before too."""
    path, told = tmp_path / "events", []
    with make(path) as sink:
        host, mail = low_host(sink, way)
        sent_by = beacon() if way == "the host's ceiling" else host  # before there was one
        for one in asked(sent_by, mail, old=old):
            assert host.handle(one).status in (200, 302)
        told = [event for event, _ in sink.events()]
    assert {Kind.UNSUBSCRIBE, Kind.WITHDRAW} <= {event.kind for event in told}
    assert [event.kind for event in told if event.metadata] == []
    assert b"8841" not in path.read_bytes()


@pytest.mark.parametrize("levels", LOW, ids=str)
def test_a_link_to_leave_of_a_mail_at_aggregate_carries_no_metadata(levels):
    """Nor does it for a mail that the host's own default brings there, nor what a provider is handed with the mail."""
    opens, clicks = levels
    for host, mail in (
        (beacon(), message(metadata=ORDER, opens=opens, clicks=clicks)),
        (beacon(default_level=AGGREGATE), message(metadata=ORDER)),
    ):
        for url, action in zip(leave_urls(host, mail), Action, strict=True):
            signed = host.signer.read_action(url.rpartition("/")[2], action)
            assert (signed.recipient, dict(signed.metadata)) == ("u-17", {})
        [mark] = host.metadata(mail).values()
        assert not host.signer.read_hit(token_in(mark)).metadata


@pytest.mark.parametrize("levels", [(AGGREGATE, NONE), (NONE, FULL)], ids=str)
def test_a_compiled_mail_carries_them_in_its_links_to_leave_above_aggregate_alone(levels):
    """In its header fields and in its body."""
    opens, clicks = levels
    html = b"<p><a href='{{ leave_url }}'>leave</a> <a href='{{ stop_url }}'>stop</a>"
    raw = b"To: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + html
    host = beacon()
    mail = host.compile_mail(raw, campaign="spring", leave=True).render(
        message(metadata=ORDER, opens=opens, clicks=clicks)
    )
    tokens = re.findall(r"/u/([\w.-]+)", mail.decode().replace("=\r\n", ""))
    assert len(tokens) == 3
    assert {str(dict(host.signer.read_leave(token)[1].metadata)) for token in tokens} == {str(ORDER if clicks else {})}


@pytest.mark.parametrize("levels", LOW, ids=str)
def test_a_sealed_link_to_leave_carries_none_either(levels):
    pytest.importorskip("cryptography")
    opens, clicks = levels
    host = beacon(encrypt=True)
    mail = message(metadata=ORDER, opens=opens, clicks=clicks)
    signed = host.signer.read_action(host.leave_url(mail, Action.UNSUBSCRIBE).rpartition("/")[2])
    assert dict(signed.metadata) == {}
    assert not any(kept(host, asked(host, mail)).values())
    sealed = host.signer.sign_action(mail, Action.UNSUBSCRIBE)
    assert kept(host, [request(f"{BASE}/u/{sealed}", "POST")]) == {Kind.UNSUBSCRIBE: {}}


@pytest.mark.parametrize("levels", HIGH, ids=str)
def test_where_one_level_is_higher_leaving_has_metadata_and_so_has_each_event_at_full(levels):
    opens, clicks = levels
    found = kept(beacon(), asked(beacon(), message(metadata=ORDER, opens=opens, clicks=clicks)))
    assert (found[Kind.UNSUBSCRIBE], found[Kind.WITHDRAW]) == (ORDER, ORDER)
    assert found.get(Kind.LEAVE_PAGE, {}) == found.get(Kind.CLICK, {}) == (ORDER if clicks is FULL else {})
    assert found.get(Kind.OPEN, {}) == (
        ORDER if opens is FULL and clicks is not DATE else {}
    )  # a day is told as an open's


@pytest.mark.parametrize("today", [(AGGREGATE, FULL), (FULL, NONE), (NONE, DATE)], ids=str)
def test_leaving_keeps_metadata_while_the_host_allows_more_than_counts_of_opens_or_of_clicks(today):
    opens, clicks = today
    host = beacon(consent=lambda mail, kind: opens if kind is Kind.OPEN else clicks)
    assert kept(host, [request(url, "POST") for url in leave_urls(host, message(metadata=ORDER))]) == {
        Kind.UNSUBSCRIBE: ORDER,
        Kind.WITHDRAW: ORDER,
    }


def test_a_browser_that_asks_not_to_be_tracked_takes_no_metadata_from_leaving():
    """They may say which list it is about."""
    gpc = [
        request(url, "POST", headers={"Sec-GPC": "1", "DNT": "1"})
        for url in leave_urls(beacon(), message(metadata=ORDER))
    ]
    assert kept(beacon(honor_dnt=True), gpc) == {Kind.UNSUBSCRIBE: ORDER, Kind.WITHDRAW: ORDER}


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("levels", LOW + HIGH, ids=str)
def test_the_hosts_answer_is_asked_with_metadata_only_above_aggregate(levels, old):
    """It may decide by them, as a ``Policy`` does by region."""
    seen = []
    host = beacon(consent=lambda mail, kind: seen.append((kind, dict(mail.metadata))) or FULL)
    opens, clicks = levels
    for one in asked(host, message(metadata=ORDER, opens=opens, clicks=clicks), old=old):
        host.answer(one)
    shown = {kind for kind, texts in seen if texts == ORDER}
    assert shown == {kind for kind, texts in seen if texts}
    assert shown == (
        set() if levels in LOW else {Kind.OPEN, Kind.CLICK} | ({Kind.LEAVE_PAGE} if clicks > AGGREGATE else set())
    )


@pytest.mark.parametrize("levels", LOW, ids=str)
def test_decoding_alone_gives_none_at_aggregate(levels):
    opens, clicks = levels
    mail = message(metadata=ORDER, opens=opens, clicks=clicks)
    for url, method in product(leave_urls(beacon(), mail, old=True), ("GET", "POST")):
        assert dict(beacon().decode(request(url, method)).metadata) == {}


@pytest.mark.parametrize(("options", "texts"), [({}, ORDER), ({"ceiling": AGGREGATE}, {})])
def test_a_log_gives_what_the_live_door_gives(options, texts, tmp_path):
    path = tmp_path / "access.log"
    path.write_text(
        "".join(
            f'192.0.2.7 - - [23/Nov/2026:10:00:00 +0000] "POST {url.removeprefix("https://t.example.com")} HTTP/1.1" '
            '200 9 "-" "x"\n'
            for url in leave_urls(beacon(), message(metadata=ORDER))
        )
    )
    found = [*logs.read(path, beacon(**options), "combined")]
    assert {event.kind: dict(event.metadata) for event in found} == {Kind.UNSUBSCRIBE: texts, Kind.WITHDRAW: texts}


@pytest.mark.parametrize(
    ("signed", "options", "texts"),
    [
        pytest.param(FULL, {}, ORDER, id="above"),
        pytest.param(DATE, {}, ORDER, id="of the day alone"),
        pytest.param(FULL, {"consent": lambda mail, kind: NONE}, {}, id="refused today"),
        pytest.param(FULL, {"ceiling": AGGREGATE}, {}, id="the host's ceiling"),
        pytest.param(NONE, {}, {}, id="nothing was agreed to"),
    ],
)
def test_what_a_provider_reports_of_a_mail_at_aggregate_has_none(signed, options, texts):
    mail = message(metadata=ORDER, opens=signed, clicks=signed, sent_at=SENT)
    token = OLD.sign_message(mail).replace(".", "")

    class Marked:
        def metadata(self, message, longest=0):
            return {"mailbeacon": token}

    [post] = posted(
        "postmark", mb.Event(id="1", kind=Kind.DELIVERED, received_at=SENT, recipient="u-17"), beacon=Marked()
    )
    [found] = receiver("postmark", beacon=beacon(**options)).read(post)
    assert (found.kind, dict(found.metadata)) == (Kind.DELIVERED, texts)
