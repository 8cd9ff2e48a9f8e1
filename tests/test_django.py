"""The Django app: settings and checks, routes, events in the database, mail of all kinds, admin and commands."""

from __future__ import annotations

import asyncio
import io
import re
import sqlite3
import sys
import types
from contextlib import closing
from datetime import date, timedelta
from time import monotonic

import djangosite
import pytest
from loops import run

import mailbeacon as mb
from mailbeacon import privacy
from mailbeacon.errors import ConfigError, StoreError
from mailbeacon.store import MemorySink, SpoolSink
from tests.making import NOW, event

django = pytest.importorskip("django", reason="the Django app needs django")
djangosite.ready()

from asgiref.sync import sync_to_async  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core import checks, mail  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.mail.backends import locmem  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.template import Context, Template  # noqa: E402
from django.test import AsyncClient, Client, TestCase, override_settings  # noqa: E402
from django.urls import include, re_path  # noqa: E402

from mailbeacon.web.django import beacon, event_recorded  # noqa: E402
from mailbeacon.web.django.models import Event, LastOpen  # noqa: E402
from mailbeacon.web.django.sinks import ModelSink  # noqa: E402
from mailbeacon.web.mailing import track  # noqa: E402

HAS_MAILERS = django.VERSION >= (6, 1)
HTML = '<p><a href="https://garden.example/seeds?a=1&amp;b=2">Seeds</a></p>'
TEXT = "See https://garden.example/seeds today."
MESSAGE = mb.Message(recipient="u-17", campaign="spring")
OURS = "https://t.example.com/m/"


@pytest.fixture(scope="module", autouse=True)
def _database():
    call_command("migrate", verbosity=0)
    yield
    connection.close()


@pytest.fixture(autouse=True)
def _clean():
    Event.objects.all().delete()
    LastOpen.objects.all().delete()
    mail.outbox = []
    beacon.cache_clear()
    yield
    beacon.cache_clear()


def options(**changes: object) -> dict[str, object]:
    found = djangosite.mail_settings(django)["MAILBEACON"]
    return {**found, **changes}


def path(url: str) -> str:
    return url.removeprefix("https://t.example.com")


def a_mail(*to: str, **more: object) -> mail.EmailMultiAlternatives:
    made = mail.EmailMultiAlternatives("Seeds", TEXT, "news@garden.example", list(to or ["ada@garden.example"]), **more)
    made.attach_alternative(HTML, "text/html")
    return made


def clicked(number: int, **values: object) -> mb.Event:
    """Return the click of a day."""
    return event(number, **{"kind": mb.Kind.CLICK, "received_at": NOW + timedelta(days=number), **values})


# routes and events


def test_opens_and_clicks_are_answered_and_stand_in_the_database_to_filter_by():
    client = Client()
    assert client.get(path(beacon().open_url(MESSAGE))).content.startswith(b"GIF89a")
    answer = client.get(path(beacon().click_url(MESSAGE, "https://garden.example/a?b=1&c=2")))
    assert (answer.status_code, answer["Location"]) == (302, "https://garden.example/a?b=1&c=2")
    assert client.head(path(beacon().open_url(MESSAGE))).content == b""
    assert Event.objects.filter(kind="click", campaign="spring", recipient="u-17").count() == 1
    assert Event.objects.filter(kind="open", is_human=False).count() == 2
    stored = list(beacon().settings.sink.events())
    assert [one.method for one, _ in stored] == ["GET", "GET", "HEAD"]
    assert stored[1][0].address == "127.0.0.1"


def test_under_asgi_the_same():
    """A click under ASGI is answered as under WSGI."""

    async def ask() -> tuple[int, str]:
        answer = await AsyncClient().get(path(beacon().click_url(MESSAGE, "https://garden.example/é?a=1")))
        await sync_to_async(connections.close_all)()  # those of the thread that answered
        return answer.status_code, answer["Location"]

    assert run(ask()) == (302, "https://garden.example/%C3%A9?a=1")
    assert Event.objects.count() == 1


@override_settings(MAILBEACON=options(TRUSTED_PROXIES="127.0.0.1/32"))
def test_case_25_the_address_is_the_one_the_trusted_proxy_names():
    client = Client(headers={"X-Forwarded-For": "198.51.100.9, 203.0.113.5", "Forwarded": "for=1.2.3.4"})
    client.get(path(beacon().open_url(MESSAGE)), REMOTE_ADDR="127.0.0.1")
    assert [one.address for one, _ in beacon().settings.sink.events()] == ["203.0.113.5"]


@pytest.mark.parametrize("rest", ["c/x", "c/x/y", "c/%00%ff", "u/x"])
@pytest.mark.parametrize("method", ["get", "post", "put", "options"])
def test_what_is_forged_gets_the_beacons_own_answer_and_csrf_is_not_asked_for(rest, method):
    answer = getattr(Client(enforce_csrf_checks=True), method)(f"/m/{rest}")
    assert answer.status_code in (400, 404, 405)
    assert answer["X-Robots-Tag"] == "noindex"


class InATestCase(TestCase):
    """A host's own test: in a transaction that is rolled back."""

    def runTest(self) -> None:
        self.client.get(path(beacon().open_url(MESSAGE)))
        assert Event.objects.count() == 1
        with self.assertNumQueries(1 if connection.vendor != "sqlite" else 3):
            self.client.get(path(beacon().open_url(MESSAGE)))


def test_in_a_test_case_of_a_host_events_are_there_and_gone_afterwards():
    from unittest import TestResult, TestSuite

    result = TestResult()
    TestSuite([InATestCase()]).run(result)
    assert (result.failures, result.errors) == ([], [])
    assert Event.objects.count() == 0


@pytest.mark.parametrize("level", ["full", "date"])
def test_with_a_spool_too_they_are_and_nothing_goes_to_the_sites_own_database(tmp_path, level):
    class Spooled(InATestCase):
        def runTest(self) -> None:
            self.client.get(path(beacon().open_url(MESSAGE)))
            assert (Event.objects.count(), LastOpen.objects.count()) == ((1, 0) if level == "full" else (0, 1))

    from unittest import TestResult, TestSuite

    judge = types.SimpleNamespace(classify=lambda event, _: mb.Verdict(actor=mb.Actor.HUMAN, confidence=1.0))
    with override_settings(MAILBEACON=options(SPOOL=tmp_path, DEFAULT_LEVEL=level, JUDGE=judge)):
        result = TestResult()
        TestSuite([Spooled()]).run(result)
        assert (result.failures, result.errors) == ([], [])
        sink = beacon().settings.sink
        assert (sink.flush(), Event.objects.count(), LastOpen.objects.count()) == (True, 0, 0)
        Client().get(path(beacon().open_url(MESSAGE)))
        assert sink.waiting + Event.objects.count() + LastOpen.objects.count() > 0
        assert sink.flush()
        assert Event.objects.count() + LastOpen.objects.count() == 1
        sink.close()


def test_a_signal_tells_of_each_event():
    heard = []

    def receive(sender, event, verdict, **_):
        heard.append((sender, event.kind, verdict.actor))

    event_recorded.connect(receive)
    Client().get(path(beacon().open_url(MESSAGE)))
    assert heard == [(mb.Beacon, mb.Kind.OPEN, heard[0][2])]


def test_the_sink_keeps_an_id_once_and_gives_back_what_it_got():
    sink, verdict = ModelSink(), mb.Verdict(actor=mb.Actor.SCANNER, confidence=0.9)
    odd = clicked(3, recipient="NUL \0 \U0001f331", user_agent="broken \udc80")
    sink.record(clicked(1), verdict)
    sink.record_many([(clicked(1, campaign="other"), None), (clicked(2, recipient=None), None), (odd, verdict)])
    assert list(sink.events()) == [(clicked(1), verdict), (clicked(2, recipient=None), None), (odd, verdict)]
    assert [one.id for one, _ in sink.of_recipient("NUL \0 \U0001f331")] == ["e3"]
    sink.put_last_open("ann", date(2026, 3, 2))
    sink.put_last_open("ann", date(2026, 3, 1))
    assert list(sink.last_opens()) == [("ann", date(2026, 3, 2))]


@pytest.mark.parametrize("name", ["NUL \0", "half \ud83d", "\U0001f331"])
def test_a_last_open_is_erased_by_the_name_it_was_kept_under(name):
    sink = ModelSink()
    sink.put_last_open(name, date(2026, 3, 2))
    sink.put_last_open(name, date(2026, 3, 3))
    assert [day for _, day in sink.last_opens()] == [date(2026, 3, 3)]
    sink.erase(name)
    assert list(sink.last_opens()) == []


def test_a_site_without_time_zones_keeps_events_and_drops_old_ones():
    with override_settings(USE_TZ=False, TIME_ZONE="Asia/Tokyo"):
        Client().get(path(beacon().open_url(MESSAGE)))
        assert Event.objects.count() == 1
        sink = ModelSink()
        Event.objects.all().delete()
        sink.record_many([(clicked(number), None) for number in range(4)])
        assert [one.received_at for one, _ in sink.events()] == [NOW + timedelta(days=number) for number in range(4)]
        assert sink.drop_before(NOW + timedelta(hours=1)) == 1
        unnamed = privacy.Retention(after=timedelta(0), drop="recipient")
        assert privacy.retain([unnamed], NOW + timedelta(days=1, hours=1), sink)[0].count == 1


def test_a_spool_brings_events_into_the_database_in_a_thread(tmp_path):
    with SpoolSink(ModelSink(), tmp_path) as sink, override_settings(MAILBEACON=options(SINK=sink)):
        Client().get(path(beacon().open_url(MESSAGE)))
        assert sink.flush()
    assert Event.objects.count() == 1


# mail


def test_a_mail_that_carries_a_message_is_tracked_and_others_are_not():
    tracked, plain = a_mail(), a_mail()
    tracked.mailbeacon = MESSAGE
    assert tracked.send() == 1
    assert plain.send() == 1
    assert tracked.body == TEXT
    sent = [one.message().as_bytes().count(OURS.encode()) for one in mail.outbox]
    assert sent == [3, 0]
    assert OURS in mail.outbox[0].body
    assert "/m/o/" in mail.outbox[0].alternatives[0].content


def test_the_fields_for_leaving_are_readable_in_a_mail_as_it_is_sent():
    fields = beacon().leave_headers(MESSAGE)
    tracked = a_mail()
    tracked.mailbeacon, tracked.extra_headers = MESSAGE, fields
    assert tracked.send() == 1
    raw = (
        mail.outbox[0]
        .message()
        .as_bytes()
        .decode()
        .replace("\r\n", "\n")
        .replace("List-Unsubscribe: \n ", "List-Unsubscribe: ")
    )
    assert f"\nList-Unsubscribe: {fields['List-Unsubscribe']}\n" in raw


def whom(one: mail.EmailMessage) -> mb.Message | None:
    name = one.to[0].partition("@")[0]
    return None if name == "boss" else mb.Message(recipient=name, campaign="spring")


def recipients() -> list[list[str]]:
    """Return, for each mail sent, whose its links are."""
    return [
        sorted({beacon().decode(mb.Request(url=url)).recipient for url in one.body.split() if url.startswith(OURS)})
        for one in mail.outbox
    ]


@override_settings(MAILBEACON=options(MESSAGE_FOR=whom))
def test_send_mail_send_mass_mail_and_other_apps_are_tracked_by_one_setting():
    mail.send_mail("Seeds", TEXT, None, ["ada@garden.example"], html_message=HTML)
    mail.send_mass_mail([("Seeds", TEXT, None, [f"{name}@garden.example"]) for name in ("ben", "boss")])
    assert recipients() == [["ada"], ["ben"], []]
    assert OURS in mail.outbox[0].alternatives[0][0]


def test_many_mails_go_out_over_one_connection(monkeypatch):
    """As Django's own back end does it: a server may allow few connections, and each takes its time."""
    said = []

    class Connecting(locmem.EmailBackend):
        is_open = False

        def open(self) -> bool:
            said.extend([] if self.is_open else ["open"])
            was, self.is_open = self.is_open, True
            return not was

        def close(self) -> None:
            self.is_open = False
            said.append("close")

        def send_messages(self, messages) -> int:
            is_new = self.open()
            said.append("send")
            count = super().send_messages(messages)
            if is_new:
                self.close()
            return count

    monkeypatch.setitem(sys.modules, "connecting", types.SimpleNamespace(EmailBackend=Connecting))
    mails = [("Seeds", TEXT, None, [f"{name}@garden.example"]) for name in ("ada", "ben", "cleo")]
    with override_settings(**djangosite.mail_settings(django, "connecting.EmailBackend")):
        assert mail.send_mass_mail(mails) == 3
        assert said == ["open", "send", "send", "send", "close"]
        del said[:]
        with mail.mailers["default"] if HAS_MAILERS else mail.get_connection() as connection:
            connection.send_messages([a_mail(), a_mail()])
            assert said == ["open", "send", "send"]
        assert said[3:] == ["close"]


def test_a_tracked_mail_to_several_people_is_refused_without_their_addresses():
    several = a_mail("ada@garden.example", bcc=["ben@garden.example"])
    several.mailbeacon = MESSAGE
    with pytest.raises(ConfigError, match="2 people") as refused:
        several.send()
    assert "garden.example" not in str(refused.value)
    assert mail.outbox == []


@override_settings(MAILBEACON=options(MESSAGE_FOR=whom, SPLIT=True))
def test_split_each_gets_a_copy_of_their_own_and_nobody_elses_address():
    a_mail("ada@garden.example", "boss@garden.example", cc=["ben@garden.example"], bcc=["cleo@garden.example"]).send()
    assert [one.recipients() for one in mail.outbox] == [
        [f"{n}@garden.example"] for n in ("ada", "boss", "ben", "cleo")
    ]
    assert recipients() == [["ada"], [], ["ben"], ["cleo"]]


@override_settings(MAILBEACON=options(SPLIT=True))
def test_a_mapping_from_address_to_message_is_split_too():
    several = a_mail("ada@garden.example", "ben@garden.example")
    several.mailbeacon = {"ada@garden.example": MESSAGE}
    assert several.send() == 1
    assert recipients() == [["u-17"], []]


def test_a_recipient_written_with_a_name_is_found_and_one_who_stands_twice_is_one():
    for to in (["Ada <ada@garden.example>"], ["ada@garden.example", '"Lovelace, Ada" <ada@garden.example>']):
        named = a_mail(*to)
        named.mailbeacon = MESSAGE if len(to) > 1 else {"ada@garden.example": MESSAGE}
        named.send()
        assert OURS in mail.outbox.pop().body


@pytest.mark.parametrize(
    ("html", "kind"), [(HTML, "text/html; charset=utf-8"), (HTML, "Text/HTML"), (HTML.encode(), "text/html")], ids=str
)
def test_an_alternative_is_html_by_its_type_and_may_be_bytes(html, kind):
    made = mail.EmailMultiAlternatives("Seeds", "", "news@garden.example", ["ada@garden.example"])
    made.attach_alternative(html, kind)
    found = track(beacon(), made, MESSAGE)
    ((tracked, said),) = [tuple(one) for one in found.alternatives]
    assert said == kind
    assert tracked == beacon().rewrite(HTML, MESSAGE).html


def test_each_alternative_is_tracked_with_one_token_and_an_amp_part_is_left_alone(caplog):
    """A mail program shows the last alternative it can (RFC 2046, 5.1.4)."""
    caplog.set_level("INFO", logger="mailbeacon")
    given = [
        (HTML, "text/html"),
        ("<html amp4email>", "text/x-amp-html"),
        ("{}", "text/calendar"),
        (f"<b>{HTML}", "text/html"),
    ]
    made = mail.EmailMultiAlternatives("Seeds", TEXT, "news@garden.example", ["ada@garden.example"])
    for content, kind in given:
        made.attach_alternative(content, kind)
    found = track(beacon(), made, MESSAGE)
    urls = [
        url
        for text in (*(one[0] for one in found.alternatives), found.body)
        for url in re.findall(rf"{OURS}[\w./~-]+", text)
    ]
    asked = [beacon().decode(mb.Request(url=url)) for url in urls]
    clicks = [(one.link, one.channel) for one in asked if one.kind is mb.Kind.CLICK]
    assert clicks == [(1, mb.Channel.HTML), (2, mb.Channel.HTML), (3, mb.Channel.TEXT)]
    assert [one.kind for one in asked].count(mb.Kind.OPEN) == 2
    assert len({one.mail for one in asked}) == 1
    assert [(beacon().unwrap(text), kind) for text, kind in found.alternatives] == given
    assert beacon().unwrap(found.body) == TEXT
    assert [tuple(one) for one in made.alternatives] == given
    assert "the AMP part of a mail is left as it is" in caplog.text


def test_a_text_beside_a_body_of_html_is_tracked_too():
    made = mail.EmailMultiAlternatives("Seeds", HTML, "news@garden.example", ["ada@garden.example"])
    made.content_subtype = "html"
    made.attach_alternative(TEXT, "text/plain")
    found = track(beacon(), made, MESSAGE)
    assert "/m/o/" in found.body
    assert found.alternatives[0][0].startswith(f"See {OURS}c/")


def test_bytes_that_are_no_text_go_out_as_they_are(caplog):
    made = mail.EmailMultiAlternatives("Seeds", "", "news@garden.example", ["ada@garden.example"])
    made.attach_alternative(b"<p>\xff</p>", "text/html")
    assert track(beacon(), made, MESSAGE) is made
    assert "goes out untracked" in caplog.text


def test_a_mail_of_html_alone_is_tracked():
    only = mail.EmailMessage("Seeds", HTML, None, ["ada@garden.example"])
    only.content_subtype = "html"
    only.mailbeacon = MESSAGE
    only.send()
    assert "/m/o/" in mail.outbox[0].body


def test_what_carries_something_else_is_refused():
    wrong = a_mail()
    wrong.mailbeacon = "u-17"
    with pytest.raises(ConfigError, match=r"mailbeacon\.Message, got str"):
        wrong.send()


def test_anymails_back_ends_send_the_tracked_bodies(need):
    need("anymail", "sending through a provider")
    with override_settings(**djangosite.mail_settings(django, "anymail.backends.test.EmailBackend"), ANYMAIL={}):
        tracked = a_mail()
        tracked.mailbeacon = MESSAGE
        tracked.send()
        params = mail.outbox[0].anymail_test_params
        assert OURS in params["text_body"]
        assert "/m/o/" in params["html_body"]
        assert tracked.anymail_status.status == {"sent"}


def test_a_template_tag_gives_tracked_links():
    template = Template("{% load mailbeacon %}{% tracked_url message 'https://garden.example/' %}")
    url = template.render(Context({"message": MESSAGE}))
    assert beacon().destination(url) == "https://garden.example/"


# settings and checks


def found_by_checks() -> list[str]:
    return [one.id for one in checks.run_checks() if one.id.startswith("mailbeacon.")]


def test_a_good_set_up_passes_the_checks():
    assert found_by_checks() == []


def test_checks_name_what_cannot_work():
    with override_settings(MAILBEACON={"BASE_URL": "https://t.example.com/m", "SECRET_KEYZ": djangosite.KEY}):
        (found,) = [one for one in checks.run_checks() if one.id == "mailbeacon.E001"]
        assert "SECRET_KEYZ; did you mean SECRET_KEYS" in found.msg
    with override_settings(MAILBEACON=options(BASE_URL="https://t.example.com/elsewhere")):
        assert found_by_checks() == ["mailbeacon.W001"]
    with override_settings(MAILBEACON=options(MESSAGE_FOR="no.such.function")):
        assert found_by_checks() == ["mailbeacon.E002"]
    with override_settings(**djangosite.mail_settings(django, djangosite.TRACKING)):
        assert found_by_checks() == ["mailbeacon.E002"]
    for name, ids in (("django.core.mail.backends.smtp.EmailBackend", ["mailbeacon.W002"]), (djangosite.OUTBOX, [])):
        other = {"MAILERS": {"default": {"BACKEND": name}}} if HAS_MAILERS else {"EMAIL_BACKEND": name}
        with override_settings(MAILBEACON=options(MESSAGE_FOR=whom), **other):
            assert found_by_checks() == ids  # a mail that nobody tracks
    with override_settings(MAILBEACON=None):
        assert "mailbeacon.E001" in found_by_checks()


def test_no_migration_is_missing():
    call_command("makemigrations", "mailbeacon", check=True, dry_run=True, verbosity=0)


# admin and commands


@pytest.fixture
def staff() -> Client:
    from django.contrib.auth.models import User

    User.objects.filter(username="ada").delete()
    User.objects.create_superuser("ada", password="a password")
    client = Client()
    client.login(username="ada", password="a password")
    return client


def test_the_admin_lists_events_with_filters_and_has_a_page_for_each_campaign(staff):
    ModelSink().record(clicked(1, campaign="<b>&x=1"), mb.Verdict(actor=mb.Actor.HUMAN))
    page = staff.get("/admin/mailbeacon/event/?kind=click").content.decode()
    assert "report/?campaign=%3Cb%3E%26x%3D1" in page
    assert "<b>&x" not in page
    report = staff.get("/admin/mailbeacon/event/report/", {"campaign": "<b>&x=1"})
    assert report.status_code == 200
    assert report.content.startswith(b"<!doctype html>")
    assert b"<b>&x" not in report.content
    assert f'content="{report["Content-Security-Policy"]}"' in report.content.decode()  # and no other of the site's
    assert staff.get("/admin/mailbeacon/event/add/").status_code == 403
    unknown = staff.get("/admin/mailbeacon/event/report/", {"campaign": "sping"})
    assert (unknown.status_code, unknown["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert unknown.content.decode() == "no event is of this campaign; there are events of '<b>&x=1'"
    assert Client().get("/admin/mailbeacon/event/report/").status_code == 302


def test_a_sites_own_policy_takes_no_style_from_the_reports_and_the_pages_for_leaving(staff):
    ModelSink().record(clicked(1))
    own = ["django.middleware.csp.ContentSecurityPolicyMiddleware"] if django.VERSION >= (6, 0) else []
    middleware = [*settings.MIDDLEWARE, *own]
    with override_settings(MIDDLEWARE=middleware, SECURE_CSP={"default-src": ["'self'"]}):
        for page in ("/admin/mailbeacon/event/report/", path(beacon().leave_url(MESSAGE, mb.Action.UNSUBSCRIBE))):
            assert "style-src 'unsafe-inline'" in staff.get(page)["Content-Security-Policy"]


def test_the_rights_of_a_person_hold_in_djangos_own_table():
    sink = ModelSink()
    sink.record_many(
        [(clicked(number, recipient=f"u-{number % 2}", url="https://a.example/"), None) for number in range(4)]
    )
    sink.put_last_open("u-3", NOW.date())
    soon = NOW + timedelta(days=3, hours=1)
    assert len(privacy.export_person("u-1", sink)) > 0
    unnamed = privacy.Retention(after=timedelta(days=2), drop="recipient")
    for count in (2, 0):  # twice is once
        assert [done.count for done in privacy.retain([unnamed], soon, sink) if done.what == "events"] == [count]
    assert Event.objects.filter(recipient=None).count() == 2
    assert sorted(str(one.recipient) for one, _ in sink.events()) == ["None", "None", "u-0", "u-1"]
    whole = privacy.Retention(after=timedelta(days=1, hours=12))
    assert [done.count for done in privacy.retain([whole], soon, sink)] == [2, 0]
    assert list(sink.last_opens()) == []  # the first rule took it
    privacy.erase_person("u-1", sink)
    assert [one.recipient for one, _ in sink.events()] == ["u-0"]


def test_djangos_own_handlers_for_wsgi_and_asgi_serve_the_one_view():
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path(beacon().open_url(MESSAGE)), "wsgi.input": io.BytesIO()}
    told, sent = [], []
    whole = {**environ, "SERVER_NAME": "t.example.com", "SERVER_PORT": "443", "wsgi.url_scheme": "https"}
    reply = WSGIHandler()(whole, lambda status, headers, exc_info=None: told.append(status))
    assert b"".join(reply).startswith(b"GIF89a")
    reply.close()
    assert told == ["200 OK"]
    target = path(beacon().click_url(MESSAGE, "https://garden.example/"))
    scope = {
        "type": "http",
        "method": "GET",
        "path": target,
        "query_string": b"",
        "headers": [(b"host", b"t.example.com")],
    }

    bodies = [{"type": "http.request", "body": b""}]

    async def receive():
        if not bodies:
            await asyncio.Event().wait()  # the reader is still there
        return bodies.pop()

    async def send(message):
        sent.append(message)

    async def ask():
        await ASGIHandler()(scope, receive, send)
        await sync_to_async(connections.close_all)()

    run(ask())
    assert sent[0]["status"] == 302
    assert sorted(Event.objects.values_list("kind", flat=True)) == ["click", "open"]


def test_commands_report_erase_and_retain(tmp_path):
    sink = ModelSink()
    sink.record_many([(clicked(number, recipient=f"u-{number % 2}"), None) for number in range(4)])
    said = io.StringIO()
    call_command("mailbeacon_report", campaign="spring", stdout=said)
    assert "spring" in said.getvalue()
    said = io.StringIO()
    call_command("mailbeacon_report", "--delivered", "spring=40", "--delivered", "later=5", stdout=said)
    assert "Delivered: 45\n" in said.getvalue()
    assert "Delivered, but without any event: later." in said.getvalue()
    with pytest.raises(CommandError, match="no event is of this campaign; there are events of 'spring'"):
        call_command("mailbeacon_report", campaign="sping")
    for wrong, says in (("many", "must be a whole number"), ("later=5", "campaign 'spring' has no number")):
        with pytest.raises(CommandError, match=says):
            call_command("mailbeacon_report", "--delivered", wrong)
    call_command("mailbeacon_report", html=str(tmp_path / "page.html"))
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!doctype html>")
    said = io.StringIO()
    call_command("mailbeacon_erase", "u-1", stdout=said)
    call_command("mailbeacon_retain", "1", stdout=said)
    assert said.getvalue() == "2 events erased\n2 events dropped\n"
    sink.put_last_open("u-9", date(2020, 1, 1))
    said = io.StringIO()
    call_command("mailbeacon_retain", "1", stdout=said)
    assert said.getvalue() == "0 events dropped, and 1 last opens\n"
    assert list(sink.last_opens()) == []
    for days in ("0", "99999999999", "40000"):
        with pytest.raises(CommandError, match="DAYS"):
            call_command("mailbeacon_retain", days)
    with pytest.raises(CommandError, match=r"No such file or directory: .*/no/page\.html"):
        call_command("mailbeacon_report", html=str(tmp_path / "no" / "page.html"))
    with override_settings(MAILBEACON=options(SINK=MemorySink())):
        call_command("mailbeacon_erase", "u-1", stdout=io.StringIO())


@pytest.fixture
def _unmigrated():
    call_command("migrate", "mailbeacon", "zero", verbosity=0)
    yield
    call_command("migrate", verbosity=0)


@pytest.mark.usefixtures("_unmigrated")
def test_before_migrate_commands_pages_and_the_log_say_so_and_readers_are_served(staff, caplog):
    told, lost = [], []
    hooks = options(
        ON_ERROR=lambda what, error: told.append(str(error)), ON_LOST=lambda event, _: lost.append(event.kind)
    )
    says = "the table of events: it is not there yet: run manage.py migrate"
    for name, argument in (("report", ()), ("erase", ("u-1",)), ("retain", ("30",))):
        with pytest.raises(CommandError, match=says):
            call_command(f"mailbeacon_{name}", *argument)
    report = staff.get("/admin/mailbeacon/event/report/")
    assert (report.status_code, report.content.decode()) == (503, says)
    with pytest.raises(StoreError, match=says):
        list(ModelSink().last_opens())
    with override_settings(MAILBEACON=hooks):
        assert Client().get(path(beacon().open_url(MESSAGE))).content.startswith(b"GIF89a")
        assert Client().get(path(beacon().click_url(MESSAGE, "https://garden.example/"))).status_code == 302
    assert told == [says] * 2
    assert lost == [mb.Kind.OPEN, mb.Kind.CLICK]
    said = [one.getMessage() for one in caplog.records if one.name == "mailbeacon"]
    assert [one.partition("failed: ")[2] for one in said] == [f"StoreError: {says}"] * 2


@pytest.mark.parametrize("transaction_mode", [None, "IMMEDIATE"])
def test_a_locked_database_holds_a_reader_no_longer_than_it_may(caplog, transaction_mode, monkeypatch):
    connection.ensure_connection()
    monkeypatch.setattr(connections["default"], "transaction_mode", transaction_mode)
    connection.connection.execute("PRAGMA busy_timeout = 60000")
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        begin = monotonic()
        with override_settings(MAILBEACON=options(WAIT=0.01)):
            assert Client().get(path(beacon().open_url(MESSAGE))).status_code == 200
        assert monotonic() - begin < 30  # a minute is the host's own
        other.execute("ROLLBACK")
    assert "the table of events: OperationalError" in caplog.text
    assert connection.connection.execute("PRAGMA busy_timeout").fetchone() == (60000,)
    Client().get(path(beacon().open_url(MESSAGE)))
    assert Event.objects.count() == 1
    connection.close()


def test_the_report_of_a_campaign_reads_no_other_event():
    sink = ModelSink()
    sink.record_many([(clicked(number, campaign=f"c{number % 2}"), None) for number in range(4)])
    Event.objects.filter(campaign="c0").update(event="no event can be read from this")
    said = io.StringIO()
    call_command("mailbeacon_report", campaign="c1", stdout=said)
    assert "c1\n==" in said.getvalue()


def test_a_reader_leaves_by_a_post_without_a_token_of_djangos_and_not_by_a_get():
    client = Client(enforce_csrf_checks=True)
    url = path(beacon().leave_url(MESSAGE, mb.Action.UNSUBSCRIBE))
    assert client.get(url).status_code == 200
    answer = client.post(url, {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, len(answer.cookies)) == (200, 0)
    assert [one.kind for one in Event.objects.order_by("pk")] == ["leave_page", "unsubscribe"]


def test_a_body_longer_than_the_host_allows_keeps_nobody_from_leaving():
    url = path(beacon().leave_url(MESSAGE, mb.Action.UNSUBSCRIBE))
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10):
        assert Client().post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Event.objects.get().kind == "unsubscribe"


def test_the_check_of_the_routes_reads_a_path_as_django_does():
    odd = [re_path("^a b/", include("mailbeacon.web.django.urls"))]
    urls = types.ModuleType("odd_urls")
    urls.urlpatterns = odd
    with override_settings(MAILBEACON=options(BASE_URL="https://t.example.com/a%20b"), ROOT_URLCONF=urls):
        assert checks.run_checks() == []
