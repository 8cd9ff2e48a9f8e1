"""The Flask extension: three settings, the routes, signals, tracked mail of two mail extensions, and a command."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

import mailbeacon as mb
from mailbeacon.errors import ConfigError
from mailbeacon.fake.inbox import Letter
from mailbeacon.store import MemorySink, SpoolSink
from mailbeacon.web import close_stores
from mailbeacon.web.figures import report_of
from tests import making

flask = pytest.importorskip("flask", reason="the Flask extension needs flask")

from mailbeacon.web.flask import Mailbeacon, event_recorded  # noqa: E402

KEY = "0123456789abcdef0123456789abcdef"
BASE = "https://t.example.com/m"
HTML = '<p><a href="https://garden.example/seeds?a=1&amp;b=2">Seeds</a></p>'
TEXT = "See https://garden.example/seeds today."
MESSAGE = mb.Message(recipient="u-17", campaign="spring")


def app_with(**config: object) -> flask.Flask:
    app = flask.Flask("garden")
    app.config.update(
        TESTING=True,
        MAIL_DEFAULT_SENDER="news@garden.example",
        **{"MAILBEACON_BASE_URL": BASE, "MAILBEACON_SECRET_KEYS": KEY, **config},
    )
    return app


def beacon_of(app: flask.Flask) -> mb.Beacon:
    return app.extensions["mailbeacon"].beacon


def path(url: str) -> str:
    return url.removeprefix("https://t.example.com")


def test_three_settings_mount_the_routes_and_keep_events(tmp_path):
    app = app_with(MAILBEACON_SINK=str(tmp_path / "events.sqlite"), MAILBEACON_KEEP_ADDRESS="keep")
    Mailbeacon(app)
    beacon, client = beacon_of(app), app.test_client()
    assert client.get(path(beacon.open_url(MESSAGE))).data.startswith(b"GIF89a")
    answer = client.get(path(beacon.click_url(MESSAGE, "https://garden.example/a?b=1&c=2")))
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://garden.example/a?b=1&c=2")
    head = client.head(path(beacon.open_url(MESSAGE)))
    assert (head.data, head.headers["Content-Length"]) == (b"", "43")
    assert [event.method for event, _ in beacon.settings.sink.events()] == ["GET", "GET", "HEAD"]
    assert {event.address for event, _ in beacon.settings.sink.events()} == {"127.0.0.1"}
    assert client.get("/elsewhere").status_code == 404
    close_stores(beacon)


@pytest.mark.parametrize("rest", ["c/x", "c/x/y", "c/%00%ff", "u/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_what_is_forged_or_unheard_of_gets_the_beacons_own_answer(rest, method):
    app = app_with()
    Mailbeacon(app)
    answer = app.test_client().open(f"/m/{rest}", method=method)
    assert answer.status_code in (400, 404, 405)
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_an_application_factory_and_two_applications(tmp_path):
    extension = Mailbeacon()
    apps = [app_with(MAILBEACON_SINK=MemorySink(), MAILBEACON_NAMESPACE=name) for name in ("a", "b")]
    for app in apps:
        extension.init_app(app)
    with apps[0].app_context():
        mine = extension.beacon.click_url(MESSAGE, "https://garden.example/")
    assert apps[0].test_client().get(path(mine)).status_code == 302
    assert apps[1].test_client().get(path(mine)).status_code == 404
    with flask.Flask("bare").app_context(), pytest.raises(ConfigError, match="init_app"):
        _ = extension.beacon


def test_the_sink_and_what_is_told_have_the_applications_context():
    class Sink(MemorySink):
        def record(self, event, verdict=None):
            assert flask.current_app.name == "garden"
            super().record(event, verdict)

    heard = []
    app = app_with(MAILBEACON_SINK=Sink(), MAILBEACON_ON_EVENT=lambda *_: heard.append(flask.current_app.name))
    Mailbeacon(app)

    def receive(sender, event, verdict):
        heard.append((sender.name, event.kind, verdict.actor))

    with event_recorded.connected_to(receive, sender=app):
        app.test_client().get(path(beacon_of(app).open_url(MESSAGE)))
    assert heard == ["garden", ("garden", mb.Kind.OPEN, heard[1][2])]
    assert len(beacon_of(app).settings.sink) == 1


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"MAILBEACON_SECRET_KEYZ": KEY}, "MAILBEACON_SECRET_KEYZ; did you mean MAILBEACON_SECRET_KEYS"),
        ({"MAILBEACON_BASE_URL": ""}, "MAILBEACON_BASE_URL is missing"),
        ({"MAILBEACON_HONOR_DNT": "perhaps"}, "MAILBEACON_HONOR_DNT must be yes or no"),
        ({"MAILBEACON_SPOOL": "spool"}, "a spool needs a sink"),
    ],
)
def test_what_cannot_work_is_said_when_the_application_is_set_up(config, says):
    with pytest.raises(ConfigError, match=says):
        Mailbeacon(app_with(**config))


def test_a_beacon_that_is_there_is_taken_with_its_stores(tmp_path):
    sink = MemorySink()
    app = flask.Flask("garden")
    Mailbeacon(app, beacon=making.beacon(secret_keys=[KEY], sink=SpoolSink(sink, tmp_path / "spool")))
    app.test_client().get(path(beacon_of(app).open_url(MESSAGE)))
    with beacon_of(app).settings.sink as spool:
        assert spool.flush()
    assert len(sink) == 1


def test_flask_mail_messages_are_tracked_by_one_call(need):
    flask_mail = need("flask_mail", "tracking Flask-Mail's messages")
    app = app_with()
    mail, extension = flask_mail.Mail(app), Mailbeacon(app)
    with app.app_context(), mail.record_messages() as outbox:
        plain = flask_mail.Message(subject="Seeds", recipients=["ada@garden.example"], html=HTML, body=TEXT)
        mail.send(extension.track(plain, MESSAGE))
        assert (plain.html, plain.body) == (HTML, TEXT)
        assert len(Letter(outbox[0].html).pixels) == 1
        assert outbox[0].as_bytes().count(b"https://t.example.com/m/") == 3
    with app.app_context(), pytest.raises(ConfigError, match="2 people") as refused:
        extension.track(flask_mail.Message(recipients=["ada@garden.example"], bcc=["ben@garden.example"]), MESSAGE)
    assert "garden.example" not in str(refused.value)


def test_the_fields_for_leaving_are_readable_in_a_mail_of_flask_mail(need):
    flask_mail = need("flask_mail", "tracking Flask-Mail's messages")
    app = app_with()
    mail, extension = flask_mail.Mail(app), Mailbeacon(app)
    fields = beacon_of(app).leave_headers(MESSAGE)
    with app.app_context(), mail.record_messages() as outbox:
        plain = flask_mail.Message(subject="Seeds", recipients=["ada@garden.example"], html=HTML, extra_headers=fields)
        mail.send(extension.track(plain, MESSAGE))
        assert f"\nList-Unsubscribe: {fields['List-Unsubscribe']}\n" in outbox[0].as_bytes().decode().replace(
            "\r\n", "\n"
        )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_flask_mailman_messages_are_tracked_by_one_call(need):
    mailman = need("flask_mailman", "tracking Flask-Mailman's messages")
    app = app_with(MAIL_BACKEND="locmem")
    mailman.Mail(app)
    extension = Mailbeacon(app)
    with app.app_context():
        message = mailman.EmailMultiAlternatives("Seeds", TEXT, "news@garden.example", ["ada@garden.example"])
        message.attach_alternative(HTML, "text/html")
        tracked = extension.track(message, MESSAGE)
        tracked.send()
        only_html = mailman.EmailMessage("Seeds", HTML, "news@garden.example", ["ada@garden.example"])
        only_html.content_subtype = "html"
        assert "/m/o/" in extension.track(only_html, MESSAGE).body
        assert message.body == TEXT
        assert message.alternatives[0][0] == HTML
        message.attach_alternative(HTML, "text/html")
        assert [one[0].count("/m/") for one in extension.track(message, MESSAGE).alternatives] == [2, 2]
        assert tracked.message().as_bytes().count(b"https://t.example.com/m/") == 3


def test_flask_mail_messages_are_tracked_on_sending(need):
    flask_mail = need("flask_mail", "tracking Flask-Mail's messages")
    app = app_with()
    mail, extension = flask_mail.Mail(app), Mailbeacon(app)
    extension.track_on_sending(mail, message_for=lambda mail: MESSAGE if mail.subject == "Reset" else None)
    with app.app_context(), mail.record_messages() as outbox:
        for subject in ("Seeds", "Plain", "Reset"):
            one = flask_mail.Message(subject=subject, recipients=["ada@garden.example"], html=HTML, body=TEXT)
            if subject == "Seeds":
                one.mailbeacon = MESSAGE
            mail.send(one)
            assert (one.html, one.body) == (HTML, TEXT)
        with mail.connect() as connection:
            connection.send(one)
        one.bcc = ["ben@garden.example"]
        with pytest.raises(ConfigError, match="2 people"):
            mail.send(one)
        assert [sent.as_bytes().count(b"https://t.example.com/m/") for sent in outbox] == [3, 0, 3, 3]
    with pytest.raises(ConfigError, match="Mail of Flask-Mail"):
        extension.track_on_sending(object())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_flask_mailman_messages_are_tracked_on_sending(need):
    mailman = need("flask_mailman", "tracking Flask-Mailman's messages")
    app = app_with(MAIL_BACKEND="locmem")
    mail, extension = mailman.Mail(app), Mailbeacon(app)
    extension.track_on_sending(mail, app.extensions["mailman"], message_for=lambda mail: MESSAGE)
    with app.app_context():
        message = mailman.EmailMultiAlternatives("Seeds", TEXT, "news@garden.example", ["ada@garden.example"])
        message.attach_alternative(HTML, "text/html")
        message.send()
        mail.send_mail("Seeds", TEXT, "news@garden.example", ["ada@garden.example"], html_message=HTML)
        assert message.body == TEXT
        sent = app.extensions["mailman"].outbox
        assert [one.message().as_bytes().count(b"https://t.example.com/m/") for one in sent] == [3, 3]


def test_the_amp_part_of_a_flask_mail_message_is_left_alone_and_told(need, caplog):
    flask_mail = need("flask_mail", "tracking Flask-Mail's messages")
    caplog.set_level("INFO", logger="mailbeacon")
    app = app_with()
    flask_mail.Mail(app)
    extension = Mailbeacon(app)
    with app.app_context():
        plain = flask_mail.Message(subject="Seeds", recipients=["ada@garden.example"], html=HTML, body=TEXT)
        plain.alts["x-amp-html"] = "<html amp4email>"
        tracked = extension.track(plain, MESSAGE)
    assert (tracked.html.count("/m/"), tracked.body.count("/m/"), tracked.alts["x-amp-html"]) == (
        2,
        1,
        "<html amp4email>",
    )
    assert (plain.html, plain.body) == (HTML, TEXT)
    assert "the AMP part of a mail is left as it is" in caplog.text


def test_a_mail_that_cannot_be_rewritten_goes_out_as_it_is(monkeypatch, caplog, need):
    flask_mail = need("flask_mail", "tracking Flask-Mail's messages")
    app = app_with()
    flask_mail.Mail(app)
    extension = Mailbeacon(app)

    def refuse(*_: object, **__: object) -> None:
        raise mb.errors.RewriteError("too deep")

    monkeypatch.setattr("mailbeacon.beacon.outgoing.BodyRewriter.html", refuse)
    with app.app_context():
        plain = flask_mail.Message(subject="Seeds", recipients=["ada@garden.example"], html=HTML, body=TEXT)
        assert extension.track(plain, MESSAGE) is plain
    assert "goes out untracked" in caplog.text


def test_without_a_sink_the_log_and_the_command_say_that_nothing_is_kept(caplog):
    app = app_with(MAILBEACON_SINK=None)
    Mailbeacon(app)
    assert caplog.messages == ["there is no MAILBEACON_SINK: the signal tells of events, and none is kept"]
    run = app.test_cli_runner().invoke(args=["mailbeacon", "report"])
    assert "there is no sink, so no event is kept: name one in the settings" in run.output
    caplog.clear()
    Mailbeacon(app_with(MAILBEACON_SINK=None, MAILBEACON_ON_EVENT=lambda *_: None))
    assert caplog.messages == []


def test_the_command_reports(tmp_path):
    app = app_with(MAILBEACON_SINK=str(tmp_path / "e.sqlite"), MAILBEACON_SPOOL=str(tmp_path / "spool"))
    Mailbeacon(app)
    app.test_client().get(path(beacon_of(app).open_url(MESSAGE)))
    run = app.test_cli_runner().invoke(args=["mailbeacon", "report", "--campaign", "spring"])
    assert run.exit_code == 0, run.output
    assert "spring" in run.output
    assert "Delivered: 40" not in run.output
    run = app.test_cli_runner().invoke(args=["mailbeacon", "report", "--campaign", "sping"])
    assert run.exit_code == 2
    assert "no event is of this campaign; there are events of 'spring'" in run.output
    for given in (["40"], ["spring=40"], ["spring=40", "later=5"]):
        told = [part for one in given for part in ("--delivered", one)]
        run = app.test_cli_runner().invoke(args=["mailbeacon", "report", *told])
        assert run.exit_code == 0, run.output
        assert f"Delivered: {45 if len(given) > 1 else 40}\n" in run.output
    assert "Delivered, but without any event: later." in run.output
    for wrong in ("many", "later=5"):
        run = app.test_cli_runner().invoke(args=["mailbeacon", "report", "--delivered", wrong])
        assert run.exit_code == 2
        assert "spring" in run.output
    run = app.test_cli_runner().invoke(args=["mailbeacon", "report", "--html", str(tmp_path / "no" / "page.html")])
    assert run.exit_code == 2
    assert "/no/page.html" in run.output
    page = tmp_path / "report.html"
    run = app.test_cli_runner().invoke(args=["mailbeacon", "report", "--html", str(page)])
    assert run.exit_code == 0, run.output
    assert Path(page).read_text("utf-8").startswith("<!doctype html>")
    assert Path(page).stat().st_mode & 0o077 == 0
    close_stores(beacon_of(app))


def test_the_report_of_a_framework_is_judged_by_the_hosts_own_judge():
    class Doubtful:
        def classify_all(self, events):
            return [mb.Verdict(actor=mb.Actor.CRAWLER, confidence=0.9, version="own") for _ in events]

    sink = MemorySink()
    event = mb.Event(
        id="e1",
        kind=mb.Kind.CLICK,
        received_at=datetime(2026, 11, 23, 9, tzinfo=UTC),
        campaign="spring",
        recipient="u-1",
        link=1,
    )
    sink.record(event, mb.classify(event))
    own, packages = report_of(sink, judge=Doubtful()), report_of(sink)
    assert own != packages
    assert "by machines" in own or "machine" in own


def test_a_reader_leaves_by_a_post_and_not_by_a_get(tmp_path):
    app = app_with(MAILBEACON_SINK=str(tmp_path / "events.sqlite"))
    Mailbeacon(app)
    beacon, client = beacon_of(app), app.test_client()
    url = path(beacon.leave_url(MESSAGE, mb.Action.UNSUBSCRIBE))
    assert client.get(url).status_code == client.head(url).status_code == 200
    answer = client.post(url, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    kinds = [event.kind for event, _ in beacon.settings.sink.events()]
    assert kinds == [mb.Kind.LEAVE_PAGE, mb.Kind.LEAVE_PAGE, mb.Kind.UNSUBSCRIBE]
    close_stores(beacon)


def test_a_path_is_mounted_as_a_url_writes_it():
    app = app_with(MAILBEACON_BASE_URL="https://t.example.com/a%20b/%C3%A4")
    Mailbeacon(app)
    answer = app.test_client().get(path(beacon_of(app).click_url(MESSAGE, "https://garden.example/")))
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://garden.example/")


def test_of_a_body_no_more_is_read_than_a_form_has():
    app = app_with(MAILBEACON_SINK=MemorySink())
    Mailbeacon(app)
    sent = io.BytesIO(b"x" * 1_000_000)
    url = path(beacon_of(app).leave_url(MESSAGE, mb.Action.UNSUBSCRIBE))
    answer = app.test_client().post(url, input_stream=sent, content_length=1_000_000)
    assert answer.status_code == 200
    assert sent.tell() <= 100_000


def test_a_second_beacon_for_one_application_is_a_clear_error():
    app = app_with()
    Mailbeacon(app)
    with pytest.raises(ConfigError, match="set up for this application already"):
        Mailbeacon(app)
