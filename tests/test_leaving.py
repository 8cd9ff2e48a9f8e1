"""Leaving: a GET asks and a POST acts, for what the link was signed for and nothing else, whatever fails beside it."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.errors import ConfigError, ForgedToken
from mailbeacon.model import Action, Kind, LeaveText, Level
from mailbeacon.replying import respond
from mailbeacon.replying.texts import TEXTS, choose_text
from mailbeacon.store import MemoryConsents, MemoryHistory, MemorySink
from mailbeacon.tokens import TokenSigner
from tests.making import beacon

BASE = "https://t.example.com/m"
KEY = b"0123456789abcdef"
SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = SENT + timedelta(hours=2)
MESSAGE = mb.Message(recipient="u-17", campaign="spring", sent_at=SENT)
ONE_CLICK = b"List-Unsubscribe=One-Click"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
PARTS = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
PERSON = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Accept": "*/*"}


class Host:
    """A host with a list, a sink and records of consent."""

    def __init__(self, **options):
        self.left = []
        self.sink = MemorySink()
        self.consents = MemoryConsents()
        whole = {"secret_keys": [KEY], "sink": self.sink, "on_leave": self.left.append}
        self.beacon = mb.Beacon(BASE, **{**whole, **options})

    def url(self, action=Action.UNSUBSCRIBE, **values):
        return self.beacon.leave_url(replace(MESSAGE, **values), action)

    def ask(self, url, method="GET", headers=PERSON, **values):
        whole = {"url": url, "method": method, "headers": headers, "address": "192.0.2.9", "received_at": LATER}
        return self.beacon.handle(mb.Request(**{**whole, **values}))

    @property
    def kinds(self):
        return [event.kind for event, _ in self.sink.events()]


@pytest.fixture
def host():
    return Host()


# only a POST acts


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param(FORM, ONE_CLICK, id="the form Gmail sends"),
        pytest.param(MULTIPART, PARTS, id="multipart, as RFC 8058 would have it"),
        pytest.param(FORM, ONE_CLICK + b"&utm=1&x=y", id="with fields of somebody else's"),
        pytest.param(FORM, b"", id="without a body, as the page's own button"),
        pytest.param({**FORM, "Cookie": "session=1"}, ONE_CLICK, id="with a cookie"),
        pytest.param({"Content-Type": "text/plain"}, b"\xff\x00" * 99, id="with nonsense"),
        pytest.param({"Sec-GPC": "1", "DNT": "1"}, ONE_CLICK, id="of a browser that asks not to be tracked"),
    ],
)
@pytest.mark.parametrize(
    ("action", "kind"), [(Action.UNSUBSCRIBE, Kind.UNSUBSCRIBE), (Action.STOP_TRACKING, Kind.WITHDRAW)]
)
def test_a_post_acts_at_once_with_a_page_and_no_redirect_or_cookie(host, action, kind, headers, body):
    """Source: RFC 8058 (2017), section 3."""
    reply = host.ask(host.url(action), "POST", headers, body=body)
    names = {name.lower() for name, _ in reply.headers}
    assert reply.status == 200
    assert not names & {"location", "set-cookie"}
    assert [(leave.action, leave.recipient, leave.campaign) for leave in host.left] == [(action, "u-17", "spring")]
    assert host.kinds == [kind]


def test_the_same_again_is_200_and_the_same_event_and_the_host_is_told_again(host):
    """Who subscribed again meanwhile must get off the list by the same link."""
    replies = [
        host.ask(host.url(), "POST", received_at=LATER + timedelta(days=day), address=f"192.0.2.{day}")
        for day in range(3)
    ]
    assert {reply.status for reply in replies} == {200}
    assert len(host.left) == 3
    assert host.kinds == [Kind.UNSUBSCRIBE]


@pytest.mark.parametrize("query", ["", "?List-Unsubscribe=One-Click", "?confirm=1#yes"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("action", Action)
def test_a_get_or_head_asks_and_never_acts(host, action, method, query):
    reply = host.ask(host.url(action) + query, method)
    assert reply.status == 200
    assert (reply.body == b"") is (method == "HEAD")
    assert host.left == []
    assert host.kinds == [Kind.LEAVE_PAGE]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "post", "TRACE"])
def test_another_method_is_told_what_is_allowed_and_does_nothing(host, method):
    reply = host.ask(host.url(), method)
    assert (reply.status, dict(reply.headers)["Allow"]) == (405, "GET, HEAD, POST")
    assert host.left == host.kinds == []


# each action has its own signature


@given(st.sampled_from(Action), st.text("abc"), st.sampled_from(Level), st.sampled_from(Level))
def test_a_token_serves_for_its_own_action_alone(action, name, opens, clicks):
    signer = TokenSigner([KEY])
    message = replace(MESSAGE, id=name, opens=opens, clicks=clicks)
    token = signer.sign_action(message, action)
    (other,) = set(Action) - {action}
    assert signer.read_leave(token)[0] is action
    assert signer.read_action(token, action).recipient == "u-17"
    for read in (lambda: signer.read_action(token, other), lambda: signer.read_hit(token)):
        with pytest.raises(ForgedToken):
            read()


def test_no_open_or_link_token_lets_anybody_leave(host):
    token = host.beacon.signer.sign_message(MESSAGE)
    for url in (host.beacon.routes.leave(token), host.beacon.click_url(MESSAGE, "https://example.com/")):
        host.ask(url, "POST")
    assert host.left == []
    assert host.ask(host.beacon.routes.leave(token)).status == 404


def test_a_frozen_token_of_each_action_is_written_and_read_as_ever():
    signer = TokenSigner([KEY])
    frozen = {
        Action.UNSUBSCRIBE: "aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwXQ.3l9GAPUQ9dBSX4NxBwXa1w",
        Action.STOP_TRACKING: "aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwXQ.o-YuQnNgkzOwVruHdSIWFw",
    }
    for action, token in frozen.items():
        assert signer.sign_action(MESSAGE, action) == token
        assert signer.read_action(token, action) == MESSAGE


def test_an_altered_or_foreign_token_is_a_plain_404(host):
    url = host.url()
    foreign = beacon(secret_keys=[b"fedcba9876543210"]).leave_url(MESSAGE, Action.UNSUBSCRIBE)
    for wrong in (url[:-1] + ("A" if url[-1] != "A" else "B"), foreign, f"{BASE}/u/", f"{BASE}/u/a.b"):
        assert host.ask(wrong, "POST").status == 404
    assert host.left == []


# nothing stands in the way of leaving


def boom(*_):
    raise RuntimeError("u-17 of 192.0.2.9")


class Broken:
    record = recent = add = boom


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"sink": Broken()}, id="a failing sink"),
        pytest.param({"history": Broken()}, id="a failing history"),
        pytest.param({"on_event": boom}, id="a failing on_event"),
        pytest.param({"consent": boom}, id="a failing consent"),
        pytest.param({"consent": lambda *_: Level.NONE}, id="a reader who withdrew"),
        pytest.param({"default_level": Level.NONE, "ceiling": Level.NONE}, id="a host that tracks nobody"),
        pytest.param({"max_age": timedelta(days=1)}, id="a mail of years ago"),
        pytest.param({"judge": type("Judge", (), {"classify": boom})()}, id="a failing judge"),
        pytest.param({"networks": type("Networks", (), {"lookup": boom, "version": ""})()}, id="failing networks"),
    ],
)
@pytest.mark.parametrize("action", Action)
def test_leaving_works_whatever_fails_and_whatever_was_agreed_to(options, action, caplog):
    host = Host(**options)
    with caplog.at_level(logging.DEBUG):
        reply = host.ask(host.url(action, sent_at=SENT - timedelta(days=3000)), "POST")
    assert reply.status == 200
    assert [leave.action for leave in host.left] == [action]
    assert "sink" in options or len(host.kinds) == 1
    assert "u-17" not in caplog.text
    assert "192.0.2.9" not in caplog.text


@pytest.mark.parametrize("level", Level)
def test_who_is_not_named_in_the_mail_can_still_leave(host, level):
    host.ask(host.url(opens=level, clicks=level), "POST")
    assert [leave.recipient for leave in host.left] == ["u-17"]


@pytest.mark.parametrize(("options", "status"), [({"on_leave": boom}, 503), ({"on_leave": None, "sink": None}, 503)])
def test_where_nobody_could_be_told_the_reader_is_asked_to_try_again(options, status, caplog):
    """Saying that it was done would be a lie."""
    host = Host(**options)
    assert host.ask(host.url(), "POST").status == status
    assert "leav" in caplog.text
    assert "u-17" not in caplog.text


def test_without_on_leave_the_sinks_event_is_the_word():
    host = Host(on_leave=None)
    assert host.ask(host.url(), "POST").status == 200
    assert host.kinds == [Kind.UNSUBSCRIBE]


def test_a_machines_unsubscribe_is_kept_all_the_same(host):
    host.ask(host.url(), "POST", {"User-Agent": "curl/8.5.0"})
    ((event, verdict),) = host.sink.events()
    assert event.kind is Kind.UNSUBSCRIBE
    assert mb.tally([(event, verdict)]).mails_with(Kind.UNSUBSCRIBE) == 1


def test_the_event_of_leaving_does_not_say_where_it_came_from(host):
    host = Host(keep_address="keep", keep_user_agent="keep", keep_headers="keep")
    host.ask(host.url(), "POST")
    ((event, _),) = host.sink.events()
    assert (event.recipient, event.address, event.user_agent, event.headers) == ("u-17", "", "", ())
    assert (event.facts.network_id, event.facts.agent_id) == ("", "")


def test_answering_alone_tells_nobody_and_changes_nothing(host):
    answer = host.beacon.answer(mb.Request(url=host.url(), method="POST", received_at=LATER))
    assert (answer.reply.status, answer.event.kind, host.left, host.kinds) == (200, Kind.UNSUBSCRIBE, [], [])


def test_a_shared_mail_has_no_link_to_leave(host):
    nobody = mb.Message(recipient="", campaign="spring", opens=Level.AGGREGATE, clicks=Level.AGGREGATE)
    with pytest.raises(ConfigError, match="recipient"):
        host.beacon.leave_url(nobody, Action.UNSUBSCRIBE)
    with pytest.raises(ConfigError, match="e-mail address"):
        host.url(recipient="ann@example.net", opens=Level.AGGREGATE, clicks=Level.AGGREGATE)


# withdraw, then reopen


def test_who_stopped_the_tracking_reopens_an_old_mail_and_nothing_is_kept():
    """The pixel is a pixel, the link redirects, the stores stay as they were, and unsubscribing works."""
    host = Host(history=(history := MemoryHistory()))
    for purpose in (mb.Purpose.OPENS, mb.Purpose.CLICKS):
        host.consents.record(mb.Consent(recipient="u-17", purpose=purpose, level=Level.FULL, given_at=SENT))
    host.beacon = beacon(
        sink=host.sink,
        history=history,
        consent=host.consents.allows,
        on_leave=lambda leave: (host.left.append(leave), host.consents.record_leave(leave)),
    )
    opened, clicked = host.beacon.open_url(MESSAGE), host.beacon.click_url(MESSAGE, "https://example.com/a")
    host.ask(opened)
    host.ask(host.url(Action.STOP_TRACKING), "POST")
    before = list(host.sink.events())
    assert [event.kind for event, _ in before] == [Kind.OPEN, Kind.WITHDRAW]
    later = {"received_at": LATER + timedelta(days=1)}
    assert [host.ask(opened, **later).status, host.ask(clicked, **later).status] == [200, 302]
    assert host.ask(host.url(), **later).status == 200  # the page of leaving is no event of theirs either
    assert list(host.sink.events()) == before
    assert host.ask(host.url(), "POST", **later).status == 200
    assert [leave.action for leave in host.left] == [Action.STOP_TRACKING, Action.UNSUBSCRIBE]


def test_a_scanner_that_loads_every_url_of_a_thousand_mails_makes_nobody_leave():
    """GET and HEAD of every link, the pixel, both links to leave, and the URL in the header field."""
    host = Host()
    html = (
        '<p><a href="https://example.com/a">Read</a> <a href="{}">Unsubscribe</a> <a href="{}">Stop measuring</a></p>'
    )
    for number in range(1000):
        message = mb.Message(recipient=f"u-{number}", campaign="spring", sent_at=SENT)
        leave = [host.beacon.leave_url(message, action) for action in Action]
        mail = host.beacon.rewrite(html.format(*leave), message).html
        field = host.beacon.leave_headers(message)["List-Unsubscribe"]
        urls = [
            *re.findall(r'(?:href|src)="([^"]+)"', mail),
            field.strip("<>"),
            field.strip("<>") + "?List-Unsubscribe=One-Click",
        ]
        assert len(urls) == 6
        for url in urls:
            for method in ("HEAD", "GET"):
                assert host.ask(url, method, {"User-Agent": "Mozilla/5.0"}).status in (200, 302)
    assert host.left == []
    assert not {Kind.UNSUBSCRIBE, Kind.WITHDRAW} & set(host.kinds)


# the pages


@pytest.mark.parametrize("language", TEXTS)
def test_the_two_actions_are_plainly_apart_in_every_language(language):
    unsubscribe, stop = TEXTS[language][Action.UNSUBSCRIBE], TEXTS[language][Action.STOP_TRACKING]
    for name in LeaveText.__slots__:
        assert getattr(unsubscribe, name) != getattr(stop, name)
        assert getattr(unsubscribe, name).strip()


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("ja,fr;q=0.3,it;q=0.8", "it"),
        ("xx", "en"),
        ("de;q=0,fr", "fr"),
        ("DE", "de"),
        ("*;q=0.1", "en"),
        ("fr;q=2", "en"),
        ("\x00,;;q=1,=,", "en"),
    ],
)
def test_a_page_speaks_the_language_the_reader_prefers(accepted, language):
    assert choose_text(Action.UNSUBSCRIBE, accepted, {}) == (language, TEXTS[language][Action.UNSUBSCRIBE])


def test_a_host_puts_its_own_words_in_place_and_they_are_escaped():
    own = LeaveText(title="<b>Bye</b>", text='a & "b"', button="Go", done_title="Gone", done_text="</p>")
    host = Host(leave_texts={"sv": {Action.UNSUBSCRIBE: own}})
    page = host.ask(host.url(), headers={"Accept-Language": "ja"}).body.decode()
    assert '<html lang="sv">' in page
    assert "&lt;b&gt;Bye" in page
    assert "<b>" not in page
    assert '<html lang="en">' in host.ask(host.url(Action.STOP_TRACKING)).body.decode()
    assert '<html lang="de">' in host.ask(host.url(), headers={"Accept-Language": "de"}).body.decode()


@pytest.mark.parametrize("wrong", [5, {"en": 5}, {"en": {"unsubscribe": 5}}, {"en": {Action.UNSUBSCRIBE: "Bye"}}])
def test_words_that_are_none_are_refused_when_the_settings_are_made(wrong):
    with pytest.raises(ConfigError, match="leave_texts"):
        Host(leave_texts=wrong)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("action", Action)
def test_a_page_holds_no_token_recipient_address_script_or_outside_asset(host, action, method):
    url = host.url(action)
    reply = host.ask(url, method)
    page, headers = reply.body.decode(), dict(reply.headers)
    for secret in ("u-17", "192.0.2.9", "spring", url.rpartition("/")[2]):
        assert secret not in page
    assert not re.search(r"<script|src=|href=|url\(|@import|http", page)
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    assert "form-action 'self'" in headers["Content-Security-Policy"]


# the header fields


def test_the_header_fields_are_those_of_rfc_8058(host):
    fields = host.beacon.leave_headers(MESSAGE)
    assert fields == {"List-Unsubscribe": f"<{host.url()}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def test_a_link_too_long_for_a_line_of_mail_is_refused(host):
    with pytest.raises(ConfigError, match="line"):
        host.beacon.leave_headers(replace(MESSAGE, id="m" * 900))


def test_the_host_is_told_all_it_needs_to_take_a_recipient_off_and_nothing_of_the_request(host):
    host.ask(host.url(id="m-17"), "POST")
    assert host.left == [
        mb.Leave(action=Action.UNSUBSCRIBE, recipient="u-17", campaign="spring", message_id="m-17", received_at=LATER)
    ]


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("language", TEXTS)
def test_a_page_asks_with_a_button_and_after_it_says_that_it_is_done(host, language, action):
    words, headers = TEXTS[language][action], {"Accept-Language": language}
    asks = unescape(host.ask(host.url(action), headers=headers).body.decode())
    done = unescape(host.ask(host.url(action), "POST", headers).body.decode())
    assert f'<html lang="{language}">' in asks
    assert f'<html lang="{language}">' in done
    form = f'<form method="post"><button type="submit">{words.button}</button></form>'
    assert [asks.count(text) for text in (words.title, f"<p>{words.text}</p>", form)] == [2, 1, 1]
    assert [done.count(text) for text in (words.done_title, f"<p>{words.done_text}</p>", "<form")] == [2, 1, 0]
    assert words.done_text not in asks
    assert words.text not in done


def test_of_languages_liked_alike_the_first_counts_and_of_many_the_first_twenty():
    def chosen(accepted, own=None):
        return choose_text(Action.UNSUBSCRIBE, accepted, own or {})[0]

    assert chosen("it,fr") == chosen("it;q=1,fr;q=1.000") == chosen("fr;q=0.5,it") == "it"
    assert (chosen("it;q=1,fr"), chosen("it,fr;q=1"), chosen("fr;q=0.9,it")) == ("it", "it", "it")
    assert (chosen("de;q=0"), chosen("de;q=0.000"), chosen("de;q=0.001")) == ("en", "en", "de")
    assert chosen(",".join(["fr"] + ["xx"] * 25)) == "fr"
    assert chosen("fr;q=0.2, it ; Q = 0.7 ,de;q=0.5") == "it"
    assert chosen(",".join(["xx"] * 19 + ["fr"])) == "fr"
    assert chosen(",".join(["xx"] * 20 + ["fr"])) == "en"
    own = {
        "sv": {Action.STOP_TRACKING: TEXTS["en"][Action.STOP_TRACKING]},
        "da": {Action.UNSUBSCRIBE: TEXTS["en"][Action.UNSUBSCRIBE]},
    }
    assert (chosen("xx", own), chosen("sv", own), chosen("sv,fr", own)) == ("da", "da", "fr")


def test_without_on_leave_a_sink_that_failed_is_no_word(caplog):
    """The reader tries again; the log says why, and names nobody."""
    host = Host(on_leave=None, sink=Broken())
    assert host.ask(host.url(), "POST").status == 503
    assert "leaving, for there is neither on_leave nor a sink that took it, failed: LookupError" in caplog.text
    host = Host(sink=Broken())
    assert (host.ask(host.url(), "POST").status, len(host.left)) == (200, 1)


def test_what_the_judge_sees_of_leaving_has_no_address_but_tells_the_program(host):
    seen = []

    class Judge:
        def classify(self, event, earlier=()):
            seen.append(event)
            return mb.Verdict(actor=mb.Actor.HUMAN)

    host = Host(judge=Judge(), keep_address="keep", keep_user_agent="keep")
    host.ask(host.url(), "POST")
    assert (seen[0].address, seen[0].user_agent, seen[0].headers) == ("", "", ())
    assert (seen[0].facts.client, seen[0].facts.network_id, seen[0].facts.agent_id) == ("Firefox", "", "")


def test_a_leaving_that_cannot_be_recorded_is_not_said_to_be_done():
    told = []
    settings = mb.Settings(base_url=BASE, secret_keys=[KEY], on_error=lambda what, error: told.append(what))
    answer = respond(
        mb.Request(url="/u/x", method="POST", received_at=LATER),
        settings,
        decode=lambda request: SimpleNamespace(kind=Kind.UNSUBSCRIBE),
        observe=boom,
        judge=Broken(),
        redact=boom,
        action=lambda url: Action.UNSUBSCRIBE,
    )
    assert (answer.reply.status, answer.event, told) == (503, None, ["recording"])
    assert b"try again" in answer.reply.body


def test_an_on_leave_that_fails_is_told_to_the_host_by_its_name_and_error():
    told = []
    host = Host(on_leave=boom, on_error=lambda what, error: told.append((what, type(error))))
    assert host.ask(host.url(), "POST").status == 503
    assert told == [("on_leave, so a recipient is not taken off the list,", RuntimeError)]
