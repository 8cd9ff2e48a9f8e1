"""Slips a host's code makes: each gets a clear error or the honest answer, never a wrong one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import mailbeacon as mb
from mailbeacon.errors import ConfigError
from mailbeacon.judging import DEFAULT_RULES, Classifier, Windows, rule
from mailbeacon.store import CallbackSink, JsonlSink, MemorySink, QueueSink, SqliteSink
from tests.making import beacon

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
BEACON = beacon()
MESSAGE = mb.Message(recipient="u", campaign="c")
BOT = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        pytest.param(BOT, None, id="no address"),
        pytest.param({**BOT, "Accept": None}, "192.0.2.1", id="a header without a value"),
        pytest.param([("User-Agent", BOT["User-Agent"].encode())], "192.0.2.1", id="bytes"),
    ],
)
def test_what_frameworks_leave_out_makes_no_person_of_a_bot(headers, address) -> None:
    """An address or header that is missing changes nothing about what the rest says."""
    request = mb.Request(
        url=BEACON.click_url(MESSAGE, "https://x.example/"), headers=headers, address=address, received_at=NOW
    )
    verdict = BEACON.answer(request).verdict
    assert verdict is not None
    assert verdict.actor is mb.Actor.CRAWLER


def test_an_event_that_could_not_be_observed_is_nobody_known() -> None:
    """When facts cannot be made, the verdict says so instead of taking silence for a person."""

    class Broken:
        version = "broken"

        def lookup(self, address: str) -> mb.Network:
            raise RuntimeError(address)

    tracker = beacon(networks=Broken())
    request = mb.Request(url=tracker.click_url(MESSAGE, "https://x.example/"), address="192.0.2.1", received_at=NOW)
    answer = tracker.answer(request)
    assert answer.reply.status == 302
    assert answer.verdict is not None
    assert answer.verdict.is_human is None


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda: BEACON.rewrite(b"<p>x", MESSAGE), id="bytes for a document"),
        pytest.param(lambda: BEACON.rewrite(None, MESSAGE), id="nothing for a document"),
        pytest.param(lambda: BEACON.compile(b"<p>x", campaign="c"), id="bytes to compile"),
        pytest.param(lambda: BEACON.unwrap(None), id="nothing to unwrap"),
        pytest.param(lambda: BEACON.destination(None), id="no URL"),
        pytest.param(lambda: BEACON.decode(None), id="no request"),
        pytest.param(lambda: mb.explain(None), id="nothing to explain"),
        pytest.param(lambda: SqliteSink(None), id="no file"),
        pytest.param(lambda: JsonlSink(None), id="no file of lines"),
        pytest.param(lambda: BEACON.compose_bytes("x", MESSAGE), id="text for a mail's bytes"),
        pytest.param(lambda: BEACON.click_url(MESSAGE, 5), id="a number for a URL"),
    ],
)
def test_a_value_of_the_wrong_kind_gets_a_clear_error(work) -> None:
    """The error names what was wanted and what was got."""
    with pytest.raises(
        ConfigError, match=r"must be (str|bytes|Request), got|a Verdict is needed, got|path must name a file"
    ):
        work()


def test_a_name_too_long_for_a_link_is_refused_before_the_mail_goes_out() -> None:
    """No wrapped URL passes 2,000 characters, and none is mailed that would not be read back."""
    with pytest.raises(ConfigError, match="at most"):
        BEACON.rewrite("<p>x", mb.Message(recipient="r" * 12_300, campaign="c"))
    longest = mb.Message(recipient="r" * 300, campaign="c")
    for length in range(900, 1_300, 20):
        done = BEACON.rewrite(f'<a href="https://x.example/{"d" * length}">x</a>', longest, text=False)
        assert all(len(url) <= 2_000 for _, url in done.wrapped())


def test_a_campaign_is_needed_only_where_links_are_wrapped() -> None:
    """A mail without links can be sent without one."""
    nameless = mb.Message(recipient="u")
    assert "/o/" in BEACON.rewrite("<p>x", nameless).html
    with pytest.raises(ConfigError, match="campaign"):
        BEACON.rewrite('<a href="https://x.example/">x</a>', nameless)


def test_text_is_unwrapped_too() -> None:
    """Angle brackets around an address are no markup."""
    text = "see <https://x.example/a>, or https://x.example/b."
    assert BEACON.unwrap(BEACON.rewrite(text, MESSAGE, text=True).text) == text
    assert BEACON.unwrap(BEACON.rewrite(f"<b> {text}", MESSAGE, text=True).text, text=True) == f"<b> {text}"


def test_a_mail_that_several_people_share_names_none_of_them() -> None:
    """With ``shared=True`` the token is the campaign's alone: its opens and clicks count, and belong to nobody."""
    raw = (
        b"To: a@example.net, b@example.net\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        b'<p><a href="https://x.example/">x</a></p>\r\n'
    )
    with pytest.raises(mb.errors.RewriteError, match="shared=True"):
        BEACON.compose_bytes(raw, MESSAGE)
    once = BEACON.compose_bytes(raw, MESSAGE, shared=True)
    compiled = BEACON.compile_mail(raw, campaign="c", shared=True).render(MESSAGE)
    for mail in (once, compiled):
        body = mail.decode().replace("=\r\n", "").replace("=3D", "=")
        for mark in ('href="', 'src="'):
            url = body.partition(mark)[2].partition('"')[0]
            answer = BEACON.answer(mb.Request(url=url, headers=BOT, address="192.0.2.1", received_at=NOW))
            assert answer.reply.status in (200, 302)
            assert answer.event is not None
            assert (answer.event.recipient, answer.event.campaign, answer.event.facts.network_id) == (None, "c", "")


@pytest.mark.parametrize(
    ("work", "said"),
    [
        pytest.param(
            lambda: BEACON.rewrite("<p>x", "u"), "message must be Message, got str", id="a name for a message"
        ),
        pytest.param(lambda: BEACON.click_url("https://x.example/", MESSAGE), "message must be", id="the wrong order"),
        pytest.param(
            lambda: BEACON.compile("<p>x", campaign="c").render("u"), "must be a Message", id="a name to render"
        ),
        pytest.param(
            lambda: BEACON.compose(b"To: a", MESSAGE), "email.message object is needed", id="bytes to compose"
        ),
        pytest.param(lambda: BEACON.compile_mail("<p>x", campaign="c"), "email.message object", id="HTML for a mail"),
        pytest.param(lambda: mb.classify_all([(1, 2)]), "events must be Events", id="pairs to classify"),
        pytest.param(lambda: mb.tally([(1, 2)], [None]), "events must be Events", id="pairs to tally"),
        pytest.param(lambda: mb.tally([], [], deliveries=8.5), "deliveries must be", id="half a delivery"),
        pytest.param(lambda: mb.tally([], [], deliveries="8"), "deliveries must be", id="a number as text"),
        pytest.param(lambda: Classifier([*DEFAULT_RULES, print]), "is @rule", id="a function for a rule"),
        pytest.param(lambda: Classifier(links={"c": "10"}), "whole numbers", id="a number of links as text"),
        pytest.param(lambda: Windows(burst=3), "burst must be a timedelta, got 3", id="a window as a number"),
        pytest.param(lambda: Windows(many_links="4"), "many_links must be a int", id="a count as text"),
        pytest.param(
            lambda: rule(family="f", weight="x", source="s, 2026")(sees_nothing), "weight", id="a weight as text"
        ),
        pytest.param(lambda: CallbackSink(5), "function must be callable", id="a number for a function"),
        pytest.param(lambda: QueueSink(MemorySink), "an object with a method record", id="a class for a sink"),
    ],
)
def test_each_of_these_is_one_clear_error(work, said) -> None:
    """At once, and not when the first reader comes."""
    with pytest.raises(ConfigError, match=said):
        work()


def sees_nothing(event: object, around: object) -> str:
    return ""


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("honor_dnt", "no"),
        ("short_links", "false"),
        ("wrap_unsubscribe", 0),
        ("sink", MemorySink),
        ("judge", Classifier),
    ],
)
def test_an_option_of_another_type_is_refused(option, value) -> None:
    """Text from an environment variable is never false, and a class keeps nothing."""
    with pytest.raises(ConfigError, match=option):
        beacon(**{option: value})


def test_links_that_stand_in_no_document_are_told_apart_by_where_they_lead() -> None:
    """A scanner that follows ten of them is as quick as one that follows ten numbered ones."""
    browser = {
        "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
        "Safari/537.36",
        "Accept": "text/html",
        "Accept-Language": "en",
        "Sec-Fetch-Mode": "navigate",
    }
    events = [
        BEACON.decode(
            mb.Request(
                url=BEACON.click_url(MESSAGE, f"https://x.example/{number}"),
                headers=browser,
                address="192.0.2.1",
                received_at=NOW + timedelta(milliseconds=100 * number),
            )
        )
        for number in range(10)
    ]
    assert {verdict.actor for verdict in mb.classify_all(events)} == {mb.Actor.SCANNER}


@pytest.mark.parametrize(
    ("allowed", "kept"), [(True, True), (False, False), (mb.Level.FULL, True), (mb.Level.NONE, False)]
)
def test_consent_may_be_yes_or_no(allowed, kept) -> None:
    """As a host's own column says it."""
    tracker = beacon(consent=lambda message, kind: allowed)
    assert (tracker.answer(mb.Request(url=tracker.open_url(MESSAGE))).event is not None) is kept


def test_short_links_of_every_kind_of_mail_lead_on_through_a_manifest() -> None:
    """Whatever wrapped them tells what they stand for."""
    known: dict[str, mb.Manifest] = {}
    tracker = beacon(short_links=True, manifests=known.get)
    raw = b'MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p><a href="https://x.example/{}">x</a></p>\r\n'
    html = tracker.rewrite('<a href="https://x.example/1">x</a>', MESSAGE)
    mail = tracker.compose_with_report(raw.replace(b"{}", b"2"), MESSAGE)
    compiled = tracker.compile_mail(raw.replace(b"{}", b"3"), campaign="c")
    known["c"] = tracker.manifest("c", html.links).merge(tracker.manifest("c", mail.links)).merge(compiled.manifest())
    bodies = [html.html, mail.data.decode(), compiled.render(MESSAGE).decode().replace("=\r\n", "").replace("=3D", "=")]
    for number, body in enumerate(bodies, 1):
        url = body.partition('href="')[2].partition('"')[0]
        assert ("Location", f"https://x.example/{number}") in tracker.handle(mb.Request(url=url)).headers


def test_a_compiled_mail_tells_what_was_done() -> None:
    """As a compiled newsletter does."""
    raw = b'MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p><a href="https://x.example/">Here</a></p>\r\n'
    told = BEACON.compile_mail(raw, campaign="c").report()
    assert "1 link wrapped, 0 left alone" in told
    assert "«Here»" in told
