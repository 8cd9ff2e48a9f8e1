"""The pytest plug-in, in a project that is not ours; and what it is made of."""

from __future__ import annotations

import subprocess
import sys
from email import message_from_bytes
from email.message import EmailMessage
from importlib.metadata import entry_points
from pathlib import Path

import djangosite
import pytest
from pages import DOCS, blocks

import mailbeacon as mb
from mailbeacon.errors import ConfigError
from mailbeacon.fake.checks import assert_clicked_by, assert_not_tracked, assert_opened_by, assert_tracked
from mailbeacon.fake.inbox import PROGRAMS, Letter, MailReader
from mailbeacon.fake.traffic import NEWSLETTER, SENT_AT, sample_beacon
from tests import making

pytest_plugins = ["pytester"]

INSTALLED = any(one.value == "mailbeacon.pytest_plugin" for one in entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "mailbeacon.pytest_plugin")
"""Where the package is only on the path and not installed, pytest must be told of the plug-in."""

MAILER = """
import mailbeacon as mb

def newsletter(beacon, user, sent_at):
    from mailbeacon.fake.traffic import NEWSLETTER
    message = mb.Message(recipient=user, campaign="allotment", sent_at=sent_at)
    return beacon.compile(NEWSLETTER, campaign="allotment").render(message)
"""

TESTS = """
import mailbeacon as mb
import pytest
from mailbeacon.fake.checks import assert_clicked_by, assert_not_tracked, assert_opened_by, assert_tracked
from mailbeacon.fake.traffic import NEWSLETTER
from mailer import newsletter


@pytest.fixture
def mail(mailbeacon_beacon, mailbeacon_clock):
    return newsletter(mailbeacon_beacon, "u-17", mailbeacon_clock())


def test_the_mail_is_tracked(mail, mailbeacon_beacon):
    assert_tracked(mail, mailbeacon_beacon, links=4)
    assert_not_tracked(NEWSLETTER)


def test_gmail_opens(mail, mailbeacon_reader, mailbeacon_sink):
    assert [got.status for got in mailbeacon_reader.open(mail)] == [200]
    assert_opened_by(mailbeacon_sink, "u-17", actor=mb.Actor.IMAGE_PROXY)


@pytest.mark.parametrize(
    ("program", "actor"),
    [("apple", mb.Actor.PRIVACY_PROXY), ("outlook", mb.Actor.HUMAN), ("gmail-prefetch", mb.Actor.PREFETCH)],
)
def test_others_open(mail, mailbeacon_reader, mailbeacon_sink, program, actor):
    mailbeacon_reader.using(program).open(mail)
    assert_opened_by(mailbeacon_sink, "u-17", actor=actor)


def test_a_person_clicks(mail, mailbeacon_reader, mailbeacon_sink):
    reader = mailbeacon_reader.using("outlook")
    reader.open(mail)
    assert reader.click("Order seeds", mail).location == "https://example.com/seeds"
    assert_clicked_by(mailbeacon_sink, "u-17", url="https://example.com/seeds", actor=mb.Actor.HUMAN)


def test_a_scanner_is_seen_through(mail, mailbeacon_reader, mailbeacon_sink):
    assert len(mailbeacon_reader.scan_links(mail)) == 5
    events = [event for event, _ in mailbeacon_sink.events()]
    assert {verdict.is_human for verdict in mb.classify_all(events)} == {False}


@pytest.mark.mailbeacon_audience("business", seed=5, recipients=500)
def test_traffic(mailbeacon_traffic, mailbeacon_sink):
    assert {truth.behaviour for _, truth in mailbeacon_traffic.events()} >= {"safe-links"}
    mailbeacon_traffic.deliver()
    assert len(mailbeacon_sink) > 100


def test_traffic_without_a_marker(mailbeacon_traffic):
    assert mailbeacon_traffic.hits
"""


def test_the_plug_in_works_in_another_project(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(mb.__file__).parents[1]))
    pytester.makepyfile(mailer=MAILER, test_mail=TESTS)
    pytester.makeini("[pytest]\naddopts = --strict-markers\npythonpath = .\nfilterwarnings = error\n")
    done = pytester.runpytest_subprocess(*PLUGIN, "-q")
    done.assert_outcomes(passed=9)


def test_a_failing_assertion_says_what_was_found(pytester):
    pytester.makepyfile(
        """
        from mailbeacon.fake.checks import assert_opened_by, assert_tracked

        def test_untracked():
            assert_tracked("<p>Hello</p>")

        def test_unopened(mailbeacon_sink):
            assert_opened_by(mailbeacon_sink, "u-1")
        """
    )
    done = pytester.runpytest(*PLUGIN, "-q")
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines_random(
        ["*expected one tracking pixel, found 0*", "*expected an open by 'u-1'; recorded: nothing*"]
    )


def test_the_marker_is_listed(pytester):
    done = pytester.runpytest(*PLUGIN, "--markers")
    done.stdout.fnmatch_lines(["*mailbeacon_audience(name, seed=1, recipients=300)*"])


def test_loading_the_plug_in_imports_no_scene(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(mb.__file__).parents[1]))
    code = "import mailbeacon.pytest_plugin, sys; print([n for n in sys.modules if n.startswith('mailbeacon.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['mailbeacon.pytest_plugin']"


@pytest.fixture
def stage():
    beacon, sink, clock = sample_beacon()
    message = mb.Message(recipient="u-1", campaign="allotment", sent_at=SENT_AT)
    html = beacon.compile(NEWSLETTER, campaign="allotment").render(message)
    return beacon, sink, MailReader(beacon.handle, clock, program="outlook"), html


def test_a_reader_works_with_a_flask_test_client(stage):
    flask = pytest.importorskip("flask")
    beacon, sink, reader, html = stage
    app = flask.Flask("mailer")

    @app.route("/m/<path:rest>")
    def hit(rest):
        asked = flask.request
        reply = beacon.handle(
            mb.Request(url=asked.path, method=asked.method, headers=asked.headers.items(), address=asked.remote_addr)
        )
        return flask.Response(reply.body, reply.status, reply.headers)

    with app.test_client() as client:
        assert [got.status for got in reader.open(html, client)] == [200]
        assert reader.click("Come to the tool swap", html, client).location == "https://example.com/swap"
        assert [got.status for got in reader.scan_links(html, client)] == [302] * 4 + [200]
    assert_opened_by(sink, "u-1", actor=mb.Actor.HUMAN)
    assert_clicked_by(sink, "u-1", url="https://example.com/swap", actor=mb.Actor.HUMAN)


def test_a_reader_works_with_a_django_test_client(stage):
    pytest.importorskip("django")
    djangosite.ready()
    from django.http import HttpResponse
    from django.test import Client, override_settings
    from django.urls import re_path

    beacon, sink, reader, html = stage

    def hit(asked, rest):
        reply = beacon.handle(
            mb.Request(url=asked.path, method=asked.method, headers=asked.headers, address=asked.META["REMOTE_ADDR"])
        )
        return HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))

    class Urls:
        urlpatterns = (re_path("^m/(.*)$", hit),)

    with override_settings(ROOT_URLCONF=Urls, ALLOWED_HOSTS=["*"], MIDDLEWARE=[]):
        client = Client()
        assert [got.status for got in reader.open(html, client)] == [200]
        assert reader.click("Cover your beds", html, client).location == "https://example.com/frost"
    assert_opened_by(sink, "u-1", actor=mb.Actor.HUMAN)
    assert_clicked_by(sink, "u-1", url="https://example.com/frost", actor=mb.Actor.HUMAN)


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_every_program_can_open(stage, program):
    """Whatever the program, its open is one of the recipient's."""
    _, sink, reader, html = stage
    reader.using(program).open(html)
    assert_opened_by(sink, "u-1")


def test_readers_of_other_seeds_are_other_people(stage):
    _, sink, reader, html = stage
    for seed in range(3):
        reader.using("outlook", seed=seed).open(html)
    assert len({event.facts.network_id for event, _ in sink.events()}) == 3


def test_a_reader_refuses_what_it_cannot_do(stage):
    _, _, reader, html = stage
    with pytest.raises(ConfigError, match="gmail"):
        reader.using("pegasus")
    with pytest.raises(LookupError, match="Cover your beds"):
        reader.click("Buy a tractor", html)
    with pytest.raises(LookupError, match="not wrapped"):
        reader.click("Unsubscribe", html)
    with pytest.raises(ConfigError, match="Flask or Django"):
        reader.open(html, object())


def test_a_letter_is_read_as_it_is_seen():
    letter = Letter(
        '<p><a href="https://a.example/?x=1&amp;y=2">Read\n <b>more</b></a><a name=x>no</a>'
        '<a href=/b><img src="p.png" alt="A map"></a><map><area href=/c alt="Here"></map><a href=/d>open'
    )
    assert letter.links == [
        ("https://a.example/?x=1&y=2", "Read more"),
        ("/b", "A map"),
        ("/c", "Here"),
        ("/d", "open"),
    ]
    assert letter.images == ["p.png"]


def _django_mail(html):
    djangosite.ready()
    from django.core.mail import EmailMultiAlternatives

    mail = EmailMultiAlternatives("Seeds", "Hello", "news@example.com", ["ann@example.net"])
    mail.attach_alternative(html, "text/html")
    return mail


def _email(html):
    mail = EmailMessage()
    mail["Subject"] = "Grüße"
    mail.set_content("Hello")
    mail.add_alternative(html, subtype="html", cte="base64")
    return mail


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(_email, id="an EmailMessage"),
        pytest.param(lambda html: _email(html).as_bytes(), id="its bytes"),
        pytest.param(lambda html: message_from_bytes(_email(html).as_bytes()), id="a legacy Message"),
        pytest.param(str.encode, id="HTML in bytes"),
        pytest.param(_django_mail, id="Django's"),
    ],
)
def test_a_whole_mail_is_read_like_its_html(given, stage):
    beacon, _, reader, html = stage
    mail = given(html)
    assert_tracked(mail, beacon)
    assert [one.status for one in reader.open(mail)] == [200]
    assert reader.click("Order seeds", mail).status == 302
    with pytest.warns(DeprecationWarning, match="MailReader.scan is deprecated and goes with 0.4: use scan_links"):
        assert [one.url for one in reader.scan(mail)] == [one.url for one in reader.scan_links(mail)]
    with pytest.raises(AssertionError, match="expected no tracking"):
        assert_not_tracked(mail)


def test_of_two_html_alternatives_the_last_is_read_as_mail_programs_do(stage):
    beacon, _, reader, html = stage
    mail = _email("<p>An older way to say it</p>")
    with pytest.raises(AssertionError, match="found 0"):
        assert_tracked(mail, beacon)
    mail.add_alternative(html, subtype="html")
    mail.add_alternative("BEGIN:VCALENDAR", subtype="calendar")
    assert_tracked(mail, beacon)
    assert reader.click("Order seeds", mail).status == 302


def test_a_mail_of_flask_mail_is_read_where_it_is_sent(stage):
    flask_mail = pytest.importorskip("flask_mail", reason="a mail of Flask-Mail needs flask-mail")
    flask = pytest.importorskip("flask", reason="a mail of Flask-Mail needs flask")
    beacon, _, _, html = stage
    app = flask.Flask("host")
    flask_mail.Mail(app)
    with app.app_context():
        mail = flask_mail.Message("Seeds", ["ann@example.net"], "Hello", html, sender="news@example.com")
        assert_tracked(mail, beacon)


def test_what_is_no_mail_or_has_no_html_is_refused_in_words():
    text = EmailMessage()
    text.set_content("Hello https://example.com/")
    for wrong, said in ((text, "has no HTML"), (17, "got int"), (None, "got NoneType")):
        with pytest.raises(ConfigError, match=said):
            assert_tracked(wrong)


def test_the_best_fitting_link_is_found():
    letter = Letter("<a href=/1>Read more news</a><a href=/2>Read</a><a href=/3>Please Read</a>")
    assert [letter.find(text) for text in ("Read", "Read m", "Please", "news")] == ["/2", "/1", "/3", "/1"]


@pytest.mark.parametrize(
    ("check", "says"),
    [
        pytest.param(lambda html, beacon: assert_tracked(NEWSLETTER), "one tracking pixel, found 0", id="no pixel"),
        pytest.param(
            lambda html, beacon: assert_tracked(html, links=5), "expected 5 wrapped links, found 4", id="links"
        ),
        pytest.param(
            lambda html, beacon: assert_tracked(html.replace("/c/", "/x/")), "none of the 5 links", id="nothing wrapped"
        ),
        pytest.param(
            lambda html, beacon: assert_tracked(
                html, making.beacon(base_url="https://t.example.com", secret_keys=[b"fedcba9876543210fedcba9876543210"])
            ),
            "not signed by this beacon",
            id="another key",
        ),
        pytest.param(lambda html, beacon: assert_not_tracked(html), "expected no tracking", id="a pixel"),
        pytest.param(
            lambda html, beacon: assert_not_tracked(html.replace("/o/", "/x/")), "4 wrapped link", id="wrapped links"
        ),
    ],
)
def test_assertions_on_mails_say_what_they_found(stage, check, says):
    beacon, _, _, html = stage
    with pytest.raises(AssertionError, match=says):
        check(html, beacon)


def test_assertions_on_events_say_what_was_recorded(stage):
    _, sink, reader, html = stage
    reader.open(html)
    assert assert_opened_by(sink.events(), "u-1").kind is mb.Kind.OPEN
    with pytest.raises(AssertionError, match="recorded: open by 'u-1' as human"):
        assert_opened_by(sink, "u-1", actor=mb.Actor.SCANNER)
    with pytest.raises(AssertionError, match="expected an open by 'u-2'"):
        assert_opened_by(sink, "u-2")
    with pytest.raises(AssertionError, match=r"a click by 'u-1' of https://example\.com/seeds"):
        assert_clicked_by(sink, "u-1", url="https://example.com/seeds")


@pytest.mark.parametrize(("code", "passed"), [("mailer", 6), ("garden", 1)])
def test_the_tutorial_works_as_it_stands(pytester, monkeypatch, need, code, passed):
    if code == "garden":
        need("flask_mail", "the tutorial's own views")
    monkeypatch.setenv("PYTHONPATH", str(Path(mb.__file__).parents[1]))
    files = {}
    for block in blocks(DOCS / "tutorials" / "test-your-newsletter-code.md"):
        if block.language == "python":
            name, _, text = block.text.partition("\n")
            files.setdefault(name.removeprefix("# ").removesuffix(".py"), []).append(text)
    files = {name: texts for name, texts in files.items() if name.endswith(code)}
    pytester.makepyfile(**{name: "\n\n".join(texts) for name, texts in files.items()})
    pytester.makeini("[pytest]\npythonpath = .\nfilterwarnings = error\n")
    pytester.runpytest_subprocess(*PLUGIN, "-q").assert_outcomes(passed=passed)


def test_a_test_in_which_an_event_was_lost_fails(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(mb.__file__).parents[1]))
    pytester.makepyfile(
        """
        import mailbeacon as mb
        import pytest
        from mailbeacon.store import CallbackSink

        pytestmark = pytest.mark.usefixtures("mailbeacon_nothing_lost")

        @pytest.mark.parametrize("sink", [CallbackSink(lambda *_: None), CallbackSink(lambda *_: 1 / 0)])
        def test_open(sink):
            beacon = mb.Beacon("https://t.example.com/m", secret_keys=["0123456789abcdef"], sink=sink)
            url = beacon.open_url(mb.Message(recipient="u-1", campaign="c"))
            assert beacon.handle(mb.Request(url=url)).status == 200
        """
    )
    result = pytester.runpytest_subprocess(*PLUGIN, "-q")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*is not kept*ZeroDivisionError*"])


def test_a_test_with_the_beacon_from_here_fails_too_unless_it_says_otherwise(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(mb.__file__).parents[1]))
    test = """
        import mailbeacon as mb
        import pytest

        def test_open(mailbeacon_beacon, mailbeacon_sink, monkeypatch):
            monkeypatch.setattr(type(mailbeacon_sink), "record", lambda *_: 1 / 0)
            url = mailbeacon_beacon.open_url(mb.Message(recipient="u-1", campaign="c"))
            assert mailbeacon_beacon.handle(mb.Request(url=url)).status == 200
    """
    meant = """
        @pytest.fixture
        def mailbeacon_nothing_lost():
            pass
    """
    pytester.makepyfile(test_lost=test, test_meant=f"{test}\n{meant}")
    pytester.runpytest_subprocess(*PLUGIN, "-q").assert_outcomes(passed=2, errors=1)


def test_one_line_of_a_projects_settings_watches_all_its_tests(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(mb.__file__).parents[1]))
    pytester.makeini("[pytest]\nusefixtures = mailbeacon_nothing_lost\n")
    test = """
        import unittest
        import mailbeacon as mb
        from mailbeacon.store import CallbackSink

        def opened(sink):
            beacon = mb.Beacon("https://t.example.com/m", secret_keys=["0123456789abcdef"], sink=CallbackSink(sink))
            url = beacon.open_url(mb.Message(recipient="u-1", campaign="c"))
            assert beacon.handle(mb.Request(url=url)).status == 200

        def test_kept():
            opened(lambda *_: None)

        def test_lost():
            opened(lambda *_: 1 / 0)

        class OfDjangosKind(unittest.TestCase):
            def test_lost(self):
                opened(lambda *_: 1 / 0)
    """
    meant = """
        import pytest
        from test_lost import opened

        @pytest.fixture
        def mailbeacon_nothing_lost():
            pass

        def test_a_loss_that_is_meant():
            opened(lambda *_: 1 / 0)
    """
    pytester.makepyfile(test_lost=test, test_meant=meant)
    result = pytester.runpytest_subprocess(*PLUGIN, "-q")
    result.assert_outcomes(passed=4, errors=2)
    result.stdout.fnmatch_lines(
        ["ERROR test_lost.py::test_lost*mailbeacon: the sink*", "ERROR test_lost.py::OfDjangosKind::test_lost*"]
    )


@pytest.mark.parametrize("begin", ["<![:", "<![:>", "<![if !mso]>", "<!--[if mso]>", "<![CDATA[x>"])
def test_a_mail_with_outlooks_marks_is_read_whatever_they_hold(begin):
    """The standard library fails on a mark whose word is no name."""
    assert Letter(f"<a href=/0>a</a>{begin}").links == [("/0", "a")]
