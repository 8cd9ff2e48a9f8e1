"""The reader comes first: what is replied and recorded, whatever comes in and whatever fails."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon import privacy, replying
from mailbeacon.decoding import decode
from mailbeacon.judging import Classifier, classify, explain, rule
from mailbeacon.links import Routes, short_name
from mailbeacon.model import Actor, Answer, Event, Facts, Hint, Kind, Level, Manifest, Message, Request, Target, Verdict
from mailbeacon.model.mail import HONEYPOT_LINK
from mailbeacon.observing import Observer
from mailbeacon.privacy import redact
from mailbeacon.settings import Settings
from mailbeacon.store import MemoryHistory, MemorySink
from mailbeacon.tokens import TokenSigner
from tests.making import NOW, beacon, request

BASE = "https://t.example.com/m"
KEY = b"a key of sixteen or more"
SIGNER = TokenSigner([KEY])
ROUTES = Routes(BASE)
MESSAGE = Message(recipient="u-17", campaign="spring", sent_at=NOW - timedelta(hours=1))
DESTINATION = "https://example.com/a?b=1&c=2"
TOKEN = SIGNER.sign_message(MESSAGE)
LINK = SIGNER.sign_link(Target(number=3, url=DESTINATION), "spring")
OPEN = ROUTES.open(TOKEN)
CLICK = ROUTES.click(TOKEN, LINK)
BAD_OPEN = ROUTES.open(TOKEN[:-2] + "AA")
BAD_CLICK = ROUTES.click(TOKEN, LINK[:-2] + "AA")
PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
}


class Judge:
    """Calls a HEAD a script's and all else a person's, and remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[Event, tuple[Event, ...]]] = []

    def classify(self, event: Event, earlier=()) -> Verdict:
        self.seen.append((event, tuple(earlier)))
        return Verdict(actor=Actor.SCRIPT if event.method == "HEAD" else Actor.HUMAN, confidence=0.8, version="t")


def observe(request: Request, kind: Kind) -> Facts:
    return Facts(client="a client", hints=frozenset({Hint.HEAD}) if request.method == "HEAD" else frozenset())


def requested(url: str, method: str = "GET", **values: object) -> Request:
    """Return what a client of a secret name asked for."""
    return request(url, method, **{"headers": {"User-Agent": "Mozilla/5.0 (secret)"}, **values})


def answer(asked: Request, *, history=None, judge=None, look=observe, forget=redact, read=None, **options) -> Answer:
    settings = Settings(base_url=BASE, secret_keys=[KEY], **options)
    return replying.respond(
        asked,
        settings,
        decode=read or partial(decode, signer=SIGNER, manifests=settings.manifests),
        observe=look,
        judge=judge or Judge(),
        redact=forget,
        history=history,
    )


def boom(*_: object) -> object:
    raise RuntimeError(f"{TOKEN} of u-17 at 192.0.2.77")


class Broken:
    """Fails at everything a host may supply."""

    record = add = recent = classify = boom


# opens


@pytest.mark.parametrize("url", [OPEN, BAD_OPEN, "/m/o/", "/m/o/junk.gif", "/m/o/a/b.gif", "/m/%6f/x.gif", "/o/x?y#z"])
def test_an_open_is_always_the_same_image_for_a_bad_token_too(url):
    reply = answer(requested(url)).reply
    assert reply.status == 200
    assert reply.body == replying.PIXEL
    assert dict(reply.headers) == {
        "Content-Type": "image/gif",
        "Content-Length": "43",
        "Cache-Control": "no-store, no-cache, max-age=0, must-revalidate, private",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def test_the_image_is_one_transparent_pixel_in_43_bytes():
    pixel = replying.PIXEL
    assert len(pixel) == 43
    assert pixel[:10] == b"GIF89a\x01\x00\x01\x00"
    assert pixel[19:22] == b"\x21\xf9\x04"
    assert pixel[22] & 1 == 1, "no transparent colour"
    codes = int.from_bytes(pixel[39:41], "little")
    clear, colour, end = codes & 7, codes >> 3 & 7, codes >> 6 & 7
    assert (clear, end) == (4, 5)
    assert colour == pixel[25], "the pixel's colour is not the transparent one"
    assert pixel[-1:] == b"\x3b"


def test_an_open_is_judged_and_then_redacted():
    judge = Judge()
    found = answer(requested(OPEN), judge=judge)
    ((judged, earlier),) = judge.seen
    assert judged.address == "192.0.2.77"
    assert earlier == ()
    assert found.event == replace(judged, address="", user_agent="", headers=())
    assert found.event.facts.client == "a client"
    assert found.verdict == Verdict(actor=Actor.HUMAN, confidence=0.8, version="t")


class _Keeping(MemoryHistory):
    """A host's own history, which holds on to what it is asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Event] = []

    def recent(self, event: Event):
        self.asked.append(event)
        return super().recent(event)


@pytest.mark.parametrize("way", ["judge", "history"])
@pytest.mark.parametrize("path", [OPEN, CLICK])
def test_what_a_hosts_judge_or_history_saw_stays_as_it_saw_it(way, path):
    """Where only the package saw an event, it is redacted without a copy, to the same event."""
    hosts = {"judge": Judge()} if way == "judge" else {"history": _Keeping()}
    sinks = [MemorySink(), MemorySink()]
    for options, sink in zip((hosts, {}), sinks, strict=True):
        beacon(secret_keys=[KEY], sink=sink, **options).handle(requested(path))
    [seen] = [event for event, _ in hosts["judge"].seen] if way == "judge" else hosts["history"].asked
    (kept, _), (plain, _) = (pair for sink in sinks for pair in sink.events())
    assert (seen.address, kept.address) == ("192.0.2.77", "")
    assert kept == plain


# clicks


def test_a_click_redirects_to_what_was_signed_and_is_recorded():
    found = answer(requested(CLICK))
    assert found.reply.status == 302
    assert found.reply.body == b""
    assert dict(found.reply.headers) == {
        "Location": DESTINATION,
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": "0",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
        "X-Content-Type-Options": "nosniff",
    }
    assert (found.event.kind, found.event.link, found.event.url) == (Kind.CLICK, 3, "https://example.com/a")


@pytest.mark.parametrize(
    ("url", "ascii_form"),
    [
        pytest.param("https://пример.испытание/путь?я=1", "https://xn--e1afmkfd.xn--80akhbyknj4f/", id="Cyrillic"),
        pytest.param("https://example.com/a b'c", "https://example.com/a%20b'c", id="a blank and an apostrophe"),
        pytest.param("https://example.com/%20[x]", "https://example.com/%20[x]", id="what is encoded stays so once"),
    ],
)
def test_location_is_ascii(url, ascii_form):
    link = SIGNER.sign_link(Target(number=1, url=url), "spring")
    location = dict(answer(requested(ROUTES.click(TOKEN, link))).reply.headers)["Location"]
    assert location.startswith(ascii_form)
    assert location.isascii()


def test_case_20_incoming_query_parameters_are_never_copied():
    location = dict(answer(requested(CLICK + "?utm_source=x&b=2#f")).reply.headers)["Location"]
    assert location == DESTINATION


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//evil.example/", "https:\\\\evil.example", "https://a/\r\nX: y", "/"]
)
def test_case_19_a_destination_that_must_not_be_signed_is_not_redirected_to_even_signed(url):
    link = SIGNER.sign_link(Target(number=1, url=url), "spring")
    reply = answer(requested(ROUTES.click(TOKEN, link))).reply
    assert reply.status == 404
    assert "Location" not in dict(reply.headers)


BAD_CLICKS = [
    pytest.param(BAD_CLICK, id="a forged link"),
    pytest.param(ROUTES.click(TOKEN[:-2] + "AA", LINK), id="a forged message"),
    pytest.param(
        ROUTES.click(TOKEN, SIGNER.sign_link(Target(number=1, url=DESTINATION), "autumn")), id="another campaign's"
    ),
    pytest.param(ROUTES.click(TOKEN, TOKEN), id="an open's token as a link"),
    pytest.param("/m/c/" + TOKEN, id="no link"),
    pytest.param(f"/m/c/{TOKEN}/https://evil.example/", id="a destination in the clear"),
    pytest.param("/m/c/x/" + "y" * 1_000_000, id="a token of 1 MB"),
]


@pytest.mark.parametrize("url", BAD_CLICKS)
def test_a_click_with_a_bad_token_is_a_plain_page_that_shows_nothing_of_it(url):
    found = answer(requested(url))
    headers = dict(found.reply.headers)
    body = found.reply.body.decode()
    assert found.reply.status == 404
    assert headers.pop("Content-Length") == str(len(found.reply.body))
    assert headers == PAGE_HEADERS
    assert len(body) < 1000
    assert not any(text in body for text in (TOKEN[:20], LINK[:20], "u-17", "192.0.2", "example"))
    assert found.event is None


@pytest.mark.parametrize("url", BAD_CLICKS)
def test_a_click_with_a_bad_token_goes_to_the_hosts_fallback_where_there_is_one(url):
    reply = answer(requested(url), fallback_url="https://пример.example/sorry").reply
    assert reply.status == 302
    assert dict(reply.headers)["Location"] == "https://xn--e1afmkfd.example/sorry"


def test_pages_load_nothing_from_outside():
    class Outside(HTMLParser):
        found: list[str]

        def handle_starttag(self, tag, attrs):
            self.found += [name for name, _ in attrs if name in ("href", "src", "action", "srcset", "background")]

    for url, options in ((BAD_CLICK, {}), (CLICK, {"may_redirect": lambda _: False})):
        page = Outside()
        page.found = []
        body = answer(requested(url), **options).reply.body.decode()
        page.feed(body)
        assert page.found == []
        assert "url(" not in body
        assert "@import" not in body


def test_the_hosts_takedown_is_410_and_still_recorded():
    asked = []
    found = answer(requested(CLICK), may_redirect=lambda url: asked.append(url) or False)
    assert found.reply.status == 410
    assert {**PAGE_HEADERS, "Content-Length": str(len(found.reply.body))} == dict(found.reply.headers)
    assert asked == [DESTINATION]
    assert found.event.url == "https://example.com/a"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://ＥＶＩＬ.example/x", id="full-width letters"),
        pytest.param("https://evil\u3002example/x", id="a full-width dot"),
        pytest.param("https://ev\u00adil.example/x", id="a soft hyphen"),
        pytest.param("https://evil.example./x", id="a dot at the end"),
        pytest.param("https://EVIL.example:443/x", id="capitals and the usual port"),
        pytest.param("https://evil.example/x", id="as it is"),
    ],
)
def test_a_takedown_is_asked_with_where_the_link_leads_and_with_what_was_signed(url):
    """A block list of plain host names stops every way to write one, and one of signed texts goes on working."""
    link = SIGNER.sign_link(Target(number=3, url=url), "spring")
    asked = []
    blocked = answer(
        requested(f"/c/{TOKEN}/{link}"),
        may_redirect=lambda where: asked.append(where) or "//evil.example/" not in where,
    )
    assert blocked.reply.status == 410
    assert asked == ["https://evil.example/x"]
    allowed = answer(requested(f"/c/{TOKEN}/{link}"), may_redirect=lambda where: asked.append(where) or True)
    assert allowed.reply == answer(requested(f"/c/{TOKEN}/{link}")).reply
    assert allowed.reply.status == 302
    assert asked[1] == "https://evil.example/x"
    assert asked[-1] == url
    assert answer(requested(f"/c/{TOKEN}/{link}"), may_redirect=lambda where: where != url).reply.status == 410


def test_case_21_an_expired_link_redirects_as_before_and_is_marked():
    read = partial(decode, signer=SIGNER, max_age=timedelta(minutes=1))
    found = answer(requested(CLICK), read=read)
    assert dict(found.reply.headers)["Location"] == DESTINATION
    assert found.event.expired


# methods and routes


def test_case_23_head_answers_like_get_without_a_body_and_is_recorded_as_head():
    for url in (OPEN, CLICK, BAD_CLICK, "/nowhere"):
        get, head = answer(requested(url)), answer(requested(url, "HEAD"))
        assert (head.reply.status, head.reply.headers) == (get.reply.status, get.reply.headers)
        assert head.reply.body == b""
    assert answer(requested(CLICK, "HEAD")).event.method == "HEAD"
    assert answer(requested(CLICK, "HEAD")).verdict.is_human is False


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "", "PROPFIND"])
@pytest.mark.parametrize("url", [OPEN, CLICK, BAD_CLICK, BAD_OPEN])
def test_other_methods_are_405_with_allow_and_record_nothing(method, url):
    found = answer(requested(url, method))
    assert found.reply.status == 405
    assert dict(found.reply.headers)["Allow"] == "GET, HEAD"
    assert found.event is None


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("url", ["/", "", "/m/", "/favicon.ico", "/m/oo/x.gif", "/m/x.gif", "/?/o/x.gif", "*"])
def test_an_unknown_path_is_404_and_never_the_fallback(method, url):
    found = answer(requested(url, method), fallback_url="https://example.com/")
    assert found.reply.status == 404
    assert found.event is None


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_without_a_way_to_read_actions_the_leaving_route_is_404_and_records_nothing(method):
    found = answer(requested(ROUTES.leave(SIGNER.sign_action(MESSAGE)), method))
    assert (found.reply.status, found.event) == (404, None)


# consent


@pytest.mark.parametrize("url", [OPEN, CLICK])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"consent": lambda message, kind: Level.NONE}, id="consent withdrawn since"),
        pytest.param({"default_level": Level.NONE}, id="tracking switched off for everybody"),
        pytest.param({"consent": boom}, id="a consent callback that fails"),
        pytest.param({"consent": lambda message, kind: None}, id="a consent callback without an answer"),
        pytest.param({"consent": lambda message, kind: 7}, id="a level of a later version"),
    ],
)
def test_where_recording_is_not_allowed_the_reply_is_the_same_and_nothing_is_observed_or_recorded(url, options):
    judge = Judge()
    found = answer(requested(url), judge=judge, look=boom, **options)
    assert found.reply == answer(requested(url)).reply
    assert (found.event, found.verdict, judge.seen) == (None, None, [])


def test_without_a_sink_nothing_is_kept_and_nothing_is_wrong(caplog):
    found = answer(requested(OPEN))
    settings = Settings(base_url=BASE, secret_keys=[KEY])
    assert replying.deliver(found, settings) == found.reply
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("signed", "options"),
    [
        pytest.param(Level.NONE, {}, id="nothing was agreed to when it was sent"),
        pytest.param(Level.FULL, {"ceiling": Level.NONE}, id="nothing may be known of anybody"),
        pytest.param(Level.FULL, {"default_level": Level.NONE}, id="tracking is switched off"),
    ],
)
def test_nobody_is_asked_for_a_consent_that_could_change_nothing(signed, options):
    asked = []
    token = SIGNER.sign_message(replace(MESSAGE, opens=signed, clicks=signed))
    for url in (ROUTES.open(token), ROUTES.click(token, LINK)):
        found = answer(requested(url), consent=lambda message, kind: asked.append(kind) or Level.FULL, **options)
        assert found.event is None
    assert asked == []


def test_consent_is_asked_with_the_message_and_the_kind():
    asked = []
    answer(requested(CLICK), consent=lambda message, kind: asked.append((message, kind)) or Level.FULL)
    assert asked == [(replace(MESSAGE, id=SIGNER.message_id(MESSAGE)), Kind.CLICK)]
    named = replace(MESSAGE, id="m-17", clicks=Level.NONE)
    answer(
        requested(ROUTES.open(SIGNER.sign_message(named))),
        consent=lambda message, kind: asked.append(message) or Level.FULL,
    )
    assert asked[1] == replace(named, clicks=Level.FULL)  # of the levels only that of opens is known here
    told = replace(named, variant="b", metadata={"order": "8841"}, opens=Level.DATE, clicks=Level.DATE)
    answer(
        requested(ROUTES.open(SIGNER.sign_message(told))),
        consent=lambda message, kind: asked.append(message) or Level.NONE,
    )
    assert asked[2] == told


def test_consent_can_allow_opens_and_forbid_clicks():
    def consent(message: Message, kind: Kind) -> Level:
        return Level.FULL if kind is Kind.OPEN else Level.NONE

    assert answer(requested(OPEN), consent=consent).event is not None
    assert answer(requested(CLICK), consent=consent).event is None


@pytest.mark.parametrize("route", ["open", "click"])
def test_of_a_shared_mail_neither_the_judge_nor_the_sink_can_tell_its_readers_apart(route):
    shared = Message(recipient="", campaign="spring", opens=Level.AGGREGATE, clicks=Level.AGGREGATE)
    token, judge = SIGNER.sign_message(shared), Judge()
    url = ROUTES.open(token) if route == "open" else ROUTES.click(token, LINK)
    found = answer(requested(url), judge=judge, look=Observer(secret=KEY).observe)
    ((judged, _),) = judge.seen
    for event in (judged, found.event):
        assert (event.recipient, event.message_id, event.level) == (None, "", Level.AGGREGATE)
        assert (event.facts.network_id, event.facts.agent_id) == ("", "")
    named = answer(requested(OPEN), look=Observer(secret=KEY).observe).event.facts
    assert named.network_id
    assert named.agent_id


def test_what_was_signed_as_none_is_not_recorded_whatever_consent_says_today():
    token = SIGNER.sign_message(replace(MESSAGE, clicks=Level.NONE))
    found = answer(requested(ROUTES.click(token, LINK)), consent=lambda message, kind: Level.FULL)
    assert dict(found.reply.headers)["Location"] == DESTINATION
    assert found.event is None
    assert answer(requested(ROUTES.open(token))).event is not None


@pytest.mark.parametrize(
    ("url", "headers", "options", "recorded"),
    [
        pytest.param(CLICK, {"Sec-GPC": "1"}, {}, False, id="GPC lowers a click"),
        pytest.param(CLICK, [("Sec-GPC", "0"), ("sec-gpc", "1")], {}, False, id="one GPC of two says no"),
        pytest.param(CLICK, {"Sec-GPC": "0"}, {}, True, id="GPC of 0 says nothing"),
        pytest.param(OPEN, {"Sec-GPC": "1"}, {}, True, id="GPC is about clicks"),
        pytest.param(CLICK, {"DNT": "1"}, {}, True, id="DNT is not heard by default"),
        pytest.param(CLICK, {"DNT": "1"}, {"honor_dnt": True}, False, id="DNT lowers a click where the host wants it"),
    ],
)
def test_privacy_signals_lower_a_click_and_the_redirect_still_happens(url, headers, options, recorded):
    found = answer(requested(url, headers=headers), **options)
    assert (found.event is not None) is recorded
    assert found.reply == answer(requested(url)).reply


# what fails


@pytest.mark.parametrize("url", [OPEN, CLICK])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"look": boom}, id="observing"),
        pytest.param({"judge": Broken()}, id="the judge"),
        pytest.param({"forget": boom}, id="redaction"),
        pytest.param({"history": Broken()}, id="the history"),
        pytest.param({"may_redirect": boom}, id="may_redirect"),
    ],
)
def test_law_3_what_fails_costs_neither_the_reply_nor_the_event_and_is_logged_without_names(url, options, caplog):
    found = answer(requested(url), **options)
    assert found.reply == answer(requested(url)).reply
    assert found.event.recipient == "u-17"
    assert found.event.address == found.event.user_agent == ""
    assert found.verdict is not None
    if "may_redirect" not in options or url == CLICK:
        (record,) = caplog.records
        assert (record.name, record.levelno, record.exc_info) == ("mailbeacon", logging.ERROR, None)
        assert not any(name in record.getMessage() for name in (TOKEN, "u-17", "192.0.2"))
        assert "RuntimeError" in record.getMessage()


def test_where_observing_fails_what_is_missing_is_not_held_against_the_reader():
    event = answer(requested(OPEN), look=boom).event
    assert event.facts == Facts(hints=frozenset({Hint.HEADERS_UNKNOWN, Hint.NO_USER_AGENT}))
    assert classify(event).actor is Actor.UNKNOWN  # judged again from what was stored


class Silent:
    """A judge that forgets to answer, or answers with a word."""

    def __init__(self, said) -> None:
        self.said = said

    def classify(self, event, earlier=()):
        return self.said


@pytest.mark.parametrize("judge", [Broken(), Silent(None), Silent("human")], ids=["fails", "says nothing", "a word"])
def test_a_judge_that_fails_gives_an_unknown_verdict_and_the_event_is_kept(judge, caplog):
    sink = MemorySink()
    found = answer(requested(OPEN), judge=judge, sink=sink)
    replying.deliver(found, Settings(base_url=BASE, secret_keys=[KEY], sink=sink))
    ((event, verdict),) = sink.events()
    assert (event, verdict) == (found.event, found.verdict)
    assert (verdict.actor, verdict.is_human, verdict.confidence) == (Actor.UNKNOWN, None, 0.0)
    assert explain(verdict) == (
        "It cannot be told who this was. Why: something failed when it came, so it was not judged."
    )
    assert "judging failed" in caplog.text


def test_a_host_s_rule_that_fails_is_named_and_costs_no_event(caplog):
    @rule(family="host", weight=1.0, source="a test, 2026")
    def odd_rule(event, around):
        raise KeyError(event.recipient)

    found = answer(requested(OPEN), judge=Classifier([odd_rule]))
    assert (found.event.kind, found.verdict.actor) == (Kind.OPEN, Actor.UNKNOWN)
    assert "judging, for the rule 'odd-rule' failed: KeyError" in caplog.text
    assert found.event.recipient not in caplog.text


@pytest.mark.parametrize("clock", [boom, lambda: None, lambda: datetime(2026, 3, 2)], ids=["fails", "none", "naive"])
def test_a_broken_clock_costs_no_event(clock, caplog):
    found = answer(requested(CLICK, received_at=None), clock=clock)
    assert found.reply.status == 302
    assert found.event.received_at.tzinfo is not None
    assert len(caplog.records) == 1


def test_without_a_moment_the_request_has_the_clocks():
    assert answer(requested(OPEN, received_at=None), clock=lambda: NOW).event.received_at == NOW


def test_a_request_that_gets_the_clocks_moment_keeps_all_else():
    url = ROUTES.leave(SIGNER.sign_action(MESSAGE))
    asked = requested(url, "POST", received_at=None, body=b"List-Unsubscribe=One-Click", headers={"Accept": "*/*"})
    seen = []

    def read(dated: Request) -> Event:
        seen.append(dated)
        return decode(dated, SIGNER)

    answer(asked, read=read, clock=lambda: NOW)
    answer(replace(asked, url=OPEN, method="HEAD"), read=read, clock=lambda: NOW)
    last = seen[-1]
    assert (last.url, last.method, last.address, last.received_at) == (OPEN, "HEAD", "192.0.2.77", NOW)
    assert (last.body, dict(last.headers)) == (asked.body, dict(asked.headers))


@pytest.mark.parametrize(
    ("url", "status"), [(OPEN, 200), (CLICK, 503), ("/m/x", 503), (None, 503)], ids=["open", "click", "neither", "none"]
)
def test_what_is_no_proper_request_gets_the_image_or_a_page(url, status):
    class Half:
        def __init__(self) -> None:
            if url is not None:
                self.url = url
            self.method = "GET"

    found = answer(Half())
    assert (found.reply.status, found.event) == (status, None)
    assert (found.reply.body == replying.PIXEL) is (status == 200)


@pytest.mark.parametrize(
    ("link", "level", "recipient", "hints", "network_id"),
    [
        (HONEYPOT_LINK, Level.FULL, "u", {Hint.HEAD, Hint.HONEYPOT}, "n"),
        (1, Level.FULL, "u", {Hint.HEAD}, "n"),
        (1, Level.DATE, "u", {Hint.HEAD}, ""),
        (1, Level.FULL, None, {Hint.HEAD}, ""),
    ],
)
def test_facts_tell_of_the_link_no_reader_sees_and_readers_apart_only_where_they_may(
    link, level, recipient, hints, network_id
):
    event = Event(id="e", kind=Kind.CLICK, received_at=NOW, recipient=recipient, level=level, link=link)
    found = privacy.marked(Facts(hints=frozenset({Hint.HEAD}), network_id="n", agent_id="n"), event)
    assert (found.hints, found.network_id, found.agent_id) == (hints, network_id, network_id)


def test_failing_manifests_are_an_outage_not_a_dead_link(caplog):
    url = ROUTES.click(TOKEN, short_name(3, DESTINATION))
    assert answer(requested(url), manifests=boom).reply.status == 503
    reply = answer(requested(url), manifests=boom, fallback_url="https://example.com/home").reply
    assert dict(reply.headers)["Location"] == "https://example.com/home"
    assert answer(requested(OPEN), manifests=boom).reply.status == 200
    assert len(caplog.records) == 2


def test_a_short_link_redirects_by_its_manifest():
    short = short_name(3, DESTINATION)
    manifest = Manifest(campaign="spring", targets={short: Target(number=3, url=DESTINATION)})
    found = answer(requested(ROUTES.click(TOKEN, short)), manifests=lambda _: manifest)
    assert dict(found.reply.headers)["Location"] == DESTINATION
    assert found.event.link == 3


def test_an_open_whose_reading_fails_is_still_an_image(caplog):
    assert answer(requested(OPEN), read=boom).reply.body == replying.PIXEL
    assert len(caplog.records) == 1


def test_the_verdict_sees_what_came_before():
    history, judge = MemoryHistory(), Judge()
    first = answer(requested(OPEN)).event
    history.add(first)
    answer(requested(CLICK), history=history, judge=judge)
    assert judge.seen[0][1] == (first,)


def test_a_responder_answers_many_as_each_would_be_answered_alone():
    settings = Settings(base_url=BASE, secret_keys=[KEY])
    parts = {"decode": partial(decode, signer=SIGNER), "observe": observe, "judge": Judge(), "redact": redact}
    responder = replying.Responder(settings, **parts)
    for _ in range(2):
        for url in (OPEN, CLICK, BAD_OPEN, BAD_CLICK, "/"):
            for method in ("GET", "HEAD", "POST"):
                asked = requested(url, method)
                assert responder.answer(asked) == replying.respond(asked, settings, **parts) == answer(asked)


def test_a_reply_that_a_host_adds_to_is_nobody_elses():
    for url in (OPEN, CLICK, BAD_CLICK):
        reply = answer(requested(url)).reply
        whole = list(reply.headers)
        reply.headers.append(("X-Added", "1"))
        assert answer(requested(url)).reply.headers == whole


def test_destinations_are_remembered_in_bounds():
    settings = Settings(base_url=BASE, secret_keys=[KEY])
    read = partial(decode, signer=SIGNER)
    responder = replying.Responder(settings, decode=read, observe=observe, judge=Judge(), redact=redact)
    for number in range(1_500):
        target = Target(number=number, url=f"https://example.com/{number}")
        url = ROUTES.click(TOKEN, SIGNER.sign_link(target, "spring"))
        assert dict(responder.answer(requested(url)).reply.headers)["Location"] == target.url
    assert len(responder._locations) <= 1024


# delivering


def test_an_event_is_handed_to_sink_history_and_callback_and_the_reply_given():
    sink, history, heard = MemorySink(), MemoryHistory(), []
    settings = Settings(base_url=BASE, secret_keys=[KEY], sink=sink, on_event=lambda *pair: heard.append(pair))
    found = answer(requested(CLICK))
    assert replying.deliver(found, settings, history) is found.reply
    assert list(sink.events()) == heard == [(found.event, found.verdict)]
    assert history.recent(answer(requested(OPEN)).event) == (found.event,)


def test_the_settings_history_is_the_default():
    history = MemoryHistory()
    replying.deliver(answer(requested(CLICK)), Settings(base_url=BASE, secret_keys=[KEY], history=history))
    assert len(history.recent(answer(requested(OPEN)).event)) == 1


def test_case_22_whatever_keeps_events_may_fail_and_the_others_still_get_them(caplog):
    found = answer(requested(CLICK))
    sink, history, heard = MemorySink(), MemoryHistory(), []

    def deliver(**options: object) -> None:
        caplog.clear()
        known = options.pop("history", history)
        settings = Settings(
            base_url=BASE, secret_keys=[KEY], **{"sink": sink, "on_event": lambda *_: heard.append(1), **options}
        )
        assert replying.deliver(found, settings, known) is found.reply
        (record,) = caplog.records
        assert not any(name in record.getMessage() for name in (TOKEN, "u-17", "192.0.2"))

    deliver(sink=Broken())
    assert found.event.id in caplog.records[0].getMessage()
    assert len(heard) == 1
    deliver(history=Broken())
    assert (len(sink), len(heard)) == (1, 2)
    deliver(on_event=boom)
    assert len(heard) == 2


def test_nothing_to_record_reaches_nobody():
    sink = MemorySink()
    settings = Settings(base_url=BASE, secret_keys=[KEY], sink=sink, on_event=boom)
    replying.deliver(answer(requested(BAD_CLICK)), settings)
    assert len(sink) == 0


# laws


pieces = st.sampled_from(
    [
        "o",
        "c",
        "u",
        "m",
        "",
        TOKEN,
        LINK,
        TOKEN + ".gif",
        "%2F",
        "?",
        "#",
        "..",
        "https://evil.example",
        "\udc80",
        "\0",
        "é",
    ]
)
urls = st.one_of(
    st.text(max_size=60),
    st.lists(pieces | st.text(max_size=5), max_size=7).map("/".join),
    st.builds(lambda url, tail: url + tail, st.sampled_from([OPEN, CLICK]), st.text(max_size=10)),
)
requests = st.builds(
    Request,
    url=urls,
    method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]) | st.text(max_size=8),
    headers=st.lists(
        st.tuples(
            st.sampled_from(["Sec-GPC", "DNT", "User-Agent", "Referer"]) | st.text(max_size=8), st.text(max_size=20)
        ),
        max_size=4,
    ),
    address=st.ip_addresses().map(str) | st.text(max_size=20),
    received_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    body=st.binary(max_size=20),
)


@given(asked=requests)
def test_law_3_no_request_raises_and_every_reply_is_whole(asked):
    found = answer(asked, honor_dnt=True)
    reply = found.reply
    assert reply.status in (200, 302, 404, 405)
    assert all(text.isascii() and text.isprintable() for pair in reply.headers for text in pair)
    assert reply.status != 200 or asked.method == "HEAD" or reply.body == replying.PIXEL
    assert asked.method != "HEAD" or reply.body == b""
    assert found.event is None or found.event.recipient == "u-17"


@given(asked=requests)
def test_law_3_nothing_a_host_supplies_can_break_a_reply(asked):
    whole = answer(asked, clock=lambda: NOW)
    broken = answer(
        asked,
        look=boom,
        judge=Broken(),
        forget=boom,
        history=Broken(),
        consent=boom,
        may_redirect=boom,
        manifests=lambda _: None,
        clock=boom,
    )
    assert broken.reply == whole.reply


@given(asked=requests)
def test_law_4_only_a_link_signed_for_the_campaign_redirects(asked):
    reply = answer(asked).reply
    if reply.status == 302:
        assert LINK in asked.url
        assert TOKEN in asked.url
        assert dict(reply.headers)["Location"] == DESTINATION


@given(
    parts=st.lists(st.sampled_from(["key", "campaign", "purpose"]), min_size=1, unique=True),
    number=st.integers(0, 99),
    path=st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=20),
)
def test_law_4_a_link_signed_with_another_key_campaign_or_purpose_never_redirects(parts, number, path):
    signer = TokenSigner([b"a key of somebody else"]) if "key" in parts else SIGNER
    campaign = "autumn" if "campaign" in parts else "spring"
    target = Target(number=number, url=f"https://example.com/{path}")
    link = signer.sign_link(target, campaign)
    if "purpose" in parts:
        link = signer.sign_message(Message(recipient=target.url, campaign=campaign))
    assert answer(requested(ROUTES.click(TOKEN, link))).reply.status == 404


@given(st.ip_addresses().map(str), st.text(st.characters(codec="latin-1"), max_size=40))
def test_law_6_nothing_personal_is_in_what_is_recorded(address, agent):
    canary = f"canary {agent}"
    found = answer(
        requested(CLICK, address=address, headers={"User-Agent": canary, "Referer": "https://x.example/canary"})
    )
    assert (found.event.address, found.event.user_agent, found.event.headers) == ("", "", ())
    assert "canary" not in found.event.to_json()


# failures are told


def test_what_fails_is_told_to_the_host_with_its_exception():
    told = []
    answer(requested(CLICK), consent=boom, on_error=lambda what, error: told.append((what, type(error))))
    assert told == [("consent, which counts as none,", RuntimeError)]


def test_an_on_error_that_fails_itself_stops_nothing(caplog):
    assert answer(requested(CLICK), may_redirect=boom, on_error=boom).reply.status == 302
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "may_redirect, which counts as yes, failed: RuntimeError",
        "on_error failed: RuntimeError",
    ]
    assert "u-17" not in caplog.text


def test_an_event_that_could_not_be_recorded_is_handed_to_the_host():
    lost, told = [], []
    found = answer(requested(OPEN))
    settings = Settings(
        base_url=BASE,
        secret_keys=[KEY],
        sink=Broken(),
        on_lost=lambda event, verdict: lost.append((event, verdict)),
        on_error=lambda what, error: told.append(what),
    )
    assert replying.deliver(found, settings) is found.reply
    assert lost == [(found.event, found.verdict)]
    assert told == [f"the sink, so event {found.event.id} is not kept,"]
    assert replying.deliver(found, replace(settings, on_lost=boom)) is found.reply
    assert told[-1] == "on_lost"


def test_where_an_error_came_from_is_logged_at_debug_and_its_text_never(caplog):
    caplog.set_level("INFO", "mailbeacon")
    answer(requested(CLICK), may_redirect=boom)
    assert len(caplog.records) == 1
    caplog.set_level("DEBUG", "mailbeacon")
    answer(requested(CLICK), may_redirect=boom)
    assert caplog.records[-1].getMessage().endswith("in boom")
    assert "u-17 at" not in caplog.text


@pytest.mark.parametrize(
    ("options", "what"),
    [
        pytest.param({"read": boom}, "decoding (or manifests)", id="decoding"),
        pytest.param({"look": boom}, "observing", id="observing"),
        pytest.param({"judge": Broken()}, "judging", id="the judge"),
        pytest.param({"forget": boom}, "redaction, so everything personal is dropped,", id="redaction"),
        pytest.param({"history": Broken()}, "the history", id="the history"),
        pytest.param({"consent": boom}, "consent, which counts as none,", id="consent"),
        pytest.param({"clock": boom, "received_at": None}, "the clock", id="the clock"),
        pytest.param({"forget": lambda event: None, "url": "date"}, "recording", id="what nobody thought of"),
    ],
)
def test_whatever_fails_is_told_by_its_name_and_with_its_error(options, what, caplog):
    told, url = [], OPEN
    if options.get("url") == "date":
        url = ROUTES.open(SIGNER.sign_message(replace(MESSAGE, opens=Level.DATE)))
    asked = requested(url, received_at=options.get("received_at", NOW))
    options = {name: value for name, value in options.items() if name not in ("url", "received_at")}
    assert answer(asked, on_error=lambda *pair: told.append(pair), **options).reply.body == replying.PIXEL
    ((said, error),) = told
    assert said == what
    assert caplog.messages == [f"{what} failed: {type(error).__name__}"]


def test_whatever_fails_of_those_who_keep_events_is_told_by_its_name(caplog):
    found, told = answer(requested(OPEN)), []
    settings = Settings(
        base_url=BASE,
        secret_keys=[KEY],
        sink=Broken(),
        on_event=boom,
        on_lost=boom,
        on_error=lambda what, error: told.append((what, type(error))),
    )
    replying.deliver(found, settings, Broken())
    names = [f"the sink, so event {found.event.id} is not kept,", "on_lost", "the history", "on_event"]
    assert told == [(name, RuntimeError) for name in names]
    assert caplog.messages == [f"{name} failed: RuntimeError" for name in names]


def test_a_log_that_fails_costs_neither_the_reply_nor_the_event():
    log = logging.getLogger("mailbeacon")
    log.addFilter(boom)
    try:
        assert answer(requested(CLICK), may_redirect=boom, on_error=boom).reply.status == 302
        assert answer(requested(OPEN), look=boom).event is not None
    finally:
        log.removeFilter(boom)


def test_where_an_error_came_from_is_logged_by_file_line_and_function(caplog):
    caplog.set_level("DEBUG", "mailbeacon")
    answer(requested(CLICK), may_redirect=boom)
    assert re.fullmatch(r"  at \S+test_replying\.py:\d+ in boom", caplog.messages[-1])


def test_what_could_not_be_observed_is_judged_by_nobody():
    judge = Judge()
    found = answer(requested(OPEN), look=boom, judge=judge)
    assert (judge.seen, found.verdict.signals[0].name) == ([], "not-judged")


def test_a_request_is_observed_as_what_it_is():
    seen = []
    for url in (OPEN, CLICK):
        answer(requested(url), look=lambda asked, kind: seen.append(kind) or Facts())
    assert seen == [Kind.OPEN, Kind.CLICK]


@pytest.mark.parametrize(
    ("options", "level"),
    [
        ({"ceiling": Level.AGGREGATE, "default_level": Level.AGGREGATE}, Level.AGGREGATE),
        ({"default_level": Level.AGGREGATE}, Level.AGGREGATE),
        ({"ceiling": Level.AGGREGATE}, Level.AGGREGATE),
        ({"consent": lambda message, kind: Level.AGGREGATE}, Level.AGGREGATE),
        ({"consent": lambda message, kind: Level.FULL, "default_level": Level.AGGREGATE}, Level.AGGREGATE),
        ({"consent": lambda message, kind: Level.FULL}, Level.FULL),
        ({}, Level.FULL),
    ],
)
@pytest.mark.parametrize("url", [OPEN, CLICK])
def test_an_event_is_kept_at_the_strictest_level_of_token_settings_and_consent(url, options, level):
    event = answer(requested(url), **options).event
    assert (event.level, event.recipient) == (level, "u-17" if level is Level.FULL else None)


def test_consent_for_a_mail_to_nobody_in_particular_is_asked_without_a_recipient():
    shared, asked = Message(recipient="", campaign="spring", opens=Level.AGGREGATE, clicks=Level.AGGREGATE), []
    url = ROUTES.open(SIGNER.sign_message(shared))
    answer(requested(url), consent=lambda message, kind: asked.append(message.recipient) or Level.FULL)
    assert asked == [""]


@pytest.mark.parametrize(("value", "recorded"), [("0", True), ("1", False), ("unset", True)])
def test_where_the_host_hears_dnt_a_zero_says_nothing(value, recorded):
    found = answer(requested(CLICK, headers={"DNT": value}), honor_dnt=True)
    assert (found.event is not None) is recorded
    assert answer(requested(CLICK, headers={}), honor_dnt=True).event is not None


@pytest.mark.parametrize(
    ("asked", "options", "words"),
    [
        (requested("/nowhere"), {}, ["Not found", "not one of ours"]),
        (requested(OPEN, "PUT"), {}, ["Not possible", "can only be opened, not written to"]),
        (requested(CLICK), {"may_redirect": lambda url: False}, ["No longer available", "taken down"]),
        (requested(CLICK), {"read": boom}, ["Not available now", "try again later"]),
    ],
)
def test_a_page_says_what_is_the_matter_and_what_to_do(asked, options, words):
    body = answer(asked, **options).reply.body.decode()
    assert f"<title>{words[0]}</title>" in body
    assert f"<h1>{words[0]}</h1>" in body
    assert f"{words[1]}" in body.partition("<p>")[2].partition("</p>")[0]
    assert "</p>\n</main>" in body


def test_what_is_no_proper_head_request_gets_no_body_either():
    class Half:
        method = "HEAD"

        def __init__(self, url):
            self.url = url

    for url in (OPEN, CLICK):
        reply = answer(Half(url)).reply
        assert (reply.body, dict(reply.headers)["Content-Length"] > "0") == (b"", True)


# replays


class Rows:
    """A sink that keeps all it is given."""

    def __init__(self):
        self.kept = []

    def record(self, event, verdict):
        self.kept.append(event)


def test_one_mails_link_asked_for_without_end_makes_few_rows_that_stand_for_many():
    """And each reader still gets the reply."""
    sink, limit = Rows(), replying.HitLimit(10)
    settings = Settings(base_url=BASE, secret_keys=[KEY], sink=sink)
    for _ in range(1000):
        assert replying.deliver(answer(requested(CLICK)), settings, limit=limit).status == 302
    assert len(sink.kept) == 16
    assert len(sink.kept) + sum(event.unrecorded for event in sink.kept) == 640
    replying.deliver(answer(requested(CLICK, received_at=NOW + timedelta(days=1))), settings, limit=limit)
    assert sink.kept[-1].unrecorded == 0


@pytest.mark.parametrize("fields", [{"recipient": None}, {"kind": Kind.UNSUBSCRIBE}, {"kind": Kind.LEAVE_PAGE}])
def test_no_limit_holds_for_a_whole_campaign_or_for_leaving(fields):
    event = answer(requested(OPEN)).event.changed(**fields)
    limit = replying.HitLimit(1)
    assert [limit.admit(event) for _ in range(5)] == [event] * 5
